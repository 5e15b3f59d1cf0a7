"""Connections to ad platforms: their health, pauses, renewed tokens, and scheduled checks and pulls.

A connection is a form and a sender; place "" stands for all of it, another place for one Page or account of it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, func, literal, or_, select, update

from service.store.alert_log import AlertLog
from service.store.database.bell import wake
from service.store.database.columns import UtcDateTime
from service.store.database.repository import IsGone, Repository
from service.store.database.tables import connections, notices
from service.store.encryption import EncryptedTokens, connection_secrets


class ConnectionKey(NamedTuple):
    """A connection, or one place of it."""

    form: str
    sender: str
    place: str = ""

    @property
    def cause(self) -> str:
        """The cause of its alert."""
        return ":".join(part for part in ("platform", *self) if part)

    @property
    def whole(self) -> "ConnectionKey":
        """The connection with all its places."""
        return self._replace(place="")


@dataclass(frozen=True, slots=True)
class ConnectionHealth:
    """The state of a connection. reason: why an operator must act, "" while it works; expires_at: as in set_expiry."""

    link: ConnectionKey
    reason: str = ""
    failing_since: datetime | None = None
    paused_until: datetime | None = None
    pause_streak: int = 0
    failures: int = 0
    expires_at: datetime | None = None
    pulled_until: datetime | None = None


class Connections(Repository):
    """Connections to ad platforms."""

    def health(self, link: ConnectionKey) -> ConnectionHealth:
        """Return the state of a connection; one never used is healthy."""
        row = self._execute(select(*_HEALTH).where(_is(link))).first()
        return ConnectionHealth(link) if row is None else _health(row)

    def health_of_all(self) -> list[ConnectionHealth]:
        """Return the state of every connection that was used."""
        rows = self._execute(select(*_HEALTH).order_by(*_KEY))
        return [_health(row) for row in rows]

    # -- pauses and failures

    def mark_broken(self, link: ConnectionKey, reason: str, now: datetime, until: datetime) -> None:
        """Leave a connection to an operator: from `until` on, only one notice at a time is fetched, as a probe."""
        since = func.coalesce(connections.c.failing_since, literal(now, UtcDateTime))
        paused = {"reason": reason, "paused_until": until, "pause_streak": connections.c.pause_streak + 1}
        self._change(link, failing_since=since, **paused)
        self._as(AlertLog).report(link.cause, reason, now)

    def pause(self, link: ConnectionKey, until: datetime) -> None:
        """Fetch nothing until then; an end already set that is later stays."""
        self._ensure(link)
        shorter = or_(connections.c.paused_until.is_(None), connections.c.paused_until < until)
        pausing = update(connections).where(_is(link), shorter)
        self._execute(pausing.values(paused_until=until, pause_streak=connections.c.pause_streak + 1))

    def record_failure(self, link: ConnectionKey) -> int:
        """Record a call without a response; returns how many there have been in a row."""
        self._change(link, failures=connections.c.failures + 1)
        return int(self._execute(select(connections.c.failures).where(_is(link))).scalar_one())

    def record_success(self, link: ConnectionKey, now: datetime) -> bool:
        """Record a successful call: pauses end, and waiting notices are due. Returns whether anything was paused."""
        return self._heal(and_(_of(link), connections.c.place.in_({"", link.place})), now)

    def record_success_everywhere(self, link: ConnectionKey, now: datetime) -> bool:
        """Record a successful call that proves all places of a connection."""
        return self._heal(_of(link), now)

    def _heal(self, condition: ColumnElement[bool], now: datetime) -> bool:
        affected = or_(
            connections.c.reason != "",
            connections.c.pause_streak > 0,
            connections.c.failures > 0,
            connections.c.paused_until.is_not(None),
        )
        fresh = {"reason": "", "failing_since": None, "paused_until": None, "pause_streak": 0, "failures": 0}
        healing = update(connections).where(condition, affected).values(fresh).returning(*_KEY)
        healed = [ConnectionKey(*row) for row in self._execute(healing)]
        for link in healed:
            self._as(AlertLog).resolve(link.cause, now)
        for whole in {link.whole for link in healed}:
            self._fetch_now(whole, now)
        return bool(healed)

    def probe_now(self, link: ConnectionKey | None, now: datetime) -> None:
        """Probe a broken connection at once; without a link, all broken ones."""
        broken = connections.c.reason != ""
        condition = broken if link is None else and_(broken, _of(link.whole))
        self._execute(update(connections).where(condition).values(paused_until=now, pause_streak=0))
        wake(self._connection, self._database)

    def _fetch_now(self, link: ConnectionKey, now: datetime) -> None:
        waiting = and_(notices.c.form == link.form, notices.c.sender == link.sender, notices.c.due_at > now)
        self._execute(update(notices).where(waiting).values(due_at=now))
        wake(self._connection, self._database)

    # -- facts and tokens

    def facts(self, link: ConnectionKey) -> dict[str, Any]:
        """Return what was learned, such as the questions of lead forms."""
        return self._execute(select(connections.c.facts).where(_is(link))).scalar() or {}

    def learn(self, link: ConnectionKey, kind: str, name: str, fact: Any) -> None:
        """Store one fact of a kind, as facts()[kind][name]."""
        self._ensure(link)
        facts = self._execute(self._locking(select(connections.c.facts).where(_is(link)))).scalar() or {}
        facts[kind] = {**facts.get(kind, {}), name: fact}
        self._change(link, facts=facts)

    def tokens(self, link: ConnectionKey) -> Any:
        """Return the tokens that save_tokens stored last, or None.

        Raises: UnreadableSecret.
        """
        stored = self._execute(select(connections.c.tokens).where(_is(link))).scalar()
        return None if stored is None else self._as(EncryptedTokens).decrypt(stored)

    def save_tokens(self, link: ConnectionKey, tokens: Any) -> None:
        """Store renewed tokens (JSON values) for every process, encrypted."""
        self._change(link, tokens=self._as(EncryptedTokens).encrypt(tokens, connection_secrets(tokens)))

    def set_expiry(self, link: ConnectionKey, at: datetime | None) -> None:
        """Record when an operator must renew the connection; None: never, as far as is known."""
        self._change(link, expires_at=at)

    def try_lock(self, link: ConnectionKey, holder: str, now: datetime, seconds: float, is_gone: IsGone) -> bool:
        """Take the right to renew the tokens for at most `seconds`; False while another process has it."""
        self._ensure(link)
        return self._lock_row(connections, _is(link), holder, (now, seconds), is_gone)

    def unlock(self, link: ConnectionKey, holder: str) -> None:
        """Give back the right to renew the tokens."""
        self._unlock_row(connections, _is(link), holder)

    # -- scheduled checks and pulls

    def claim_check(self, link: ConnectionKey, now: datetime, every_s: float) -> bool:
        """Claim the scheduled check if it is due; no other process gets it before the next one."""
        return self._claim(link, connections.c.checked_at, now, every_s)

    def claim_pull(self, link: ConnectionKey, now: datetime, every_s: float) -> bool:
        """Claim the scheduled pull if it is due. The first counts as done: older leads were not missed by us."""
        fresh = and_(_is(link), connections.c.pulled_at.is_(None))
        self._ensure(link)
        first = update(connections).where(fresh).values(pulled_at=now, pulled_until=now)
        if self._execute(first).rowcount:
            return False
        return self._claim(link, connections.c.pulled_at, now, every_s)

    def set_pulled_until(self, link: ConnectionKey, until: datetime) -> None:
        """Record that everything submitted before `until` is stored."""
        self._change(link, pulled_until=until)

    def _claim(self, link: ConnectionKey, column: Any, now: datetime, every_s: float) -> bool:
        self._ensure(link)
        due = or_(column.is_(None), column <= now - timedelta(seconds=every_s))
        return self._execute(update(connections).where(_is(link), due).values({column: now})).rowcount == 1

    # -- configuration

    def mark_missing(self, link: ConnectionKey, reason: str, now: datetime, until: datetime) -> datetime:
        """Record that the forms file no longer has a connection, over which nothing is fetched. Returns since when."""
        health = self.health(link)
        since = now if health.reason != reason or health.failing_since is None else health.failing_since
        self._change(link, reason=reason, failing_since=since, paused_until=until)
        if since == now:
            self._as(AlertLog).report(link.cause, reason, now)
        return since

    def keep_only(self, links: Collection[ConnectionKey], now: datetime) -> None:
        """Forget all other connections with their tokens, and resolve their alerts."""
        for health in self.health_of_all():
            if health.link.whole not in links:
                self._execute(delete(connections).where(_is(health.link)))
                self._as(AlertLog).resolve(health.link.cause, now)

    def _ensure(self, link: ConnectionKey) -> None:
        insert = self._database.insert(connections).values(form=link.form, sender=link.sender, place=link.place)
        self._execute(insert.on_conflict_do_nothing())

    def _change(self, link: ConnectionKey, **values: Any) -> None:
        self._ensure(link)
        self._execute(update(connections).where(_is(link)).values(**values))


_KEY = (connections.c.form, connections.c.sender, connections.c.place)
_HEALTH = (
    *_KEY,
    connections.c.reason,
    connections.c.failing_since,
    connections.c.paused_until,
    connections.c.pause_streak,
    connections.c.failures,
    connections.c.expires_at,
    connections.c.pulled_until,
)


def _is(link: ConnectionKey) -> ColumnElement[bool]:
    return and_(_of(link), connections.c.place == link.place)


def _of(link: ConnectionKey) -> ColumnElement[bool]:
    """Match all places of a connection."""
    return and_(connections.c.form == link.form, connections.c.sender == link.sender)


def _health(row: Any) -> ConnectionHealth:
    form, sender, place, *rest = row
    return ConnectionHealth(ConnectionKey(form, sender, place), *rest)
