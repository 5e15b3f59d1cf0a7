"""A core for each web process, where there are no more cores than processes.

A web process runs one thread at a time, whatever it may. The kernel sees eight that wait for each other, and spreads
them: then every handing over goes from core to core, and finds the caches of the other one cold.
"""

import os
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any


def choose_core(cores: Collection[int], taken: Iterable[int]) -> int:
    """The core that fewest have, the lowest of several."""
    users = Counter(taken)
    return min(cores, key=lambda core: (users[core], core))


def hooks(processes: int) -> dict[str, Any]:
    """gunicorn's hooks that keep each process on one core; none where the kernel has cores to choose from.

    On a larger machine others may be busy on just that core, and only the kernel knows.
    """
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()  # Linux
    if not 2 <= len(cores) <= processes:  # noqa: PLR2004 (of one there is no choice)
        return {}

    def pre_fork(server: Any, worker: Any) -> None:
        worker.core = choose_core(cores, [sibling.core for sibling in server.WORKERS.values()])

    def post_fork(_server: Any, worker: Any) -> None:
        os.sched_setaffinity(0, {worker.core})

    return {"pre_fork": pre_fork, "post_fork": post_fork}
