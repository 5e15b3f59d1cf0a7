"""Rate limits, and the response to a call beyond them."""

import math
import re
from collections import deque
from dataclasses import dataclass

from service.simulator.exchange import TEXT, SimulatorResponse

UNITS_S = {"s": 1, "min": 60, "h": 3600, "day": 86400}
LIMIT = re.compile(r"(?P<count>[1-9]\d*)(?P<writes>w?)/(?P<number>[1-9]\d*)?(?P<unit>s|min|h|day)")
CONFLICT, TOO_MANY_REQUESTS = 409, 429
REASON = "You must wait before accessing this url again."


@dataclass(frozen=True, slots=True)
class ThrottleLimit:
    """At most `count` calls (or writes only) in any `window_s` seconds."""

    count: int
    window_s: int
    writes_only: bool = False


def read_limits(text: str) -> tuple[ThrottleLimit, ...]:
    """Read limits as `COUNT[w]/[N]UNIT`, separated by spaces: "60w/min 120w/10s". "": none.

    Raises: ValueError, naming the unreadable part.
    """
    return tuple(_read_limit(part) for part in text.split())


def _read_limit(part: str) -> ThrottleLimit:
    match = LIMIT.fullmatch(part)
    if not match:
        raise ValueError(f"{part!r} is not COUNT[w]/[N]UNIT with the unit s, min, h or day")
    window_s = int(match["number"] or 1) * UNITS_S[match["unit"]]
    return ThrottleLimit(int(match["count"]), window_s, bool(match["writes"]))


class Throttle:
    """Counts calls in sliding windows. The caller holds the lock."""

    def __init__(self, limits: tuple[ThrottleLimit, ...] = ()) -> None:
        self._counts = [(limit, deque[float](maxlen=limit.count)) for limit in limits]

    def wait_s(self, now: float, *, writes: bool) -> float:
        """Return 0 if the call is allowed, and count it; else the seconds until one would be.

        now: seconds on a monotonic clock. A refused call is not counted.
        """
        concerned = [(limit, times) for limit, times in self._counts if writes or not limit.writes_only]
        waits = [times[0] + limit.window_s - now for limit, times in concerned if len(times) == limit.count]
        wait_s = max(waits, default=0.0)
        if wait_s > 0:
            return wait_s
        for _, times in concerned:
            times.append(now)
        return 0.0


def throttled(status: int, wait_s: float) -> SimulatorResponse:
    """Return the refusal: 409 in the documented form, 429 in the one seen live."""
    if status == TOO_MANY_REQUESTS:
        return SimulatorResponse(TOO_MANY_REQUESTS, f"Wait {max(wait_s, 0.01):.2f} seconds".encode(), TEXT)
    return SimulatorResponse(CONFLICT, headers={"Retry-After": str(max(1, math.ceil(wait_s)))}, reason=REASON)
