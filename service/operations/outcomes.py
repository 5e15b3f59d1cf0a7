"""Sales outcomes of a period's leads: by channel, source, campaign, form, location, landing page or LeadSource.

The dashboard, the API, the terminal and the weekly report all show the figures of `outcomes`, so that they agree.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from service.forms import Form
from service.nexudus.values import lead_source_name
from service.operations.calendar import MOMENT, day_of, previous_period
from service.operations.milestones import MilestoneNames, milestone_names, milestones_agree
from service.operations.spending import DIVIDED, Amounts, Spending
from service.store import (
    AMOUNT_UNIT,
    FIRST,
    LAST,
    Measure,
    OutcomePeriod,
    Store,
    TalliesByForm,
    Transaction,
    measure_of,
    outcome_kind,
)

BY = ("channel", "source_medium", "campaign", "form", "location", "landing_page", "lead_source")
"""Groupings of a report."""

TOUCHES = (LAST, FIRST)

LEFT_OUT = ("quarantined", "discarded", "test")
"""Statuses that a report always mentions; `erased` only if leads were erased before their delivery."""


@dataclass(frozen=True, slots=True)
class OutcomeQuery:
    """The query of a report. by: one of BY. since, until: of the arrival, aware, `until` exclusive. touch: of TOUCHES.

    account, form: "" for all. compare: also with the period before, which is `before` if that is given.
    include_left_out: count spam, discarded leads, tests and leads erased before their delivery as well. has_costs,
    has_costs_before: read the costs of the period, and of the one before, which takes as long as everything else.
    """

    by: str
    since: datetime
    until: datetime
    touch: str = LAST
    account: str = ""
    form: str = ""
    compare: bool = False
    include_left_out: bool = False
    before: tuple[datetime, datetime] | None = None
    has_costs: bool = True
    has_costs_before: bool = True


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """Leads that share a value. share: of all leads of the report, 0 to 1.

    milestones: name -> number of leads that have reached it. value: of won opportunities, by currency (ISO 4217, ""
    unknown). cost: by currency, empty if unknown. time_to_win_s: average seconds from arrival to winning, over the
    leads won at a known time. previous: the same value's figures in the period before, if requested.
    """

    key: Mapping[str, Any]
    leads: int = 0
    share: float = 0.0
    delivered: int = 0
    milestones: Mapping[str, int] = field(default_factory=dict)
    won: int = 0
    lost: int = 0
    value: Mapping[str, float] = field(default_factory=dict)
    cost: Mapping[str, float] = field(default_factory=dict)
    time_to_win_s: float | None = None
    previous: "OutcomeRow | None" = None

    @property
    def win_rate(self) -> float | None:
        """The share of won leads among those won or lost; None without any."""
        closed = self.won + self.lost
        return self.won / closed if closed else None

    @property
    def change(self) -> float | None:
        """The relative change of leads from the period before, 0.5 for half as many more; None without a comparison."""
        before = self.previous.leads if self.previous else 0
        return self.leads / before - 1 if before else None

    @property
    def cost_per_lead(self) -> Mapping[str, float]:
        """Currency -> cost of a lead; empty without leads or costs."""
        return {currency: amount / self.leads for currency, amount in self.cost.items()} if self.leads else {}

    @property
    def cost_per_won(self) -> Mapping[str, float]:
        """Currency -> cost of a won lead; empty without won leads or costs."""
        return {currency: amount / self.won for currency, amount in self.cost.items()} if self.won else {}


@dataclass(frozen=True, slots=True)
class OutcomeReport:
    """The rows, the largest first, and their total. milestones: their names, in order.

    left_out: status -> number of leads that the rows leave out. previous: since and until of the period before, if
    requested.
    """

    query: OutcomeQuery
    rows: Sequence[OutcomeRow]
    total: OutcomeRow
    left_out: Mapping[str, int]
    milestones: Sequence[str] = ()
    previous: tuple[datetime, datetime] | None = None


def outcomes(store: Store, query: OutcomeQuery, forms: Mapping[str, Form], zone: tzinfo = UTC) -> OutcomeReport:
    """Return the figures of a period, exact at this moment.

    forms: the forms file's, which name the milestones. zone: the one whose days count for costs and the period before.
    Raises: StoreUnavailable; ValueError for an unknown `by` or `touch`.
    """
    if query.by not in BY or query.touch not in TOUCHES:
        raise ValueError(f"unknown report: {query.by} by {query.touch} touch")
    with store.read() as tx:
        tx.statistics.fix_moment()
        before, knows_form = _period_before(query, zone), not milestones_agree(forms)
        queries = [query]
        if before:
            queries.append(replace(query, since=before[0], until=before[1], has_costs=query.has_costs_before))
        now, *earlier_figures = [_read(tx, each, zone, knows_form=knows_form) for each in queries]
        then = earlier_figures[0] if earlier_figures else None
    names = milestone_names(forms, [now.by_form, *([then.by_form] if then else [])])
    tallies = now.tallies(names)
    earlier = then.tallies(names) if then else {}
    total = sum(tally.leads for tally in tallies.values())
    total_before = sum(tally.leads for tally in earlier.values())
    rows = [
        _row(query.by, value, tallies.get(value, OutcomeTally()), names, total)
        if then is None
        else replace(
            _row(query.by, value, tallies.get(value, OutcomeTally()), names, total),
            previous=_row(query.by, value, earlier.get(value, OutcomeTally()), names, total_before),
        )
        for value in sorted(tallies.keys() | earlier.keys(), key=lambda value: _order(value, tallies, earlier))
    ]
    whole = _total(tallies.values(), now.spending, names, total)
    if then:
        whole = replace(whole, previous=_total(earlier.values(), then.spending, names, total_before))
    return OutcomeReport(query, rows, whole, now.left_out(), names.names, before)


def _period_before(query: OutcomeQuery, zone: tzinfo) -> tuple[datetime, datetime] | None:
    """Return the period that a report compares with; None without a comparison."""
    if not query.compare:
        return None
    return query.before or previous_period(query.since, query.until, zone)


# -- adding up


@dataclass(slots=True)
class OutcomeTally:
    """The figures of one row while they are added up; amounts in ten-thousandths."""

    leads: int = 0
    delivered: int = 0
    won: int = 0
    lost: int = 0
    timed: int = 0
    to_win_ms: int = 0
    milestones: Counter[str] = field(default_factory=Counter)
    value: Counter[str] = field(default_factory=Counter)
    cost: Counter[str] = field(default_factory=Counter)

    def join(self, other: "OutcomeTally") -> None:
        """Add another row."""
        for name in ("leads", "delivered", "won", "lost", "timed", "to_win_ms"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.milestones.update(other.milestones)
        self.value.update(other.value)


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """The tallies and costs read for one period."""

    query: OutcomeQuery
    by_form: TalliesByForm
    spending: Spending

    def tallies(self, names: MilestoneNames) -> dict[str, OutcomeTally]:
        """Return the figures by value, including costs."""
        rows: defaultdict[str, OutcomeTally] = defaultdict(OutcomeTally)
        for form, measure, numbers in self._measures():
            if self.query.include_left_out or not measure.left_out:
                milestones = names.reached(form, measure.detail) if measure.name == STAGES else ()
                for value, number in numbers.items():
                    _add(rows[value], measure, number, milestones)
        for value, amounts in self.spending.by_value(self.query.by, {v: t.leads for v, t in rows.items()}).items():
            rows[value].cost.update(amounts)
        return dict(rows)

    def left_out(self) -> dict[str, int]:
        """Return the number of leads that the rows leave out, by status."""
        counts = Counter(dict.fromkeys(LEFT_OUT, 0))
        if not self.query.include_left_out:
            for _, measure, numbers in self._measures():
                if measure.left_out and measure.name == LEADS:
                    counts[measure.left_out] += sum(numbers.values())
        return dict(counts)

    def _measures(self) -> Iterator[tuple[str, Measure, Mapping[str, int]]]:
        for form, tally in self.by_form.items():
            for written, numbers in tally.items():
                yield form, measure_of(written), numbers


LEADS, STAGES, AMOUNT = "leads", "stages", "amount"
"""Names of measures."""


def _add(row: OutcomeTally, measure: Measure, number: int, milestones: Iterable[str]) -> None:
    """Add a number to a measure. milestones: those that leads with these stages have reached."""
    if measure.name == STAGES:
        for name in milestones:
            row.milestones[name] += number
    elif measure.name == AMOUNT:
        row.value[measure.detail] += number
    else:
        setattr(row, measure.name, getattr(row, measure.name) + number)


def _read(tx: Transaction, query: OutcomeQuery, zone: tzinfo, *, knows_form: bool) -> PeriodFigures:
    period = OutcomePeriod(query.since.astimezone(UTC), query.until.astimezone(UTC), query.account, query.form)
    first = day_of(query.since, zone)
    last = day_of(query.until - MOMENT, zone) if query.until > query.since else first
    # A campaign's cost cannot be split among forms.
    has_costs = query.has_costs and not query.form
    costs = tx.statistics.costs_between(first, last, query.account) if has_costs else []
    kind, origins = outcome_kind(query.by, query.touch), outcome_kind("campaign_origin", query.touch)
    is_divided = costs and query.by in DIVIDED
    tallies = tx.statistics.tallies([kind, origins] if is_divided else [kind], period, knows_form=knows_form)
    leads: Counter[str] = Counter()
    for tally in tallies[origins].values() if is_divided else ():
        for written, numbers in tally.items():
            if query.include_left_out or not measure_of(written).left_out:
                leads.update(numbers)
    return PeriodFigures(query, tallies[kind], Spending(costs, leads))


def _order(
    value: str, tallies: Mapping[str, OutcomeTally], earlier: Mapping[str, OutcomeTally]
) -> tuple[int, int, str]:
    none = OutcomeTally()
    return -tallies.get(value, none).leads, -earlier.get(value, none).leads, value


def _row(by: str, value: str, tally: OutcomeTally, names: MilestoneNames, total: int) -> OutcomeRow:
    return OutcomeRow(
        key=KEYS[by](value),
        leads=tally.leads,
        share=tally.leads / total if total else 0.0,
        delivered=tally.delivered,
        milestones={name: tally.milestones[name] for name in names.names},
        won=tally.won,
        lost=tally.lost,
        value=_amounts(tally.value),
        cost=_amounts(tally.cost),
        time_to_win_s=round(tally.to_win_ms / tally.timed / 1000, 3) if tally.timed else None,
    )


def _total(tallies: Iterable[OutcomeTally], spending: Spending, names: MilestoneNames, total: int) -> OutcomeRow:
    whole = OutcomeTally()
    for tally in tallies:
        whole.join(tally)
    whole.cost.update(spending.total())
    return replace(_row("channel", "", whole, names, total), key={})


def _amounts(amounts: Amounts) -> dict[str, float]:
    return {currency: amount / AMOUNT_UNIT for currency, amount in sorted(amounts.items())}


def _source_medium(value: str) -> dict[str, Any]:
    source, _, medium = value.partition(" / ")
    return {"source_medium": value, "source": source, "medium": medium}


def _lead_source(value: str) -> dict[str, Any]:
    number = int(value)
    return {"lead_source": number, "name": lead_source_name(number)}


def _plain(name: str) -> Callable[[str], dict[str, Any]]:
    return lambda value: {name: value}


KEYS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    **{name: _plain(name) for name in BY},
    "source_medium": _source_medium,
    "lead_source": _lead_source,
}
"""Grouping -> the JSON key of a row with that value."""
