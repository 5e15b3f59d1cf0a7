"""Taking leads: form posts a second, durable, beside a no-op and a minimal app under the same server."""

import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.bench.load import Load, post_for
from tests.bench.processes import gunicorn, resident_mb, running
from tests.processes import contact_forms_file, free_port, lead_capture

ROUNDS = 5
SECONDS = 4.0
CLIENTS = 16


def measure() -> None:
    """Interleaved rounds; the medians and the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        loads_by_server, memory = _rounds(Path(folder))
    noop = _median(loads_by_server["no-op"], "per_second")
    print(f"\nTaking leads: {CLIENTS} clients, 2 web processes of 8 threads, SQLite, median of {ROUNDS} rounds\n")
    print(f"{'':22}{'posts/s':>9}{'of no-op':>10}{'p50 ms':>9}{'p99 ms':>9}{'failed':>8}")
    for name, loads in loads_by_server.items():
        rate = _median(loads, "per_second")
        p50, p99 = _median(loads, "p50_s") * 1000, _median(loads, "p99_s") * 1000
        failed = sum(load.failed for load in loads)
        print(f"{name:22}{rate:9.0f}{rate / noop:10.2f}{p50:9.1f}{p99:9.1f}{failed:8}")
    print(f"\nMemory: web {memory['web']:.0f} MB, worker {memory['worker']:.0f} MB")


def _rounds(folder: Path) -> tuple[dict[str, list[Load]], Mapping[str, float]]:
    ports = {name: free_port() for name in ("no-op", "no-op, a core each", "minimal Flask+sqlite3", "Lead Capture")}
    ours = {
        "DATABASE_URL": f"sqlite:///{folder / 'leads.db'}",
        "FORMS_FILE": contact_forms_file(folder),
        "SUBMIT_LIMIT": "off",
        "NEXUDUS_BASE_URL": "http://127.0.0.1:9",
        "NEXUDUS_TOKEN": "bench",
        "LOG_LEVEL": "info",
        "LOG_FORMAT": "json",
    }
    with running(lead_capture("migrate"), ours) as migration:
        migration.wait(30)
    with (
        running(gunicorn("tests.bench.yardsticks:create_noop()", ports["no-op"]), {}, ports["no-op"]),
        running(
            gunicorn(
                "tests.bench.yardsticks:create_noop()", ports["no-op, a core each"], "-c", "python:tests.bench.cores"
            ),
            {},
            ports["no-op, a core each"],
        ),
        running(
            gunicorn("tests.bench.yardsticks:create_minimal()", ports["minimal Flask+sqlite3"]),
            {"BENCH_DATABASE": str(folder / "minimal.db")},
            ports["minimal Flask+sqlite3"],
        ),
        running(lead_capture("web", "--port", str(ports["Lead Capture"])), ours, ports["Lead Capture"]) as web,
    ):
        loads_by_server: dict[str, list[Load]] = {name: [] for name in ports}
        for number in range(ROUNDS):
            for name, port in ports.items():
                post_for(port, 0.5, CLIENTS, f"warm{number}")
                loads_by_server[name].append(post_for(port, SECONDS, CLIENTS, f"round{number}"))
        with running(lead_capture("worker"), ours) as worker:
            time.sleep(4)  # until it has claimed and tried
            memory = {"web": resident_mb(web.pid), "worker": resident_mb(worker.pid)}
    return loads_by_server, memory


def _median(loads: list[Load], figure: str) -> float:
    return float(statistics.median(getattr(load, figure) for load in loads))
