"""Who is signed in to the dashboard: on disk, so that every web process knows, and signing out is the end of it."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update

from service.store.database.repository import Repository
from service.store.database.tables import sessions

REST = timedelta(minutes=5)
"""How exactly it is known when a session was last used: not every page view writes."""


class Sessions(Repository):
    """The sessions within one transaction. digest: of what the browser holds, which is kept nowhere."""

    def open(self, digest: str, mark: str, now: datetime) -> None:
        """Somebody signed in. mark: of the password."""
        self._connection.execute(sessions.insert().values(digest=digest, mark=mark, since=now, seen_at=now))

    def is_open(self, digest: str, mark: str, since: datetime, seen: datetime) -> bool:
        """Whether it was database after `since` with this password, and used after `seen`."""
        fresh = (sessions.c.since > since, sessions.c.seen_at > seen, sessions.c.mark == mark)
        query = select(sessions.c.digest).where(sessions.c.digest == digest, *fresh)
        return self._connection.execute(query).first() is not None

    def is_stale(self, digest: str, now: datetime) -> bool:
        """Whether its last use should be noted again."""
        query = select(sessions.c.digest).where(sessions.c.digest == digest, sessions.c.seen_at < now - REST)
        return self._connection.execute(query).first() is not None

    def use(self, digest: str, now: datetime) -> None:
        """It is used."""
        self._connection.execute(update(sessions).where(sessions.c.digest == digest).values(seen_at=now))

    def close(self, digest: str) -> None:
        """Somebody signed out."""
        self._connection.execute(delete(sessions).where(sessions.c.digest == digest))

    def tidy(self, mark: str, since: datetime, seen: datetime) -> None:
        """Drop those that are over, and those of a former password."""
        over = or_(sessions.c.mark != mark, sessions.c.since <= since, sessions.c.seen_at <= seen)
        self._connection.execute(delete(sessions).where(over))
