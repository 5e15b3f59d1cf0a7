"""State of the deployment: values that all processes agree on, and who is signed in to the dashboard."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select, update

from service.store.database.repository import Repository
from service.store.database.tables import deployment, sessions

USE_INTERVAL = timedelta(minutes=5)
"""Minimum time between two recorded uses of a session: not every page view writes."""


DEMO_WELCOME = "demo_welcome"
"""Flag with the token of a running demo's link that signs in to the dashboard once; "" when there is none."""


class Flags(Repository):
    """Small named values, changed only by a process that knows the present one."""

    def get(self, name: str) -> str | None:
        """Return the value of a name."""
        value: str | None = self._execute(select(deployment.c.value).where(deployment.c.name == name)).scalar()
        return value

    def set(self, name: str, value: str) -> None:
        """Give a name a value, whatever it has."""
        insert = self._database.insert(deployment).values(name=name, value=value)
        self._execute(insert.on_conflict_do_update(index_elements=["name"], set_={"value": value}))

    def once(self, name: str, make: Callable[[], str]) -> str:
        """Return the value of a name, made by the first process that needs it and kept for all."""
        value = self.get(name)
        if value is None:
            self.swap(name, None, make())
            value = self.get(name)
            assert value is not None  # noqa: S101 (of this transaction, or of the process that was quicker)
        return value

    def swap(self, name: str, old: str | None, new: str) -> bool:
        """Replace `old` (None: no value yet) by `new`; False when another process has changed it meanwhile."""
        if old is None:
            insert = self._database.insert(deployment).values(name=name, value=new).on_conflict_do_nothing()
            return self._execute(insert.returning(deployment.c.name)).first() is not None
        unchanged = and_(deployment.c.name == name, deployment.c.value == old)
        return self._execute(update(deployment).where(unchanged).values(value=new)).rowcount == 1


class Sessions(Repository):
    """Sessions of the dashboard, known to every web process; signing out ends one everywhere.

    digest: of the secret that only the browser holds. mark: of the password that the session was opened with.
    """

    def open(self, digest: str, mark: str, now: datetime) -> None:
        """Record a sign-in."""
        self._execute(sessions.insert().values(digest=digest, mark=mark, since=now, seen_at=now))

    def is_open(self, digest: str, mark: str, since: datetime, seen: datetime) -> bool:
        """Return whether the session was opened after `since` with this password, and used after `seen`."""
        fresh = (sessions.c.since > since, sessions.c.seen_at > seen, sessions.c.mark == mark)
        query = select(sessions.c.digest).where(sessions.c.digest == digest, *fresh)
        return self._execute(query).first() is not None

    def is_stale(self, digest: str, now: datetime) -> bool:
        """Return whether the session's last use should be recorded again."""
        query = select(sessions.c.digest).where(sessions.c.digest == digest, sessions.c.seen_at < now - USE_INTERVAL)
        return self._execute(query).first() is not None

    def use(self, digest: str, now: datetime) -> None:
        """Record a use."""
        self._execute(update(sessions).where(sessions.c.digest == digest).values(seen_at=now))

    def close(self, digest: str) -> None:
        """Sign out."""
        self._execute(delete(sessions).where(sessions.c.digest == digest))

    def tidy(self, mark: str, since: datetime, seen: datetime) -> None:
        """Delete expired sessions, and those of a former password."""
        over = or_(sessions.c.mark != mark, sessions.c.since <= since, sessions.c.seen_at <= seen)
        self._execute(delete(sessions).where(over))
