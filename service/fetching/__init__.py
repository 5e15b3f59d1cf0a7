"""Fetch what platforms only announced; ask for what they did not even announce.

collector.py   threads of a worker that claim notices, one at a time
settling.py    one notice: read, and what becomes of it and of its connection
rounds.py      periodically: is everything connected, was anything missed
pulling.py     leads that a platform has and the store has not, through the same path

line.py        a form and a platform, with all that is needed to read; what every reader can do
lines.py       those of an installation

errors.py      what went wrong, named by what to do next
retry.py       when to try again: a pure decision
"""
