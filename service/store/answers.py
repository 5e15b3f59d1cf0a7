"""The answer clock of each lead: when an answer is due, who was reminded, how a person first reacted; whose turn it is.

A clock starts in the commit that stores its lead. Each later step is due at `next_at`; once done, it writes the next
one to the row. So a process that dies loses nothing, and repeats nothing but a message that was being sent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, case, delete, func, or_, select, update

from service.lead import LeadId
from service.store.database.answer_tables import answer_clocks, owner_turns, turn_order
from service.store.database.columns import insert_rows
from service.store.database.repository import Repository
from service.store.database.tables import leads
from service.store.leads.stored import NOTIFIABLE

MAX_COUNTED = 1000
"""Maximum number of waiting leads that are counted for a page."""


class ClockStep(StrEnum):
    """The next thing to do about a clock."""

    TIME = "time"  # work out when an answer is due
    REMIND = "remind"
    ESCALATE = "escalate"
    SETTLE = "settle"  # work out how much working time the answer took
    NONE = ""


class AnswerKind(StrEnum):
    """A person's first reaction."""

    STAGE = "stage"
    OWNER = "owner"
    STATUS = "status"
    CALLED = "called"  # recorded by a person in the dashboard


@dataclass(frozen=True, slots=True)
class AnswerClock:
    """The clock of one lead. working_s: working time until the answer, in seconds; None until it is worked out."""

    lead_id: LeadId
    account: str
    form: str
    started_at: datetime
    due_at: datetime | None = None
    escalate_at: datetime | None = None
    step: ClockStep = ClockStep.NONE
    next_at: datetime | None = None
    waiting_since: datetime | None = None
    reminded_at: datetime | None = None
    escalated_at: datetime | None = None
    answered_at: datetime | None = None
    how: AnswerKind | None = None
    working_s: int | None = None

    @property
    def is_in_time(self) -> bool | None:
        """Whether it was answered in time; None if no answer is due, or none has come yet."""
        if self.due_at is None or self.answered_at is None:
            return None
        return self.answered_at <= self.due_at


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """A person's first reaction, read from the CRM or recorded here. started_at: for a lead that has no clock yet."""

    lead_id: LeadId
    account: str
    form: str
    started_at: datetime
    at: datetime
    how: AnswerKind


class AnswerClocks(Repository):
    """Clocks, the steps that are due, answers."""

    # -- starting and ending

    def start(self, some: Sequence[AnswerClock]) -> None:
        """Start clocks for leads that have none; when their answers are due is worked out soon after."""
        rows = [_row(replace(clock, step=ClockStep.TIME, next_at=clock.started_at)) for clock in some]
        if rows:
            insert_rows(self._connection, answer_clocks, rows, "ON CONFLICT DO NOTHING")

    def restart(self, lead_ids: Sequence[LeadId], now: datetime) -> None:
        """Restart the clocks of leads that only now become real: released or restored."""
        query = select(leads.c.id, leads.c.account, leads.c.form).where(leads.c.id.in_(lead_ids))
        clocks = [AnswerClock(LeadId(row.id), row.account, row.form, now) for row in self._execute(query)]
        self.drop([clock.lead_id for clock in clocks])
        self.start(clocks)

    def add(self, clocks: Sequence[AnswerClock]) -> None:
        """Store clocks as they are, whatever their step."""
        if clocks:
            insert_rows(self._connection, answer_clocks, [_row(clock) for clock in clocks])

    def drop(self, lead_ids: Sequence[str]) -> None:
        """Delete the clocks of leads that turned out to be none: discarded ones, demonstrations."""
        self._execute(delete(answer_clocks).where(answer_clocks.c.lead_id.in_(lead_ids)))

    def stop(self, lead_ids: Sequence[str]) -> None:
        """Cancel the remaining steps of erased leads; their figures stay."""
        of_leads = update(answer_clocks).where(answer_clocks.c.lead_id.in_(lead_ids))
        self._execute(of_leads.values(waiting_since=None, next_at=None, step=ClockStep.NONE.value))

    # -- steps

    def clocks_of(self, lead_ids: Iterable[str]) -> dict[LeadId, AnswerClock]:
        """Return the clocks of leads; leads without one are left out."""
        rows = self._execute(select(answer_clocks).where(answer_clocks.c.lead_id.in_(list(lead_ids))))
        return {LeadId(row.lead_id): _clock(row) for row in rows}

    def forms_with(self, step: ClockStep, now: datetime) -> list[str]:
        """Return the forms with clocks whose step is due, by one short look at the index for each."""
        forms: list[str] = []
        due = and_(answer_clocks.c.step == step.value, answer_clocks.c.next_at.is_not(None))
        query = select(answer_clocks.c.form).where(due).order_by(answer_clocks.c.form).limit(1)
        while True:
            form = self._execute(query.where(answer_clocks.c.form > (forms[-1] if forms else ""))).scalar()
            if form is None:
                break
            forms.append(form)
        return [form for form in forms if self.due(step, form, now, 1)]

    def due(self, step: ClockStep, form: str, now: datetime, limit: int, after: str = "") -> list[AnswerClock]:
        """Return clocks of a form whose step is due, ordered by lead. after: continue behind this lead."""
        query = select(answer_clocks).where(
            *(answer_clocks.c.step == step.value, answer_clocks.c.form == form, answer_clocks.c.next_at <= now),
            answer_clocks.c.lead_id > after,
        )
        return [_clock(row) for row in self._execute(query.order_by(answer_clocks.c.lead_id).limit(limit))]

    def retime(self) -> None:
        """Have the due time of every unanswered clock worked out again."""
        waiting = update(answer_clocks).where(answer_clocks.c.waiting_since.is_not(None))
        self._execute(waiting.values(step=ClockStep.TIME.value, next_at=answer_clocks.c.started_at))

    def advance(self, clock: AnswerClock, step: ClockStep, next_at: datetime | None, **changes: Any) -> None:
        """Record that the step of a clock is done, and the next one; nothing if it was answered meanwhile."""
        same = and_(answer_clocks.c.lead_id == clock.lead_id, answer_clocks.c.step == clock.step.value)
        self._execute(update(answer_clocks).where(same).values(step=step.value, next_at=next_at, **changes))

    # -- answers

    def record_answers(self, answers: Sequence[FirstAnswer], now: datetime) -> None:
        """Record first answers; of several for one lead the earliest counts."""
        for answer in answers:
            ended = {
                "answered_at": answer.at,
                "how": answer.how.value,
                "step": ClockStep.SETTLE.value,
                "next_at": now,
                "waiting_since": None,
                "working_s": None,
            }
            insert = self._database.insert(answer_clocks).values(
                lead_id=answer.lead_id,
                account=answer.account,
                form=answer.form,
                started_at=answer.started_at,
                **ended,
            )
            is_earlier = or_(answer_clocks.c.answered_at.is_(None), answer_clocks.c.answered_at > answer.at)
            self._execute(insert.on_conflict_do_update(index_elements=["lead_id"], set_=ended, where=is_earlier))

    # -- waiting

    def waiting(self, limit: int, account: str = "") -> list[AnswerClock]:
        """Return unanswered clocks of real leads, the longest wait first."""
        rows = self._execute(_waiting(select(answer_clocks), account).order_by(_WAITING_SINCE).limit(limit))
        return [_clock(row) for row in rows]

    def count_waiting(self, now: datetime, account: str = "") -> tuple[int, int]:
        """Count the leads that wait for an answer, and those whose answer is overdue; each up to MAX_COUNTED."""
        some = _waiting(select(answer_clocks.c.due_at), account).order_by(_WAITING_SINCE).limit(MAX_COUNTED).subquery()
        late = func.coalesce(func.sum(case((some.c.due_at < now, 1), else_=0)), 0)
        number, overdue = self._execute(select(func.count(), late).select_from(some)).one()
        return int(number), int(overdue)


_WAITING_SINCE = answer_clocks.c.waiting_since


def _waiting(query: Select[Any], account: str) -> Select[Any]:
    """Limit a query to waiting clocks of real leads: one look at each lead, however many leads there are."""
    real = [status.value for status in NOTIFIABLE]
    is_real = select(1).where(leads.c.id == answer_clocks.c.lead_id, leads.c.status.in_(real)).exists()
    query = query.where(_WAITING_SINCE.is_not(None), is_real)
    return query.where(answer_clocks.c.account == account) if account else query


def _row(clock: AnswerClock) -> dict[str, Any]:
    row = {column.name: getattr(clock, column.name) for column in answer_clocks.columns}
    return {**row, "step": clock.step.value, "how": clock.how.value if clock.how else ""}


def _clock(row: Any) -> AnswerClock:
    values = {column.name: getattr(row, column.name) for column in answer_clocks.columns}
    how = AnswerKind(row.how) if row.how else None
    return AnswerClock(**{**values, "lead_id": LeadId(row.lead_id), "step": ClockStep(row.step), "how": how})


# -- owners in turn: whose turn each lead is, assigned once and kept with the lead


@dataclass(frozen=True, slots=True)
class OwnerTurn:
    """Whose turn a lead was. email: "" if nobody could take it; user_id: None if the CRM does not know the person."""

    lead_id: LeadId
    account: str
    email: str
    user_id: int | None
    reason: str
    given_at: datetime


Choose = Callable[[Sequence[str]], tuple[str, int | None, str]]
"""Takes people, the longest without a turn first; returns whose turn it is, their user id, and the reason."""


class OwnerTurns(Repository):
    """Turns of leads."""

    def turns_of(self, lead_ids: Sequence[str]) -> dict[LeadId, OwnerTurn]:
        """Return the turns of leads; leads without one are left out."""
        rows = self._execute(select(owner_turns).where(owner_turns.c.lead_id.in_(lead_ids)))
        return {LeadId(row.lead_id): OwnerTurn(*row) for row in rows}

    def give_turn(
        self, lead_id: LeadId, account: str, people: Sequence[str], choose: Choose, now: datetime
    ) -> OwnerTurn:
        """Return the turn of a lead, or assign one; a turn once assigned is never changed.

        people: e-mail addresses, in the order of the forms file.
        """
        numbers = self._lock(account, people)
        # Another worker that assigned this lead its turn meanwhile held the same locks.
        known = self.turns_of([lead_id]).get(lead_id)
        if known is not None:
            return known
        order = sorted(people, key=lambda email: (numbers[email], people.index(email)))
        email, user_id, reason = choose(order)
        turn = OwnerTurn(lead_id, account, email, user_id, reason, now)
        self.add_turns([turn])
        if email:
            own = (turn_order.c.account == account, turn_order.c.email == email)
            self._execute(update(turn_order).where(*own).values(number=max(numbers.values()) + 1))
        return turn

    def add_turns(self, turns: Sequence[OwnerTurn]) -> None:
        """Store turns as they are, for demonstrations."""
        if turns:
            insert_rows(self._connection, owner_turns, [asdict(turn) for turn in turns])

    def drop_turns(self, lead_ids: Sequence[str]) -> None:
        """Delete the turns of demonstrations."""
        self._execute(delete(owner_turns).where(owner_turns.c.lead_id.in_(lead_ids)))

    def set_user(self, lead_id: LeadId, user_id: int, reason: str) -> None:
        """Record the user of a turn that was assigned while the CRM did not show them."""
        of_lead = update(owner_turns).where(owner_turns.c.lead_id == lead_id)
        self._execute(of_lead.values(user_id=user_id, reason=reason))

    def _lock(self, account: str, people: Sequence[str]) -> Mapping[str, int]:
        """Return the number of each person's last turn, 0 before the first, and lock it against other workers.

        In one order for all workers, so that they cannot deadlock.
        """
        rows: list[dict[str, Any]] = [{"account": account, "email": each, "number": 0} for each in sorted(people)]
        self._execute(self._database.insert(turn_order).on_conflict_do_nothing(), rows)
        own = select(turn_order.c.email, turn_order.c.number).where(
            turn_order.c.account == account, turn_order.c.email.in_(people)
        )
        return {row.email: row.number for row in self._execute(self._locking(own.order_by(turn_order.c.email)))}
