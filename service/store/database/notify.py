"""The bell of PostgreSQL: LISTEN and NOTIFY. A module of its own, so that SQLite loads no psycopg."""

import contextlib

import psycopg
from sqlalchemy import Engine

from service.store.database.bell import wait_for

CHANNEL = "lead_capture"


class NotifyBell:
    """PostgreSQL's LISTEN, on a connection of its own that is made again when it breaks."""

    def __init__(self, engine: Engine) -> None:
        self._url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: psycopg.Connection | None = None

    def wait(self, timeout_s: float, also: int) -> None:
        """See Bell. Returns at once when it has only now begun to listen: what rang before was not heard.

        While the database is away this is a plain wait.
        """
        try:
            if self._connection is None:
                self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=5)
                self._connection.execute(f"LISTEN {CHANNEL}")
                return
            listening = [self._connection.fileno()]
        except psycopg.Error:
            self.close()
            listening = []
        readable = wait_for([*listening, also], timeout_s)
        if self._connection is not None and listening[0] in readable:
            self._drain(self._connection)

    def _drain(self, connection: psycopg.Connection) -> None:
        try:
            for _ in connection.notifies(timeout=0):
                pass
        except psycopg.Error:
            self.close()

    def close(self) -> None:
        """See Bell."""
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None
