"""Pins each web process to a core, where there are no more cores than processes.

A web process runs one of its eight threads at a time, but the kernel spreads them over the cores. Then each switch of
threads moves to another core, which has cold caches.
"""

import os
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any


def choose_core(cores: Collection[int], taken: Iterable[int]) -> int:
    """The core with the fewest users, and of several the lowest."""
    users = Counter(taken)
    return min(cores, key=lambda core: (users[core], core))


def hooks(processes: int) -> dict[str, Any]:
    """gunicorn's hooks that keep each process on one core; none where there are more cores than processes.

    There another program may be busy on that very core, which only the kernel knows.
    """
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()  # Linux
    if not 2 <= len(cores) <= processes:  # noqa: PLR2004 (one core leaves no choice)
        return {}

    def pre_fork(server: Any, worker: Any) -> None:
        worker.core = choose_core(cores, [sibling.core for sibling in server.WORKERS.values()])

    def post_fork(_server: Any, worker: Any) -> None:
        os.sched_setaffinity(0, {worker.core})

    return {"pre_fork": pre_fork, "post_fork": post_fork}
