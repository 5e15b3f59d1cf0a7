"""Fetching leads that platforms only announced, and leads that they failed to announce.

connection.py   one form and one platform, with the reader of its leads
fetcher.py      threads of a worker that claim announced leads, one at a time
settlement.py   what follows one fetch, for the lead and for its connection; when to try again
pull.py         leads that a platform has and the store lacks; the periodic job of checks and pulls
"""
