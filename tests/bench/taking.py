"""Taking leads: form posts a second, durable, beside a no-op and the two applications that a newcomer would write."""

import os
import statistics
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from tests.bench import outside
from tests.bench.databases import ENGINES, Databases, sqlite
from tests.bench.load import Load
from tests.bench.processes import resident_mb, running
from tests.bench.servers import FASTAPI, FLASK, NOOP, OURS, all_servers, ours, settings
from tests.processes import lead_capture

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = 2.0
WARM_S = 2.0
CLIENTS = 16
PROCESSES = (1, 2, 4)

MAX_P99 = 1 / 4
"""Aim for the slowest answer of a hundred, as a share of each minimal application's."""

MAX_MEMORY_MB = 180
"""Aim: web and worker together."""


def measure() -> None:
    """Interleaved rounds for each engine and number of processes; the medians and the ratios."""
    print(f"\nTaking leads: {CLIENTS} clients of {outside.generator()}, median of {ROUNDS} rounds of {SECONDS:g} s")
    print("x ours: how many times as long as Lead Capture the slowest answer of a hundred takes")
    for engine, databases in ENGINES.items():
        with databases() as new_database:
            for processes in PROCESSES:
                _show(f"{engine}, processes: {processes}", _rounds(processes, new_database))
    _show_memory()


def _rounds(processes: int, new_database: Databases) -> dict[str, list[Load]]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as started:
        servers = all_servers(processes, new_database, Path(folder))
        for server in servers.values():
            started.enter_context(server.running())
            outside.load(server.port, WARM_S, CLIENTS, "warm")
        loads: dict[str, list[Load]] = {name: [] for name in servers}
        for number in range(ROUNDS):
            for name, server in servers.items():
                loads[name].append(outside.load(server.port, SECONDS, CLIENTS, f"round{number}"))
    return loads


def _show(title: str, loads: Mapping[str, list[Load]]) -> None:
    rate = {name: _median(each, "per_second") for name, each in loads.items()}
    p99 = {name: _median(each, "p99_s") for name, each in loads.items()}
    print(f"\n{title:28}{'posts/s':>9}{'of no-op':>10}{'p50 ms':>9}{'p99 ms':>9}{'x ours':>8}{'failed':>8}")
    for name, each in loads.items():
        p50, failed = _median(each, "p50_s"), sum(load.failed for load in each)
        print(
            f"{name:28}{rate[name]:9.0f}{rate[name] / rate[NOOP]:10.2f}{p50 * 1000:9.1f}{p99[name] * 1000:9.1f}"
            f"{p99[name] / p99[OURS]:8.1f}{failed:8}",
            flush=True,
        )
    missed = [f"p99 beside {name}" for name in (FLASK, FASTAPI) if p99[OURS] > p99[name] * MAX_P99]
    missed += ["posts/s beside minimal Flask"] if rate[OURS] < rate[FLASK] else []
    print(f"aims missed: {', '.join(missed) or 'none'}", flush=True)


def _show_memory() -> None:
    """Print the memory of web and worker as installed, after a load."""
    with sqlite() as new_database, tempfile.TemporaryDirectory() as folder:
        server = ours(2, new_database("leads"), Path(folder))
        with (
            server.running() as web,
            running(lead_capture("worker"), settings(new_database("leads"), Path(folder))) as worker,
        ):
            outside.load(server.port, SECONDS, CLIENTS, "memory")
            time.sleep(4)  # until the worker has claimed and tried
            used = {"web": resident_mb(web.pid), "worker": resident_mb(worker.pid)}
    whole = sum(used.values())
    aim = f"at most {MAX_MEMORY_MB}: {'met' if whole <= MAX_MEMORY_MB else 'missed'}"
    print(f"\nMemory: web {used['web']:.0f} MB, worker {used['worker']:.0f} MB, together {whole:.0f} MB ({aim})")


def _median(loads: list[Load], figure: str) -> float:
    return float(statistics.median(getattr(load, figure) for load in loads))
