"""`lead-capture web` and `worker`: the two processes of an installation, each serving until it is stopped."""

import argparse
from typing import Any

from service import clock
from service.cli import listening
from service.cli.commands import Failed
from service.cli.configuration import read_configuration
from service.cli.listening import EVERYWHERE, ListenAddress, listen_address
from service.cli.main import load_without, loading
from service.cli.server_hooks import server_hooks
from service.metrics.folder import metrics_folder
from service.rate_limit import PostCounts
from service.server.limits import ServerLimits
from service.settings import Settings, lookup
from service.setup.reading import follow_setup

WEB_ADDRESS = ListenAddress(EVERYWHERE, 8000)
"""The default address of `web`: its proxy may be another machine."""

MAX_CONNECTIONS = 1500
"""Open connections of one web process: more than may wait for a thread, so that others can always be dropped."""

HEALTH_PATH = "/healthz"
"""Path answered by a thread of its own, even while all others are busy."""

# -- web: accepts leads, under gunicorn


def add_web_arguments(parser: argparse.ArgumentParser) -> None:
    """--host and --port."""
    listening.add_arguments(parser, WEB_ADDRESS)


def run_web(arguments: argparse.Namespace) -> int:
    """Serve until stopped."""
    settings, read = read_configuration()
    address = listen_address(settings, WEB_ADDRESS, arguments)
    folder = metrics_folder()
    # Loaded here, so that no other command pays for it, and before the fork, so that web processes share the memory.
    with loading():
        from gunicorn.app.base import BaseApplication

        from service.cli.installation import database_problem, in_force_before_fork
        from service.web import prepare_app

        # Before the fork: the web processes share its memory, and a replacement starts with the version they took up.
        read = in_force_before_fork(settings, read)
        setup = follow_setup(settings, read, lookup, clock.now())
        options = server_options(settings, address) | server_hooks(settings, address, setup, folder)
        try:
            start = prepare_app(settings, setup, PostCounts(), folder)
        except OSError as error:
            raise Failed(database_problem(error)) from error

    class GunicornApplication(BaseApplication):
        """gunicorn with our options instead of a configuration file."""

        def load_config(self) -> None:
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return start()

    GunicornApplication().run()
    return 0


def server_options(settings: Settings, address: ListenAddress) -> dict[str, Any]:
    """gunicorn's options; deploy/gunicorn.conf.py uses the same."""
    from service.server.worker import buffering_worker

    return {
        "bind": str(address),
        "workers": settings.web_processes,
        "worker_class": buffering_worker(server_limits(settings)),
        "worker_connections": MAX_CONNECTIONS,
        "threads": settings.web_threads,
        "keepalive": 5,
        "timeout": 60,
        "graceful_timeout": 8,
        "loglevel": settings.log_level,
        "logger_class": "service.cli.gunicorn_log.StructuredLogger",
        "control_socket_disable": True,  # it would be one file for all deployments of a user
    }


def server_limits(settings: Settings) -> ServerLimits:
    """Return the limits of a web process. Behind a proxy all connections have one address, which is not limited."""
    per_address = None if settings.trusted_proxies else ServerLimits().per_address
    return ServerLimits(per_address=per_address, express_paths=frozenset({HEALTH_PATH}))


# -- worker: fetches and delivers leads


def add_worker_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing."""


def run_worker(arguments: argparse.Namespace) -> int:  # noqa: ARG001 (every command's signature)
    """Deliver until stopped."""
    # Loaded here: the parent of the web processes needs neither.
    with loading():
        from service.cli.installation import open_installation
        from service.worker import run as work

        load_without("requests", "charset_normalizer")  # which guesses encodings: 2 MB, and we read bytes

    with open_installation(alerts=True) as installation:
        settings = installation.settings
        work(
            settings,
            follow_setup(settings, installation.setup, lookup, clock.now(), installation.store),
            installation.store,
        )
    return 0
