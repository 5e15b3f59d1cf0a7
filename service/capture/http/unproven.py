"""Limits on callers who prove nothing: calls, wrong proofs, and unreadable bodies.

A call whose signature, key or token was checked is never limited.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from service.rate_limit import Counters, WindowLimit, network_of
from service.store import Store, StoreUnavailable
from service.store.tallies import DAY, LIMITED, UNREADABLE, UNREADABLE_BYTES_PER_DAY, TallyWriter, period_of

log = structlog.get_logger()

CALLS = WindowLimit(300, 60)
"""Maximum unproven calls from one address to one sender of a form; generous, because automations share addresses."""

ALL_CALLS = WindowLimit(3000, 60)
"""Maximum unproven calls from all addresses together to one form."""

WRONG_PROOFS = WindowLimit(60, 60)
"""Calls with a wrong proof from one address to one sender of a form, after which 401 becomes 429."""

LARGE_BYTES = 32 * 1024
"""Bytes for each of which a body counts once more: a hundred kilobytes cost as much as several leads."""

MAX_WAIT_S = 3600.0
"""Maximum Retry-After in seconds: an operator may have acted by then."""


@dataclass(frozen=True, slots=True)
class CallKey:
    """The destination of a call, and the network it comes from."""

    form: str
    sender: str
    network: str

    @classmethod
    def of(cls, form: str, sender: str, address: str) -> "CallKey":
        """Make the key of a call from an IP address."""
        return cls(form, sender, network_of(address))

    def __str__(self) -> str:
        return f"{self.form} {self.sender} {self.network}"


class UnprovenCalls:
    """Counts the calls and bytes of callers who prove nothing."""

    def __init__(self, counters: Counters, store: Store) -> None:
        self._counters = counters
        self._store = store
        self._tallies = TallyWriter(store.add_to_tally)
        self._spent: dict[str, datetime] = {}

    def count_call(self, key: CallKey, size: int, now: datetime) -> float:
        """Count a call; return 0.0 when it is allowed, else the seconds to wait. size: of its body in bytes."""
        weight, at = 1 + size // LARGE_BYTES, now.timestamp()
        wait_s = self._counters.count(str(key), CALLS, at, weight)
        wait_s = wait_s or self._counters.count(f"{key.form} *", ALL_CALLS, at, weight)
        if wait_s:
            self._record(f"{LIMITED}{key.form}:{key.sender}", now)
        return wait_s

    def count_body(self, key: CallKey, size: int, now: datetime) -> None:
        """Count the size of a body that was not known before it was read."""
        for each, limit in ((str(key), CALLS), (f"{key.form} *", ALL_CALLS)):
            self._counters.count(each, limit, now.timestamp(), size // LARGE_BYTES)

    def count_wrong_proof(self, key: CallKey, now: datetime) -> float:
        """Count a call with a wrong proof; return 0.0, or the seconds to wait once there are too many."""
        return self._counters.count(f"proof {key}", WRONG_PROOFS, now.timestamp())

    def wait_to_keep(self, form: str, size: int, now: datetime) -> float:
        """Count an unreadable body; return 0.0 when it may be kept, else the seconds to wait. size: in bytes.

        Raises: StoreUnavailable.
        """
        today = period_of(now, DAY)
        if self._spent.get(form) != today:
            total = self._store.write(lambda tx: tx.tallies.add(f"{UNREADABLE}{form}", today, size))
            if total <= UNREADABLE_BYTES_PER_DAY:
                return 0.0
            self._spent[form] = today  # no more writes today
            log.warning("unreadable_bodies_refused", form=form, kept_bytes=UNREADABLE_BYTES_PER_DAY)
        return min(MAX_WAIT_S, (today + timedelta(days=1) - now).total_seconds())

    def _record(self, name: str, now: datetime) -> None:
        try:
            self._tallies.add(name, now)
        except StoreUnavailable as error:
            log.warning("refusal_not_noted", name=name, error=str(error))
