"""What reports distinguish of a lead, as SQL, and leads added up by it into cells: see outcomes.py."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
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
    literal_column,
    or_,
    select,
    type_coerce,
)

from service.lead import Status
from service.store.block_cover import Stretch
from service.store.database.outcome_tables import AMOUNT_UNIT, lead_touches
from service.store.database.report_tables import sales
from service.store.database.tables import leads
from service.store.sales import SaleStatus

NOT_SET = "(not set)"
"""What is listed where a value is unknown, as Google Analytics writes it."""

JOINT = "\x1f"
"""Separates the parts of a joint value, and stages from each other."""

MAX_VALUE = 1e10
"""A won value beyond this is a mistake, and would make every sum useless: it counts as unknown."""

BY_TOUCH = ("channel", "source_medium", "campaign", "landing_page", "lead_source", "campaign_origin")
"""What may be listed by the last or by the first touch. campaign_origin: campaign, source_medium, channel and
lead_source together, for costs.
"""

OF_LEAD = ("form", "location")
"""What is listed alike by either touch."""

BARE = ("campaign_origin",)
"""Kinds of which only the leads matter: their cells know neither form nor stages."""

LAST, FIRST = "last", "first"

LEFT_OUT = (Status.QUARANTINED, Status.DISCARDED, Status.TEST)
"""Statuses of leads that reports leave out; leads erased before their delivery are left out as `erased`."""


@dataclass(frozen=True, slots=True)
class OutcomePeriod:
    """A period of arrival, from `since` up to but not including `until`, of one account or form, "" of all."""

    since: datetime
    until: datetime
    account: str = ""
    form: str = ""


MEASURES = ("leads", "delivered", "won", "lost", "amount", "timed", "to_win_ms")


def kind_of(by: str, touch: str) -> str:
    """Return the name under which cells are kept."""
    return by if by in OF_LEAD else f"{by}:{touch}"


def all_kinds() -> Iterator[tuple[str, str]]:
    """Yield everything that is kept: what is listed, by which touch."""
    yield from ((by, LAST) for by in OF_LEAD)
    yield from ((by, touch) for by in BY_TOUCH for touch in (LAST, FIRST))


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


def fold_all(connection: Connection, stretch: Stretch) -> dict[str, list[dict[str, Any]]]:
    """Fold a stretch of leads into the cells of every kind, with their accounts.

    All leads are read once, of one moment: reading them takes longer than adding them up.
    """
    kinds = [kind_of(by, touch) for by, touch in all_kinds()]
    bare = [by in BARE for by, _ in all_kinds()]
    tallies: list[defaultdict[tuple[Any, ...], list[int]]] = [defaultdict(lambda: [0] * len(MEASURES)) for _ in kinds]
    values_end = len(kinds) + len(_SHARED)
    for row in connection.execute(_all_kinds(), {"first_id": stretch.since, "end_id": stretch.until}):
        shared = row[len(kinds) : values_end]
        numbers = [(place, number) for place, number in enumerate(row[values_end:], 1) if number]
        account, _, left_out, *_ = shared
        for value, tally, is_bare in zip(row, tallies, bare, strict=False):
            cell = tally[(value, account, "", left_out, "", "") if is_bare else (value, *shared)]
            cell[0] += 1
            for place, number in () if is_bare else numbers:
                cell[place] += number
    names = ("value", *_SHARED, *MEASURES)
    return {
        kind: [dict(zip(names, (*key, *cell), strict=True)) for key, cell in sorted(tally.items())]
        for kind, tally in zip(kinds, tallies, strict=True)
    }


_SHARED = ("account", "form", "left_out", "stages", "currency")
"""What cells of every kind tell leads apart by."""


@cache
def _all_kinds() -> Select[Any]:
    """Return the query for each lead of a stretch: its values of every kind, what else it is told apart by, numbers."""
    touches = {touch: lead_touches.alias(f"{touch}_touch") for touch in (LAST, FIRST)}
    joined: FromClause = leads.outerjoin(sales, sales.c.lead_id == leads.c.id)
    for touch, own in touches.items():
        joined = joined.outerjoin(own, and_(own.c.lead_id == leads.c.id, own.c.touch == touch))
    values = [_VALUES[by](touches[touch]).label(f"value_{place}") for place, (by, touch) in enumerate(all_kinds())]
    query = select(*values, leads.c.account, *_keys(), *_numbers().values()).select_from(joined)
    return query.where(leads.c.id >= bindparam("first_id"), leads.c.id < bindparam("end_id"))


def folded(by: str, touch: str, stretch: Stretch, period: OutcomePeriod) -> tuple[Select[Any], dict[str, Any]]:
    """Return the query for the cells of a stretch of leads within a period, and its parameters."""
    values: dict[str, Any] = {"first_id": stretch.since, "end_id": stretch.until}
    values |= {"since": period.since, "until": period.until}
    values |= {name: value for name in ("account", "form") if (value := getattr(period, name))}
    return _folding(by, touch, bool(period.account), bool(period.form)), values


@lru_cache(maxsize=128)
def _folding(by: str, touch: str, of_account: bool, of_form: bool) -> Select[Any]:
    """Return the query, which takes longer to write than to run for some hundred leads."""
    keys = (_VALUES[by](lead_touches).label("value"), *_keys())
    joined = leads.outerjoin(sales, sales.c.lead_id == leads.c.id)
    if by not in OF_LEAD:
        own = and_(lead_touches.c.lead_id == leads.c.id, lead_touches.c.touch == touch)
        joined = joined.outerjoin(lead_touches, own)
    query = select(*keys, *_measures()).select_from(joined)
    query = query.where(leads.c.id >= bindparam("first_id"), leads.c.id < bindparam("end_id"))
    query = query.where(leads.c.received_at >= bindparam("since"), leads.c.received_at < bindparam("until"))
    if of_account:
        query = query.where(leads.c.account.concat("") == bindparam("account"))
    if of_form:
        query = query.where(leads.c.form.concat("") == bindparam("form"))  # the ids are the better index
    # By position: an expression with parameters is not the same to PostgreSQL when it is repeated.
    return query.group_by(*(literal_column(str(number)) for number in range(1, len(keys) + 1)))


def _keys() -> tuple[Any, ...]:
    """Return what leads are told apart by, beside what is listed."""
    is_won = sales.c.status == SaleStatus.WON.value
    currency = case((and_(is_won, _amount() != 0), sales.c.currency), else_="")
    reached = func.coalesce(sales.c.reached, "")
    return leads.c.form, _left_out().label("left_out"), reached.label("stages"), currency.label("currency")


def _measures() -> tuple[Any, ...]:
    return func.count().label("leads"), *(func.sum(number).label(name) for name, number in _numbers().items())


def _numbers() -> dict[str, ColumnElement[int]]:
    """Return what one lead adds to each measure but the first, to which it adds 1."""
    is_won = sales.c.status == SaleStatus.WON.value
    waited = (type_coerce(sales.c.won_at, BigInteger) - type_coerce(leads.c.received_at, BigInteger)) // literal(1000)
    is_timed = and_(is_won, sales.c.won_at >= leads.c.received_at)
    return {
        "delivered": _if(leads.c.delivered_at.is_not(None)),
        "won": _if(is_won),
        "lost": _if(sales.c.status == SaleStatus.LOST.value),
        "amount": case((is_won, _amount()), else_=0),
        "timed": _if(is_timed),
        "to_win_ms": case((is_timed, waited), else_=0),
    }


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
"""What may be listed -> its value of one lead. own: the touch that is listed, where the lead has a row for it."""
