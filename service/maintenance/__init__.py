"""Background jobs of a worker that keep later questions cheap and old data short-lived.

indexing.py      index new leads for search
daily_counts.py  count leads by day, for reports
retention.py     erase finished leads after their retention period

Each offers one step for background.run_periodically. Any number of workers may run it at the same time.
"""
