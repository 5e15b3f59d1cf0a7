"""What is here already, asked for many at once."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, or_, select

from service.store.tables import lead_keys, leads

_AT_ONCE = 500
"""Values of one query: some builds of SQLite take no thousand."""


class Known:
    """What is here already, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keys(self, values: Collection[str], now: datetime) -> set[str]:
        """Those of some keys under which a lead came that a further one would be the repeat of."""
        fresh = or_(lead_keys.c.expires_at.is_(None), lead_keys.c.expires_at > now)
        return {
            key
            for some in _in_parts(values)
            for key in self._connection.execute(
                select(lead_keys.c.key).where(lead_keys.c.key.in_(some), fresh)
            ).scalars()
        }

    def leads(self, ids: Collection[str]) -> set[str]:
        """Those of some ids that leads here have."""
        return {
            lead_id
            for some in _in_parts(ids)
            for lead_id in self._connection.execute(select(leads.c.id).where(leads.c.id.in_(some))).scalars()
        }


def _in_parts(values: Collection[str]) -> Iterator[Sequence[str]]:
    every = list(values)
    yield from (every[start : start + _AT_ONCE] for start in range(0, len(every), _AT_ONCE))
