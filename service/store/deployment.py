"""State of the deployment: small values shared by all processes."""

from collections.abc import Callable

from sqlalchemy import and_, bindparam, select, update

from service.store.database.repository import Repository
from service.store.database.tables import deployment

DEMO_WELCOME = "demo_welcome"
"""Flag with the token of a running demo's one-time sign-in link to the dashboard; "" if there is none."""

PASSWORD_FLAG = "admin_password"  # noqa: S105 (the name of a value)
"""Flag with the hash of the administrator's generated password, used where ADMIN_PASSWORD is not set."""

_VALUE = select(deployment.c.value).where(deployment.c.name == bindparam("name"))


class Flags(Repository):
    """Small named values, changed only by a process that knows the present value."""

    def get(self, name: str) -> str | None:
        """Return the value of a name."""
        value: str | None = self._execute(_VALUE, {"name": name}).scalar()
        return value

    def set(self, name: str, value: str) -> None:
        """Set a value, whatever it was."""
        insert = self._database.insert(deployment).values(name=name, value=value)
        self._execute(insert.on_conflict_do_update(index_elements=["name"], set_={"value": value}))

    def once(self, name: str, make: Callable[[], str]) -> str:
        """Return a value, made by the first process that needs it and kept for all."""
        value = self.get(name)
        if value is None:
            self.swap(name, None, make())
            value = self.get(name)
            assert value is not None  # noqa: S101 (of this transaction, or of the process that was quicker)
        return value

    def swap(self, name: str, old: str | None, new: str) -> bool:
        """Replace `old` (None: no value yet) by `new`; False if another process has changed it meanwhile."""
        if old is None:
            insert = self._database.insert(deployment).values(name=name, value=new).on_conflict_do_nothing()
            return self._execute(insert.returning(deployment.c.name)).first() is not None
        unchanged = and_(deployment.c.name == name, deployment.c.value == old)
        return self._execute(update(deployment).where(unchanged).values(value=new)).rowcount == 1
