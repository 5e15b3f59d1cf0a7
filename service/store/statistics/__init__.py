"""Leads counted: by day for charts, by origin for reports, since midnight for the overview."""
