"""Amounts that all processes add up by period: bytes of unreadable bodies, refused calls and sign-ins."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select

from service.store.database.faults import StoreUnavailable
from service.store.database.repository import Repository
from service.store.database.tables import tallies

DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)
"""Periods."""

KEPT_FOR = timedelta(days=2)

UNREADABLE, LIMITED = "unreadable:", "limited:"
"""Prefixes of names: bytes of a form's unreadable bodies; refused calls of a form's sender, `limited:FORM:SENDER`."""

UNREADABLE_BYTES_PER_DAY = 20 * 1024 * 1024
"""Unreadable bodies from unproven callers that are kept for one form and day (UTC), in bytes."""

SIGN_INS, TOKENS = "sign-ins", "tokens"
"""Names: refused attempts to sign in; calls of the API with a wrong token."""


@dataclass(frozen=True, slots=True)
class Tally:
    """An amount counted in the period that began at `since`."""

    name: str
    since: datetime
    amount: int


class Tallies(Repository):
    """Amounts by name and period."""

    def add(self, name: str, since: datetime, amount: int) -> int:
        """Add to an amount; return what it is now."""
        adding = self._database.insert(tallies).values(name=name, since=since, amount=amount)
        total = tallies.c.amount + adding.excluded.amount
        adding = adding.on_conflict_do_update(index_elements=["name", "since"], set_={"amount": total})
        now: int = self._execute(adding.returning(tallies.c.amount)).scalar_one()
        if now == amount:  # the first of a period
            self._execute(delete(tallies).where(tallies.c.since < since - KEPT_FOR))
        return now

    def amount(self, name: str, since: datetime) -> int:
        """Return the amount of one period."""
        query = select(func.sum(tallies.c.amount)).where(tallies.c.name == name, tallies.c.since == since)
        return int(self._execute(query).scalar() or 0)

    def all_since(self, since: datetime) -> list[Tally]:
        """Return all amounts of periods that began then or later."""
        query = select(tallies).where(tallies.c.since >= since).order_by(tallies.c.name, tallies.c.since)
        return [Tally(row.name, row.since, int(row.amount)) for row in self._execute(query)]


def period_of(now: datetime, period: timedelta) -> datetime:
    """Return when the period (UTC) began."""
    return datetime.fromtimestamp(now.timestamp() // period.total_seconds() * period.total_seconds(), UTC)


WRITE_INTERVAL = timedelta(seconds=10)
"""Minimum time between two writes of one name, per process: strangers must not load the database."""


class TallyWriter:
    """Adds to the tallies of a quarter of an hour in few writes; the next write adds what is counted in between."""

    def __init__(self, add: Callable[[str, datetime, int], object]) -> None:
        """add: adds an amount to a tally of the store, like Store.add_to_tally."""
        self._add = add
        self._lock = threading.Lock()
        self._unwritten: Counter[str] = Counter()
        self._written_at: dict[str, datetime] = {}

    def add(self, name: str, now: datetime) -> None:
        """Count one. name: from a bounded set, nothing that strangers choose.

        Raises: StoreUnavailable; the amount is then added by a later write.
        """
        with self._lock:
            self._unwritten[name] += 1
            written_at = self._written_at.get(name)
            if written_at is not None and timedelta(0) <= now - written_at < WRITE_INTERVAL:
                return
            self._written_at[name] = now
            amount = self._unwritten.pop(name)
        try:
            self._add(name, period_of(now, QUARTER), amount)
        except StoreUnavailable:
            with self._lock:
                self._unwritten[name] += amount
            raise
