"""One installation, as on an operator's machine: a folder, settings, and commands that run."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from tests.processes import Process, bare_environ, free_port

TOKEN = "journey-admin-token"
LOGIN = {"NEXUDUS_USERNAME": "simulator@leadcapture.example", "NEXUDUS_PASSWORD": "simulator"}
START_S = 20.0


class Installation:
    """Everything started in it ends with it, however its block ends."""

    def __init__(self, folder: Path, **settings: str) -> None:
        """Nothing runs yet. settings: environment variables; no others are set."""
        self.folder = folder
        self.settings = settings
        self._started: list[Process] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._started:
            process.kill()

    def start(self, *words: str, under: Sequence[str] = ()) -> Process:
        """Start `lead-capture` with these words."""
        process = Process(words, bare_environ(**self.settings), self.folder, under)
        self._started.append(process)
        return process

    def run(self, *words: str, under: Sequence[str] = ()) -> Process:
        """Run a command that ends by itself."""
        process = self.start(*words, under=under)
        process.wait(START_S)
        return process

    def migrate(self) -> None:
        """Bring the database to the newest schema."""
        migration = self.run("migrate")
        assert migration.exit_code == 0, migration.output

    def start_web(self, port: int, under: Sequence[str] = ()) -> Process:
        """The web process, once it can take leads."""
        web = self.start("web", "--port", str(port), under=under)
        # Children too: those of a killed parent may still answer for a moment.
        web.wait_until(lambda: web.family()[1:] and _is_ready(port), START_S, "/readyz")
        return web

    def start_worker(self) -> Process:
        """A delivery worker."""
        return self.start("worker")


class Nexudus:
    """The simulator as a process of its own, asked over its control pages."""

    def __init__(self, url: str) -> None:
        self.url = url

    @classmethod
    def start(cls, installation: Installation, **settings: Any) -> "Nexudus":
        """Start one that behaves like this, and let `installation` deliver to it."""
        port = free_port()
        nexudus = cls(f"http://127.0.0.1:{port}")
        process = installation.start("simulator", "--port", str(port))
        process.wait_until(lambda: status(f"{nexudus.url}/_sim/state") == requests.codes.ok, START_S, "the simulator")
        requests.post(f"{nexudus.url}/_sim/settings", json=settings, timeout=10).raise_for_status()
        installation.settings |= {**LOGIN, "NEXUDUS_BASE_URL": nexudus.url}
        return nexudus

    def opportunities(self) -> list[dict[str, Any]]:
        """Every opportunity, oldest first."""
        return list(self._state()["opportunities"])

    def opportunities_of(self, email: str) -> list[dict[str, Any]]:
        """The opportunities of the person with this address."""
        return [each for each in self.opportunities() if each["CoworkerEmail"] == email]

    def coworkers(self) -> list[dict[str, Any]]:
        """Every contact."""
        return list(self._state()["coworkers"])

    def calls_count(self) -> int:
        """How many calls have arrived."""
        return int(self._state()["requests"]["count"])

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = requests.get(f"{self.url}/_sim/state", timeout=10).json()
        return state


def status(url: str) -> int:
    """The response's status; 0 if there is no response."""
    try:
        return requests.get(url, timeout=5).status_code
    except requests.RequestException:
        return 0


def _is_ready(port: int) -> bool:
    return bool(status(f"http://127.0.0.1:{port}/readyz") == requests.codes.ok)


def leads(port: int, **filters: str) -> list[dict[str, Any]]:
    """Return every lead that matches the filters, from the operator's API; ADMIN_TOKEN is TOKEN."""
    leads_read: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = _page(port, {**filters, "cursor": cursor} if cursor else filters)
        leads_read += page["leads"]
        cursor = page["next"]
        if not cursor:
            return leads_read


def is_any_pending(port: int) -> bool:
    """Whether a lead still waits for its delivery."""
    return bool(_page(port, {"status": "pending"})["leads"])


def _page(port: int, query: dict[str, str]) -> dict[str, Any]:
    page: dict[str, Any] = requests.get(
        f"http://127.0.0.1:{port}/api/v1/leads",
        params=query,
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=10,
    ).json()
    return page
