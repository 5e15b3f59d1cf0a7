"""Ad platforms, one folder each; the files beside the folders are shared.

platform.py   the record of one platform: plain values that every room reads
registry.py   all records by name, and the UTM values of a campaign
events.py     webhooks: JSON events, questions, consents
reader.py     APIs: what a reader is given, must do, and how it calls; errors named by what to do next

A folder holds the record in __init__.py, webhook.py with SENDER, and where there is an API, api.py with READER;
conversions.py writes what became of leads for the platform.
"""
