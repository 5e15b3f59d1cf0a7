"""The time and processor time that commands take until they do their work."""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from service.store import Store
from tests.bench.databases import migrated, sqlite
from tests.bench.processes import cpu_s
from tests.bench.servers import FLASK, Server, minimal_flask, ours, settings
from tests.processes import Process, free_port, lead_capture

TRIES = 5
POLL_S = 0.005


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds of one start. cpu_s: of the command and all that it started."""

    took_s: float
    cpu_s: float


def measure() -> None:
    """Each start several times on a new database, with files that the machine has read before."""
    starts: dict[str, Callable[[Path], Start]] = {
        "python -c pass": lambda _: _run([sys.executable, "-c", "pass"]),
        "lead-capture --help": lambda _: _run(lead_capture("--help")),
        f"{FLASK}, to the first answer": _start_flask,
        "web, to the first answer": _start_web,
        "worker, to its first entry": _start_worker,
        "up, to the first answer": _start_up,
    }
    print(f"\nStarts: median of {TRIES}, SQLite, 2 web processes\n")
    print(f"{'':32}{'seconds':>9}{'worst':>9}{'CPU s':>9}")
    for name, start in starts.items():
        tries = []
        for _ in range(TRIES):
            with tempfile.TemporaryDirectory() as folder:
                tries.append(start(Path(folder)))
        took, cpu = [each.took_s for each in tries], [each.cpu_s for each in tries]
        print(f"{name:32}{statistics.median(took):9.2f}{max(took):9.2f}{statistics.median(cpu):9.2f}", flush=True)


def _run(command: list[str]) -> Start:
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    took_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Start(took_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _start_flask(_: Path) -> Start:
    with sqlite() as new_database:
        return _start_server(minimal_flask(2, new_database("posts")))


def _start_web(folder: Path) -> Start:
    with sqlite() as new_database:
        return _start_server(ours(2, new_database("leads"), folder))


def _start_server(server: Server) -> Start:
    with _timed(server.command, dict(server.environ)) as wait_until:
        return wait_until(lambda: _answers(server.port))


def _start_worker(folder: Path) -> Start:
    with sqlite() as new_database:
        url = migrated(new_database("leads"))
        store = Store(url)
        with _timed(lead_capture("worker"), settings(url, folder)) as wait_until:
            start = wait_until(lambda: _is_seen(store))
        store.close()
        return start


def _start_up(folder: Path) -> Start:
    port = free_port()
    began = time.perf_counter()
    process = Process(["up", "--port", str(port), "--simulator-port", str(free_port())], os.environ, folder)
    try:
        process.wait_until(lambda: _answers(port), 60, "the first answer")
        return Start(time.perf_counter() - began, cpu_s(process.pid))
    finally:
        process.kill()


WaitUntil = Callable[[Callable[[], bool]], Start]


@contextmanager
def _timed(command: list[str], environ: dict[str, str]) -> Iterator[WaitUntil]:
    """Start a command; yield a function that measures the time until a condition holds."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, **environ}, stderr=subprocess.DEVNULL)

    def wait_until(condition: Callable[[], bool]) -> Start:
        while not condition():
            if process.poll() is not None or time.perf_counter() - began > 60:
                raise RuntimeError(f"{command!r} does not start")
            time.sleep(POLL_S)
        return Start(time.perf_counter() - began, cpu_s(process.pid))

    try:
        yield wait_until
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool:
    """Whether a form post is answered."""
    fields = {"email": "ada@example.com", "name": "Ada Lovelace", "message": "Desks for six?"}
    with suppress(requests.ConnectionError):
        response = requests.post(
            f"http://127.0.0.1:{port}/f/contact", fields, headers={"Accept": "application/json"}, timeout=10
        )
        return response.ok
    return False


def _is_seen(store: Store) -> bool:
    with store.read() as tx:
        return tx.workers.last_seen() is not None
