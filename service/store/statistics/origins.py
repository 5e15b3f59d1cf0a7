"""Figures of a period, counted by the database: where leads came from, and what was odd about their tags."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, func, literal, or_, select, union_all

from service.lead import Status, first_lead_id
from service.store.database.repository import Repository
from service.store.database.tables import leads

REAL = (Status.PENDING, Status.PARKED, Status.DELIVERED, Status.ANNOUNCED)
"""Leads that count; those that were erased after they had been delivered count, too."""

MOST = 5000
"""Values that are told of each kind, the most frequent first: strangers can write any number of them."""


@dataclass(frozen=True, slots=True)
class Period:
    """Which leads are counted: received at `since` or later and before `until`, of one form or "" of all."""

    since: datetime
    until: datetime
    form: str = ""


class OriginCount(NamedTuple):
    """How many leads have something in common, and how many of them were delivered.

    what: the values that they share, in the order of the question.
    """

    what: tuple[str, ...]
    leads: int
    delivered: int


@dataclass(frozen=True, slots=True)
class Origins:
    """Where the leads of a period came from.

    verdicts: (channel, LeadSource, rule). sources: (utm_source, utm_medium). by_form: (form, utm_source). campaigns,
    contents, terms: one Utm value. codes: (code, form, utm_campaign). left_out: status -> leads that do not count.
    cut: the names of those lists that are longer than told.
    """

    verdicts: Sequence[OriginCount]
    sources: Sequence[OriginCount]
    by_form: Sequence[OriginCount]
    campaigns: Sequence[OriginCount]
    contents: Sequence[OriginCount]
    terms: Sequence[OriginCount]
    codes: Sequence[OriginCount]
    left_out: dict[str, int]
    cut: frozenset[str]


_KEYS: dict[str, tuple[str, ...]] = {
    "verdicts": ("channel", "lead_source", "rule"),
    "sources": ("utm_source", "utm_medium"),
    "by_form": ("form", "utm_source"),
    "campaigns": ("utm_campaign",),
    "contents": ("utm_content",),
    "terms": ("utm_term",),
    "codes": ("codes", "form", "utm_campaign"),
}
"""List of Origins -> the columns that it is counted by."""

_STRANGERS = frozenset(_KEYS) - {"verdicts"}
"""The lists of values that strangers may write; the others are as long as our rules make them."""

_SEEN = ("channel", "lead_source", "rule", "form", "codes")
_TAGS = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")


class Reports(Repository):
    """The figures within one transaction."""

    def origins(self, period: Period, most: int = MOST) -> Origins:
        """Count where the leads of a period came from. most: values told of each kind that strangers can write.

        One statement, so that all its figures are of one moment: the leads are read once and folded into what they
        have in common, and that, which is little, is counted by every question.
        """
        found: dict[str, list[OriginCount]] = {name: [] for name in _KEYS}
        for row in self._execute(_counting(period, most)):
            keys = row[1 : 1 + len(_KEYS[row.name])]
            found[row.name].append(OriginCount(tuple(keys), int(row.leads), int(row.delivered)))
        cut = frozenset(name for name in _STRANGERS if len(found[name]) > most)
        told = {name: sorted(counts, key=_by_number)[:most] for name, counts in found.items() if name in _STRANGERS}
        told["verdicts"] = sorted(found["verdicts"], key=_by_number)
        told["codes"] = _of_each_code(found["codes"])[:most]
        return Origins(**told, left_out=self._left_out(period), cut=cut)

    def _left_out(self, period: Period) -> dict[str, int]:
        query = select(leads.c.status, func.count().label("number")).where(_within(period), ~_counts())
        return {row.status: row.number for row in self._execute(query.group_by(leads.c.status))}


def _by_number(count: OriginCount) -> tuple[int, tuple[str, ...]]:
    return -count.leads, count.what


def _of_each_code(counts: Sequence[OriginCount]) -> list[OriginCount]:
    """The same for each code of a list of codes: a lead with two counts at both."""
    found: dict[tuple[str, ...], tuple[int, int]] = {}
    for (codes, *where), number, delivered in counts:
        for code in json.loads(codes):
            before = found.get((code, *where), (0, 0))
            found[code, *where] = (before[0] + number, before[1] + delivered)
    return sorted((OriginCount(what, *numbers) for what, numbers in found.items()), key=_by_number)


def _counting(period: Period, most: int) -> Any:
    delivered = case((leads.c.delivered_at.is_not(None), 1), else_=0)
    named = [cast(leads.c[name], Text).label(name) for name in (*_SEEN, *_TAGS)]
    folded = (
        select(*named, func.count().label("leads"), func.sum(delivered).label("delivered"))
        .where(_within(period), _counts())
        .group_by(*(leads.c[name] for name in (*_TAGS[::-1], *_SEEN)))  # what differs most first: sorted sooner
        .cte("folded")
    )

    def question(name: str) -> Select[Any]:
        keys = [folded.c[key] for key in _KEYS[name]]
        gaps = [literal("").label(f"gap{number}") for number in range(3 - len(keys))]
        number = func.sum(folded.c.leads).label("leads")
        asked = select(
            literal(name).label("name"), *keys, *gaps, number, func.sum(folded.c.delivered).label("delivered")
        )
        if name == "codes":
            asked = asked.where(folded.c.codes != "[]")
        elif name not in ("verdicts", "sources"):
            asked = asked.where(keys[-1] != "")
        counted = asked.group_by(*keys)
        if name in _STRANGERS:
            counted = counted.order_by(number.desc(), *keys).limit(most + 1)
        return select(counted.subquery())

    return union_all(*(question(name) for name in _KEYS))


def _within(period: Period) -> ColumnElement[bool]:
    """By id first: ids sort by time of arrival, so the primary key is the index of every period."""
    of_form = [leads.c.form == period.form] if period.form else []
    return and_(
        leads.c.id >= first_lead_id(period.since),
        leads.c.id < _first_id_after(period.until),
        leads.c.received_at >= period.since,
        leads.c.received_at < period.until,
        *of_form,
    )


def _first_id_after(instant: datetime) -> str:
    """The smallest id of the millisecond behind."""
    return f"{int(first_lead_id(instant)[:12], 16) + 1:012x}"


def _counts() -> ColumnElement[bool]:
    """Written so that SQLite does not look each status up by its index, which takes longer for a whole period."""
    status = leads.c.status.concat("")
    return or_(status.in_(REAL), and_(status == Status.ERASED.value, leads.c.delivered_at.is_not(None)))
