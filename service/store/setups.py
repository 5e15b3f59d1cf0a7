"""Versions of the set-up in the database: the newest is in force, older ones stay for waiting leads."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from service.lead import LeadId
from service.store.database.repository import Repository
from service.store.database.setup_tables import setups
from service.store.database.tables import DONE, deliveries, leads

UNPUBLISHED = 0
"""Number of the set-up before anything was published: one form with defaults."""

KEPT_VERSIONS = 200
"""Versions kept whatever their age."""

KEPT_FOR = timedelta(days=400)
"""Maximum age of further versions; a version of a waiting lead is kept as long as the lead waits."""


@dataclass(frozen=True, slots=True)
class SetupVersion:
    """One published document. published_by: as Actor.who."""

    version: int
    note: str
    published_by: str
    published_at: datetime
    toml: str = field(default="", repr=False)


_ABOUT = (setups.c.version, setups.c.note, setups.c.published_by, setups.c.published_at)
"""Columns of a version without its document."""


class SetupVersions(Repository):
    """Published versions, by number."""

    def newest_number(self) -> int:
        """Return the number of the version in force; UNPUBLISHED without one."""
        return int(self._execute(select(func.max(setups.c.version))).scalar() or UNPUBLISHED)

    def get(self, version: int) -> SetupVersion | None:
        """Return one version; None if it is not kept or never was."""
        columns = (*_ABOUT, setups.c.toml)
        row = self._execute(select(*columns).where(setups.c.version == version)).first()
        return None if row is None else SetupVersion(*row)

    def newest(self) -> SetupVersion | None:
        """Return the version in force; None if nothing was published."""
        return self.get(self.newest_number())

    def publish(self, toml: str, note: str, who: str, now: datetime, expected: int) -> int | None:
        """Store the next version, and return its number; None if `expected` is no longer the newest.

        The number decides: of two processes that publish over one version, the database lets one have the next.
        """
        if self.newest_number() != expected:
            return None
        row = {"version": expected + 1, "toml": toml, "note": note, "published_by": who, "published_at": now}
        insert = self._database.insert(setups).values(row).on_conflict_do_nothing()
        return self._execute(insert.returning(setups.c.version)).scalar()

    def history(self, limit: int, before: int | None = None) -> list[SetupVersion]:
        """Return versions without their documents, newest first. before: only older ones than this."""
        query = select(*_ABOUT).order_by(setups.c.version.desc()).limit(limit)
        query = query if before is None else query.where(setups.c.version < before)
        return [SetupVersion(*row) for row in self._execute(query)]

    # -- leads

    def renew(self, lead_ids: Collection[LeadId], version: int | None = None) -> None:
        """Move leads from the version under which they were taken to another, whose number they bear from now on.

        version: None for the newest.
        """
        number = self.newest_number() if version is None else version
        taken = leads.c.id.in_(sorted(lead_ids)) & leads.c.setup_version.is_not(None)
        self._execute(update(leads).where(taken).values(setup_version=number))

    # -- retention

    def forget_old(self, now: datetime) -> int:
        """Delete old versions under which no waiting lead was taken; return how many."""
        oldest_kept = self.newest_number() - KEPT_VERSIONS
        is_old = (setups.c.version <= oldest_kept) & (setups.c.published_at < now - KEPT_FOR)
        candidates = self._execute(select(setups.c.version).where(is_old)).scalars().all()
        if not candidates:
            return 0
        waiting = (deliveries.c.state != DONE) & leads.c.setup_version.in_(candidates)
        query = select(leads.c.setup_version).distinct().join(deliveries, deliveries.c.lead_id == leads.c.id)
        needed = set(self._execute(query.where(waiting)).scalars())
        over = [version for version in candidates if version not in needed]
        self._execute(delete(setups).where(setups.c.version.in_(over)))
        return len(over)
