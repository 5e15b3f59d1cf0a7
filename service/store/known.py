"""What is here already, asked for many at once."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import or_, select

from service.lead import Status
from service.store.repository import Repository
from service.store.tables import lead_keys, leads

_AT_ONCE = 500
"""Values of one query: some builds of SQLite take no thousand."""


class Known(Repository):
    """What is here already, within one transaction."""

    def known_keys(self, values: Collection[str], now: datetime, *, also_announced: bool = True) -> set[str]:
        """Those of some keys under which a lead came that a further one would be the repeat of.

        also_announced: count leads whose answers are still to be read; a repeat that has them would fill them in.
        """
        fresh = or_(lead_keys.c.expires_at.is_(None), lead_keys.c.expires_at > now)
        query = select(lead_keys.c.key).where(fresh)
        if not also_announced:
            query = query.join(leads, leads.c.id == lead_keys.c.lead_id).where(leads.c.status != Status.ANNOUNCED.value)
        return {
            key
            for some in _in_parts(values)
            for key in self._connection.execute(query.where(lead_keys.c.key.in_(some))).scalars()
        }

    def known_ids(self, ids: Collection[str]) -> set[str]:
        """Those of some ids that leads here have."""
        return {
            lead_id
            for some in _in_parts(ids)
            for lead_id in self._connection.execute(select(leads.c.id).where(leads.c.id.in_(some))).scalars()
        }


def _in_parts(values: Collection[str]) -> Iterator[Sequence[str]]:
    every = list(values)
    yield from (every[start : start + _AT_ONCE] for start in range(0, len(every), _AT_ONCE))
