"""Numbers, durations and accounts as text."""

from datetime import timedelta

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400


def count(number: int, thing: str) -> str:
    """Return `1 lead`, `12 leads`."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def span(time: timedelta) -> str:
    """Return a rounded duration: `40 seconds`, `6 minutes`, `3 hours`, `2 days`."""
    seconds = max(0, int(time.total_seconds()))
    for unit_s, unit, up_to_s in (
        (1, "second", MINUTE_S),
        (MINUTE_S, "minute", 2 * HOUR_S),
        (HOUR_S, "hour", 2 * DAY_S),
    ):
        if seconds < up_to_s:
            return count(seconds // unit_s, unit)
    return count(seconds // DAY_S, "day")


def waiting_leads(number: int, age: timedelta) -> str:
    """Return `2 leads wait, the oldest for 6 minutes.`"""
    return f"{count(number, 'lead')} {'waits' if number == 1 else 'wait'}, the oldest for {span(age)}."


def account_title(account: str) -> str:
    """Return what an account is called; the one of the settings needs no name."""
    return "the service account" if account == "default" else f"the service account {account!r}"
