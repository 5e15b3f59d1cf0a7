"""Imports: the leads of a file, by the same path as all others, for the terminal and the dashboard.

importer.py   stores the rows, some hundred at a time, or only examines them
outcome.py    counts rows by fate, and the use of columns
jobs.py       an import in the background, with its progress in the store
"""
