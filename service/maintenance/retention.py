"""Erasing the personal data of finished leads after their retention period."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from service.background import Intervals
from service.forms import Form
from service.store import Store

log = structlog.get_logger()

INTERVALS = Intervals(first_s=60.0, every_s=6 * 3600.0)
"""The first sweep waits until the worker has done what is urgent at a start."""

BATCH_SIZE = 2000
"""Leads looked up at a time; the store erases them in shorter transactions."""


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How many days the leads of some forms are kept; of all other forms where is_for_others is true."""

    days: int
    forms: Sequence[str]
    is_for_others: bool = False


def retention_rules(forms: Mapping[str, Form], days: int) -> Iterator[RetentionRule]:
    """Yield the rules of the forms file and of RETENTION_DAYS (`days`, 0: keep for ever).

    Leads of forms that are no longer in the forms file are kept for `days`.
    """
    days_by_form = {name: form.retention_days for name, form in forms.items() if form.retention_days is not None}
    if days:
        yield RetentionRule(days, sorted(days_by_form), is_for_others=True)
    for limit in sorted({limit for limit in days_by_form.values() if limit}):
        yield RetentionRule(limit, sorted(name for name in days_by_form if days_by_form[name] == limit))


def erase_due(store: Store, rules: Sequence[RetentionRule], now: datetime, stop: threading.Event) -> int:
    """Erase all leads whose period is over, batch by batch until `stop` is set; return their number.

    Raises: StoreUnavailable, possibly after some were erased.
    """
    erased = sum(_erase_by(store, rule, now, stop) for rule in rules)
    if erased:
        log.info("leads_erased", number=erased)
    return erased


def _erase_by(store: Store, rule: RetentionRule, now: datetime, stop: threading.Event) -> int:
    before, erased = now - timedelta(days=rule.days), 0
    while not stop.is_set():
        with store.read() as tx:
            due = tx.leads.finished_before(before, rule.forms, BATCH_SIZE, but_these=rule.is_for_others)
        done = len(store.erase(due, now).done) if due else 0
        erased += done
        if not done:  # what is left is being sent at this moment
            break
    return erased
