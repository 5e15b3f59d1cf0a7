"""Leads in files: the CSV that a platform, a tool or this service itself exported.

opening.py   bytes to rows: encoding, separator, line numbers
columns.py   whose export it is, and what each column means
rows.py      one row made an Enquiry, and what tells it from every other
cells.py     cells that a spreadsheet shows and does not run
"""
