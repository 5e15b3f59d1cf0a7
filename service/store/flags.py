"""Small values that all processes agree on: the index cursor, the monitor on duty, secrets made once."""

from sqlalchemy import and_, select, update

from service.store.database.repository import Repository
from service.store.database.tables import deployment


class Flags(Repository):
    """Named values, changed only by a process that knows the present one."""

    def get(self, name: str) -> str | None:
        """Return the value of a name."""
        value: str | None = self._connection.execute(
            select(deployment.c.value).where(deployment.c.name == name)
        ).scalar()
        return value

    def swap(self, name: str, old: str | None, new: str) -> bool:
        """Replace `old` (None: no value yet) by `new`; False when another process has changed it meanwhile."""
        if old is None:
            insert = self._database.insert(deployment).values(name=name, value=new).on_conflict_do_nothing()
            return self._connection.execute(insert.returning(deployment.c.name)).first() is not None
        unchanged = and_(deployment.c.name == name, deployment.c.value == old)
        return self._connection.execute(update(deployment).where(unchanged).values(value=new)).rowcount == 1
