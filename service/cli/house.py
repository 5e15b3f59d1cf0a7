"""What every command reads first: settings and forms file."""

import argparse
import os
from collections.abc import Callable, Mapping

from service import logs
from service.forms import Setup, read_setup
from service.settings import Settings, lookup, read_settings


def read_house(environ: Mapping[str, str] = os.environ) -> tuple[Settings, Setup]:
    """Settings and forms file, checked; logging configured.

    Raises: SettingsProblems, SetupProblems.
    """
    settings = read_settings(environ)
    logs.configure(settings.log_format, settings.log_level)
    return settings, read_setup(settings.forms_file, lambda name: lookup(name, environ))


def number_within(least: int, most: int) -> Callable[[str], int]:
    """How argparse reads a number: outside these bounds it is wrong usage."""

    def number(text: str) -> int:
        if not (text.isdecimal() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} to {most}")
        return int(text)

    return number


def with_port(settings: Settings, port: int | None, default: int) -> int:
    """--port, else PORT, else the command's own."""
    return port or settings.port or default
