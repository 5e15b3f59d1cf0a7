"""Which worker this is, and whether another one of this host is gone."""

import os
import socket
from pathlib import Path


def worker_name() -> str:
    """host / boot / pid namespace / pid / start: no other process, now or later, has the same."""
    return "/".join((*_host(), str(os.getpid()), _started(os.getpid())))


def is_gone(name: str) -> bool:
    """Whether the worker of that name has ended. False where it cannot be known: another host, or container."""
    *host, pid, started = ["", *name.split("/")][-5:]
    return tuple(host) == _host() and _started(int(pid)) != started


def _host() -> tuple[str, str, str]:
    """Where our process ids mean what they say. Host names alone do not tell machines apart: clones share theirs."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        namespace = Path("/proc/self/ns/pid").readlink().name
    except OSError:  # not Linux
        boot = namespace = "-"
    return socket.gethostname().replace("/", "-"), boot, namespace


def _started(pid: int) -> str:
    """When a process began, in clock ticks since boot; "" when there is none. Source: proc(5), field 22."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "" if not _alive(pid) else "-"
    return "" if fields[0] == "Z" else fields[19]


def _alive(pid: int) -> bool:
    """Where there is no /proc."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
