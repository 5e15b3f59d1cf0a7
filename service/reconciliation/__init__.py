"""RECONCILE: what came, what Nexudus has, what it became.

book.py          one account's book: who reads it, and in whose turn
sighting.py      what a page of opportunities says of leads, and what happened to them since
stages.py        the CRM's stage history of a whole account, read from where it was read before
stage_notes.py   what of it is new or was noted wrongly
polling.py       the closed loop: won, lost and moved ones, found by the date of their change
reconciling.py   leads received, opportunities found by their mark, leads at platforms: all of them compared
findings.py      what is missing or doubled, and what to do, in words
repairing.py     noting what Nexudus has and nobody noted; excusing what is gone on purpose
rounds.py        both while the service runs: changes often, the comparison by night
wiring.py         who reads which account, in whose turn, and what platforms are asked
"""
