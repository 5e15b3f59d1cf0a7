"""Arguments and output of commands: numbers, instants and pairs; JSON, counts, safe text, progress.

A wrong argument is wrong usage.
"""

import argparse
import json
import os
import pwd
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from service.actors import Actor, terminal
from service.cli.commands import Failed
from service.settings.values import read_duration


def number_within(least: int, most: int) -> Callable[[str], int]:
    """Return an argument type for whole numbers from `least` to `most`."""

    def number(text: str) -> int:
        if not (text.isdecimal() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most}")
        return int(text)

    return number


port_number = number_within(1, 65535)
"""Argument type of a port number."""


def instant(text: str) -> datetime:
    """Parse a date or time in ISO 8601; without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-11-01") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def time_span(text: str) -> float:
    """Parse a time span such as 30s, 5m or 1h, in seconds."""
    try:
        return read_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time span: write a number and s, m, h or d") from error


def pair(text: str) -> tuple[str, str]:
    """Parse one answer, NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r}: write NAME=VALUE")
    return name.strip(), value


def add_accounts_argument(parser: argparse.ArgumentParser) -> None:
    """--account, which may be repeated; see chosen_accounts."""
    parser.add_argument("--account", action="append", metavar="A", help="only this account; repeat it for more")


def chosen_accounts(arguments: argparse.Namespace) -> frozenset[str] | None:
    """Return the accounts of --account; None for all."""
    return None if arguments.account is None else frozenset(arguments.account)


def add_period_arguments(parser: argparse.ArgumentParser) -> None:
    """--since and --until of a report."""
    parser.add_argument("--since", type=instant, help="received at or after, e.g. 2026-11-01 (30 days ago)")
    parser.add_argument("--until", type=instant, help="received before (now)")


def check_period(since: datetime | None, until: datetime | None) -> None:
    """Raise Failed if a period ends before it begins."""
    if since and until and since >= until:
        raise Failed("the period is empty: --since must lie before --until")


def operator() -> Actor:
    """Return the actor at this terminal, named by user and host in the record of acts."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = str(os.getuid())
    return terminal(f"{user}@{socket.gethostname()}")


# -- output


def print_json(value: object) -> None:
    """Print a value as indented JSON, for people as well as for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 lead`, `2,000 leads`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed_accounts(accounts: frozenset[str] | None) -> str:
    """Return the accounts of a person or a key; None for all."""
    return "all accounts" if accounts is None else ", ".join(sorted(accounts))


def printable(text: str) -> str:
    """Return a stranger's text on one line, without the characters that would control a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


@contextmanager
def progress_bar(description: str, total: float) -> Iterator[Callable[[float, str], None]]:
    """Show a progress bar on the standard error while the block runs, on a terminal only.

    Yields the function that updates it: how much of `total` is done, and the new description.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(description, total=total)
        yield lambda done, text: progress.update(task, completed=done, description=text)
