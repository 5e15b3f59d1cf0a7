"""Numbers and spans of time as people say them."""

from datetime import timedelta

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400


def count(number: int, thing: str) -> str:
    """`1 lead`, `12 leads`."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def span(time: timedelta) -> str:
    """About how long: `40 seconds`, `6 minutes`, `3 hours`, `2 days`. The longer, the coarser."""
    seconds = max(0, int(time.total_seconds()))
    for unit_s, unit, up_to_s in (
        (1, "second", MINUTE_S),
        (MINUTE_S, "minute", 2 * HOUR_S),
        (HOUR_S, "hour", 2 * DAY_S),
    ):
        if seconds < up_to_s:
            return count(seconds // unit_s, unit)
    return count(seconds // DAY_S, "day")


def whose(account: str) -> str:
    """How an account is spoken of: the one of the settings needs no name."""
    return "the service account" if account == "default" else f"the service account {account!r}"
