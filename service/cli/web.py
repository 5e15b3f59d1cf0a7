"""`lead-capture web`: accepts leads, under gunicorn."""

import argparse
from typing import Any

from service.capture.http.rate_limit import PostCounts
from service.cli.arguments import port_number
from service.cli.configuration import read_configuration, with_port
from service.cli.cores import hooks
from service.settings import Settings

PORT = 8000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--port."""
    parser.add_argument("--port", type=port_number, help=f"where to listen (PORT, then {PORT})")


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped."""
    settings, setup = read_configuration()
    options = server_options(settings, with_port(settings, arguments.port, PORT))
    # Loaded here, so that no other command pays for it, and before the fork, so that web processes share the memory.
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415

    from service.web import create_app  # noqa: PLC0415

    counts = PostCounts()  # before the fork: the web processes share it

    class GunicornApplication(BaseApplication):
        """gunicorn with our options instead of a configuration file."""

        def load_config(self) -> None:
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return create_app(settings, setup, counts)

    GunicornApplication().run()
    return 0


def server_options(settings: Settings, port: int) -> dict[str, Any]:
    """gunicorn's options; deploy/gunicorn.conf.py uses the same."""
    return {
        "bind": f"0.0.0.0:{port}",
        "workers": settings.web_processes,
        "worker_class": "gthread",
        "threads": settings.web_threads,
        "keepalive": 5,
        "timeout": 60,
        "graceful_timeout": 8,
        "loglevel": "warning",
        "control_socket_disable": True,  # it would be one file for all deployments of a user
        **hooks(settings.web_processes),
    }
