"""What one day's leads have in common, counted: the sums that the pictures are drawn from.

Counted in Python, as answers are JSON that PostgreSQL would refuse to look into, and in the background.
"""

import json
import math
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from service.lead import Status
from service.store.statistics.origins import REAL

MOST_VALUES = 200
"""Values of one kind, day and form that are told apart, the most frequent: strangers can write any number of them."""

REST = "…"
"""The value that the others are counted under."""

ERASED = "\x1ferased"
"""The location of somebody who was erased, where it is not remembered."""

SHARED = 3
"""A location that so many leads named says nothing of any of them; a rarer one may be anything somebody typed."""

JOINT = "\x1f"
"""Between the two parts of a value that has two."""

LONGEST = 120

LATE_SENDERS = frozenset({"import"})
"""Their leads arrived somewhere else, some time before: how soon they were delivered says nothing."""

STEP = 1.1
"""Each box of waiting times is a tenth wider than the one before it: so exact are the times."""


ALL = ""
"""The form under which the leads of all forms are counted together."""


class CountKey(NamedTuple):
    """What leads of one day have in common.

    kind: "status" and "sender" of all leads, "speed" of the delivered; "form", "channel", "source", "campaign",
    "location", "verdict" and "code" of those that reports count.
    """

    kind: str
    form: str
    value: str


class LeadCount(NamedTuple):
    """How many they are, and how many of them were delivered."""

    leads: int
    delivered: int


DayCounts = Mapping[CountKey, LeadCount]


def box_of(waited: timedelta) -> int:
    """The box that a time from arrival to delivery belongs into; 0 is all below a tenth of a second."""
    return max(0, math.ceil(math.log(max(waited.total_seconds(), 0.001) / 0.1, STEP)))


def seconds_of(box: int) -> float:
    """The upper edge of a box."""
    return float(0.1 * STEP**box)


def count(rows: Iterable[Any]) -> DayCounts:
    """Fold the leads of a day: rows with the columns of tally.COLUMNS."""
    leads: Counter[CountKey] = Counter()
    delivered: Counter[CountKey] = Counter()
    for row in rows:
        done = row.delivered_at is not None
        for kind, value in _facts(row):
            for key in (CountKey(kind, row.form, value), CountKey(kind, ALL, value)):
                leads[key] += 1
                delivered[key] += done
    return _capped({key: LeadCount(number, delivered[key]) for key, number in leads.items()})


def _facts(row: Any) -> Iterator[tuple[str, str]]:
    """Everything that a lead counts for: kind and value."""
    yield "status", row.status
    yield "sender", row.sender
    is_delivered = row.delivered_at is not None
    if row.status not in REAL and not (row.status == Status.ERASED and is_delivered):
        return
    yield "form", row.form
    yield "channel", row.channel
    yield "source", f"{row.utm_source}{JOINT}{row.utm_medium}"[:LONGEST]
    yield "campaign", row.utm_campaign[:LONGEST]
    yield "location", _location(row)
    yield "verdict", f"{row.rule}{JOINT}{row.channel}"
    yield from (("code", code) for code in json.loads(row.codes))
    if is_delivered and row.sender not in LATE_SENDERS:
        yield "speed", str(box_of(row.delivered_at - row.received_at))


def _location(row: Any) -> str:
    if row.status == Status.ERASED:
        return ERASED
    if '"location"' not in row.fields:  # most: JSON is slow to read
        return ""
    answer = json.loads(row.fields).get("location", "")
    first = answer if isinstance(answer, str) else next(iter(answer), "")
    clean = "".join(letter for letter in first if letter.isprintable()).strip()[:LONGEST]
    return REST if "@" in clean else clean  # an address is nobody's location


def _capped(sums: DayCounts) -> DayCounts:
    """With the rare values of each kind and form as one."""
    groups: dict[tuple[str, str], list[tuple[LeadCount, CountKey]]] = {}
    for key, number in sums.items():
        groups.setdefault((key.kind, key.form), []).append((number, key))
    found: dict[CountKey, LeadCount] = {}
    for (kind, form), members in groups.items():
        ordered = sorted(members, key=lambda member: (-member[0].leads, member[1].value))
        found |= {key: number for number, key in ordered[:MOST_VALUES]}
        rest = [number for number, _ in ordered[MOST_VALUES:]]
        if rest:
            found[CountKey(kind, form, REST)] = LeadCount(
                sum(each.leads for each in rest), sum(each.delivered for each in rest)
            )
    return found


def has_erased(sums: DayCounts) -> bool:
    """Whether locations of some are not known any more."""
    return any(key.value == ERASED for key in sums)


def remembering(new: DayCounts, old: DayCounts, shared: Container[str]) -> DayCounts:
    """New sums that still know the locations of those who were erased since the old ones were counted.

    Which person said what is gone; how many said it is a figure, and stays, where it is `shared` by several.
    """
    found = dict(new)
    known = {key: number for key, number in old.items() if key.value in shared}
    for form in {key.form for key in new if key.value == ERASED}:
        _recall(found, known, form)
    return found


def _recall(found: dict[CountKey, LeadCount], old: DayCounts, form: str) -> None:
    gone = CountKey("location", form, ERASED)
    left = found.pop(gone)
    for key, before in sorted(old.items()):
        if key[:2] != gone[:2]:
            continue
        now = found.get(key, LeadCount(0, 0))
        number = min(left.leads, max(0, before.leads - now.leads))
        if number:
            found[key] = LeadCount(now.leads + number, now.delivered + number)  # of the erased only the delivered count
            left = LeadCount(left.leads - number, left.delivered - number)
    if left.leads:
        found[gone] = left
