"""Leads in a terminal: a table if it is wide, else two or three lines each, so that ids can be copied."""

from collections.abc import Iterable, Iterator

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from service.cli.terminal import printable
from service.lead import Lead

MIN_TABLE_WIDTH = 110
"""Minimum columns of a terminal for a table."""

MIN_LINE_WIDTH = 72
"""Columns of a terminal below which the time and the form get a line of their own."""

_TITLES = ("id", "received (UTC)", "status", "form", "who", "channel")
_MIN_WIDTHS = (32, 16, 11, 12, 22)
"""Minimum width of each column but the last; form and name share the remaining width."""


def print_leads(leads: Iterable[Lead], console: Console) -> None:
    """Print leads. A terminal cuts long cells with an ellipsis; files and pipes get everything, as lines."""
    cut = console.is_terminal
    if cut and console.width >= MIN_TABLE_WIDTH:
        _print_table(leads, console)
        return
    for lead in leads:
        for number, line in enumerate(lines_of(lead, narrow=cut and console.width < MIN_LINE_WIDTH)):
            _print(line, console, style="" if number else "bold", cut=cut)


def _print(line: str, console: Console, *, style: str = "", cut: bool = True) -> None:
    console.print(Text(line, style=style), no_wrap=True, overflow="ellipsis" if cut else "ignore", crop=cut)


def _print_table(leads: Iterable[Lead], console: Console) -> None:
    """Print row by row, because a million leads do not fit in memory."""
    spare = max(0, console.width - MIN_TABLE_WIDTH)
    widths = (*_MIN_WIDTHS[:-2], _MIN_WIDTHS[-2] + spare // 4, _MIN_WIDTHS[-1] + spare // 2)
    is_first = True
    for lead in leads:
        if is_first:
            _print(_row(_TITLES, widths), console, style="bold")
            is_first = False
        cells = (lead.id, _time(lead), lead.status.value, lead.submission.form, _name(lead), lead.attribution.channel)
        _print(_row(cells, widths), console)
        if lead.problem:
            _print(f"    ! {printable(lead.problem)}", console)


def _row(cells: tuple[str, ...], widths: tuple[int, ...]) -> str:
    """Return cells side by side; the last one is not cut."""
    *columns, last = cells
    return " ".join([*map(_fitted, columns, widths), last])


def _fitted(cell: str, width: int) -> str:
    return set_cell_size(cell if cell_len(cell) <= width else f"{set_cell_size(cell, width - 1)}…", width)


def lines_of(lead: Lead, *, narrow: bool = False) -> Iterator[str]:
    """Yield the lines of a lead: id, time, status and form; name and channel; the problem, if any."""
    status = lead.status.value
    if narrow:
        yield f"{lead.id}  {status}"
        yield f"    {_time(lead)}  {lead.submission.form}"
    else:
        yield f"{lead.id}  {_time(lead)}  {status:<11}  {lead.submission.form}"
    yield f"    {_name(lead)}, {lead.attribution.channel}"
    if lead.problem:
        yield f"    ! {printable(lead.problem)}"


def _time(lead: Lead) -> str:
    return f"{lead.received_at:%Y-%m-%d %H:%M}"


def _name(lead: Lead) -> str:
    contact = lead.submission.contact
    return printable(contact.email or contact.full_name or contact.phone or "(no name)")
