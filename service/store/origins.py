"""The origins of a period's leads, counted by the database: channels, sources, campaigns, repaired tags."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, func, literal, or_, select, union_all

from service.lead import Status, first_lead_id
from service.store.database.repository import Repository
from service.store.database.tables import leads
from service.store.query import COUNTED

MAX_VALUES = 5000
"""Values listed of each kind, the most frequent first: strangers can write any number of them."""


@dataclass(frozen=True, slots=True)
class Period:
    """A period of arrival, from `since` up to but not including `until`; form: of one form, "" of all."""

    since: datetime
    until: datetime
    form: str = ""


class OriginCount(NamedTuple):
    """Leads that share values, and how many of them were delivered.

    what: the values that they share, in the order of the list's columns.
    """

    what: tuple[str, ...]
    leads: int
    delivered: int


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins of a period's leads.

    verdicts: (channel, LeadSource, rule). sources: (utm_source, utm_medium). by_form: (form, utm_source). campaigns,
    contents, terms: one UTM value. codes: (code, form, utm_campaign). left_out: status -> leads that do not count.
    cut: names of the lists that are longer than shown.
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

_UNBOUNDED = frozenset(_KEYS) - {"verdicts"}
"""Lists of values that strangers may write; the others are as long as our rules make them."""

_SEEN = ("channel", "lead_source", "rule", "form", "codes")
_TAGS = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")


class OriginCounts(Repository):
    """Counting origins."""

    def origins(self, period: Period, limit: int = MAX_VALUES) -> Origins:
        """Count the origins of a period's leads. limit: values of each list that strangers can write.

        One statement, so that all figures are of one moment: the leads are read once and folded into distinct
        combinations, and these few are counted for every list.
        """
        lists: dict[str, list[OriginCount]] = {name: [] for name in _KEYS}
        for row in self._execute(_counting(period, limit)):
            keys = row[1 : 1 + len(_KEYS[row.name])]
            lists[row.name].append(OriginCount(tuple(keys), int(row.leads), int(row.delivered)))
        cut = frozenset(name for name in _UNBOUNDED if len(lists[name]) > limit)
        shown = {name: sorted(counts, key=_by_number)[:limit] for name, counts in lists.items() if name in _UNBOUNDED}
        shown["verdicts"] = sorted(lists["verdicts"], key=_by_number)
        shown["codes"] = _by_code(lists["codes"])[:limit]
        return Origins(**shown, left_out=self._left_out(period), cut=cut)

    def _left_out(self, period: Period) -> dict[str, int]:
        query = select(leads.c.status, func.count().label("number")).where(_within(period), ~_counts())
        return {row.status: row.number for row in self._execute(query.group_by(leads.c.status))}


def _by_number(count: OriginCount) -> tuple[int, tuple[str, ...]]:
    return -count.leads, count.what


def _by_code(counts: Sequence[OriginCount]) -> list[OriginCount]:
    """Count each code of lists of codes: a lead with two counts for both."""
    totals: dict[tuple[str, ...], tuple[int, int]] = {}
    for (codes, *where), number, delivered in counts:
        for code in json.loads(codes):
            before = totals.get((code, *where), (0, 0))
            totals[code, *where] = (before[0] + number, before[1] + delivered)
    return sorted((OriginCount(what, *numbers) for what, numbers in totals.items()), key=_by_number)


def _counting(period: Period, limit: int) -> Any:
    delivered = case((leads.c.delivered_at.is_not(None), 1), else_=0)
    named = [cast(leads.c[name], Text).label(name) for name in (*_SEEN, *_TAGS)]
    folded = (
        select(*named, func.count().label("leads"), func.sum(delivered).label("delivered"))
        .where(_within(period), _counts())
        .group_by(*(leads.c[name] for name in (*_TAGS[::-1], *_SEEN)))  # the most varied first: sorted sooner
        .cte("folded")
    )

    def count_for(name: str) -> Select[Any]:
        keys = [folded.c[key] for key in _KEYS[name]]
        gaps = [literal("").label(f"gap{number}") for number in range(3 - len(keys))]
        number = func.sum(folded.c.leads).label("leads")
        counted = select(
            literal(name).label("name"), *keys, *gaps, number, func.sum(folded.c.delivered).label("delivered")
        )
        if name == "codes":
            counted = counted.where(folded.c.codes != "[]")
        elif name not in ("verdicts", "sources"):
            counted = counted.where(keys[-1] != "")
        counted = counted.group_by(*keys)
        if name in _UNBOUNDED:
            counted = counted.order_by(number.desc(), *keys).limit(limit + 1)
        return select(counted.subquery())

    return union_all(*(count_for(name) for name in _KEYS))


def _within(period: Period) -> ColumnElement[bool]:
    """Match leads by id first: ids sort by time of arrival, so the primary key serves as index of every period."""
    of_form = [leads.c.form == period.form] if period.form else []
    return and_(
        leads.c.id >= first_lead_id(period.since),
        leads.c.id < _first_id_after(period.until),
        leads.c.received_at >= period.since,
        leads.c.received_at < period.until,
        *of_form,
    )


def _first_id_after(instant: datetime) -> str:
    """Return the smallest id of the next millisecond."""
    return f"{int(first_lead_id(instant)[:12], 16) + 1:012x}"


def _counts() -> ColumnElement[bool]:
    """Match leads that count, written so that SQLite does not use the index of statuses, slow for a whole period."""
    status = leads.c.status.concat("")
    return or_(status.in_(COUNTED), and_(status == Status.ERASED.value, leads.c.delivered_at.is_not(None)))
