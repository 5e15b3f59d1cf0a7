"""WEEKLY: on Monday morning, last week's figures go to the addresses in `report_to`.

job.py       when a report is due, who sends it, and what happens when it cannot be sent
figures.py   the figures of one reader's forms
letter.py    the figures as a message: text, and letter.html
"""
