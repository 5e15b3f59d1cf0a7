"""COLLECT: what platforms only announced is read, whatever it takes; what they did not even announce is asked for.

collector.py   threads of a worker that claim notices, one at a time
settling.py    one notice: read, and what becomes of it and of its connection
rounds.py      now and then: is everything connected, was anything missed
pulling.py     what a platform has and we have not, through the same path

line.py        a form and a platform, with all that is needed to read; what every reader can do
lines.py       those of an installation
meta.py linkedin.py tiktok.py   the platforms' calls and their errors
tokens.py      LinkedIn's tokens: renewed once for all processes
http.py        one request and its limits

errors.py      what went wrong, named by what to do next
retry.py       when to try again: a pure decision
"""
