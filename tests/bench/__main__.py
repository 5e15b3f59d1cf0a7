"""`make bench`: all measurements, or those named; each is a file of this folder with `measure()`.

Each replaces its section of docs/figures.md.
"""

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

SECTION = """## {heading}

Measured on {date} on {cores} cores, Python {python}:

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


def main(names: list[str]) -> None:
    """Run the measurements named, or all of them; each is written to the page as soon as it is done."""
    for name in names or MEASUREMENTS:
        page = FIGURES.read_text(encoding="utf-8")
        FIGURES.write_text(with_section(page, MEASUREMENTS[name], _measured(name)), encoding="utf-8")


def _measured(name: str) -> str:
    """What one measurement prints."""
    with redirect_stdout(Tee(sys.stdout)) as printed:
        import_module(f"tests.bench.{name}").measure()
    return printed.getvalue().strip("\n")


def with_section(page: str, heading: str, text: str) -> str:
    """The page with this section new: in its old place, or at the end."""
    section = SECTION.format(
        heading=heading,
        date=clock.now().astimezone(UTC).strftime("%-d %B %Y"),
        cores=os.cpu_count(),
        python=platform.python_version(),
        text=text,
    )
    head, *sections = re.split(r"^(?=## )", page.rstrip("\n") + "\n\n", flags=re.MULTILINE)
    headings = [each.partition("\n")[0] for each in sections]
    if f"## {heading}" in headings:
        sections[headings.index(f"## {heading}")] = section
    else:
        sections.append(section)
    return "".join([head, *sections]).rstrip("\n") + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
