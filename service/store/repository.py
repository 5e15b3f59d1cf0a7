"""What the parts of a transaction have in common."""

from typing import TypeVar

from sqlalchemy import Connection

from service.store.engines import Database

Part = TypeVar("Part", bound="Repository")


class Repository:
    """Queries and changes of one subject within one transaction."""

    def __init__(self, connection: Connection, database: Database) -> None:
        self._connection = connection
        self._database = database

    def _as(self, part: type[Part]) -> Part:
        """Another subject within the same transaction."""
        return part(self._connection, self._database)
