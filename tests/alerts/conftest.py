"""A sink for alerts, and a monitor that runs when the test says so."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog
from sqlalchemy import insert, update

from service.alerts import monitor, sending
from service.alerts.monitor import Monitor, MonitorConfig
from service.capture.accept import accept
from service.forms import Form
from service.lead import Lead, Receipt, Submission
from service.store import Alert, Arrival, Identity, Store
from service.store.database.tables import attempts, deliveries, leads
from tests.alerts.sink import AlertSink, send_here
from tests.builders import NOON, a_form, a_lead


@pytest.fixture
def sink() -> Iterator[AlertSink]:
    """A channel that keeps what it receives."""
    with AlertSink() as channel:
        yield channel


@dataclass
class MonitorEnv:
    """One installation with its monitors. The test sets the time."""

    store: Store
    sink: AlertSink
    now: datetime = NOON
    monitors: dict[str, Monitor] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def configure(self, name: str = "one", **config: Any) -> Monitor:
        """Use a monitor with this configuration from now on."""
        defaults: dict[str, Any] = {"addresses": [self.sink.address], "forms": {"contact": a_form()}, "send": send_here}

        def submit(submission: Submission, form: Form) -> Receipt:
            return accept(submission, form, self.store, self.now)

        identity = Identity(name, lambda other: other in self.gone)
        self.monitors[name] = Monitor(
            self.store, MonitorConfig(**{**defaults, **config}), identity, submit, threading.Event()
        )
        return self.monitors[name]

    def look(self, minutes: float = 0, name: str = "one") -> bool:
        """Let time pass, then run a monitor once; return whether it is on duty."""
        self.now += timedelta(minutes=minutes)
        if name not in self.monitors:
            self.configure(name)
        return self.monitors[name].step(self.now) is not None

    def enqueue(self, email: str = "ada@example.com", **changes: Any) -> Lead:
        """Keep a lead that arrives now."""
        lead = a_lead(email, self.now, **changes)
        self.store.keep_and_enqueue([Arrival(lead, [], email)])
        return lead

    def deliver(self, *delivered: Lead) -> None:
        """Let a worker deliver these leads now."""
        ids = [lead.id for lead in delivered]
        call = {"step": "create_opportunity", "started_at": self.now, "outcome": "done"}
        with self.store._database.writing.begin() as connection:
            connection.execute(update(deliveries).where(deliveries.c.lead_id.in_(ids)).values(state="done"))
            done = {"status": "delivered", "problem": "", "delivered_at": self.now}
            connection.execute(update(leads).where(leads.c.id.in_(ids)).values(done))
            if ids:
                connection.execute(insert(attempts), [{"lead_id": lead_id, **call} for lead_id in ids])

    def pause(self, reason: str, account: str = "default", minutes: float = 15) -> None:
        """Pause an account, as a worker does after such a response."""
        until = self.now + timedelta(minutes=minutes)
        self.store.write(lambda tx: tx.accounts.pause(account, until, reason))

    def resume(self, account: str = "default") -> None:
        """Resume it, as an operator does."""
        self.store.write(lambda tx: tx.accounts.resume(account))

    @property
    def open(self) -> dict[str, Alert]:
        """The open alerts, by cause."""
        with self.store.read() as tx:
            return {alert.cause: alert for alert in tx.alerts.open()}


@pytest.fixture
def env(store: Store, sink: AlertSink) -> MonitorEnv:
    """An installation."""
    return MonitorEnv(store, sink)


@pytest.fixture(autouse=True)
def fresh_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send logs to this test's own output: a logger keeps the stream of its first user."""
    structlog.reset_defaults()
    for room in (sending, monitor):
        monkeypatch.setattr(room, "log", structlog.get_logger())
