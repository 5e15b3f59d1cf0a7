"""Refused calls of unproven callers, and of strangers who try passwords and tokens; and what to do.

Each condition ends by itself once nothing has been refused for an hour, or the day is over.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

from service.alerts.conditions import Condition
from service.alerts.wording import count
from service.forms.senders import table_name
from service.store.tallies import (
    DAY,
    LIMITED,
    SIGN_INS,
    TOKENS,
    UNREADABLE,
    UNREADABLE_BYTES_PER_DAY,
    Tally,
    period_of,
)

WINDOW = timedelta(hours=1)
"""Period over which refusals are added up."""

MANY_SIGN_INS, MANY_TOKENS = 50, 50
"""Refusals within WINDOW that are more than a forgotten password or an old token."""


def find_strangers(tallies: Iterable[Tally], forms: Collection[str], now: datetime) -> Iterator[Condition]:
    """Yield conditions for refused calls of unproven callers. tallies: those of this day and of the last WINDOW."""
    recent: Counter[str] = Counter()
    for tally in tallies:
        if tally.name.startswith(UNREADABLE):
            form = tally.name.removeprefix(UNREADABLE)
            if form in forms and tally.since == period_of(now, DAY) and tally.amount > UNREADABLE_BYTES_PER_DAY:
                yield _unreadable(form)
        elif tally.since > now - WINDOW:
            recent[tally.name] += tally.amount
    for name, calls in sorted(recent.items()):
        form, _, sender = name.removeprefix(LIMITED).partition(":")
        if name.startswith(LIMITED) and form in forms:
            yield _limited(form, sender, calls)
    if recent[SIGN_INS] >= MANY_SIGN_INS:
        yield _sign_ins(recent[SIGN_INS])
    if recent[TOKENS] >= MANY_TOKENS:
        yield _tokens(recent[TOKENS])


def _unreadable(form: str) -> Condition:
    head = (
        f"The form {form!r} received more than {UNREADABLE_BYTES_PER_DAY >> 20} MiB today that cannot be read, from "
        "callers who prove nothing. Until midnight (UTC) further such calls are refused with 429; leads that can be "
        "read are accepted. Look at its parked leads: if a tool sends them, correct its set-up; if a stranger does, "
        f"discard them, and give each table {table_name(form, '…')} a secret or token."
    )
    return Condition(f"unreadable:{form}", head)


def _limited(form: str, sender: str, calls: int) -> Condition:
    head = (
        f"Calls from {sender} for the form {form!r} are refused with 429: more came than are accepted from callers who "
        f"prove nothing. Some may be leads. Put a secret or token into {table_name(form, sender)} and into the tool: "
        "calls that prove their origin are never limited."
    )
    return Condition(f"limited:{form}:{sender}", head, f"{count(calls, 'call')} or more within an hour.")


def _sign_ins(attempts: int) -> Condition:
    head = (
        "Someone is trying passwords at the dashboard. Attempts are limited, and nobody who was signed in within the "
        "last 30 days is locked out. Make sure that ADMIN_PASSWORD is long and used nowhere else; the log of the "
        "reverse proxy has the addresses."
    )
    return Condition("guesses:sign-in", head, f"{count(attempts, 'attempt')} or more were refused within an hour.")


def _tokens(calls: int) -> Condition:
    head = (
        "The API is called with wrong tokens. If a program of yours still has an old ADMIN_TOKEN, correct it; "
        "otherwise a stranger is guessing, and the calls are limited."
    )
    return Condition("guesses:token", head, f"{count(calls, 'call')} or more were refused within an hour.")
