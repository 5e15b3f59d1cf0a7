"""`lead-capture worker`: delivers what is owed."""

import argparse

from service.cli.installation import open_installation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001 (every command's signature)
    """Deliver until told to stop."""
    from service.worker import run as work  # noqa: PLC0415 (only this command pays for it)

    installation = open_installation(alerts=True)
    work(installation.settings, installation.setup, installation.store)
    return 0
