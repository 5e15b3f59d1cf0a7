"""`lead-capture simulator`: a stand-in for Nexudus to practise on."""

import argparse

from service.cli.arguments import port_number
from service.cli.configuration import with_port
from service.cli.main import Failed
from service.settings import read_settings

PORT = 8010


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--port."""
    parser.add_argument("--port", type=port_number, help=f"where to listen (PORT, then {PORT})")


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped.

    Raises: Failed.
    """
    from service.simulator.server import serve  # noqa: PLC0415 (only this command pays for it)

    port = with_port(read_settings(), arguments.port, PORT)
    try:
        serve(port)
    except OSError as error:
        raise Failed(f"port {port} cannot be used ({error.strerror}): choose another with --port") from error
    return 0
