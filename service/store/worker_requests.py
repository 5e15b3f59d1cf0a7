"""Requests of people at the dashboard to a worker, because only workers call Nexudus and send messages.

The web process stores a request, any one worker claims and answers it, and the page shows the answer. If the worker
dies, another one takes over; a request without an answer is deleted after a while.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select, update

from service.store.database.repository import NO_LEASE, IsGone, Repository
from service.store.database.setup_tables import worker_requests

TEST_MESSAGE, TRY_ACCOUNT = "test message", "try account"
"""Kinds of requests: alerts/channel_tests.py and delivery/setup_check/account_trial.py answer them."""

KEEP_REQUESTS = timedelta(hours=1)
"""Time after which a request and its answer are deleted."""


@dataclass(frozen=True, slots=True)
class WorkerRequest:
    """One request. account: whose; None: of the whole installation. answer: None until there is one.

    details, answer: JSON values without secrets, which are referred to by name.
    """

    id: str
    kind: str
    account: str | None
    details: Mapping[str, Any]
    requested_by: str
    requested_at: datetime
    answered_at: datetime | None = None
    answer: Mapping[str, Any] | None = field(default=None)


_COLUMNS = tuple(worker_requests.c[name] for name in WorkerRequest.__dataclass_fields__)


class WorkerRequests(Repository):
    """Requests to the workers."""

    def add(self, kind: str, details: Mapping[str, Any], who: str, now: datetime, account: str | None = None) -> str:
        """Store a request; returns its id. Deletes requests of earlier days."""
        self._execute(delete(worker_requests).where(worker_requests.c.requested_at < now - KEEP_REQUESTS))
        request_id = uuid.uuid4().hex
        row = {"id": request_id, "kind": kind, "account": account, "details": dict(details)}
        self._execute(worker_requests.insert().values(**row, requested_by=who, requested_at=now))
        return request_id

    def get(self, request_id: str) -> WorkerRequest | None:
        """Return a request, with its answer if there is one; None once it was deleted."""
        row = self._execute(select(*_COLUMNS).where(worker_requests.c.id == request_id)).first()
        return None if row is None else WorkerRequest(*row)

    def has_open(self) -> bool:
        """Return whether any request has no answer. Cheap: called several times a second."""
        query = select(worker_requests.c.id).where(worker_requests.c.answered_at.is_(None)).limit(1)
        return self._execute(query).first() is not None

    def claim(
        self, worker: str, kinds: Collection[str], now: datetime, lease_s: float, is_gone: IsGone
    ) -> WorkerRequest | None:
        """Claim the oldest request of these kinds that no worker has; None if there is none."""
        self._free_leases(worker_requests, is_gone)
        row = worker_requests.c
        is_free = or_(row.claimed_by.is_(None), row.lease_until < now)
        free = and_(row.answered_at.is_(None), row.kind.in_(kinds), row.requested_at > now - KEEP_REQUESTS, is_free)
        for request_id in self._execute(select(row.id).where(free).order_by(row.requested_at).limit(5)).scalars().all():
            claiming = update(worker_requests).where(row.id == request_id, free)
            lease = {"claimed_by": worker, "lease_until": now + timedelta(seconds=lease_s)}
            if self._execute(claiming.values(lease)).rowcount:
                return self.get(request_id)
        return None

    def answer(self, request_id: str, answer: Mapping[str, Any], now: datetime) -> None:
        """Answer a request; an earlier answer stays."""
        own = update(worker_requests).where(worker_requests.c.id == request_id, worker_requests.c.answered_at.is_(None))
        self._execute(own.values(answer=dict(answer), answered_at=now, **NO_LEASE))
