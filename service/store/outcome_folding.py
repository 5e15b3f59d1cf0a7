"""The properties of a lead that reports distinguish, as SQL; leads added up by them into tallies. See outcomes.py."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
)

from service.lead import Status
from service.store.block_cover import Stretch
from service.store.database.outcome_tables import AMOUNT_UNIT, lead_touches
from service.store.database.report_tables import sales
from service.store.database.tables import leads
from service.store.outcome_packs import DELIVERED, JOINT, TAGS, FormTallies, Tally
from service.store.sales import SaleStatus

NOT_SET = "(not set)"
"""Listed where a value is unknown, as in Google Analytics."""

MAX_VALUE = 1e10
"""A won value beyond this is a mistake that would make every sum useless: it counts as unknown."""

BY_TOUCH = ("channel", "source_medium", "campaign", "landing_page", "lead_source", "campaign_origin")
"""Groupings by the last or by the first touch.

campaign_origin: campaign, source_medium, channel and lead_source together, for costs.
"""

OF_LEAD = ("form", "location")
"""Groupings that are the same for either touch."""

BARE = ("campaign_origin",)
"""Groupings for which only the number of leads matters."""

LAST, FIRST = "last", "first"

LEFT_OUT = (Status.QUARANTINED, Status.DISCARDED, Status.TEST)
"""Statuses of leads that reports leave out; leads erased before their delivery are left out as `erased`."""


@dataclass(frozen=True, slots=True)
class OutcomePeriod:
    """A period of arrival, from `since` up to but not including `until`. account, form: "" for all."""

    since: datetime
    until: datetime
    account: str = ""
    form: str = ""


def kind_of(by: str, touch: str) -> str:
    """Return the name under which a grouping's tallies are stored."""
    return by if by in OF_LEAD else f"{by}:{touch}"


def all_kinds() -> Iterator[tuple[str, str]]:
    """Yield every grouping that is stored, with its touch."""
    yield from ((by, LAST) for by in OF_LEAD)
    yield from ((by, touch) for by in BY_TOUCH for touch in (LAST, FIRST))


EVERY_KIND = (*(kind_of(by, touch) for by, touch in all_kinds()), TAGS)
"""Kinds of tallies stored for every block."""

_BARE_KINDS = frozenset(kind_of(by, touch) for by in BARE for touch in (LAST, FIRST))


def is_in_row(by: str, touch: str, value: str) -> ColumnElement[bool]:
    """Match the leads that a report lists under a value. by: one of BY_TOUCH or OF_LEAD; touch: LAST or FIRST."""
    of_value: ColumnElement[bool] = _VALUES[by](lead_touches) == value
    if by in OF_LEAD:
        return of_value
    own = and_(lead_touches.c.lead_id == leads.c.id, lead_touches.c.touch == touch)
    either = select(literal(1).label("one")).subquery().outerjoin(lead_touches, own)
    return exists().select_from(either).where(of_value).correlate(leads)


Touches = FromClause
"""Other touches of leads, or those of one kind."""


def fold(
    connection: Connection, stretch: Stretch, kinds: Sequence[str], period: OutcomePeriod | None = None
) -> FormTallies:
    """Add up a stretch of leads, or those of them in a period, into a tally of each kind.

    Each lead is read once, however many kinds there are: reading takes longer than adding up.
    """
    values: dict[str, Any] = {"first_id": stretch.since, "end_id": stretch.until}
    if period:
        values |= {"since": period.since, "until": period.until}
        values |= {name: value for name in ("account", "form") if (value := getattr(period, name))}
    query = _of_kinds(tuple(kinds), *(name in values for name in ("since", "account", "form")))
    tallies: dict[tuple[str, str], dict[str, Tally]] = {}
    own = [kind for kind in kinds if kind != TAGS]
    for row in connection.execute(query, values).all():
        account, form, left_out, *outcome = row[:_SHARED]
        if (of_kind := tallies.get((account, form))) is None:
            of_kind = tallies[account, form] = {kind: defaultdict(_no_numbers) for kind in kinds}
        measures = list(_measures(left_out, *outcome))
        for kind, value in zip(own, row[_SHARED:], strict=False):
            tally = of_kind[kind]
            for measure, number in measures[:1] if kind in _BARE_KINDS else measures:
                tally[measure][value] += number
        if TAGS in kinds:
            _add_tags(of_kind[TAGS], left_out, is_delivered=bool(outcome[0]), tags=row[-len(_TAGS) :])
    return tallies


def _no_numbers() -> dict[str, int]:
    return defaultdict(int)


_SHARED = 11
"""Columns at the start of the query, whatever kinds are read."""


def _measures(left_out: str, delivered: int, stages: str, currency: str, *of_sale: int) -> Iterator[tuple[str, int]]:
    """Yield the measures of one lead and what it adds to each; the first counts the lead itself."""
    yield f"{left_out}{JOINT}leads{JOINT}", 1
    if delivered:
        yield f"{left_out}{JOINT}{DELIVERED}{JOINT}", 1
    if stages:
        yield f"{left_out}{JOINT}stages{JOINT}{stages}", 1
    if any(of_sale):
        amount, *others = of_sale
        if amount:
            yield f"{left_out}{JOINT}amount{JOINT}{currency}", amount
        for name, number in zip(("won", "lost", "timed", "to_win_ms"), others, strict=True):
            if number:
                yield f"{left_out}{JOINT}{name}{JOINT}", number


def _add_tags(tally: Tally, left_out: str, *, is_delivered: bool, tags: Sequence[Any]) -> None:
    """Add one lead to the lists of the attribution report."""
    if left_out:
        tally["left_out"][left_out] += 1
        return
    source, medium, campaign, content, term, channel, lead_source, rule, codes = tags
    listed = [("verdicts", f"{channel}{JOINT}{lead_source}{JOINT}{rule}"), ("sources", f"{source}{JOINT}{medium}")]
    listed += (("campaigns", campaign), ("contents", content), ("terms", term))
    if codes != "[]":
        listed += (("codes", f"{code}{JOINT}{campaign}") for code in json.loads(codes))
    for name, value in listed:
        if value:
            tally[name][value] += 1
            if is_delivered:
                tally[f"{name}{JOINT}{DELIVERED}"][value] += 1


_TAGS = (
    *("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"),
    *("channel", "lead_source", "rule", "codes"),
)


@lru_cache(maxsize=64)
def _of_kinds(kinds: tuple[str, ...], of_period: bool, of_account: bool, of_form: bool) -> Select[Any]:
    """Return the query of a stretch's leads: keys to group by, numbers, values, tags."""
    touches = {touch: lead_touches.alias(f"{touch}_touch") for touch in (LAST, FIRST)}
    joined: FromClause = leads.outerjoin(sales, and_(sales.c.lead_id == leads.c.id, _in_stretch(sales.c.lead_id)))
    places = [place for place in all_kinds() if kind_of(*place) in kinds]
    for touch, own in touches.items():
        if any(touch == of_touch and by not in OF_LEAD for by, of_touch in places):
            of_lead = and_(own.c.lead_id == leads.c.id, own.c.touch == touch, _in_stretch(own.c.lead_id))
            joined = joined.outerjoin(own, of_lead)
    by_kind = {kind_of(by, touch): _VALUES[by](touches[touch]) for by, touch in places}
    values = [by_kind[kind].label(f"value_{place}") for place, kind in enumerate(kinds) if kind != TAGS]
    tags = [cast(leads.c[name], Text).label(f"tag_{name}") for name in _TAGS] if TAGS in kinds else []
    query = select(leads.c.account, leads.c.form, *_keys_and_numbers(), *values, *tags).select_from(joined)
    query = query.where(_in_stretch(leads.c.id))
    if of_period:
        query = query.where(leads.c.received_at >= bindparam("since"), leads.c.received_at < bindparam("until"))
    if of_account:
        query = query.where(leads.c.account.concat("") == bindparam("account"))
    if of_form:
        query = query.where(leads.c.form.concat("") == bindparam("form"))  # the index on ids is the better one
    return query


def _in_stretch(lead_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Match the leads of a stretch; repeated for each table, as PostgreSQL may read the others whole."""
    return and_(lead_id >= bindparam("first_id"), lead_id < bindparam("end_id"))


def _keys_and_numbers() -> tuple[Any, ...]:
    """Return the keys that leads are grouped by and the numbers for measures, in the order of `_measures`."""
    is_won = sales.c.status == SaleStatus.WON.value
    waited = (type_coerce(sales.c.won_at, BigInteger) - type_coerce(leads.c.received_at, BigInteger)) // literal(1000)
    is_timed = and_(is_won, sales.c.won_at >= leads.c.received_at)
    return (
        _left_out().label("left_out"),
        _if(leads.c.delivered_at.is_not(None)).label(DELIVERED),
        func.coalesce(sales.c.reached, "").label("stages"),
        case((is_won, sales.c.currency), else_="").label("currency"),
        case((is_won, _amount()), else_=0).label("amount"),
        _if(is_won).label("won"),
        _if(sales.c.status == SaleStatus.LOST.value).label("lost"),
        _if(is_timed).label("timed"),
        case((is_timed, waited), else_=0).label("to_win_ms"),
    )


def _if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _amount() -> ColumnElement[int]:
    usable = and_(sales.c.value > -MAX_VALUE, sales.c.value < MAX_VALUE)
    return case((usable, cast(func.round(sales.c.value * AMOUNT_UNIT), BigInteger)), else_=0)


def _left_out() -> ColumnElement[str]:
    is_unsent = and_(leads.c.status == Status.ERASED.value, leads.c.delivered_at.is_(None))
    is_left_out = leads.c.status.in_([status.value for status in LEFT_OUT])
    return case((or_(is_left_out, is_unsent), leads.c.status), else_="")


def _of_touch(name: str, own: Touches) -> ColumnElement[Any]:
    return func.coalesce(own.c[name], leads.c[name])


def _or_not_set(text: Any) -> ColumnElement[str]:
    return func.coalesce(func.nullif(text, "", type_=Text), NOT_SET, type_=Text)


def _source_medium(own: Touches) -> ColumnElement[str]:
    source, medium = _of_touch("utm_source", own), _of_touch("utm_medium", own)
    tagged = _or_not_set(source).concat(" / ").concat(_or_not_set(medium))
    direct = case((_of_touch("channel", own) == "Direct", "(direct) / (none)"), else_=f"{NOT_SET} / {NOT_SET}")
    untagged = func.coalesce(func.nullif(_of_touch("origin", own), "", type_=Text), direct, type_=Text)
    return case((or_(source != "", medium != ""), tagged), else_=untagged)


def _campaign_origin(own: Touches) -> ColumnElement[str]:
    """Only leads with a campaign matter."""
    joint = _of_touch("utm_campaign", own)
    for part in (_source_medium(own), _of_touch("channel", own), cast(_of_touch("lead_source", own), Text)):
        joint = joint.concat(JOINT).concat(part)
    return case((_of_touch("utm_campaign", own) != "", joint), else_="")


_VALUES: dict[str, Callable[[Touches], ColumnElement[Any]]] = {
    "channel": lambda own: _or_not_set(_of_touch("channel", own)),
    "source_medium": _source_medium,
    "campaign": lambda own: _or_not_set(_of_touch("utm_campaign", own)),
    "landing_page": lambda own: _or_not_set(_of_touch("landing_page", own)),
    "lead_source": lambda own: cast(_of_touch("lead_source", own), Text),
    "campaign_origin": _campaign_origin,
    "form": lambda _own: leads.c.form,
    "location": lambda _own: _or_not_set(leads.c.location),
}
"""Grouping -> its value of one lead. own: the touch that is listed, if the lead has a row for it."""
