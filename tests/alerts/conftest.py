"""A listener, and a watcher that the test lets look, moment by moment."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog
from sqlalchemy import insert, update

from service.alerts import telling, watcher
from service.alerts.watcher import Orders, Watcher
from service.capture.accept import accept
from service.forms import Form
from service.lead import Lead, Receipt, Submission
from service.store import Alert, Arrival, Identity, Store
from service.store.database.tables import attempts, deliveries, leads
from tests.alerts.ear import Ear
from tests.builders import NOON, a_form, a_lead


@pytest.fixture
def ear() -> Iterator[Ear]:
    """Somebody who listens."""
    with Ear() as listening:
        yield listening


@dataclass
class Post:
    """One installation with its watcher. Time is the test's."""

    store: Store
    ear: Ear
    now: datetime = NOON
    watchers: dict[str, Watcher] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def hire(self, name: str = "one", **orders: Any) -> Watcher:
        """A watcher with these orders, from now on."""
        whole: dict[str, Any] = {"addresses": [self.ear.address], "forms": {"contact": a_form()}}

        def submit(submission: Submission, form: Form) -> Receipt:
            return accept(submission, form, self.store, self.now)

        identity = Identity(name, lambda other: other in self.gone)
        self.watchers[name] = Watcher(self.store, Orders(**{**whole, **orders}), identity, submit, threading.Event())
        return self.watchers[name]

    def look(self, minutes: float = 0, name: str = "one") -> bool:
        """Let so much time pass, then let a watcher look once."""
        self.now += timedelta(minutes=minutes)
        if name not in self.watchers:
            self.hire(name)
        return self.watchers[name].step(self.now)

    def owe(self, email: str = "ada@example.com", **changes: Any) -> Lead:
        """A lead that arrives now."""
        lead = a_lead(email, self.now, **changes)
        self.store.keep_and_enqueue([Arrival(lead, [], email)])
        return lead

    def deliver(self, *delivered: Lead) -> None:
        """A worker gets them through now."""
        ids = [lead.id for lead in delivered]
        call = {"step": "create_opportunity", "started_at": self.now, "outcome": "done"}
        with self.store._database.writing.begin() as connection:
            connection.execute(update(deliveries).where(deliveries.c.lead_id.in_(ids)).values(state="done"))
            done = {"status": "delivered", "problem": "", "delivered_at": self.now}
            connection.execute(update(leads).where(leads.c.id.in_(ids)).values(done))
            if ids:
                connection.execute(insert(attempts), [{"lead_id": lead_id, **call} for lead_id in ids])

    def pause(self, reason: str, account: str = "default", minutes: float = 15) -> None:
        """Nexudus said so to a worker."""
        until = self.now + timedelta(minutes=minutes)
        self.store.write(lambda tx: tx.accounts.pause(account, until, reason))

    def resume(self, account: str = "default") -> None:
        """Somebody lets it go on."""
        self.store.write(lambda tx: tx.accounts.resume(account))

    @property
    def open(self) -> dict[str, Alert]:
        """What is wrong now, by cause."""
        with self.store.read() as tx:
            return {concern.cause: concern for concern in tx.alerts.open()}


@pytest.fixture
def post(store: Store, ear: Ear) -> Post:
    """An installation."""
    return Post(store, ear)


@pytest.fixture(autouse=True)
def fresh_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs go to this test's own output: a logger keeps the stream of whoever used it first."""
    structlog.reset_defaults()
    for room in (telling, watcher):
        monkeypatch.setattr(room, "log", structlog.get_logger())
