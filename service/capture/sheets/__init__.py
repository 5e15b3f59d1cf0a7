"""Leads in files: the CSV or workbook that a platform, a tool or this service itself exported.

opening.py     a file opened as a table of leads
source.py      rows of texts, with the lines that people find them by
delimited.py   CSV: its encoding and its separator
workbooks.py   spreadsheets, and which sheet is read
unpacking.py   how they are opened, in a process of its own
heading.py     which line names the columns, and what above and below is no lead
origin.py      whose export it is, and what it lacks
columns.py     what each column means
rows.py        one row made an Enquiry, and what tells it from every other
times.py       when a row was submitted, as far as it tells
cells.py       cells that a spreadsheet shows and does not run
"""
