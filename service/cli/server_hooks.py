"""gunicorn's hooks: a core for each web process, SIGHUP, the log, and metrics."""

import inspect
import os
import signal
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import structlog

from service.cli.listening import ListenAddress
from service.metrics.folder import MetricsFolder
from service.settings import Settings
from service.setup.current import CurrentSetup, on_hangup

log = structlog.get_logger()

Hooks = dict[str, Callable[..., None]]
"""gunicorn's name of a hook -> the function that it calls."""


def server_hooks(
    settings: Settings, address: ListenAddress, setup: CurrentSetup, folder: MetricsFolder | None
) -> Hooks:
    """Return all hooks. setup: read again at SIGHUP. folder: for the metrics of the web processes."""
    several = (
        core_hooks(settings.web_processes),
        reload_hooks(setup),
        log_hooks(settings, address),
        metrics_hooks(folder),
    )
    names = {name for hooks in several for name in hooks}
    return {name: _chained([hooks[name] for hooks in several if name in hooks]) for name in names}


def _chained(hooks: Sequence[Callable[..., None]]) -> Callable[..., None]:
    def of_server(server: Any) -> None:
        for hook in hooks:
            hook(server)

    def of_process(server: Any, worker: Any) -> None:
        for hook in hooks:
            hook(server, worker)

    return of_server if _count_arguments(hooks[0]) == _count_arguments(of_server) else of_process


def _count_arguments(hook: Callable[..., None]) -> int:
    """Return a hook's number of arguments, which gunicorn checks."""
    return len(inspect.signature(hook).parameters)


# -- a core for each web process, where there are no more cores than processes
#
# A web process runs one of its eight threads at a time, but the kernel spreads them over the cores. Then each switch of
# threads moves to another core, which has cold caches.


def choose_core(cores: Collection[int], taken: Iterable[int]) -> int:
    """Return the core with the fewest users, and of several the lowest."""
    users = Counter(taken)
    return min(cores, key=lambda core: (users[core], core))


def core_hooks(processes: int) -> Hooks:
    """Return hooks that keep each process on one core; none if there are more cores than processes.

    Then another program may be busy on that very core, which only the kernel knows.
    """
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()  # Linux
    if not 2 <= len(cores) <= processes:  # noqa: PLR2004 (one core leaves no choice)
        return {}

    def pre_fork(server: Any, worker: Any) -> None:
        worker.core = choose_core(cores, [sibling.core for sibling in server.WORKERS.values()])

    def post_fork(_server: Any, worker: Any) -> None:
        os.sched_setaffinity(0, {worker.core})

    return {"pre_fork": pre_fork, "post_fork": post_fork}


# -- SIGHUP: read the forms file again
#
# gunicorn would start all web processes anew, which closes the connections that browsers keep open.


def reload_hooks(setup: CurrentSetup) -> Hooks:
    """Return hooks that make SIGHUP, to the parent or to any web process, a request to read the set-up again."""

    def when_ready(_server: Any) -> None:
        on_hangup(setup.request, lambda: os.kill(os.getpid(), signal.SIGTERM))

    def post_worker_init(_worker: Any) -> None:
        signal.signal(signal.SIGHUP, lambda *_: setup.request())

    return {"when_ready": when_ready, "post_worker_init": post_worker_init}


# -- the log


def log_hooks(settings: Settings, address: ListenAddress) -> Hooks:
    """Return hooks that log gunicorn's start and its end."""

    def when_ready(_server: Any) -> None:
        from service.version import VERSION

        size = {"processes": settings.web_processes, "threads": settings.web_threads}
        log.info("web_started", address=str(address), version=VERSION, **size)

    def on_exit(_server: Any) -> None:
        log.info("web_stopped", address=str(address))

    return {"when_ready": when_ready, "on_exit": on_exit}


# -- metrics


def metrics_hooks(folder: MetricsFolder | None) -> Hooks:
    """Return hooks that keep the counts of web processes beyond their end."""
    if folder is None:
        return {}

    def post_fork(_server: Any, _worker: Any) -> None:
        folder.reserve()

    def post_worker_init(worker: Any) -> None:
        from service.metrics.web import METRICS

        worker.wsgi.extensions[METRICS].follow(worker.refused)

    def child_exit(_server: Any, worker: Any) -> None:
        try:
            folder.retire(worker.pid)
        except OSError as error:  # leads are still accepted
            log.error("metrics_lost", why=error.strerror)

    def on_exit(_server: Any) -> None:
        folder.remove()

    return {"post_fork": post_fork, "post_worker_init": post_worker_init, "child_exit": child_exit, "on_exit": on_exit}
