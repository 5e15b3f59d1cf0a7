"""Sessions of the dashboard, known to every web process: ending one ends it everywhere, at once.

digest: of the secret that only the browser holds. mark: of the password at the sign-in; readers of a session compare it
with the present password's, so that a new password ends all other sessions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, or_, select, update

from service.store.database.repository import Repository
from service.store.database.tables import sessions

USE_INTERVAL = timedelta(minutes=5)
"""Minimum time between two recorded uses of a session: not every page view writes."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """An open session. person_id: None for the administrator's. browser: such as "Firefox, Linux"."""

    digest: str
    mark: str
    person_id: str | None
    browser: str
    since: datetime
    seen_at: datetime

    def is_stale(self, now: datetime) -> bool:
        """Return whether its last use should be recorded again."""
        return self.seen_at < now - USE_INTERVAL


class Sessions(Repository):
    """Sessions, a row for each."""

    def open(self, digest: str, mark: str, now: datetime, person_id: str | None = None, browser: str = "") -> None:
        """Record a sign-in."""
        row = {"digest": digest, "mark": mark, "since": now, "seen_at": now, "person_id": person_id, "browser": browser}
        self._execute(sessions.insert().values(**row))

    def get(self, digest: str, since: datetime, seen: datetime) -> OpenSession | None:
        """Return the session if it was opened after `since` and used after `seen`."""
        own = (sessions.c.digest == digest, sessions.c.since > since, sessions.c.seen_at > seen)
        row = self._execute(select(sessions).where(*own)).first()
        return None if row is None else _session(row)

    def of(self, person_id: str | None, since: datetime, seen: datetime) -> Sequence[OpenSession]:
        """Return the open sessions of a person, or the administrator's, the last used first."""
        fresh = (_of(person_id), sessions.c.since > since, sessions.c.seen_at > seen)
        rows = self._execute(select(sessions).where(*fresh).order_by(sessions.c.seen_at.desc(), sessions.c.digest))
        return [_session(row) for row in rows]

    def use(self, digest: str, now: datetime) -> None:
        """Record a use."""
        self._execute(update(sessions).where(sessions.c.digest == digest).values(seen_at=now))

    def close(self, digest: str, person_id: str | None) -> bool:
        """End a session of a person, or of the administrator; False if it is not theirs."""
        return self._execute(delete(sessions).where(sessions.c.digest == digest, _of(person_id))).rowcount == 1

    def close_all(self, person_id: str | None, but: str = "") -> int:
        """End the sessions of a person, or of the administrator. but: the digest of one that goes on."""
        return self._execute(delete(sessions).where(_of(person_id), sessions.c.digest != but)).rowcount

    def renew(self, digest: str, mark: str) -> None:
        """Carry a session over to a new password."""
        self._execute(update(sessions).where(sessions.c.digest == digest).values(mark=mark))

    def tidy(self, mark: str, since: datetime, seen: datetime) -> None:
        """Delete expired sessions, and those under a former password of the administrator."""
        former = and_(sessions.c.person_id.is_(None), sessions.c.mark != mark)
        self._execute(delete(sessions).where(or_(former, sessions.c.since <= since, sessions.c.seen_at <= seen)))


def _session(row: Row[Any]) -> OpenSession:
    return OpenSession(row.digest, row.mark, row.person_id, row.browser, row.since, row.seen_at)


def _of(person_id: str | None) -> ColumnElement[bool]:
    return sessions.c.person_id.is_(None) if person_id is None else sessions.c.person_id == person_id
