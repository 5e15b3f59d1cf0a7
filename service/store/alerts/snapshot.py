"""What the watch looks at: how the accounts stand, who waits, what is parked; and whose turn it is to watch."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from service.lead import LeadId, Outcome, Reason, Status, Step, first_lead_id
from service.store.database.columns import from_micros, to_micros
from service.store.database.repository import Repository
from service.store.database.tables import accounts, attempts, deliveries, leads, notices
from service.store.deployment import Flags
from service.store.platforms.connections import ConnectionHealth, Connections
from service.store.queue.call_pauses import CallPause, CallPauses
from service.store.queue.outbox import OWED

WATCH = "watch"
"""The row of `deployment` that says which worker watches, and until when."""

FAILING_TRIES = 3
"""A lead that was tried so often and still waits is in trouble, also when an operator sent it anew."""

OLDEST_DELIVERED = timedelta(days=60)
"""Leads that were delivered today are not older than that."""

MOVING_S = 180.0
"""An account to which a lead came through within so long is busy, not stuck."""

LATEST_ATTEMPTS = 2000
"""How far back to look for a delivery that came through: more are not made between two looks."""


@dataclass(frozen=True, slots=True)
class PausedAccount:
    """An account that rests, or has not worked since it did. reason: as its pause gives it."""

    account: str
    reason: str
    login_refused: bool


@dataclass(frozen=True, slots=True)
class LateLeads:
    """Leads of one account that wait longer than they should.

    tried: how many of them were tried at all. last: how the latest call for the oldest of them ended, "" for none.
    moving: whether others of the account came through in the last minutes.
    """

    account: str
    number: int
    oldest: datetime
    tried: int = 0
    last: str = ""
    moving: bool = False


@dataclass(frozen=True, slots=True)
class AccountQueue:
    """All that is owed to one account, and what of it waits for a hold ("" for none)."""

    account: str
    blocked_by: str
    number: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class ParkedLeads:
    """Leads of one account that a person must look at. kind: "rejected", "given-up" or "unfit"."""

    account: str
    kind: str
    number: int


@dataclass(frozen=True, slots=True)
class FetchQueue:
    """Leads that a form's platform has for us, of one Page or account. last: how the latest try ended, "" for none."""

    form: str
    sender: str
    place: str
    number: int
    oldest: datetime
    last: str = ""


@dataclass(frozen=True, slots=True)
class StoreSnapshot:
    """All that one look at the store shows."""

    standings: list[PausedAccount]
    holds: list[CallPause]
    queues: list[AccountQueue]
    late: list[LateLeads]
    parked: list[ParkedLeads]
    disk: tuple[int, int] | None = None  # bytes free and in all, where the leads are a file
    announced: list[FetchQueue] = field(default_factory=list)
    connections: list[ConnectionHealth] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DigestFigures:
    """What came since some instant and what became of it; and what waits now, whenever it came.

    received: form -> number, without what is held as spam. suspicions: name of the Reason ("" for
    one without a name) -> number of those.
    """

    received: dict[str, int]
    delivered: int
    parked: int
    parked_in_all: int
    suspicions: dict[str, int]
    waiting: int
    oldest: datetime | None


class Watching(Repository):
    """The watch within one transaction."""

    # -- whose turn

    def claim_monitor(self, name: str, now: datetime, seconds: float, is_gone: Callable[[str], bool]) -> bool:
        """Be the one who watches, for so long; False while another does.

        A worker that is gone is followed at once, one of another host when its time is up.
        """
        found = self._as(Flags).get(WATCH)
        if found is not None:
            holder, _, until = found.rpartition(" ")
            if holder != name and from_micros(int(until)) > now and not is_gone(holder):
                return False
        return self._as(Flags).swap(WATCH, found, f"{name} {to_micros(now + timedelta(seconds=seconds))}")

    def monitor(self, now: datetime) -> tuple[str, float] | None:
        """Who watches, and for how many seconds more."""
        holder, _, until = (self._as(Flags).get(WATCH) or "").rpartition(" ")
        return (holder, (from_micros(int(until)) - now).total_seconds()) if holder else None

    def release_monitor(self, name: str) -> None:
        """Let another watch."""
        found = self._as(Flags).get(WATCH)
        if found is not None and found.rpartition(" ")[0] == name:
            self._as(Flags).swap(WATCH, found, f"{name} 0")

    # -- the look

    def snapshot(self, now: datetime, late_s: float) -> StoreSnapshot:
        """How things stand. late_s: the age in seconds from which a lead waits too long."""
        return StoreSnapshot(
            self._standings(now),
            self._as(CallPauses).call_pauses(),
            self._queues(),
            self._late(now, now - timedelta(seconds=late_s)),
            self._parked(),
            self._disk(),
            self._announced(),
            self._as(Connections).health_of_all(),
        )

    def has_delivered(self, account: str, since: datetime) -> bool:
        """Whether a lead became an opportunity of that account by a call made after `since`."""
        newest = select(func.max(attempts.c.id)).scalar_subquery()
        query = (
            select(attempts.c.id)
            .select_from(attempts.join(leads, leads.c.id == attempts.c.lead_id))
            .where(attempts.c.id > newest - LATEST_ATTEMPTS, attempts.c.started_at > since)
            .where(attempts.c.step == Step.CREATE_OPPORTUNITY.value, attempts.c.outcome == Outcome.DONE.value)
            .where(leads.c.account == account)
            .limit(1)
        )
        return self._execute(query).first() is not None

    def has_queued(self, account: str) -> bool:
        """Whether any lead waits for that account."""
        query = select(deliveries.c.lead_id).where(deliveries.c.account == account, deliveries.c.state == OWED).limit(1)
        return self._execute(query).first() is not None

    def stands(self, lead_id: LeadId) -> Status | None:
        """The status of one lead."""
        found = self._execute(select(leads.c.status).where(leads.c.id == lead_id)).scalar()
        return None if found is None else Status(found)

    def _standings(self, now: datetime) -> list[PausedAccount]:
        query = select(accounts).where(or_(accounts.c.paused_until > now, accounts.c.pause_streak > 0))
        return [
            PausedAccount(row.name, row.pause_reason, bool(row.tokens and row.tokens.get("refused")))
            for row in self._execute(query.order_by(accounts.c.name))
        ]

    def _queues(self) -> list[AccountQueue]:
        blocked_by = func.coalesce(deliveries.c.blocked_by, "")
        query = (
            select(deliveries.c.account, blocked_by, func.count(), func.min(leads.c.received_at))
            .select_from(deliveries.join(leads, leads.c.id == deliveries.c.lead_id))
            .where(deliveries.c.state == OWED)
            .group_by(deliveries.c.account, blocked_by)
        )
        return [AccountQueue(*row) for row in self._execute(query.order_by(deliveries.c.account, blocked_by))]

    def _late(self, now: datetime, before: datetime) -> list[LateLeads]:
        lately = now - timedelta(seconds=MOVING_S)
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
                account, number, oldest, int(tries), self._last_outcome(first), self.has_delivered(account, lately)
            )
            for account, number, first, oldest, tries in self._execute(query)
        ]

    def _last_outcome(self, lead_id: str) -> str:
        query = select(attempts.c.outcome).where(attempts.c.lead_id == lead_id).order_by(attempts.c.id.desc())
        found: str | None = self._execute(query.limit(1)).scalar()
        return found or ""

    def _parked(self) -> list[ParkedLeads]:
        # Of the sentence, only how it begins: the rest may be the CRM's words, and those a person's.
        kind = case(
            (leads.c.problem.startswith("Nexudus refused it"), "rejected"),
            (leads.c.problem.startswith("Given up after"), "given-up"),
            else_="unfit",
        )
        query = select(leads.c.account, kind, func.count()).where(leads.c.status == Status.PARKED.value)
        rows = self._execute(query.group_by(leads.c.account, kind).order_by(leads.c.account, kind))
        return [ParkedLeads(*row) for row in rows]

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

    # -- figures

    def digest_figures(self, since: datetime) -> DigestFigures:
        """What came since then, and how it stands."""
        period = leads.c.id >= first_lead_id(since)
        query = select(leads.c.form, leads.c.status, func.count()).where(period)
        rows = self._execute(query.group_by(leads.c.form, leads.c.status)).all()
        received: dict[str, int] = {}
        for form, status, number in rows:
            if status not in (Status.QUARANTINED.value, Status.TEST.value):
                received[form] = received.get(form, 0) + number
        queues = self._queues()
        return DigestFigures(
            received,
            self._delivered(since),
            sum(number for _, status, number in rows if status == Status.PARKED.value),
            sum(parked.number for parked in self._parked()),
            self._suspicions(period),
            sum(queue.number for queue in queues),
            min((queue.oldest for queue in queues), default=None),
        )

    def _delivered(self, since: datetime) -> int:
        # Nothing is indexed by the time of delivery: statuses and ids are, and no lead waits for ever.
        recent = and_(leads.c.status == Status.DELIVERED.value, leads.c.id >= first_lead_id(since - OLDEST_DELIVERED))
        query = select(func.count()).where(recent, leads.c.delivered_at >= since)
        return int(self._execute(query).scalar_one())

    def _suspicions(self, period: ColumnElement[bool]) -> dict[str, int]:
        held = and_(leads.c.status == Status.QUARANTINED.value, period)
        # Of the sentence, only the reason's name: the rest may be a stranger's words.
        named = ((leads.c.problem.startswith(reason.prefix, autoescape=True), reason.value) for reason in Reason)
        reason = case(*named, else_="")
        rows = self._execute(select(reason, func.count()).where(held).group_by(reason))
        return {row[0]: row[1] for row in rows}

    def last_arrival(self, form: str) -> datetime | None:
        """When a form last brought a lead that is not held as spam."""
        query = select(leads.c.received_at).where(leads.c.form == form, leads.c.status.not_in(_NO_LEADS))
        found: datetime | None = self._execute(query.order_by(leads.c.id.desc()).limit(1)).scalar()
        return found

    def arrivals_by_period(self, form: str, since: datetime) -> dict[datetime, int]:
        """How many leads a form brought, without spam, in each period of 17 minutes since then, by its middle.

        Ids begin with their time: the index of forms and ids is read, and no lead but those held as spam.
        """
        period = func.substr(leads.c.id, 1, _PERIOD_DIGITS)
        mine = and_(leads.c.form == form, leads.c.id >= first_lead_id(since))
        counted = select(period, func.count()).where(mine).group_by(period)
        found: dict[str, int] = {row[0]: row[1] for row in self._execute(counted)}
        spam = self._execute(counted.where(leads.c.status.in_(_NO_LEADS)))
        for prefix, number in spam:
            found[prefix] -= number
        return {_middle(prefix): number for prefix, number in found.items()}


_NO_LEADS = (Status.QUARANTINED.value, Status.TEST.value)
_PERIOD_DIGITS = 7  # of the 12 that are milliseconds: 5 digits less, 2^20 ms


def _middle(prefix: str) -> datetime:
    milliseconds = (int(prefix, 16) << 20) + (1 << 19)
    return from_micros(milliseconds * 1000)


def _is_late(before: datetime) -> ColumnElement[bool]:
    """Owed, waiting for nothing known, and for too long: since a live lead came, since any other one was due.

    What an operator or an import sent is old already when it is owed.
    """
    live = and_(deliveries.c.priority == 0, deliveries.c.trigger == "schedule")
    unserved = and_(live, leads.c.received_at < before)
    failing = and_(deliveries.c.tries >= FAILING_TRIES, leads.c.received_at < before)
    overdue = deliveries.c.due_at < before
    return and_(deliveries.c.state == OWED, deliveries.c.blocked_by.is_(None), or_(unserved, failing, overdue))
