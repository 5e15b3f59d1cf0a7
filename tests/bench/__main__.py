"""`make bench`: all measurements, or those named; each is a file of this folder with `measure()`.

Each replaces its section of docs/figures.md. Those that take an hour and 30 GB run only with --huge, or by name.
"""

import argparse
import io
import os
import platform
import re
import sys
from contextlib import redirect_stdout
from datetime import UTC
from importlib import import_module
from pathlib import Path
from typing import TextIO

from service import clock

MEASUREMENTS = {
    "taking": "Form posts",
    "bursting": "A burst",
    "starting": "Starts",
    "form_post": "One form post in process",
    "speed_to_crm": "From response to opportunity",
    "attributing": "Attribution",
    "delivering": "Delivery at the documented limits",
    "claiming": "Claiming a lead",
    "exporting": "Exports",
    "importing": "Imports",
    "webhooks": "Webhooks",
    "growing": "A million leads",
    "pages": "Pages and reports beside a million leads",
    "counting": "Daily counts",
    "huge": "Ten million leads",
}
"""Name of a measurement -> its heading in docs/figures.md."""

HUGE = frozenset({"huge"})
"""Measurements that run only on request."""

FIGURES = Path(__file__).parents[2] / "docs" / "figures.md"

SECTION = """## {heading}

Measured on {date} on {cores} cores ({processor}, {memory} GB, Linux {kernel}), Python {python}.
Load {before} before and {after} after it.

```
{text}
```

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


def main(words: list[str]) -> None:
    """Run the measurements named, or all of them; each is written to the page as soon as it is done."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    parser.add_argument("--huge", action="store_true", help="also those that take an hour and 30 GB of disk")
    arguments = parser.parse_args(words)
    for name in arguments.names or [name for name in MEASUREMENTS if arguments.huge or name not in HUGE]:
        before = os.getloadavg()[0]
        text = _measured(name)
        page = FIGURES.read_text(encoding="utf-8")
        section = with_section(page, MEASUREMENTS[name], text, (before, os.getloadavg()[0]))
        FIGURES.write_text(section, encoding="utf-8")


def _measured(name: str) -> str:
    """The output of one measurement."""
    with redirect_stdout(Tee(sys.stdout)) as printed:
        import_module(f"tests.bench.{name}").measure()
    return printed.getvalue().strip("\n")


def with_section(page: str, heading: str, text: str, loads: tuple[float, float] = (0, 0)) -> str:
    """Return the page with this section replaced, or added at the end.

    loads: processes that had or wanted a core in the minute before the measurement, and in its last minute.
    """
    section = SECTION.format(
        heading=heading,
        date=clock.now().astimezone(UTC).strftime("%-d %B %Y"),
        cores=os.cpu_count(),
        processor=_processor(),
        memory=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        kernel=platform.release().partition("-")[0],
        python=platform.python_version(),
        before=f"{loads[0]:.1f}",
        after=f"{loads[1]:.1f}",
        text=text,
    )
    head, *sections = re.split(r"^(?=## )", page.rstrip("\n") + "\n\n", flags=re.MULTILINE)
    headings = [each.partition("\n")[0] for each in sections]
    if f"## {heading}" in headings:
        sections[headings.index(f"## {heading}")] = section
    else:
        sections.append(section)
    return "".join([head, *sections]).rstrip("\n") + "\n"


def _processor() -> str:
    """Return Linux's name for the processor."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2] for line in lines if line.startswith("model name")]
    return " ".join(names[0].replace("(R)", "").replace("(TM)", "").split()) if names else platform.machine()


if __name__ == "__main__":
    main(sys.argv[1:])
