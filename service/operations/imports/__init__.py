"""Imports: the leads of a file, by the same path as all others; the terminal and the dashboard call it.

importer.py   stores the rows, some hundred at a time, or only examines them
outcome.py    counts what became of rows and columns
jobs.py       an import in the background, with its progress in the store
"""
