"""The servers whose answers are compared: ours, an endpoint that does nothing, and two that a newcomer would write."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from tests.bench.databases import Databases, migrated
from tests.bench.processes import running
from tests.bench.rows import prepare
from tests.processes import CHECKOUT, contact_forms_file, free_port, lead_capture

NOOP, FLASK, FASTAPI, OURS = "no-op", "minimal Flask", "minimal FastAPI", "Lead Capture"

FASTAPI_PYTHON = CHECKOUT / "build" / "bench" / "bin" / "python"
"""Of an environment of its own: FastAPI and uvicorn are no dependencies of the service or its tests."""


@dataclass(frozen=True, slots=True)
class Server:
    """A command that answers POST /f/contact on `port`."""

    command: list[str]
    environ: Mapping[str, str]
    port: int

    @contextmanager
    def running(self) -> Iterator[Popen[bytes]]:
        """Run the server, from the moment it answers until the block ends."""
        with running(self.command, self.environ, self.port) as process:
            yield process


def noop(processes: int) -> Server:
    """Flask and gunicorn by themselves."""
    port = free_port()
    return Server(_gunicorn("tests.bench.yardsticks:create_noop()", port, processes), {}, port)


def minimal_flask(processes: int, database: str) -> Server:
    """Flask under gunicorn: as many processes and threads as ours."""
    prepare(database)
    port = free_port()
    command = _gunicorn("tests.bench.yardsticks:create_minimal()", port, processes)
    return Server(command, {"BENCH_DATABASE": database}, port)


def minimal_fastapi(processes: int, database: str) -> Server:
    """FastAPI under uvicorn with uvloop and httptools, and without its access log."""
    if not FASTAPI_PYTHON.exists():
        raise FileNotFoundError(f"{FASTAPI_PYTHON} is made by: make bench")
    prepare(database)
    port = free_port()
    options = ["--workers", str(processes), "--no-access-log", "--log-level", "warning", "--port", str(port)]
    command = [str(FASTAPI_PYTHON), "-m", "uvicorn", *options, "tests.bench.minimal_fastapi:app"]
    return Server(command, {"BENCH_DATABASE": database, "PYTHONPATH": str(CHECKOUT)}, port)


def ours(processes: int, database: str, folder: Path) -> Server:
    """Lead Capture, whose Nexudus does not answer."""
    port = free_port()
    environ = settings(migrated(database), folder) | {"WEB_PROCESSES": str(processes)}
    return Server(lead_capture("web", "--port", str(port)), environ, port)


def settings(database: str, folder: Path) -> dict[str, str]:
    """Our settings, for web and worker."""
    return {
        "DATABASE_URL": database,
        "FORMS_FILE": contact_forms_file(folder),
        "SUBMIT_LIMIT": "off",
        "NEXUDUS_BASE_URL": "http://127.0.0.1:9",
        "NEXUDUS_TOKEN": "bench",
        "LOG_LEVEL": "info",
        "LOG_FORMAT": "json",
    }


def all_servers(processes: int, new_database: Databases, folder: Path) -> dict[str, Server]:
    """Return all servers, each with a database of its own."""
    makers: dict[str, Callable[[], Server]] = {
        NOOP: lambda: noop(processes),
        FLASK: lambda: minimal_flask(processes, new_database(f"flask{processes}")),
        FASTAPI: lambda: minimal_fastapi(processes, new_database(f"fastapi{processes}")),
        OURS: lambda: ours(processes, new_database(f"leads{processes}"), folder),
    }
    return {name: make() for name, make in makers.items()}


def _gunicorn(factory: str, port: int, processes: int) -> list[str]:
    options = ["-k", "gthread", "-w", str(processes), "--threads", "8", "--keep-alive", "5", "--log-level", "warning"]
    return [sys.executable, "-m", "gunicorn", *options, "-b", f"127.0.0.1:{port}", factory]
