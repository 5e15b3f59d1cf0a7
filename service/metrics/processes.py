"""The kernel's figures about our processes: processor time, memory, open files, start."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """The usage of one process, or of several together.

    cpu_s: processor seconds so far. memory_bytes: resident; shared memory counts in each process. open_files:
    descriptors; of several processes the greatest number, because the limit applies to each. started_at: of the first
    process, in unix seconds.
    """

    cpu_s: float
    memory_bytes: int
    open_files: int
    started_at: float


def usage_of(process_id: int, *, with_ended_children: bool = False) -> ProcessUsage | None:
    """Return the usage of a process, None if it is unknown: the process has ended, or this is not Linux.

    with_ended_children: add the processor time of children that have ended.
    """
    folder = _PROC / str(process_id)
    try:
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        open_files = sum(1 for _ in (folder / "fd").iterdir())
    except OSError:
        return None
    ticks = sum(map(int, fields[11 : 15 if with_ended_children else 13]))  # utime stime cutime cstime
    ticks_per_s = os.sysconf("SC_CLK_TCK")
    return ProcessUsage(
        cpu_s=ticks / ticks_per_s,
        memory_bytes=int(fields[21]) * os.sysconf("SC_PAGE_SIZE"),
        open_files=open_files,
        started_at=_boot_time() + int(fields[19]) / ticks_per_s,
    )


def _boot_time() -> float:
    lines = (_PROC / "stat").read_text().splitlines()
    return next((float(line.split()[1]) for line in lines if line.startswith("btime ")), 0.0)


def web_usage(parent_id: int | None, process_ids: Iterable[int]) -> ProcessUsage | None:
    """Return the usage of all web processes of this host together.

    parent_id: gunicorn's own process; None where there is none. The processor time of an ended process stays in the
    sum, because its parent has it.
    """
    parent = None if parent_id is None else usage_of(parent_id, with_ended_children=True)
    usages = [usage for usage in (parent, *map(usage_of, process_ids)) if usage is not None]
    if not usages:
        return None
    return ProcessUsage(
        sum(usage.cpu_s for usage in usages),
        sum(usage.memory_bytes for usage in usages),
        max(usage.open_files for usage in usages),
        min(usage.started_at for usage in usages),
    )
