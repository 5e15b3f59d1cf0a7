"""`lead-capture simulator`: the simulated Nexudus, which needs neither a database nor a forms file."""

import argparse

from service.cli import listening
from service.cli.listening import LOOPBACK, ListenAddress, listen_address
from service.cli.main import loading
from service.settings import read_settings

SIMULATOR_ADDRESS = ListenAddress(LOOPBACK, 8010)
"""Default address: only this machine reaches it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--host and --port."""
    listening.add_arguments(parser, SIMULATOR_ADDRESS)


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped.

    Raises: Failed.
    """
    with loading():
        from service.simulator.server import serve

    address = listen_address(read_settings(), SIMULATOR_ADDRESS, arguments)
    try:
        serve(address.port, address.host)
    except OSError as error:
        raise address.unusable(error) from error
    return 0
