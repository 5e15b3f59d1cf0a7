"""How argparse reads numbers, instants and NAME=VALUE pairs; a wrong one is wrong usage."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime


def number_within(least: int, most: int) -> Callable[[str], int]:
    """A type for whole numbers from `least` to `most`."""

    def number(text: str) -> int:
        if not (text.isdecimal() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most}")
        return int(text)

    return number


port_number = number_within(1, 65535)
"""The type of a port number."""


def instant(text: str) -> datetime:
    """A date or time in ISO 8601; without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-11-01") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def pair(text: str) -> tuple[str, str]:
    """One answer, as NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r}: write NAME=VALUE")
    return name.strip(), value
