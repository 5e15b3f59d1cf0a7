"""Whether a set-up fits its Nexudus account, found out before the first lead pays for it.

finding.py     what a check found: a value to print, log or keep as a concern
seen.py        what the CRM shows, each thing asked for once, few calls in all
access.py      who is let in, and which roles are missing
variants.py    the forms of an account, with every route a form of its own
places.py      stages, locations, countries and time zones that a form names
people.py      types and their templates, owners, teams, referrers and agents
demands.py     what new records must hold: custom fields, `extra`
conversions.py what counts for ad platforms: whether its stages exist, and its words are meant
capacity.py    how full a location is, and when it will be
examine.py     all checks of one account
rounds.py      the same at start and daily, kept as concerns
shelves.py     what an account has that a forms file can name
"""

from service.delivery.setup_check.examine import examine
from service.delivery.setup_check.job import SetupCheckJob, end_for_gone
from service.delivery.setup_check.problem import Level, SetupProblem

__all__ = ["Level", "SetupCheckJob", "SetupProblem", "end_for_gone", "examine"]
