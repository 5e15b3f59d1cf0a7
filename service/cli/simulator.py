"""`lead-capture simulator`: a Nexudus to practise on."""

import argparse

from service.cli.configuration import number_within, with_port
from service.cli.main import Failed
from service.settings import read_settings

PORT = 8010


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--port."""
    parser.add_argument("--port", type=number_within(1, 65535), help=f"where to listen (PORT, then {PORT})")


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop.

    Raises: Failed.
    """
    from service.simulator.server import serve  # noqa: PLC0415 (only this command pays for it)

    port = with_port(read_settings(), arguments.port, PORT)
    try:
        serve(port)
    except OSError as error:
        raise Failed(f"port {port} cannot be used ({error.strerror}): choose another with --port") from error
    return 0
