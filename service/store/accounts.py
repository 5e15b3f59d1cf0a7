"""What all processes must agree on about one Nexudus account: its tokens, its pause, its recent calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, literal, or_, select, update

from service.store.database.columns import UtcDateTime
from service.store.database.repository import IsGone, Repository, try_lock, unlock
from service.store.database.tables import accounts, calls

UNAVAILABLE = "unavailable"
"""The reason of a pause after an outage: one call ahead of its time may find out whether it is over."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Why and until when nothing is sent to an account."""

    account: str
    until: datetime
    reason: str
    count: int  # pauses in a row


@dataclass(frozen=True, slots=True)
class FailureStreak:
    """Failures in a row with nothing coming through between them, and when the first of the calls began."""

    number: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Pace:
    """At most `count` calls in any `window_s` seconds; with writes_only, reads are free."""

    count: int
    window_s: float
    writes_only: bool = False


class Accounts(Repository):
    """The accounts within one transaction."""

    # -- tokens

    def tokens(self, account: str) -> Any:
        """What was saved for an account by save_tokens, or None."""
        return self._connection.execute(select(accounts.c.tokens).where(accounts.c.name == account)).scalar()

    def save_tokens(self, account: str, tokens: Any) -> None:
        """Keep an account's tokens (JSON values) for every process."""
        self._upsert(account, tokens=tokens)

    def try_lock(self, account: str, holder: str, now: datetime, seconds: float, is_gone: IsGone) -> bool:
        """Take the right to sign in to an account, for at most so long; False when another has it."""
        self._upsert(account)
        mine = accounts.c.name == account
        return try_lock(self._connection, accounts, mine, holder, (now, seconds), is_gone)

    def unlock(self, account: str, holder: str) -> None:
        """Give the right to sign in back."""
        unlock(self._connection, accounts, accounts.c.name == account, holder)

    def is_login_refused(self, account: str) -> bool:
        """Whether the last sign-in was refused, so that nobody tries it again by itself."""
        tokens = self.tokens(account)
        return bool(tokens and tokens.get("refused"))

    def forget_tokens(self, account: str) -> None:
        """Sign in anew, also where the login was refused before."""
        self._connection.execute(update(accounts).where(accounts.c.name == account).values(tokens=None))

    # -- pauses

    def pause(self, account: str, until: datetime, reason: str, *, is_fault: bool = True) -> None:
        """Send nothing to an account until then; a later end that is already set stays.

        is_fault: counts among the pauses in a row, after which the account is on trial.
        """
        self._upsert(account)
        shorter = or_(accounts.c.paused_until.is_(None), accounts.c.paused_until < until)
        pausing = update(accounts).where(and_(accounts.c.name == account, shorter))
        count = accounts.c.pause_streak + int(is_fault)
        self._connection.execute(pausing.values(paused_until=until, pause_reason=reason, pause_streak=count))

    def record_failure(self, account: str, began_at: datetime, *, is_own: bool = False) -> FailureStreak:
        """A delivery did not come through: how many in a row now, and since when.

        began_at: when its call began. is_own: it may be this one delivery's fault, so it does not count.
        """
        self._upsert(account)
        row = update(accounts).where(accounts.c.name == account)
        since = func.coalesce(accounts.c.failing_since, literal(began_at, UtcDateTime))
        self._connection.execute(row.values(failures=accounts.c.failures + int(not is_own), failing_since=since))
        found = select(accounts.c.failures, accounts.c.failing_since).where(accounts.c.name == account)
        return FailureStreak(*self._connection.execute(found).one())

    def failing_since(self, account: str) -> datetime | None:
        """When the first call of the present failures began, None where the last delivery came through."""
        query = select(accounts.c.failing_since).where(accounts.c.name == account)
        since: datetime | None = self._connection.execute(query).scalar()
        return since

    def record_success(self, account: str, now: datetime) -> bool:
        """A delivery came through: the next pause counts from the start. True when one was over, and is now ended.

        A pause that holds stays: the delivery began before it.
        """
        mine = accounts.c.name == account
        no_failure = update(accounts).where(mine, accounts.c.failing_since.is_not(None))
        self._connection.execute(no_failure.values(failures=0, failing_since=None))
        return self._end_pause(and_(mine, accounts.c.pause_streak > 0, accounts.c.paused_until <= now))

    def resume(self, account: str, because: str = "") -> bool:
        """Send again at once, by an operator's decision or at a start; False where nothing rested.

        because: only a pause whose reason begins so.
        """
        rests = and_(accounts.c.paused_until.is_not(None), accounts.c.pause_reason.startswith(because, autoescape=True))
        return self._end_pause(and_(accounts.c.name == account, rests))

    def _end_pause(self, condition: ColumnElement[bool]) -> bool:
        ending = update(accounts).where(condition).values(paused_until=None, pause_reason="", pause_streak=0)
        return self._connection.execute(ending).rowcount > 0

    def on_trial(self, now: datetime) -> list[Pause]:
        """The pauses that are over, of accounts that have not worked since: one call shall find out."""
        return self._pauses(and_(accounts.c.pause_streak > 0, accounts.c.paused_until <= now))

    def pauses(self, now: datetime) -> list[Pause]:
        """The pauses that hold now."""
        return self._pauses(accounts.c.paused_until > now)

    def _pauses(self, condition: ColumnElement[bool]) -> list[Pause]:
        found = self._connection.execute(select(accounts).where(condition).order_by(accounts.c.name))
        return [Pause(row.name, row.paused_until, row.pause_reason, row.pause_streak) for row in found]

    def pause_streak(self, account: str) -> int:
        """How often an account was paused since it last worked."""
        return self._connection.execute(select(accounts.c.pause_streak).where(accounts.c.name == account)).scalar() or 0

    # -- pace

    def reserve(self, account: str, *, is_write: bool, now: float, paces: Sequence[Pace], patience_s: float) -> float:
        """Reserve the next call that all `paces` allow; the seconds to wait before making it.

        now: unix seconds. A wait longer than patience_s is told, but nothing is reserved.
        """
        if self._database.locks_rows:
            # PostgreSQL: let one process count at a time. SQLite's writers queue anyway.
            self._upsert(account)
            self._connection.execute(select(accounts.c.name).where(accounts.c.name == account).with_for_update())
        at = max([now, *(self._earliest(account, pace, now) for pace in paces if is_write or not pace.writes_only)])
        if at - now > patience_s:
            return at - now
        self._connection.execute(calls.insert(), {"account": account, "at": at, "is_write": is_write})
        return at - now

    def _earliest(self, account: str, pace: Pace, now: float) -> float:
        """When the call that fills this pace's window leaves it."""
        query = select(calls.c.at).where(calls.c.account == account, calls.c.at > now - pace.window_s)
        if pace.writes_only:
            query = query.where(calls.c.is_write)
        nth = self._connection.execute(query.order_by(calls.c.at.desc()).limit(1).offset(pace.count - 1)).scalar()
        return now if nth is None else float(nth) + pace.window_s

    def forget_calls(self, before: float) -> None:
        """Drop calls from before then (unix seconds): no pace looks back so far."""
        self._connection.execute(delete(calls).where(calls.c.at < before))

    def _upsert(self, account: str, **values: Any) -> None:
        insert = self._database.insert(accounts).values(name=account, **values)
        if values:
            self._connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=values))
        else:
            self._connection.execute(insert.on_conflict_do_nothing())
