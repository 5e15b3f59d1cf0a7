"""The record of acts: who did what, append-only and chained.

acts.py        what an act is: who, what, to which thing, before and after
recording.py   acts recorded with what they are about, and personal words erased
act_search.py  acts found
chain.py       each act is hashed with the one before it
"""
