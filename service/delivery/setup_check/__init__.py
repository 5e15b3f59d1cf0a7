"""Whether a set-up fits its Nexudus account, checked before the first lead depends on it.

problem.py          SetupProblem, a value to print, log or report as an alert, with its causes; forms with their routes
cached_reader.py    the account's records, each read once, with few calls in all
access.py           the sign-in, and missing roles
destination.py      stages, locations, types, owners, teams and referrers that a form names
required_fields.py  what new records must hold: custom fields, `extra`
conversions.py      stages of ad conversions: whether they exist and mean what they seem to mean
location_limit.py   how full a location is, and when it will be full
job.py              all checks of one account; at start and daily, reported as alerts
account_trial.py    the checks of one account, perhaps of one just typed, while a person waits
inventory.py        everything of an account that a forms file can name
looks.py            the same, read when a page of the dashboard asks for it, and kept in the store
"""
