"""Causes: the names under which the store keeps alerts about an account's set-up and behaviour."""

import re

WHOLE_ACCOUNT = "-"
"""Stands for the form in the cause of a problem that concerns no single form."""


def stage_cause(account: str, stage_id: int) -> str:
    """Return the cause of an unsafe stage."""
    return f"stage:{account}:{stage_id}"


def location_cause(account: str, business_id: int) -> str:
    """Return the cause of a location that is full, or nearly."""
    return f"cap:{account}:{business_id}"


def notes_cause(account: str, type_id: int | None) -> str:
    """Return the cause of notes that Nexudus does not keep under an opportunity type."""
    return f"notes:{account}:{type_id or 0}"


def mark_cause(account: str) -> str:
    """Return the cause of markers that survive in the notes alone."""
    return f"mark:{account}"


def setup_cause(account: str, form: str, check: str) -> str:
    """Return the cause of an error in the set-up of a form. check: the kind of check, one word."""
    return f"setup:{account}:{form}:{check}"


def account_of_cause(cause: str) -> str:
    """Return the account of any of these causes; "" for another cause."""
    match = re.fullmatch(r"(?:stage|cap|notes):(.+):\d+|setup:(.+):[^:]+:\w+|mark:(.+)", cause)
    return "" if match is None else match[1] or match[2] or match[3]


def check_of_cause(cause: str, account: str) -> str:
    """Return the check that finds this cause; "" where no check of the account's set-up does."""
    match = re.fullmatch(rf"(stage|cap):{re.escape(account)}:\d+|setup:{re.escape(account)}:[^:]+:(\w+)", cause)
    return "" if match is None else match[1] or match[2]
