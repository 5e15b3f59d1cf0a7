"""`lead-capture web`, `worker` and `simulator`: the processes of an installation, each serving until it is stopped."""

import argparse
import os
import signal
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from service import clock
from service.cli import listening
from service.cli.configuration import read_configuration
from service.cli.listening import EVERYWHERE, LOOPBACK, ListenAddress, listen_address
from service.cli.main import loading
from service.rate_limit import PostCounts
from service.server.limits import ServerLimits
from service.settings import Settings, lookup, read_settings
from service.setup.current import CurrentSetup
from service.setup.hangup import on_hangup
from service.setup.reading import follow_forms_file

WEB_ADDRESS, SIMULATOR_ADDRESS = ListenAddress(EVERYWHERE, 8000), ListenAddress(LOOPBACK, 8010)
"""Where they listen unless something is set: the proxy of `web` may be another machine."""

MAX_CONNECTIONS = 1500
"""Of one web process at a time: more than may wait for a thread, so that others can always be dropped."""

HEALTH_PATH = "/healthz"
"""Answered by a thread of its own, while all others are busy."""

# -- web: accepts leads, under gunicorn


def add_web_arguments(parser: argparse.ArgumentParser) -> None:
    """--host and --port."""
    listening.add_arguments(parser, WEB_ADDRESS)


def run_web(arguments: argparse.Namespace) -> int:
    """Serve until stopped."""
    settings, read = read_configuration()
    # Before the fork: the web processes share its memory, and one that is replaced goes on with what they took up.
    setup = follow_forms_file(settings, read, lookup, clock.now())
    address = listen_address(settings, WEB_ADDRESS, arguments)
    # Loaded here, so that no other command pays for it, and before the fork, so that web processes share the memory.
    with loading():
        from gunicorn.app.base import BaseApplication  # noqa: PLC0415

        from service.web import start_app  # noqa: PLC0415

        options = server_options(settings, address) | reload_hooks(setup)

    counts = PostCounts()  # before the fork: the web processes share it

    class GunicornApplication(BaseApplication):
        """gunicorn with our options instead of a configuration file."""

        def load_config(self) -> None:
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return start_app(settings, setup, counts)

    GunicornApplication().run()
    return 0


def server_options(settings: Settings, address: ListenAddress) -> dict[str, Any]:
    """gunicorn's options; deploy/gunicorn.conf.py uses the same."""
    from service.server.worker import buffering_worker  # noqa: PLC0415 (it loads gunicorn)

    return {
        "bind": str(address),
        "workers": settings.web_processes,
        "worker_class": buffering_worker(server_limits(settings)),
        "worker_connections": MAX_CONNECTIONS,
        "threads": settings.web_threads,
        "keepalive": 5,
        "timeout": 60,
        "graceful_timeout": 8,
        "loglevel": "warning",
        "control_socket_disable": True,  # it would be one file for all deployments of a user
        **core_hooks(settings.web_processes),
    }


# -- SIGHUP: read the forms file again
#
# gunicorn would start all web processes anew, which closes the connections that browsers keep open.


def reload_hooks(setup: CurrentSetup) -> dict[str, Any]:
    """gunicorn's hooks that make SIGHUP, to the parent or to any web process, a request to read the set-up again."""

    def when_ready(_server: Any) -> None:
        on_hangup(setup.request, lambda: os.kill(os.getpid(), signal.SIGTERM))

    def post_worker_init(_worker: Any) -> None:
        signal.signal(signal.SIGHUP, lambda *_: setup.request())

    return {"when_ready": when_ready, "post_worker_init": post_worker_init}


def server_limits(settings: Settings) -> ServerLimits:
    """Behind a proxy all connections come from one address, which is therefore not limited."""
    per_address = None if settings.trusted_proxies else ServerLimits().per_address
    return ServerLimits(per_address=per_address, express_paths=frozenset({HEALTH_PATH}))


# -- a core for each web process, where there are no more cores than processes
#
# A web process runs one of its eight threads at a time, but the kernel spreads them over the cores. Then each switch of
# threads moves to another core, which has cold caches.


def choose_core(cores: Collection[int], taken: Iterable[int]) -> int:
    """The core with the fewest users, and of several the lowest."""
    users = Counter(taken)
    return min(cores, key=lambda core: (users[core], core))


def core_hooks(processes: int) -> dict[str, Any]:
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


# -- worker: fetches and delivers leads


def add_worker_arguments(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def run_worker(arguments: argparse.Namespace) -> int:  # noqa: ARG001 (every command's signature)
    """Deliver until stopped."""
    # Loaded here: the parent of the web processes needs neither.
    with loading():
        from service.cli.installation import open_installation  # noqa: PLC0415
        from service.worker import run as work  # noqa: PLC0415

    installation = open_installation(alerts=True)
    try:
        settings = installation.settings
        work(settings, follow_forms_file(settings, installation.setup, lookup, clock.now()), installation.store)
    finally:
        installation.store.close()
    return 0


# -- simulator: a stand-in for Nexudus to practise on


def add_simulator_arguments(parser: argparse.ArgumentParser) -> None:
    """--host and --port."""
    listening.add_arguments(parser, SIMULATOR_ADDRESS)


def run_simulator(arguments: argparse.Namespace) -> int:
    """Serve until stopped.

    Raises: Failed.
    """
    with loading():
        from service.simulator.server import serve  # noqa: PLC0415 (only this command pays for it)

    address = listen_address(read_settings(), SIMULATOR_ADDRESS, arguments)
    try:
        serve(address.port, address.host)
    except OSError as error:
        raise address.unusable(error) from error
    return 0
