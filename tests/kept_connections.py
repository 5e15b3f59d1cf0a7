"""Connections to PostgreSQL that outlive the store that opened them: a new one costs the server 10 ms of CPU time."""

import atexit
import os
from collections import defaultdict
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event

MAX_KEPT = 2
"""Maximum connections kept for each database and set of options."""

_kept: defaultdict[tuple[int, str], list["KeptConnection"]] = defaultdict(list)


class KeptConnection(psycopg.Connection[Any]):
    """A connection that is kept for the next caller with the same options, instead of being closed."""

    key: tuple[int, str] = (0, "")

    def close(self) -> None:
        """Keep the connection if it is idle, else close it."""
        kept = _kept[self.key]
        is_idle = not self.closed and self.info.transaction_status is TransactionStatus.IDLE
        if is_idle and self.key[0] == os.getpid() and len(kept) < MAX_KEPT and self._is_reset():
            kept.append(self)
        else:
            super().close()

    def _is_reset(self) -> bool:
        """Whether it is as good as new; not if the server has ended it meanwhile."""
        try:
            self.execute("RESET ALL")
            self.commit()
        except psycopg.OperationalError:
            return False
        return True


def keep() -> None:
    """Keep the connections of all engines from now on, in this process."""
    atexit.register(close)

    @event.listens_for(Engine, "do_connect")
    def connect(dialect: Any, _record: Any, words: list[Any], options: dict[str, Any]) -> KeptConnection | None:
        if dialect.driver != "psycopg":
            return None
        key = os.getpid(), repr(sorted((name, repr(value)) for name, value in options.items() if name != "context"))
        while _kept[key]:
            connection = _kept[key].pop()
            try:
                connection.execute("SELECT 1")
                connection.commit()
            except psycopg.OperationalError:  # the server has closed it
                psycopg.Connection.close(connection)
            else:
                return connection
        opened: KeptConnection = KeptConnection.connect(*words, **options)
        opened.key = key
        return opened


def close() -> None:
    """Close all kept connections."""
    for several in _kept.values():
        while several:
            psycopg.Connection.close(several.pop())


def backends() -> list[int]:
    """Return the server processes of the kept connections."""
    return [each.info.backend_pid for several in _kept.values() for each in several]
