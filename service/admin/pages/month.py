"""This month against the last one: its leads, and what they brought, up to the same day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from markupsafe import Markup

from service.admin.pages.labels import share
from service.admin.pages.rendering import PREFIX
from service.i18n import SHORT_DAY, _, date_text, whole
from service.store import DateRange, Transaction

SPARK_WIDTH, SPARK_HEIGHT = 120, 36


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Two lines of sums so far: this month's, and the whole of last month's behind it."""

    this: str
    last: str

    @property
    def lines(self) -> Markup:
        """Both as SVG."""
        return Markup('<polyline class="before" points="{}"/><polyline points="{}"/>').format(self.last, self.this)


@dataclass(frozen=True, slots=True)
class MonthFigure:
    """One figure. change: against the same days of last month, in words; tone: good, warn or calm."""

    name: str
    value: str
    change: str
    tone: str
    link: str
    sparkline: Sparkline


@dataclass(frozen=True, slots=True)
class Months:
    """The days of this month up to today, and the same days of the last."""

    this: tuple[date, date]
    last: tuple[date, date]
    end_of_last: date


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
    last_day = date_text(months.last[1], SHORT_DAY)
    span = last_day if months.last[1].day == 1 else _("%(first)s–%(last)s", first=1, last=last_day)
    if not before:
        return _("none in %(span)s", span=span) if now else _("none in %(span)s, either", span=span)
    if now == before:
        return _("as many as in %(span)s", span=span)
    change = share(abs(now - before), before)
    if now > before:
        return _("%(change)s more than in %(span)s", change=change, span=span)
    return _("%(change)s fewer than in %(span)s", change=change, span=span)


def tone_of(now: float, before: float) -> str:
    """More is good."""
    return "good" if now > before else "warn" if now < before else "calm"


def sparkline(this: Sequence[float], last: Sequence[float]) -> Sparkline:
    """The sums so far on one scale."""
    top = max(sum(this), sum(last), 1)
    days = max(len(this), len(last), 2)
    return Sparkline(_points(this, top, days), _points(last, top, days))


def _points(values: Sequence[float], top: float, days: int) -> str:
    sums = [0.0, *accumulate(values)]
    return " ".join(
        f"{SPARK_WIDTH * number / days:.1f},{SPARK_HEIGHT - 1 - (SPARK_HEIGHT - 3) * value / top:.1f}"
        for number, value in enumerate(sums)
    )
