"""`lead-capture worker`: delivers what is owed."""

import argparse

from service.cli.opened import open_house


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001 (every command's signature)
    """Deliver until told to stop."""
    from service.worker import run as work  # noqa: PLC0415 (only this command pays for it)

    house = open_house(alerts=True)
    work(house.settings, house.setup, house.store)
    return 0
