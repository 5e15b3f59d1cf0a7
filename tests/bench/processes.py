"""Starts the measured programs, and reads their usage from the kernel. Linux only."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.processes import family


@contextmanager
def running(command: list[str], env: Mapping[str, str], port: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process, from the moment its port answers until the block ends."""
    process = subprocess.Popen(command, env={**os.environ, **env}, stderr=subprocess.DEVNULL)
    try:
        if port is not None:
            _wait_for(port, process)
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            time.sleep(0.5)  # the second web process may still be starting
            return
    raise RuntimeError(f"{process.args!r} does not listen")


def gunicorn(factory: str, port: int, *more: str) -> list[str]:
    """Return the command of the server for every yardstick: two processes of eight threads."""
    options = ["-k", "gthread", "-w", "2", "--threads", "8", "--keep-alive", "5", "--log-level", "warning"]
    return [sys.executable, "-m", "gunicorn", *options, *more, "-b", f"127.0.0.1:{port}", factory]


def resident_mb(pid: int) -> float:
    """Resident memory of a process and all of its descendants; shared pages count once (PSS)."""
    return sum(_share_kb(member) for member in family(pid)) / 1024


def _share_kb(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)


def cpu_s(pid: int) -> float:
    """Seconds of processor time that a process and all of its descendants have used."""
    ticks = 0
    for member in family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
