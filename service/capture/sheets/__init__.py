"""Leads in files: a CSV or workbook exported by a platform, a tool or this service.

opening.py     opens a file as a table of leads; CSV with its encoding and separator
workbooks.py   spreadsheets, and which sheet is read
unpacking.py   the process that opens them
cells.py       rows and cells; cells that a spreadsheet shows and does not run
heading.py     which line names the columns, and which lines above and below are not leads
columns.py     the platform of an export, which columns it lacks, and what each means
rows.py        a row as a Submission, its identity and its time
"""
