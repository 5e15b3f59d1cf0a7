"""This month compared with the last, up to the same day: its leads and their outcomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import accumulate

from markupsafe import Markup

from service.admin.pages.numbers import MANY_TIMES, change_percent
from service.admin.pages.rendering import PREFIX
from service.admin.permissions import seen_accounts
from service.forms import Form
from service.i18n import SHORT_DAY, _, date_text, money, whole
from service.operations.outcomes import OutcomeQuery, OutcomeReport, outcomes
from service.store import DateRange, Store, Transaction

MAX_AGE = timedelta(minutes=1)
"""Age of the outcomes that are shown."""

MAX_CURRENCIES, MAX_MILESTONES = 2, 1

SPARK_WIDTH, SPARK_HEIGHT = 120, 36


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Two lines of sums so far: this month's, and the whole of last month's behind it, "" for a month of zeros."""

    this: str
    last: str

    @property
    def lines(self) -> Markup:
        """Both as SVG."""
        before = Markup('<polyline class="before" points="{}"/>').format(self.last) if self.last else ""
        return Markup('{}<polyline points="{}"/>').format(before, self.this)


@dataclass(frozen=True, slots=True)
class MonthFigure:
    """One figure. change: against the same days of last month, in words; tone: good, warn or calm.

    link: to the leads that it counts, "" where the list has no filter for them.
    """

    name: str
    value: str
    change: str
    tone: str
    link: str
    sparkline: Sparkline | None = None


@dataclass(frozen=True, slots=True)
class Months:
    """The days of this month up to today, and the same days of the last."""

    this: tuple[date, date]
    last: tuple[date, date]
    end_of_last: date

    @property
    def span(self) -> str:
        """The days of the last month: "1–12 Oct"."""
        last_day = date_text(self.last[1], SHORT_DAY)
        return last_day if self.last[1].day == 1 else _("%(first)s–%(last)s", first=1, last=last_day)


def months_of(today: date) -> Months:
    """The two months. A month that is longer than the last is compared with the whole of it."""
    begin = today.replace(day=1)
    end_of_last = begin - timedelta(days=1)
    begin_of_last = end_of_last.replace(day=1)
    same_day = min(begin_of_last + (today - begin), end_of_last)
    return Months((begin, today), (begin_of_last, same_day), end_of_last)


def month_figures(tx: Transaction, today: date) -> list[MonthFigure]:
    """Leads and deliveries, counted as in Reports; none where nothing was counted in either month."""
    months = months_of(today)
    span = DateRange(months.last[0].isoformat(), today.isoformat())
    received: dict[str, int] = {}
    delivered: dict[str, int] = {}
    for day, _form, number, of_these in tx.statistics.by_day("form", span):
        received[day] = received.get(day, 0) + number
        delivered[day] = delivered.get(day, 0) + of_these
    if not received:
        return []
    leads = f"{PREFIX}/leads?period=this-month"
    return [
        _figure(_("Leads"), received, months, f"{leads}&status=counted"),
        _figure(_("Delivered"), delivered, months, f"{leads}&status=delivered"),
    ]


class MonthOutcomes:
    """The outcomes of this and last month's leads, read at most once a minute because it takes a moment.

    Cached separately for each set of accounts that somebody sees.
    """

    def __init__(self, store: Store, zone: tzinfo) -> None:
        self._store, self._zone = store, zone
        self._last: dict[frozenset[str] | None, tuple[datetime, OutcomeReport]] = {}

    def report(self, forms: Mapping[str, Form], now: datetime) -> OutcomeReport:
        """The report, at most a minute old.

        Raises: StoreUnavailable.
        """
        accounts = seen_accounts()
        last = self._last.get(accounts)
        if last is None or not timedelta() <= now - last[0] < MAX_AGE:
            day = now.astimezone(self._zone).date().replace(day=1)
            query = OutcomeQuery("form", datetime.combine(day, time(), self._zone), now, compare=True)
            last = self._last[accounts] = now, outcomes(self._store, query, forms, self._zone)
        return last[1]


def outcome_figures(report: OutcomeReport, today: date) -> list[MonthFigure]:
    """The outcomes of this month's leads so far, as in Reports; none while no lead has been won."""
    total, before, months = report.total, report.total.previous, months_of(today)
    if before is None or not (total.won or before.won):
        return []
    span = months.span
    link = f"{PREFIX}/leads?period=this-month&status=counted&sale=won"
    beyond_delivery = [name for name in report.milestones if total.milestones.get(name, 0) != total.delivered]
    reached = [
        (_milestone_name(name), total.milestones.get(name, 0), before.milestones.get(name, 0), "")
        for name in beyond_delivery[:MAX_MILESTONES]
    ]
    counts = [
        MonthFigure(name, whole(this), _of_leads(whole(last), span), "calm", address)
        for name, this, last, address in [*reached, (_("Won"), total.won, before.won, link)]
    ]
    currencies = sorted(total.value.keys() | before.value.keys())[:MAX_CURRENCIES]
    values = [(total.value.get(each, 0), before.value.get(each, 0), each) for each in currencies]
    return counts + [
        MonthFigure(_("Value won"), _amount(this, each), _of_leads(_amount(last, each), span), "calm", link)
        for this, last, each in values
    ]


def _milestone_name(name: str) -> str:
    """The name that `conversions` gives, as a title."""
    return f"{name[:1].upper()}{name[1:]}"


def _amount(value: float, currency: str) -> str:
    return money(round(value), currency)


def _of_leads(before: str, span: str) -> str:
    """Last month's figure, without a percentage, because its leads have had a month longer to be won."""
    return _("%(before)s of the leads of %(span)s", before=before, span=span)


def _figure(name: str, by_day: dict[str, int], months: Months, link: str) -> MonthFigure:
    this, last = _values(by_day, *months.this), _values(by_day, months.last[0], months.end_of_last)
    same_days = (months.last[1] - months.last[0]).days + 1
    now, before = sum(this), sum(last[:same_days])
    return MonthFigure(
        name, whole(now), change_text(now, before, months), tone_of(now, before), link, sparkline(this, last)
    )


def _values(by_day: dict[str, int], first: date, last: date) -> list[int]:
    return [by_day.get((first + timedelta(days=number)).isoformat(), 0) for number in range((last - first).days + 1)]


def change_text(now: float, before: float, months: Months) -> str:
    """ "12% more than 1–12 Oct"."""
    span = months.span
    if not before:
        return _("none in %(span)s", span=span) if now else _("none in %(span)s, either", span=span)
    if now == before:
        return _("as many as in %(span)s", span=span)
    if now >= MANY_TIMES * before:
        return _("%(times)s times as many as in %(span)s", times=whole(now / before), span=span)
    change = change_percent(now, before)
    if now > before:
        return _("%(change)s more than in %(span)s", change=change, span=span)
    return _("%(change)s fewer than in %(span)s", change=change, span=span)


def tone_of(now: float, before: float) -> str:
    """Return the tone of a change: an increase is good."""
    return "good" if now > before else "warn" if now < before else "calm"


def sparkline(this: Sequence[float], last: Sequence[float]) -> Sparkline:
    """The sums so far on one scale."""
    top = max(sum(this), sum(last), 1)
    days = max(len(this), len(last), 2)
    return Sparkline(_points(this, top, days), _points(last, top, days) if any(last) else "")


def _points(values: Sequence[float], top: float, days: int) -> str:
    sums = [0.0, *accumulate(values)]
    ends = [number for number, value in enumerate(sums) if {value} != {*sums[max(0, number - 1) : number + 2]}]
    return " ".join(
        f"{SPARK_WIDTH * number / days:.1f},{SPARK_HEIGHT - 1 - (SPARK_HEIGHT - 3) * sums[number] / top:.1f}"
        for number in sorted({0, *ends, len(values)})
    )
