"""Fixtures for these tests: the stand-in for the platforms, and an installation that reads from it."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from service import clock
from service.fetching.connection import PlatformConnection, make_connections
from service.fetching.fetcher import Fetcher, reconnect
from service.forms import Form
from service.lead import Attempt, Lead, LeadId, Status
from service.store import Alert, Identity, Query, Store
from service.store.database.tables import connections, notices
from tests.builders import a_form
from tests.fetching.platforms import LINKEDIN_TOKEN, META_TOKEN, Platforms, event
from tests.front import Front

SECRET = "a-secret"
TABLES: dict[str, dict[str, Any]] = {
    "meta": {"app_secret": SECRET, "access_token": META_TOKEN},
    "linkedin": {"client_secret": SECRET, "access_token": LINKEDIN_TOKEN},
}


@pytest.fixture
def platforms() -> Iterator[Platforms]:
    """The stand-in for the platforms."""
    with Platforms() as standing_in:
        yield standing_in


@dataclass
class Env:
    """One installation: its endpoint, its store, and a fetcher that the test starts."""

    store: Store
    platforms: Platforms
    form: Form = field(default_factory=lambda: a_form("tour", webhooks=TABLES))
    _front: tuple[Form, Store, Front] | None = None

    @property
    def front(self) -> Front:
        """Where platforms post; made anew for another form or store."""
        if self._front is None or self._front[0] is not self.form or self._front[1] is not self.store:
            self._front = self.form, self.store, Front(self.store, self.form)
        return self._front[2]

    def sets(self, sender: str, **table: Any) -> None:
        """Change a sender's table in the forms file."""
        whole = {**self.form.webhooks, sender: {**self.form.webhooks.get(sender, {}), **table}}
        self.form = a_form("tour", webhooks=whole)

    def hears(self, *leads: str | tuple[str, str], **more: Any) -> list[LeadId]:
        """Meta announces leads; return their ids here."""
        body = json.dumps(event(*leads, **more)).encode()
        proof = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": f"sha256={proof}"}
        answer = self.front.client.post("/webhooks/meta/tour", data=body, headers=headers)
        assert answer.status_code == 200, answer.text
        payload = answer.get_json()
        return [LeadId(each) for each in payload.get("ids", [payload["id"]])]

    def hears_linkedin(self, response_id: str, action: str = "CREATED", account: str = "508") -> LeadId:
        """LinkedIn announces a response, or withdraws it; return the lead's id here."""
        event = {
            "type": "LEAD_ACTION",
            "leadGenFormResponse": f"urn:li:leadGenFormResponse:{response_id}",
            "owner": {"sponsoredAccount": f"urn:li:sponsoredAccount:{account}"},
            "leadType": "SPONSORED",
            "leadAction": action,
            "occurredAt": 1795419000000,
        }
        body = json.dumps(event).encode()
        proof = hmac.new(SECRET.encode(), b"hmacsha256=" + body, hashlib.sha256).hexdigest()
        answer = self.front.client.post("/webhooks/linkedin/tour", data=body, headers={"X-LI-Signature": proof})
        assert answer.status_code == 200, answer.text
        return LeadId(answer.get_json()["id"])

    def connections(self) -> list[PlatformConnection]:
        """What can be read."""
        return make_connections(
            {self.form.name: self.form}, self.platforms.settings, self.store, Identity("test", lambda _: False)
        )

    def connection(self, sender: str) -> PlatformConnection:
        """One of them."""
        (only,) = [each for each in self.connections() if each.sender == sender]
        return only

    @contextmanager
    def fetching(self, name: str = "one", store: Store | None = None) -> Iterator[Fetcher]:
        """Run a worker's fetcher within the block."""
        stop = threading.Event()
        reconnect(store or self.store, self.connections())
        fetcher = Fetcher(store or self.store, self.connections(), Identity(name, lambda _: False), stop)
        fetcher.start()
        try:
            yield fetcher
        finally:
            stop.set()
            fetcher.join(10)

    def reads(self, *ids: LeadId, status: Status = Status.PENDING) -> None:
        """Let a worker run until these leads have this status."""
        self._work(lambda: all(self.lead(lead_id).status is status for lead_id in ids))

    def reads_in_haste(self, *ids: LeadId, within_s: float = 8) -> None:
        """Let a worker run, without any waits, until these leads are read or parked."""

        def is_done() -> bool:
            self.hurry()
            return all(self.lead(lead_id).status is not Status.ANNOUNCED for lead_id in ids)

        self._work(is_done, within_s)

    def tries(self, lead_id: LeadId, number: int = 1) -> None:
        """Let a worker run until so many reads of a lead have ended."""
        self._work(lambda: len([each for each in self.attempts(lead_id) if each.duration_ms is not None]) >= number)

    def _work(self, reached: Callable[[], bool], within_s: float = 8) -> None:
        """Fetch what is due, one lead after the other and without a worker's threads, until a condition holds."""
        reconnect(self.store, self.connections())
        fetcher = Fetcher(self.store, self.connections(), Identity("one", lambda _: False), threading.Event())
        fetcher._wakes = {sender: threading.Event() for sender in self.form.webhooks}  # instead of threads

        def is_reached() -> bool:
            if reached():
                return True
            for sender in fetcher._wakes:
                fetcher._fetch_next(sender)
            return reached()

        self.wait(is_reached, within_s)

    def wait(self, reached: Callable[[], bool], within_s: float = 8) -> None:
        """Until a condition holds."""
        deadline = time.monotonic() + within_s
        while not reached():
            assert time.monotonic() < deadline, [(lead.status, lead.problem) for lead in self.leads()]
            time.sleep(0.01)

    def hurry(self) -> None:
        """End all waits and pauses."""
        past = clock.now() - timedelta(seconds=1)
        waits = (update(notices).values(due_at=past), update(connections).values(paused_until=past))
        self.store.write(lambda tx: [tx._execute(each) for each in waits])  # in turn with the worker's own changes

    def leads(self) -> list[Lead]:
        """All, newest first."""
        with self.store.read() as tx:
            return tx.search.leads(Query(), 1000)

    def lead(self, lead_id: LeadId) -> Lead:
        """One."""
        with self.store.read() as tx:
            lead = tx.leads.get(lead_id)
        assert lead is not None
        return lead

    def attempts(self, lead_id: LeadId) -> list[Attempt]:
        """The calls for one lead."""
        with self.store.read() as tx:
            return tx.leads.attempts_of([lead_id])[lead_id]

    def concerns(self) -> dict[str, Alert]:
        """The open alerts, by cause."""
        with self.store.read() as tx:
            return {concern.cause: concern for concern in tx.alerts.open()}

    def due_at(self, lead_id: LeadId) -> datetime:
        """When a lead is due to be read."""
        with self.store._database.reading.connect() as connection:
            due_at: datetime = connection.execute(
                notices.select().with_only_columns(notices.c.due_at).where(notices.c.lead_id == lead_id)
            ).scalar_one()
        return due_at

    def queued_count(self) -> int:
        """The number of leads in the delivery queue."""
        with self.store.read() as tx:
            return tx.queue.backlog()[0]


@pytest.fixture
def env(store: Store, platforms: Platforms) -> Env:
    """An installation with the form `tour`, for Meta and LinkedIn."""
    return Env(store, platforms)
