"""`make bench`: all measurements, or those named; each is a file of this folder with `measure()`.

A run of all measurements writes docs/figures.md.
"""

import io
import os
import platform
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TextIO

from service import clock

MEASUREMENTS = {
    "taking": "Form posts",
    "form_post": "One form post in process",
    "speed_to_crm": "From response to opportunity",
    "attributing": "Attribution",
    "delivering": "Delivery at the documented limits",
    "claiming": "Claiming a lead",
    "exporting": "Exports",
    "importing": "Imports",
    "webhooks": "Webhooks",
    "pages": "Pages beside a million leads",
    "counting": "Daily counts",
}
"""Name of a measurement -> its heading in docs/figures.md."""

FIGURES = Path(__file__).parents[2] / "docs" / "figures.md"

HEAD = """# Figures

`make bench` measures on your machine and writes this page; `make soak` causes faults for
[half an hour](soak.md). What matters are the ratios against a yardstick of the same run: an endpoint that does nothing,
and the simplest program that keeps a lead. The load is made on the same machine.

Measured on {date} on {cores} cores, Python {python}.
"""


class Tee(io.StringIO):
    """Keeps what is printed, and prints it."""

    def __init__(self, terminal: TextIO) -> None:
        """terminal: where it is also printed."""
        super().__init__()
        self._terminal = terminal

    def write(self, text: str) -> int:
        """Print and keep `text`."""
        self._terminal.write(text)
        self._terminal.flush()
        return super().write(text)


def main(names: list[str]) -> None:
    """Run the measurements named, or all of them."""
    sections = {name: _measured(name) for name in names or MEASUREMENTS}
    if not names:
        FIGURES.write_text(_page(sections, clock.now()), encoding="utf-8")


def _measured(name: str) -> str:
    """What one measurement prints."""
    with redirect_stdout(Tee(sys.stdout)) as printed:
        import_module(f"tests.bench.{name}").measure()
    return printed.getvalue().strip("\n")


def _page(sections: dict[str, str], now: datetime) -> str:
    head = HEAD.format(
        date=now.astimezone(UTC).strftime("%-d %B %Y"), cores=os.cpu_count(), python=platform.python_version()
    )
    return head + "".join(f"\n## {MEASUREMENTS[name]}\n\n```\n{text}\n```\n" for name, text in sections.items())


main(sys.argv[1:])
