"""Background jobs of a worker: index new leads for search, count leads by day and for reports, erase old leads.

Each is a step for background.run_periodically. Any number of workers may run them at the same time.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import structlog

from service import clock
from service.background import Intervals
from service.forms import Form
from service.lead import Status, first_lead_id
from service.store import (
    BLOCK_SIZE,
    FAN,
    KEEP_IMPORTS,
    PARKED_NOTICE,
    OutcomeBlock,
    Store,
    UntouchedLead,
)

log = structlog.get_logger()

# -- the search index

INDEX_BATCH_SIZE = 200
"""Leads indexed in one transaction, which keeps other writers waiting for some 10 ms."""

INDEX_LAG_S = 30.0
"""Minimum age of the leads that are indexed: other processes may still commit leads with smaller ids."""

INDEX_INTERVALS = Intervals(first_s=1.0, every_s=10.0, rest_factor=4)


def index_batch(store: Store, now: datetime) -> float | None:
    """Index one batch of leads; return 0 if there may be more.

    Raises: StoreUnavailable.
    """
    before = first_lead_id(now - timedelta(seconds=INDEX_LAG_S))
    with store.read() as tx:
        if not tx.search.is_index_behind(before):
            return None
    indexed = store.write(lambda tx: tx.search.fill_index(before, INDEX_BATCH_SIZE))
    return 0.0 if indexed == INDEX_BATCH_SIZE else None


# -- counts by day

COUNT_LAG_S = 60.0
"""Seconds after midnight until a day is closed: other processes may still commit leads of its last second."""

MAX_COUNT_AGE_S = 60.0
"""Age in seconds at which today's counts are renewed, unless counting takes long."""

TODAY_REST_FACTOR = 20
"""Spend at most 1/20 of the time recounting today, however many leads it has."""

COUNT_INTERVALS = Intervals(first_s=2.0, every_s=10.0, rest_factor=4)


class DailyCounter:
    """Counts due days, one in each step. zone: the time zone in which days begin."""

    def __init__(self, store: Store, zone: tzinfo) -> None:
        self._store, self._zone = store, zone
        self._max_age = timedelta(seconds=MAX_COUNT_AGE_S)

    def step(self, now: datetime) -> float | None:
        """Count one day; return 0 if there may be more.

        Raises: StoreUnavailable.
        """
        began = clock.monotonic()
        if not self._lists_all_days(now - timedelta(seconds=COUNT_LAG_S)):
            return 0.0
        with self._store.read() as tx:
            day = tx.statistics.next_day(now - self._max_age)
            if day is None:
                return None
            counts = tx.statistics.count_day(day)
        self._store.write(lambda tx: tx.statistics.save_counts(counts, now))
        if not day.until:
            self._max_age = timedelta(seconds=max(MAX_COUNT_AGE_S, TODAY_REST_FACTOR * (clock.monotonic() - began)))
        return 0.0

    def _lists_all_days(self, before: datetime) -> bool:
        """List every day with leads; return False if the list was of another time zone and is started again."""
        with self._store.read() as tx:
            is_in_zone = tx.statistics.counts_in_zone(self._zone)
            missing = tx.statistics.uncounted_days(self._zone, before)
        if not is_in_zone:
            log.info("counting_restarted")
            self._store.write(lambda tx: tx.statistics.forget_counts())
        elif missing:
            self._store.write(lambda tx: tx.statistics.add_days(missing))
        return is_in_zone


# -- counts of blocks, for reports of outcomes

OUTCOME_INTERVALS = Intervals(first_s=3.0, every_s=5.0, rest_factor=4)

VISIT_INTERVALS = Intervals(first_s=4.0, every_s=60.0, rest_factor=4)
"""Pauses between readings of visits of leads stored by an earlier version."""


class OutcomeCounter:
    """Makes blocks of leads and counts due ones, one in each step.

    size: leads of a block; fan: blocks that make one of the next level.
    """

    def __init__(self, store: Store, size: int = BLOCK_SIZE, fan: int = FAN) -> None:
        self._store, self._size, self._fan = store, size, fan

    def step(self, now: datetime) -> float | None:
        """Make or count one block; return 0 if there may be more.

        Raises: StoreUnavailable.
        """
        with self._store.read() as tx:
            leads, made = tx.statistics.next_leads(now, self._size), list(tx.statistics.next_blocks(self._fan))
            block = tx.statistics.next_block(now)
        if leads is not None:
            made.append((1, leads))
        for level, stretch in made:
            self._store.write(lambda tx, level=level, stretch=stretch: tx.statistics.make_block(level, stretch, now))  # type: ignore[misc]
        if block is not None:
            self._count(block, now)
        return 0.0 if made or block else None

    def _count(self, block: OutcomeBlock, now: datetime) -> None:
        """Count a block, without a lasting transaction; give up if another worker has begun it."""
        if self._store.write(lambda tx: tx.statistics.begin_count(block, now)):
            with self._store.read() as tx:
                count = tx.statistics.count_block(block)
            self._store.write(lambda tx: tx.statistics.save_count(count))


# -- retention

RETENTION_INTERVALS = Intervals(first_s=60.0, every_s=6 * 3600.0)
"""The first sweep waits until the worker has done the urgent work of a start."""

ERASE_BATCH_SIZE = 2000
"""Leads looked up at a time; the store erases them in shorter transactions."""


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """Days for which the leads of some forms are kept; those of all other forms if is_for_others is true."""

    days: int
    forms: Sequence[str]
    is_for_others: bool = False

    def covers(self, form: str) -> bool:
        """Return whether the rule covers a form."""
        return (form in self.forms) != self.is_for_others


def retention_rules(forms: Mapping[str, Form], days: int) -> Iterator[RetentionRule]:
    """Yield the rules of the forms file and of RETENTION_DAYS (`days`, 0: keep forever).

    Leads of forms that are no longer in the forms file are kept for `days`.
    """
    days_by_form = {name: form.retention_days for name, form in forms.items() if form.retention_days is not None}
    if days:
        yield RetentionRule(days, sorted(days_by_form), is_for_others=True)
    for limit in sorted({limit for limit in days_by_form.values() if limit}):
        yield RetentionRule(limit, sorted(name for name in days_by_form if days_by_form[name] == limit))


def erase_due(store: Store, rules: Sequence[RetentionRule], now: datetime, stop: threading.Event) -> int:
    """Erase all leads whose period is over, batch by batch until `stop` is set; return their number.

    A finished lead is erased that many days after its delivery or arrival; a parked one that many days after it was
    last touched, and PARKED_NOTICE after operators were warned of it; also files chosen for an import. At the end the
    database files contain nothing of them, unless readers prevent it: then the next sweep cleans up.
    Raises: StoreUnavailable, possibly after some were erased.
    """
    store.write(lambda tx: tx.imports.tidy(now - KEEP_IMPORTS))
    erased = sum(_erase_by(store, rule, now, stop) for rule in rules)
    if not stop.is_set():
        erased += _erase_parked(store, rules, now)
        store.clear_log()
    if erased:
        log.info("leads_erased", number=erased)
    return erased


def _erase_by(store: Store, rule: RetentionRule, now: datetime, stop: threading.Event) -> int:
    before, erased = now - timedelta(days=rule.days), 0
    while not stop.is_set():
        with store.read() as tx:
            due = tx.leads.finished_before(before, rule.forms, ERASE_BATCH_SIZE, but_these=rule.is_for_others)
        done = len(store.erase(due, now).done) if due else 0
        erased += done
        if not done:  # the rest is being sent at this moment
            break
    return erased


def _erase_parked(store: Store, rules: Sequence[RetentionRule], now: datetime) -> int:
    """Erase parked leads of which operators were warned, and warn of those that are next."""
    with store.read() as tx:
        last_touch = now + PARKED_NOTICE - timedelta(days=min((rule.days for rule in rules), default=0))
        untouched = list(tx.leads.untouched(min(last_touch, now))) if rules else []
    next_ones = [lead for lead in untouched if (days := _days_kept(lead, rules)) and _is_next(lead, days, now)]
    due = [lead.lead_id for lead in next_ones if _is_due(lead, rules, now)]
    done = store.erase(due, now, still=Status.PARKED).done
    remaining = [lead for lead in next_ones if lead.lead_id not in done]
    store.write(lambda tx: tx.leads.set_warnings(remaining, now))
    return len(done)


def _days_kept(lead: UntouchedLead, rules: Sequence[RetentionRule]) -> int:
    """Return the days for which a lead is kept; 0 forever."""
    return next((rule.days for rule in rules if rule.covers(lead.form)), 0)


def _is_next(lead: UntouchedLead, days: int, now: datetime) -> bool:
    return now - lead.since >= timedelta(days=days) - PARKED_NOTICE


def _is_due(lead: UntouchedLead, rules: Sequence[RetentionRule], now: datetime) -> bool:
    is_warned = lead.warned_at is not None and lead.since <= lead.warned_at <= now - PARKED_NOTICE
    return is_warned and now - lead.since >= timedelta(days=_days_kept(lead, rules))
