"""When people write: by day from Monday to Friday, more from month to month, more while a campaign runs."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

_BY_HOUR = (2, 1, 1, 1, 1, 2, 5, 12, 28, 42, 48, 45, 38, 36, 42, 44, 38, 30, 24, 20, 17, 13, 8, 4)
_BY_WEEKDAY = (1.15, 1.25, 1.2, 1.1, 0.85, 0.35, 0.4)
_GROWTH = 0.6
"""How much more comes at the end than at the beginning."""

_CAMPAIGNS = ((0.25, 0.05, 1.5), (0.6, 0.04, 1.8), (0.88, 0.05, 1.6))
"""Where in the history each begins, how long it lasts (both as parts of the whole), and how much more it brings."""

_AT_ONCE = 100_000


def arrivals(count: int, days: int, until: datetime, random: Random) -> Iterator[datetime]:
    """So many instants within so many days before `until`, the earliest first."""
    began = until - timedelta(days=days)
    weights = list(accumulate(_weight(began + timedelta(hours=hour), hour / (days * 24)) for hour in range(days * 24)))
    numbers: Counter[int] = Counter()
    for start in range(0, count, _AT_ONCE):
        numbers.update(random.choices(range(days * 24), cum_weights=weights, k=min(_AT_ONCE, count - start)))
    for hour in sorted(numbers):
        for second in sorted(random.uniform(0, 3599) for _ in range(numbers[hour])):
            yield began + timedelta(hours=hour, milliseconds=int(second * 1000))


def _weight(at: datetime, part: float) -> float:
    """How likely somebody writes in this hour. part: of the history that is over by then."""
    campaign = next((more for begins, lasts, more in _CAMPAIGNS if begins <= part < begins + lasts), 1.0)
    return _BY_HOUR[at.hour] * _BY_WEEKDAY[at.weekday()] * (1 + _GROWTH * part) * campaign
