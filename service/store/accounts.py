"""State of one Nexudus account that all processes share: its tokens, its pauses, its recent calls.

A pause ends all calls, or one kind of call while the others go on: a used-up contact quota, an unsafe stage. A delivery
that needs a paused call is blocked. When the pause ends, one blocked delivery is let go as a probe; its success resumes
the call, its failure extends the pause.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, delete, func, literal, or_, select, update

from service.store.database.bell import wake
from service.store.database.columns import UtcDateTime
from service.store.database.repository import IsGone, Repository
from service.store.database.tables import accounts, call_pauses, calls, deliveries
from service.store.encryption import ACCOUNT_SECRETS, EncryptedTokens

_CALL_PAUSES = select(call_pauses).order_by(call_pauses.c.since, call_pauses.c.account, call_pauses.c.call)
_TOKENS = select(accounts.c.tokens).where(accounts.c.name == bindparam("account"))
_PAUSED = select(accounts).where(accounts.c.paused_until > bindparam("now")).order_by(accounts.c.name)
_ON_TRIAL = (
    select(accounts)
    .where(accounts.c.pause_streak > 0, accounts.c.paused_until <= bindparam("now"))
    .order_by(accounts.c.name)
)
_NTH_CALL = (
    select(calls.c.at)
    .where(calls.c.account == bindparam("account"), calls.c.at > bindparam("after"))
    .order_by(calls.c.at.desc())
    .limit(1)
    .offset(bindparam("others", type_=Integer))
)
_NTH_WRITE = _NTH_CALL.where(calls.c.is_write)
# Made once, because making a statement takes longer than SQLite takes to execute it, and these precede each call.

NO_CREDENTIALS = "credentials"
"""Name of the pause of every call to an account without credentials."""


@dataclass(frozen=True, slots=True)
class CallPause:
    """A paused kind of call. call: "create_coworker", "stage:1001" ...; streak: number of pauses in a row."""

    account: str
    call: str
    since: datetime
    until: datetime
    reason: str = ""
    streak: int = 0


class CallPauses(Repository):
    """Pauses of kinds of calls."""

    def call_pause(self, account: str, call: str) -> CallPause | None:
        """Return the pause of a call, even if its time is up."""
        query = select(call_pauses).where(call_pauses.c.account == account, call_pauses.c.call == call)
        row = self._execute(query).first()
        return None if row is None else CallPause(*row)

    def call_pauses(self) -> list[CallPause]:
        """Return every pause, oldest first."""
        return [CallPause(*row) for row in self._execute(_CALL_PAUSES)]

    def pause_call(self, account: str, call: str, now: datetime, until: datetime, reason: str) -> None:
        """Begin or extend the pause of a call."""
        extended = {"until": until, "reason": reason, "streak": call_pauses.c.streak + 1}
        insert = self._database.insert(call_pauses)
        begun = insert.values(account=account, call=call, since=now, until=until, reason=reason, streak=1)
        self._execute(begun.on_conflict_do_update(index_elements=["account", "call"], set_=extended))

    def resume_call(self, account: str, call: str) -> bool:
        """End the pause of a call and make every delivery that it blocked due; False if there was none."""
        ending = delete(call_pauses).where(call_pauses.c.account == account, call_pauses.c.call == call)
        blocked = update(deliveries).where(deliveries.c.account == account, deliveries.c.blocked_by == call)
        was_paused = self._execute(ending).rowcount > 0
        if self._execute(blocked.values(blocked_by=None)).rowcount:
            wake(self._connection, self._database)
        return was_paused

    def resume_calls(self, account: str, prefix: str = "") -> None:
        """End every pause of an account, or those of calls that begin with `prefix`."""
        for pause in self.call_pauses():
            if pause.account == account and pause.call.startswith(prefix):
                self.resume_call(account, pause.call)


# -- the account as a whole


UNAVAILABLE = "unavailable"
"""Reason of a pause after an outage: one delivery may probe whether it is over before its time."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause of all deliveries to an account. count: pauses in a row."""

    account: str
    until: datetime
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class FailureStreak:
    """Failed calls in a row. since: when the first of them began."""

    number: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Pace:
    """A limit of `count` calls in any `window_s` seconds; with writes_only, reads are not counted."""

    count: int
    window_s: float
    writes_only: bool = False


class Accounts(CallPauses):
    """Tokens, pauses and pace of each Nexudus account."""

    # -- tokens

    def tokens(self, account: str) -> Any:
        """Return the tokens that save_tokens stored last, or None.

        Raises: UnreadableSecret.
        """
        stored = self._stored_tokens(account)
        return None if stored is None else self._as(EncryptedTokens).decrypt(stored)

    def save_tokens(self, account: str, tokens: Any) -> None:
        """Store an account's tokens (JSON values) for every process, the secret ones encrypted."""
        self._upsert(account, tokens=self._as(EncryptedTokens).encrypt(tokens, ACCOUNT_SECRETS))

    def _stored_tokens(self, account: str) -> Any:
        return self._execute(_TOKENS, {"account": account}).scalar()

    def try_lock(self, account: str, holder: str, now: datetime, seconds: float, is_gone: IsGone) -> bool:
        """Take the right to sign in to an account for at most `seconds`; False while another process has it.

        is_gone: whether the process that has it has ended.
        """
        self._upsert(account)
        return self._lock_row(accounts, accounts.c.name == account, holder, (now, seconds), is_gone)

    def unlock(self, account: str, holder: str) -> None:
        """Give back the right to sign in."""
        self._unlock_row(accounts, accounts.c.name == account, holder)

    def is_login_refused(self, account: str) -> bool:
        """Return whether the last sign-in was refused; then no process repeats it automatically."""
        tokens = self._stored_tokens(account)  # whether a sign-in was refused is no secret
        return bool(tokens and tokens.get("refused"))

    def forget_tokens(self, account: str) -> None:
        """Make the next call sign in again, even if the last sign-in was refused."""
        self._execute(update(accounts).where(accounts.c.name == account).values(tokens=None))

    # -- pauses

    def pause(self, account: str, until: datetime, reason: str, *, is_fault: bool = True) -> None:
        """Send nothing to an account until then; an end already set that is later stays.

        is_fault: count it among the pauses in a row, after which the account is on trial.
        """
        self._upsert(account)
        shorter = or_(accounts.c.paused_until.is_(None), accounts.c.paused_until < until)
        pausing = update(accounts).where(and_(accounts.c.name == account, shorter))
        streak = accounts.c.pause_streak + int(is_fault)
        self._execute(pausing.values(paused_until=until, pause_reason=reason, pause_streak=streak))

    def pauses(self, now: datetime) -> list[Pause]:
        """Return the pauses in force at `now`."""
        return self._pauses(_PAUSED, now)

    def on_trial(self, now: datetime) -> list[Pause]:
        """Return the expired pauses of accounts without a success since: each account is to be probed with one call."""
        return self._pauses(_ON_TRIAL, now)

    def _pauses(self, query: Select[Any], now: datetime) -> list[Pause]:
        rows = self._execute(query, {"now": now})
        return [Pause(row.name, row.paused_until, row.pause_reason, row.pause_streak) for row in rows]

    def pause_streak(self, account: str) -> int:
        """Count the pauses of an account since its last success."""
        return self._execute(select(accounts.c.pause_streak).where(accounts.c.name == account)).scalar() or 0

    def resume(self, account: str, because: str = "") -> bool:
        """End the pause, by an operator's decision or at a start; False if there was none.

        because: end only a pause whose reason begins with this.
        """
        reason = accounts.c.pause_reason.startswith(because, autoescape=True)
        return self._end_pause(and_(accounts.c.name == account, accounts.c.paused_until.is_not(None), reason))

    def _end_pause(self, condition: ColumnElement[bool]) -> bool:
        ending = update(accounts).where(condition).values(paused_until=None, pause_reason="", pause_streak=0)
        return self._execute(ending).rowcount > 0

    # -- failures and successes

    def record_failure(self, account: str, began_at: datetime, *, is_own: bool = False) -> FailureStreak:
        """Record a failed delivery; returns the number of failures in a row.

        began_at: when its call began. is_own: the delivery itself may be at fault, so the failure is not counted.
        """
        self._upsert(account)
        row = update(accounts).where(accounts.c.name == account)
        since = func.coalesce(accounts.c.failing_since, literal(began_at, UtcDateTime))
        self._execute(row.values(failures=accounts.c.failures + int(not is_own), failing_since=since))
        streak = select(accounts.c.failures, accounts.c.failing_since).where(accounts.c.name == account)
        return FailureStreak(*self._execute(streak).one())

    def failing_since(self, account: str) -> datetime | None:
        """Return when the first call of the present failures began; None after a success."""
        query = select(accounts.c.failing_since).where(accounts.c.name == account)
        since: datetime | None = self._execute(query).scalar()
        return since

    def record_success(self, account: str, now: datetime) -> bool:
        """Record a completed delivery and restart the count of pauses; returns whether it ended an expired pause.

        A pause in force stays: the delivery began before it.
        """
        own = accounts.c.name == account
        no_failure = update(accounts).where(own, accounts.c.failing_since.is_not(None))
        self._execute(no_failure.values(failures=0, failing_since=None))
        return self._end_pause(and_(own, accounts.c.pause_streak > 0, accounts.c.paused_until <= now))

    # -- pace

    def reserve(self, account: str, *, is_write: bool, now: float, paces: Sequence[Pace], patience_s: float) -> float:
        """Reserve the next call that all `paces` allow; returns the seconds to wait before making it.

        now: Unix seconds. A wait longer than patience_s is returned without a reservation.
        """
        if self._database.locks_rows:
            # PostgreSQL: let one process count at a time. SQLite's writers queue anyway.
            self._upsert(account)
            self._execute(select(accounts.c.name).where(accounts.c.name == account).with_for_update())
        at = max([now, *(self._earliest(account, pace, now) for pace in paces if is_write or not pace.writes_only)])
        if at - now <= patience_s:
            self._execute(calls.insert(), {"account": account, "at": at, "is_write": is_write})
        return at - now

    def _earliest(self, account: str, pace: Pace, now: float) -> float:
        """Return when the call that fills this pace's window leaves it."""
        query = _NTH_WRITE if pace.writes_only else _NTH_CALL
        place = {"account": account, "after": now - pace.window_s, "others": pace.count - 1}
        nth = self._execute(query, place).scalar()
        return now if nth is None else float(nth) + pace.window_s

    def forget_calls(self, before: float) -> None:
        """Delete calls made before then (Unix seconds): no pace looks back that far."""
        self._execute(delete(calls).where(calls.c.at < before))

    def _upsert(self, account: str, **values: Any) -> None:
        insert = self._database.insert(accounts).values(name=account, **values)
        if values:
            self._execute(insert.on_conflict_do_update(index_elements=["name"], set_=values))
        else:
            self._execute(insert.on_conflict_do_nothing())
