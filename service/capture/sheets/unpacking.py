"""Writes a workbook out as lines of JSON, in a process of its own: `python unpacking.py FILE`.

A damaged workbook, or one with a stray cell a million rows down, can ask for more memory than there is, and the library
then aborts its process. So this process has limits and does nothing else.

The output has an object for each sheet, {"sheet": name, "hidden": ...}, then its rows that are not empty, as
[line, cells]. A cell is text, a number, true or false; dates and times are text in ISO 8601.
"""

import json
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta

PROTECTED, DAMAGED = 3, 4
"""Exit codes; any other than 0 means that the process was killed."""

MAX_MEMORY_BYTES = 3 * 2**30
MAX_WRITTEN_BYTES = 4 * 2**30
MAX_CPU_S = 600

Cell = str | int | float | bool


def main(path: str) -> int:
    """Write the workbook out and return the exit code."""
    import python_calamine  # noqa: PLC0415 (not in the process that only knows the exit codes)

    _set_limits()
    try:
        for line in _lines(path):
            print(json.dumps(line))  # noqa: T201 (the output)
    except python_calamine.PasswordError:
        return PROTECTED
    except (python_calamine.CalamineError, ValueError, OverflowError):
        return DAMAGED
    return 0


def _set_limits() -> None:
    """Limit the process where the system can; a core dump would hold personal data."""
    for resource_id, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, MAX_MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, MAX_WRITTEN_BYTES),
        (resource.RLIMIT_CPU, MAX_CPU_S),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(resource_id, (limit, limit))


def _lines(path: str) -> Iterator[object]:
    import python_calamine  # noqa: PLC0415

    with python_calamine.load_workbook(path) as workbook:
        for sheet in workbook.sheets_metadata:
            if sheet.typ is not python_calamine.SheetTypeEnum.WorkSheet:
                continue
            yield {"sheet": sheet.name, "hidden": sheet.visible is not python_calamine.SheetVisibleEnum.Visible}
            for line, cells in enumerate(workbook.get_sheet_by_name(sheet.name).iter_rows(), 1):
                if any(cell != "" for cell in cells):
                    yield [line, [*map(_plain, cells)]]


def _plain(cell: Cell | date | time | timedelta) -> Cell:
    """A cell as a JSON value."""
    if isinstance(cell, datetime):
        return (cell + timedelta(milliseconds=500)).replace(microsecond=0).isoformat(" ")  # days are kept as fractions
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell) if isinstance(cell, timedelta) else cell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
