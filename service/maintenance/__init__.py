"""Behind everything else: what a worker does in threads of their own so that later questions cost little.

indexing.py   leads are filed under their words, so that they are found
tallying.py   leads are counted by day, for the pictures
retention.py  finished leads are erased after so many days
"""
