"""A form that used to bring leads and brings none: learned by hour of the week, a pure decision.

The hours of the week that usually bring leads make time pass; nights and weekends hardly do. So a silence is measured
in leads that should have come. By chance alone, `x` leads stay away with the probability e^-x.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

WEEKS = 8
"""How far back is learned from, counted from the last lead."""

LEAST_LEADS, LEAST_WEEKS = 20, 4
"""A form that brought fewer leads in its last weeks is left alone: its silences mean nothing."""

LEAST_MISSED = 7.0
"""So many leads must be missing at least: by chance once in a thousand times."""

YEARS = 10
"""About so seldom may chance alone raise the alarm for one form; the more leads, the more chances there are."""

USUAL_SILENCE = 1.25
"""And by so much must the longest silence of the past be exceeded: leads come in bursts, and there are holidays."""

HOUR = timedelta(hours=1)
WEEK_H = 168


@dataclass(frozen=True, slots=True)
class Silence:
    """A form is silent: leads that should have come by now, and since when none did."""

    since: datetime
    missed: float


def find_silence(arrivals: Mapping[datetime, int], last: datetime, now: datetime) -> Silence | None:
    """Decide whether a form is silent for so long that somebody should look.

    arrivals: how many leads came in each period of some minutes of the last weeks before `last`, by its middle.
    last: when the last one came. A form that brings few leads is never silent.
    Raises: nothing.
    """
    recent = {at: number for at, number in arrivals.items() if last - timedelta(weeks=WEEKS) <= at and number > 0}
    if sum(number for at, number in recent.items() if at > last - timedelta(weeks=LEAST_WEEKS)) < LEAST_LEADS:
        return None
    first = min(recent)
    weeks = max(1.0, (last - first) / timedelta(weeks=1))
    rates = _rates(recent, weeks)
    missed = expected(rates, last, now)
    usual = max((expected(rates, before, after) for before, after in pairwise(sorted(recent))), default=0.0)
    chances = YEARS * 52 * sum(recent.values()) / weeks
    if missed < max(LEAST_MISSED, math.log(chances), USUAL_SILENCE * usual):
        return None
    return Silence(last, missed)


def _rates(arrivals: Mapping[datetime, int], weeks: float) -> list[float]:
    """Leads an hour, for each hour of the week."""
    rates = [0.0] * WEEK_H
    for at, number in arrivals.items():
        rates[_hour_of_week(at)] += number / weeks
    return rates


def expected(rates: Sequence[float], since: datetime, until: datetime) -> float:
    """How many leads usually come between two instants. rates: leads an hour, for each hour of the week."""
    if until <= since:
        return 0.0
    whole_weeks = (until - since) // timedelta(weeks=1)
    total = whole_weeks * math.fsum(rates)
    at = since + whole_weeks * timedelta(weeks=1)
    while at < until:
        end = min(until, _next_hour(at))
        total += rates[_hour_of_week(at)] * ((end - at) / HOUR)
        at = end
    return total


def _hour_of_week(at: datetime) -> int:
    utc = at.astimezone(UTC)
    return utc.weekday() * 24 + utc.hour


def _next_hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + HOUR
