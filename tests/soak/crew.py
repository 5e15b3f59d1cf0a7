"""The processes of a soak test: two web servers and two workers, killed and restarted, upgraded one after the other."""

import os
import random
import resource
import signal
import subprocess
import tarfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

from tests.journey.installation import Installation
from tests.processes import CHECKOUT, Process, free_port
from tests.server.slow_clients import slow_clients

WEB, WORKER = "web server", "worker"
NUMBER = 2
STOP_S = 20.0
FULL_AT_BYTES = 4096
"""No process can write further into any file while its disk is full."""

MIGRATIONS = "service/store/migrations/versions"


class Crew:
    """Two web servers and two workers on one database; each is restarted after it was killed.

    All of them begin with the version of the program before the newest migration, where a checkout of git has one.
    """

    def __init__(self, installation: Installation, chance: random.Random) -> None:
        self._installation = installation
        self._chance = chance
        self.ports = [free_port() for _ in range(NUMBER)]
        self._old = previous_version(installation.folder / "previous")
        self._is_old = dict.fromkeys(((kind, number) for kind in (WEB, WORKER) for number in range(NUMBER)), True)
        self._is_migrated = self._old is None
        installation.settings["FORMS_FILE"] = str(installation.folder / "forms.toml")
        migration = installation.run("migrate", under=self._under(WEB, 0))
        assert migration.exit_code == 0, migration.output
        self._webs = [self._start_web(number) for number in range(NUMBER)]
        self._workers = [self._start_worker(number) for number in range(NUMBER)]

    # -- kills

    def kill_web(self) -> None:
        """Kill one web server with all its processes."""
        number = self._chance.randrange(NUMBER)
        self._webs[number].kill()
        self._webs[number] = self._start_web(number)

    def kill_web_child(self) -> None:
        """Kill one process of a web server, which starts another."""
        children = self._chance.choice(self._webs).family()[1:]
        if children:
            os.kill(self._chance.choice(children), signal.SIGKILL)

    def kill_worker(self) -> None:
        """Kill one worker in the middle of its work."""
        number = self._chance.randrange(NUMBER)
        self._workers[number].kill()
        self._workers[number] = self._start_worker(number)

    def restart_ended(self) -> list[str]:
        """Start what has ended by itself again, as systemd would; return what that was."""
        ended = []
        for number in range(NUMBER):
            if self._webs[number].exit_code is not None:
                self._webs[number] = self._start_web(number)
                ended.append(WEB)
            if self._workers[number].exit_code is not None:
                self._workers[number] = self._start_worker(number)
                ended.append(WORKER)
        return ended

    # -- what lasts until it is ended: each returns the function that ends it

    def freeze_worker(self) -> Callable[[], None]:
        """Stop one worker for longer than its lease."""
        worker: Process = self._chance.choice(self._workers)
        worker.send(signal.SIGSTOP)
        return lambda: None if worker.exit_code is not None else worker.send(signal.SIGCONT)

    def fill_disk(self) -> Callable[[], None]:
        """Let no process write another page into any file."""
        pids = [pid for process in (*self._webs, *self._workers) for pid in process.family()]
        for pid in pids:
            _limit_files(pid, FULL_AT_BYTES)

        def make_room() -> None:
            for process in (*self._webs, *self._workers):
                for pid in process.family():  # those that were started meanwhile inherited the limit
                    _limit_files(pid, resource.RLIM_INFINITY)

        return make_room

    def crowd(self) -> Callable[[], None]:
        """Let 64 clients drip heads and 64 bodies at one web server, and 1,000 say nothing."""
        crowds = ExitStack()
        crowds.enter_context(slow_clients(self._chance.choice(self.ports), ["heads", "bodies", "idle"]))
        return crowds.close

    # -- the upgrade

    def upgrade(self) -> str:
        """Take the next step of a rolling upgrade: migrate, then stop one process after the other, and start the new.

        Returns what was done; "" when there is nothing to do.
        """
        if self._old is None or not any(self._is_old.values()):
            return ""
        if not self._is_migrated:
            self._is_migrated = True
            self._installation.migrate()
            return "upgrade: the database is migrated under the old version"
        kind, number = next(place for place, is_old in self._is_old.items() if is_old)
        processes = self._webs if kind == WEB else self._workers
        processes[number].send(signal.SIGTERM)
        processes[number].wait(STOP_S)
        self._is_old[kind, number] = False
        processes[number] = self._start_web(number) if kind == WEB else self._start_worker(number)
        return f"upgrade: a {kind} is replaced"

    @property
    def is_upgraded(self) -> bool:
        """Whether every process is of the newest version, having begun with the one before."""
        return self._old is not None and not any(self._is_old.values())

    def _start_web(self, number: int) -> Process:
        return self._installation.start_web(self.ports[number], under=self._under(WEB, number))

    def _start_worker(self, number: int) -> Process:
        return self._installation.start("worker", under=self._under(WORKER, number))

    def _under(self, kind: str, number: int) -> Sequence[str]:
        """Return what runs a command by the version that this process has now."""
        return ("env", f"PYTHONPATH={self._old}") if self._old and self._is_old[kind, number] else ()


def previous_version(folder: Path) -> Path | None:
    """Unpack the program as it was before its newest migration; None outside of a checkout, or of its history."""
    newest = _git("log", "-1", "--format=%H", "--diff-filter=A", "--", MIGRATIONS).decode().strip()
    archive = newest and _git("archive", f"{newest}^", "service")
    if not archive:
        print("no checkout with the history of the last migration: no rolling upgrade", flush=True)
        return None
    folder.mkdir()
    with tarfile.open(fileobj=BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder


def _git(*words: str) -> bytes:
    try:
        return subprocess.run(["git", *words], cwd=CHECKOUT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return b""


def _limit_files(pid: int, size: int) -> None:
    try:
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
    except ProcessLookupError:
        return  # it has ended meanwhile
