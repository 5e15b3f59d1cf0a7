"""The record of acts: who did what, append-only and chained.

acts.py      what an act is: who, what, to which thing, before and after
record.py    acts recorded with what they are about, and personal words erased
chain.py     each act is hashed with the one before it
"""
