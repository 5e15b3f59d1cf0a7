"""A form that used to bring leads and brings none, judged by the usual rate of each hour of the week.

Busy hours of the week count much, nights and weekends hardly. So a silence is measured in leads that should have
arrived. By chance alone, x leads fail to arrive with the probability e^-x.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from service.alerts.conditions import Condition
from service.alerts.wording import count, span
from service.forms import Form
from service.store import Transaction

LEARNING_WEEKS = 8
"""Weeks before the last lead from which the usual rate is learned."""

MIN_LEADS, MIN_LEADS_WEEKS = 20, 4
"""Fewer leads in the last weeks than this, and a form is not judged: its silences mean nothing."""

MIN_MISSED = 7.0
"""Minimum number of missing leads: by chance, one silence in a thousand is that long."""

YEARS_BETWEEN_FALSE_ALARMS = 10
"""Approximate minimum years between alarms by chance alone for one form; more leads mean more chances."""

PAST_SILENCE_FACTOR = 1.25
"""Factor by which the longest past silence must be exceeded: leads come in bursts, and there are holidays."""

FULL_CHECK_INTERVAL = timedelta(minutes=5)
"""Interval of checks of all forms, which read more than a check of the silent ones."""

HOUR = timedelta(hours=1)
HOURS_OF_WEEK = 168


@dataclass(frozen=True, slots=True)
class Silence:
    """A silent form: since when, and how many leads should have arrived."""

    since: datetime
    missed: float


@dataclass(slots=True)
class SilenceMonitor:
    """Remembers which forms are silent between full checks."""

    _checked_at: datetime | None = None
    _watched: Sequence[str] = ()
    _silent: dict[str, tuple[datetime, Condition]] = field(default_factory=dict)

    def conditions(self, tx: Transaction, forms: Iterable[Form], now: datetime) -> list[Condition]:
        """Return a condition for each silent form."""
        watched = [form.name for form in forms if form.silence_alarm and form.canary is None]
        if self._checked_at is None or watched != self._watched or now - self._checked_at >= FULL_CHECK_INTERVAL:
            self._checked_at, self._watched = now, watched
            silences = {name: _silence_of(tx, name, now) for name in watched}
            self._silent = {name: silence for name, silence in silences.items() if silence is not None}
        else:
            self._silent = {
                name: (since, condition)
                for name, (since, condition) in self._silent.items()
                if tx.alerts.last_arrival(name) == since
            }
        return [condition for _, condition in self._silent.values()]


def _silence_of(tx: Transaction, form: str, now: datetime) -> tuple[datetime, Condition] | None:
    last = tx.alerts.last_arrival(form)
    if last is None:
        return None
    arrivals = tx.alerts.arrivals_by_period(form, last - timedelta(weeks=LEARNING_WEEKS))
    silence = find_silence(arrivals, last, now)
    if silence is None:
        return None
    head = (
        f"The form {form!r} has brought no lead since {silence.since:%Y-%m-%d %H:%M} UTC, though it used to. Submit it "
        "yourself, and check whether its page or its platform was changed."
    )
    tail = f"About {count(round(silence.missed), 'lead')} would be usual in these {span(now - silence.since)}."
    return silence.since, Condition(f"silence:{form}", head, tail)


def find_silence(arrivals: Mapping[datetime, int], last: datetime, now: datetime) -> Silence | None:
    """Decide whether a form has been silent for so long that its operator should look.

    arrivals: leads in each period of some minutes of the weeks before `last`, by the middle of the period.
    last: when the last lead arrived. A form with few leads never counts as silent.
    """
    recent = {
        at: number for at, number in arrivals.items() if last - timedelta(weeks=LEARNING_WEEKS) <= at and number > 0
    }
    if sum(number for at, number in recent.items() if at > last - timedelta(weeks=MIN_LEADS_WEEKS)) < MIN_LEADS:
        return None
    weeks = max(1.0, (last - min(recent)) / timedelta(weeks=1))
    rates = [0.0] * HOURS_OF_WEEK
    for at, number in recent.items():
        rates[_hour_of_week(at)] += number / weeks
    missed = expected(rates, last, now)
    longest = max((expected(rates, before, after) for before, after in pairwise(sorted(recent))), default=0.0)
    chances = YEARS_BETWEEN_FALSE_ALARMS * 52 * sum(recent.values()) / weeks
    if missed < max(MIN_MISSED, math.log(chances), PAST_SILENCE_FACTOR * longest):
        return None
    return Silence(last, missed)


def expected(rates: Sequence[float], since: datetime, until: datetime) -> float:
    """Return how many leads usually arrive between two instants. rates: leads an hour, for each hour of the week."""
    if until <= since:
        return 0.0
    whole_weeks = (until - since) // timedelta(weeks=1)
    total = whole_weeks * math.fsum(rates)
    at = since + whole_weeks * timedelta(weeks=1)
    while at < until:
        next_hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + HOUR
        end = min(until, next_hour)
        total += rates[_hour_of_week(at)] * ((end - at) / HOUR)
        at = end
    return total


def _hour_of_week(at: datetime) -> int:
    utc = at.astimezone(UTC)
    return utc.weekday() * 24 + utc.hour
