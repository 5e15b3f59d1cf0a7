"""What commands share when they print: JSON, counts, safe text and a progress bar."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def print_json(value: object) -> None:
    """Print it indented, for people as well as for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def counted(number: int, noun: str) -> str:
    """ "1 lead", "2,000 leads"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def printable(text: str) -> str:
    """A stranger's text on one line, without the characters that would control a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


@contextmanager
def progress_bar(description: str, total: float) -> Iterator[Callable[[float, str], None]]:
    """A bar on the standard error while the block runs, on a terminal only.

    Yields the function that updates it: how much of `total` is done, and the new description.
    """
    from rich.console import Console  # noqa: PLC0415 (most commands show no bar)
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(description, total=total)
        yield lambda done, text: progress.update(task, completed=done, description=text)
