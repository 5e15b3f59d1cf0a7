"""The record of acts: who did what, append-only and chained.

acts.py        what an act is: who, what, to which thing, before and after
recording.py   acts recorded with what they are about, chained and verified; personal words erased
act_search.py  acts found
"""
