"""The snapshot behind alert conditions: paused accounts, waiting leads, parked leads, platforms, disk."""

import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from service.lead import Outcome, Status, Step
from service.store.accounts import CallPause, CallPauses
from service.store.database.repository import Repository
from service.store.database.tables import QUEUED, accounts, attempts, deliveries, leads, notices, of_account
from service.store.database.walls import beyond_walls
from service.store.leads.erasure import ErasureNotice, ErasureWarnings
from service.store.outbox import RECENT_ATTEMPTS
from service.store.platforms.connections import ConnectionHealth, Connections

FAILING_TRIES = 3
"""Number of tries after which a waiting lead is late, even if an operator retried it."""

MOVING_S = 180.0
"""Seconds since the last success of an account within which it is busy, not stuck."""


@dataclass(frozen=True, slots=True)
class PausedAccount:
    """An account that is paused, or had no success since its pause. reason: of the pause."""

    account: str
    reason: str
    login_refused: bool


@dataclass(frozen=True, slots=True)
class LateLeads:
    """Leads of one account that wait longer than they should.

    tried: number tried at least once. last: the outcome of the latest call for the oldest of them, "" for none. moving:
    whether other leads of the account succeeded in the last minutes.
    """

    account: str
    number: int
    oldest: datetime
    tried: int = 0
    last: str = ""
    moving: bool = False


@dataclass(frozen=True, slots=True)
class AccountQueue:
    """Leads that wait for delivery to one account, by the paused call that blocks them ("" for none)."""

    account: str
    blocked_by: str
    number: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class ParkedLeads:
    """Leads of one account that an operator must look at. kind: "rejected", "given-up" or "unfit"."""

    account: str
    kind: str
    number: int


@dataclass(frozen=True, slots=True)
class FetchQueue:
    """Leads announced by a form's platform for one Page or account. last: outcome of the oldest's latest try, or ""."""

    form: str
    sender: str
    place: str
    number: int
    oldest: datetime
    last: str = ""


@dataclass(frozen=True, slots=True)
class StoreSnapshot:
    """All input of alert conditions, as of one moment."""

    paused_accounts: list[PausedAccount]
    call_pauses: list[CallPause]
    queues: list[AccountQueue]
    late: list[LateLeads]
    parked: list[ParkedLeads]
    disk: tuple[int, int] | None = None  # bytes free and in total, where the leads are a file
    announced: list[FetchQueue] = field(default_factory=list)
    connections: list[ConnectionHealth] = field(default_factory=list)
    erasures: ErasureNotice | None = None


class Snapshots(Repository):
    """Taking the snapshot."""

    def snapshot(self, now: datetime, late_s: float) -> StoreSnapshot:
        """Take a snapshot. late_s: the age in seconds from which a waiting lead is late."""
        return StoreSnapshot(
            self._paused_accounts(now),
            self._as(CallPauses).call_pauses(),
            self.queues(),
            self._late(now, now - timedelta(seconds=late_s)),
            self.parked(),
            self._disk(),
            self._announced(),
            self._as(Connections).health_of_all(),
            self._as(ErasureWarnings).erasure_notice(),
        )

    def has_delivered(self, account: str, since: datetime) -> bool:
        """Return whether a call made after `since` created an opportunity in that account."""
        newest = beyond_walls(select(func.max(attempts.c.id))).scalar_subquery()
        query = (
            select(attempts.c.id)
            .select_from(attempts.join(leads, leads.c.id == attempts.c.lead_id))
            .where(attempts.c.id > newest - RECENT_ATTEMPTS, attempts.c.started_at > since)
            .where(attempts.c.step == Step.CREATE_OPPORTUNITY.value, attempts.c.outcome == Outcome.DONE.value)
            .where(of_account(account))
            .limit(1)
        )
        return self._execute(query).first() is not None

    def has_queued(self, account: str) -> bool:
        """Return whether any lead waits for delivery to that account."""
        query = (
            select(deliveries.c.lead_id).where(deliveries.c.account == account, deliveries.c.state == QUEUED).limit(1)
        )
        return self._execute(query).first() is not None

    def queues(self) -> list[AccountQueue]:
        """Count the leads that wait for delivery, by account and blocking call."""
        blocked_by = func.coalesce(deliveries.c.blocked_by, "")
        query = (
            select(deliveries.c.account, blocked_by, func.count(), func.min(leads.c.received_at))
            .select_from(deliveries.join(leads, leads.c.id == deliveries.c.lead_id))
            .where(deliveries.c.state == QUEUED)
            .group_by(deliveries.c.account, blocked_by)
        )
        return [AccountQueue(*row) for row in self._execute(query.order_by(deliveries.c.account, blocked_by))]

    def parked(self) -> list[ParkedLeads]:
        """Count the parked leads, by account and kind."""
        # Only the beginning of the sentence: the rest may quote the CRM, and thereby a person.
        kind = case(
            (leads.c.problem.startswith("Nexudus refused it"), "rejected"),
            (leads.c.problem.startswith("Given up after"), "given-up"),
            else_="unfit",
        )
        query = select(leads.c.account, kind, func.count()).where(leads.c.status == Status.PARKED.value)
        rows = self._execute(query.group_by(leads.c.account, kind).order_by(leads.c.account, kind))
        return [ParkedLeads(*row) for row in rows]

    def _paused_accounts(self, now: datetime) -> list[PausedAccount]:
        query = select(accounts).where(or_(accounts.c.paused_until > now, accounts.c.pause_streak > 0))
        return [
            PausedAccount(row.name, row.pause_reason, bool(row.tokens and row.tokens.get("refused")))
            for row in self._execute(query.order_by(accounts.c.name))
        ]

    def _late(self, now: datetime, before: datetime) -> list[LateLeads]:
        recently = now - timedelta(seconds=MOVING_S)
        tried = func.sum(case((deliveries.c.tries > 0, 1), else_=0))
        query = (
            select(leads.c.account, func.count(), func.min(leads.c.id), func.min(leads.c.received_at), tried)
            .select_from(deliveries.join(leads, leads.c.id == deliveries.c.lead_id))
            .where(_is_late(before))
            .group_by(leads.c.account)
            .order_by(leads.c.account)
        )
        return [
            LateLeads(
                account, number, oldest, int(tries), self._last_outcome(first), self.has_delivered(account, recently)
            )
            for account, number, first, oldest, tries in self._execute(query)
        ]

    def _last_outcome(self, lead_id: str) -> str:
        query = select(attempts.c.outcome).where(attempts.c.lead_id == lead_id).order_by(attempts.c.id.desc())
        outcome: str | None = self._execute(query.limit(1)).scalar()
        return outcome or ""

    def _announced(self) -> list[FetchQueue]:
        key = (notices.c.form, notices.c.sender, notices.c.place)
        query = select(*key, func.count(), func.min(notices.c.announced_at), func.min(notices.c.lead_id))
        rows = self._execute(query.where(notices.c.state == "due").group_by(*key).order_by(*key)).all()
        return [
            FetchQueue(form, sender, place, number, oldest, self._last_outcome(first))
            for form, sender, place, number, oldest, first in rows
        ]

    def _disk(self) -> tuple[int, int] | None:
        if self._database.path is None:
            return None
        usage = shutil.disk_usage(self._database.path.resolve().parent)
        return usage.free, usage.total


def _is_late(before: datetime) -> ColumnElement[bool]:
    """Match leads that are queued, not blocked, and wait too long: live ones since arrival, others since due.

    A lead that an operator or an import enqueued is old already at that moment.
    """
    live = and_(deliveries.c.priority == 0, deliveries.c.trigger == "schedule")
    undelivered = and_(live, leads.c.received_at < before)
    failing = and_(deliveries.c.tries >= FAILING_TRIES, leads.c.received_at < before)
    overdue = deliveries.c.due_at < before
    return and_(deliveries.c.state == QUEUED, deliveries.c.blocked_by.is_(None), or_(undelivered, failing, overdue))
