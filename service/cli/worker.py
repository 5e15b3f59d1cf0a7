"""`lead-capture worker`: fetches and delivers leads."""

import argparse

from service.cli.installation import open_installation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001 (every command's signature)
    """Deliver until stopped."""
    from service.worker import run as work  # noqa: PLC0415 (only this command pays for it)

    installation = open_installation(alerts=True)
    work(installation.settings, installation.setup, installation.store)
    return 0
