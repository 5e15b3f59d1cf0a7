"""One day's leads folded into counts of the values that they share: the figures behind charts.

Counted in Python, in the background: answers are JSON that PostgreSQL would refuse to parse.
"""

import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from service.lead import Status
from service.store.database.walls import counted_for
from service.store.query import COUNTED

MAX_DISTINCT_VALUES = 200
"""Values of one kind, day and form that are counted separately: strangers can write any number of them."""

REST = "…"
"""The value under which all other values are counted."""

ERASED = "\x1ferased"
"""The location counted for an erased lead whose location was not kept."""

SHARED_BY = 3
"""Leads that must name a location before it identifies none of them; a rarer one may be anything a person typed."""

JOINT = "\x1f"
"""Separates the two parts of a value that has two."""

MAX_LENGTH = 120

ALL = ""
"""The form under which the leads of all forms are counted together."""

BY_ACCOUNT = counted_for("")
"""The form that marks a day that was counted by account as well."""


class CountKey(NamedTuple):
    """A value that leads of one day share.

    form: the name of a form, ALL, or what `counted_for` returns: the leads of one account, or of one of its forms.
    kind: "status" and "sender" of all leads; "form", "channel", "source", "campaign", "location", "verdict" and "code"
    of the leads that reports count.
    """

    kind: str
    form: str
    value: str


class LeadCount(NamedTuple):
    """Number of leads that share a value, and how many of them were delivered."""

    leads: int
    delivered: int


DayCounts = Mapping[CountKey, LeadCount]


def count(rows: Iterable[Any]) -> DayCounts:
    """Fold the leads of a day: rows with the columns of daily_counts.COLUMNS."""
    leads: Counter[tuple[str, str, str, str]] = Counter()
    delivered: Counter[tuple[str, str, str, str]] = Counter()
    for row in rows:
        is_delivered = row.delivered_at is not None
        for kind, value in _values(row):
            place = (kind, row.account, row.form, value)
            leads[place] += 1
            delivered[place] += is_delivered
    counts: dict[CountKey, LeadCount] = {}
    for (kind, account, form, value), number in leads.items():
        done = delivered[kind, account, form, value]
        for name in names_of(account, form):
            key = CountKey(kind, name, value)
            before = counts.get(key, LeadCount(0, 0))
            counts[key] = LeadCount(before.leads + number, before.delivered + done)
    return _capped(counts)


def names_of(account: str, form: str) -> tuple[str, ...]:
    """Return the names under which a lead is counted each day."""
    return form, ALL, counted_for(account, form), counted_for(account)


def is_counted(row: Any) -> bool:
    """Return whether reports count a lead: not spam, a test or discarded, and erased only after its delivery."""
    return row.status in COUNTED or (row.status == Status.ERASED and row.delivered_at is not None)


def _values(row: Any) -> Iterator[tuple[str, str]]:
    """Yield the kinds and values that a lead counts for."""
    yield "status", row.status
    yield "sender", row.sender
    if not is_counted(row):
        return
    yield "form", row.form
    yield "channel", row.channel
    yield "source", f"{row.utm_source}{JOINT}{row.utm_medium}"[:MAX_LENGTH]
    yield "campaign", row.utm_campaign[:MAX_LENGTH]
    yield "location", _location(row)
    yield "verdict", f"{row.rule}{JOINT}{row.channel}"
    yield from (("code", code) for code in json.loads(row.codes))


def _location(row: Any) -> str:
    if row.status == Status.ERASED:
        return ERASED
    if '"location"' not in row.fields:  # true of most leads, and JSON takes long to parse
        return ""
    answer = json.loads(row.fields).get("location", "")
    first = answer if isinstance(answer, str) else next(iter(answer), "")
    clean = "".join(letter for letter in first if letter.isprintable()).strip()[:MAX_LENGTH]
    return REST if "@" in clean else clean  # an e-mail address is not a location


def _capped(counts: DayCounts) -> DayCounts:
    """Join the rare values of each kind and form into REST."""
    groups: dict[tuple[str, str], list[tuple[LeadCount, CountKey]]] = {}
    for key, number in counts.items():
        groups.setdefault((key.kind, key.form), []).append((number, key))
    capped: dict[CountKey, LeadCount] = {}
    for (kind, form), members in groups.items():
        ordered = sorted(members, key=lambda member: (-member[0].leads, member[1].value))
        capped |= {key: number for number, key in ordered[:MAX_DISTINCT_VALUES]}
        rest = [number for number, _ in ordered[MAX_DISTINCT_VALUES:]]
        if rest:
            total = LeadCount(sum(each.leads for each in rest), sum(each.delivered for each in rest))
            capped[CountKey(kind, form, REST)] = total
    return capped


def has_erased(counts: DayCounts) -> bool:
    """Return whether the locations of some leads are no longer known."""
    return any(key.value == ERASED for key in counts)


def remembering(new: DayCounts, old: DayCounts, shared: Container[str]) -> DayCounts:
    """Carry locations of leads erased since the old count over into the new one.

    Who named a location is erased; how many did is a figure, which stays if the location is `shared`.
    """
    counts = dict(new)
    known = {key: number for key, number in old.items() if key.value in shared}
    for form in {key.form for key in new if key.value == ERASED}:
        _recall(counts, known, form)
    return counts


def _recall(counts: dict[CountKey, LeadCount], old: DayCounts, form: str) -> None:
    erased = CountKey("location", form, ERASED)
    left = counts.pop(erased)
    for key, before in sorted(old.items()):
        if key[:2] != erased[:2]:
            continue
        now = counts.get(key, LeadCount(0, 0))
        number = min(left.leads, max(0, before.leads - now.leads))
        if number:
            # Of the erased leads only the delivered ones count.
            counts[key] = LeadCount(now.leads + number, now.delivered + number)
            left = LeadCount(left.leads - number, left.delivered - number)
    if left.leads:
        counts[erased] = left
