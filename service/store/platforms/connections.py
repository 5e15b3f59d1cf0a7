"""How second reads of the platforms stand: what works, what rests, what a person must put right, renewed tokens.

A connection is a form and a sender; place "" stands for all of it, another place for one Page or account of it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, func, literal, or_, select, update

from service.store.alerts.alert_log import AlertLog
from service.store.database.columns import UtcDateTime
from service.store.database.repository import IsGone, Repository
from service.store.database.tables import connections, notices
from service.store.queue.outbox import wake


class ConnectionKey(NamedTuple):
    """One connection, or one place of it."""

    form: str
    sender: str
    place: str = ""

    @property
    def cause(self) -> str:
        """What its concern is called."""
        return ":".join(part for part in ("platform", *self) if part)

    @property
    def whole(self) -> "ConnectionKey":
        """The connection with all its places."""
        return self._replace(place="")


@dataclass(frozen=True, slots=True)
class ConnectionHealth:
    """How a connection stands. reason: why a person must help, "" while nobody must; expires_at: see Connections."""

    link: ConnectionKey
    reason: str = ""
    failing_since: datetime | None = None
    paused_until: datetime | None = None
    pause_streak: int = 0
    failures: int = 0
    expires_at: datetime | None = None
    pulled_until: datetime | None = None


class Connections(Repository):
    """The connections within one transaction."""

    def health(self, link: ConnectionKey) -> ConnectionHealth:
        """How it stands; as new where nothing is known."""
        row = self._execute(select(*_HEALTH).where(_is(link))).first()
        return ConnectionHealth(link) if row is None else _health(row)

    def health_of_all(self) -> list[ConnectionHealth]:
        """Every connection that anything is known of."""
        rows = self._execute(select(*_HEALTH).order_by(*_KEY))
        return [_health(row) for row in rows]

    # -- resting

    def mark_broken(self, link: ConnectionKey, reason: str, now: datetime, until: datetime) -> None:
        """Only a person can help: read nothing more but one notice at a time, from `until` on, to find out."""
        since = func.coalesce(connections.c.failing_since, literal(now, UtcDateTime))
        rested = {"reason": reason, "paused_until": until, "pause_streak": connections.c.pause_streak + 1}
        self._change(link, failing_since=since, **rested)
        self._as(AlertLog).report(link.cause, reason, now)

    def pause(self, link: ConnectionKey, until: datetime) -> None:
        """Read nothing until then; a later end that is set already stays."""
        self._ensure(link)
        shorter = or_(connections.c.paused_until.is_(None), connections.c.paused_until < until)
        resting = update(connections).where(_is(link), shorter)
        self._execute(resting.values(paused_until=until, pause_streak=connections.c.pause_streak + 1))

    def record_failure(self, link: ConnectionKey) -> int:
        """A call had no answer: how many in a row now."""
        self._change(link, failures=connections.c.failures + 1)
        found = select(connections.c.failures).where(_is(link))
        return int(self._execute(found).scalar_one())

    def record_success(self, link: ConnectionKey, now: datetime) -> bool:
        """A call went through: nothing of it rests any more, and what waits is due at once. Whether anything rested."""
        return self._heal(and_(_of(link), connections.c.place.in_({"", link.place})), now)

    def record_success_everywhere(self, link: ConnectionKey, now: datetime) -> bool:
        """The same for all its places."""
        return self._heal(_of(link), now)

    def _heal(self, those: ColumnElement[bool], now: datetime) -> bool:
        touched = or_(
            connections.c.reason != "",
            connections.c.pause_streak > 0,
            connections.c.failures > 0,
            connections.c.paused_until.is_not(None),
        )
        fresh = {"reason": "", "failing_since": None, "paused_until": None, "pause_streak": 0, "failures": 0}
        healing = update(connections).where(those, touched).values(fresh).returning(*_KEY)
        healed = [ConnectionKey(*row) for row in self._execute(healing)]
        for link in healed:
            self._as(AlertLog).resolve(link.cause, now)
        for whole in {link.whole for link in healed}:
            self._hasten(whole, now)
        return bool(healed)

    def probe_now(self, link: ConnectionKey | None, now: datetime) -> None:
        """Find out at once whether what is broken works again; of all connections where none is named."""
        broken = connections.c.reason != ""
        condition = broken if link is None else and_(broken, _of(link.whole))
        self._execute(update(connections).where(condition).values(paused_until=now, pause_streak=0))
        wake(self._connection, self._database)

    def _hasten(self, link: ConnectionKey, now: datetime) -> None:
        waiting = and_(notices.c.form == link.form, notices.c.sender == link.sender, notices.c.due_at > now)
        self._execute(update(notices).where(waiting).values(due_at=now))
        wake(self._connection, self._database)

    # -- what is known of them

    def facts(self, link: ConnectionKey) -> dict[str, Any]:
        """What was learned, such as the questions of lead forms."""
        return self._execute(select(connections.c.facts).where(_is(link))).scalar() or {}

    def learn(self, link: ConnectionKey, kind: str, name: str, fact: Any) -> None:
        """Remember one fact of a kind: facts()[kind][name]."""
        self._ensure(link)
        query = select(connections.c.facts).where(_is(link))
        facts = self._execute(query.with_for_update() if self._database.locks_rows else query).scalar() or {}
        facts[kind] = {**facts.get(kind, {}), name: fact}
        self._change(link, facts=facts)

    def tokens(self, link: ConnectionKey) -> Any:
        """What save_tokens kept last, or None."""
        return self._execute(select(connections.c.tokens).where(_is(link))).scalar()

    def save_tokens(self, link: ConnectionKey, tokens: Any) -> None:
        """Keep renewed tokens (JSON values) for every process."""
        self._change(link, tokens=tokens)

    def set_expiry(self, link: ConnectionKey, at: datetime | None) -> None:
        """Note when a person must renew it; None: never, as far as is known."""
        self._change(link, expires_at=at)

    def try_lock(self, link: ConnectionKey, holder: str, now: datetime, seconds: float, is_gone: IsGone) -> bool:
        """Take the right to renew its tokens, for at most so long; False when another has it."""
        self._ensure(link)
        return self._lock_row(connections, _is(link), holder, (now, seconds), is_gone)

    def unlock(self, link: ConnectionKey, holder: str) -> None:
        """Give that right back."""
        self._unlock_row(connections, _is(link), holder)

    # -- whose turn it is to ask by itself

    def claim_check(self, link: ConnectionKey, now: datetime, every_s: float) -> bool:
        """Whether it is time to check it; then nobody else does until it is time again."""
        return self._take(link, connections.c.checked_at, now, every_s)

    def claim_pull(self, link: ConnectionKey, now: datetime, every_s: float) -> bool:
        """The same for asking what was missed. The first time counts as done: what is older was not missed by us."""
        fresh = and_(_is(link), connections.c.pulled_at.is_(None))
        self._ensure(link)
        starting = update(connections).where(fresh).values(pulled_at=now, pulled_until=now)
        if self._execute(starting).rowcount:
            return False
        return self._take(link, connections.c.pulled_at, now, every_s)

    def set_pulled_until(self, link: ConnectionKey, until: datetime) -> None:
        """All that was submitted before then is here."""
        self._change(link, pulled_until=until)

    def _take(self, link: ConnectionKey, column: Any, now: datetime, every_s: float) -> bool:
        self._ensure(link)
        due = or_(column.is_(None), column <= now - timedelta(seconds=every_s))
        return self._execute(update(connections).where(_is(link), due).values({column: now})).rowcount == 1

    # -- keeping order

    def keep_only(self, links: Collection[ConnectionKey], now: datetime) -> None:
        """Forget connections that the forms file does not have any more, and what was wrong with them."""
        known = {link.whole for link in links}
        for health in self.health_of_all():
            if health.link.whole not in known:
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
    """Of that connection, whatever the place."""
    return and_(connections.c.form == link.form, connections.c.sender == link.sender)


def _health(row: Any) -> ConnectionHealth:
    form, sender, place, *rest = row
    return ConnectionHealth(ConnectionKey(form, sender, place), *rest)
