"""The record of acts: who did what, append-only and chained.

acts.py        the parts of an act: who, what, to which thing, before and after
recording.py   recording, chaining and verifying acts; erasing their personal words
act_search.py  search by actor, subject, time, origin and words
"""
