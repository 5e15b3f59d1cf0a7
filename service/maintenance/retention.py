"""Personal data of finished leads goes after so many days: one thread of each worker sees to it.

Several may: erasing twice does nothing.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from service.background import Intervals, run_periodically
from service.forms import Form
from service.store import Store

log = structlog.get_logger()

FIRST_S = 60.0
"""After the start of a worker: it has better things to do at first."""

EVERY_S = 6 * 3600.0

TOGETHER = 2000
"""Leads that are looked for at a time; the store erases them in shorter transactions."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How many days the leads of some forms are kept, or those of all others."""

    days: int
    forms: Sequence[str]
    but_these: bool = False


def rules_of(forms: Mapping[str, Form], days: int) -> Iterator[Rule]:
    """What the forms file and RETENTION_DAYS (`days`) say; nothing of what is kept for ever.

    Forms that the forms file does not have any more are kept as long as those that say nothing.
    """
    own = {name: form.retention_days for name, form in forms.items() if form.retention_days is not None}
    if days:
        yield Rule(days, sorted(own), but_these=True)
    for kept in sorted({kept for kept in own.values() if kept}):
        yield Rule(kept, sorted(name for name in own if own[name] == kept))


def erase_due(store: Store, rules: Sequence[Rule], now: datetime, stop: threading.Event) -> int:
    """Erase all that is due, some at a time; how many leads.

    Raises: StoreUnavailable; then some may have been erased.
    """
    return sum(_erase_by(store, rule, now, stop) for rule in rules)


def _erase_by(store: Store, rule: Rule, now: datetime, stop: threading.Event) -> int:
    before, erased = now - timedelta(days=rule.days), 0
    while not stop.is_set():
        with store.read() as tx:
            due = tx.leads.finished_before(before, rule.forms, TOGETHER, but_these=rule.but_these)
        done = len(store.erase(due, now).done) if due else 0
        erased += done
        if not done:  # nothing is left but what is being sent just now
            break
    return erased


def keep_erasing(store: Store, forms: Mapping[str, Form], days: int, stop: threading.Event) -> None:
    """Erase what is due now and then until stopped, whatever happens."""
    rules = list(rules_of(forms, days))

    def step(now: datetime) -> None:
        erased = erase_due(store, rules, now, stop)
        if erased:
            log.info("leads_erased", number=erased)

    if rules:
        run_periodically("retention", step, Intervals(EVERY_S, FIRST_S), stop)
