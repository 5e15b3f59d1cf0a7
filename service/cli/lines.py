"""How leads look in a terminal: a table where it is wide, else two or three lines each, so that ids can be copied."""

from collections.abc import Iterable, Iterator

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from service.lead import Lead

TABLE_FROM = 110
"""Columns of a terminal that has room for a table."""

NARROW_BELOW = 72
"""Columns of a terminal where the time and the form get a line of their own."""

_TITLES = ("id", "received (UTC)", "status", "form", "who", "channel")
_WIDTHS = (32, 16, 11, 12, 22)
"""Of all columns but the last, at the least; names share what is left."""


def print_leads(leads: Iterable[Lead], console: Console) -> None:
    """Print them; what does not fit ends in an ellipsis, but into a file or pipe everything goes, in lines."""
    cut = console.is_terminal
    if cut and console.width >= TABLE_FROM:
        _print_table(leads, console)
        return
    for lead in leads:
        for number, line in enumerate(lines_of(lead, narrow=cut and console.width < NARROW_BELOW)):
            _print(line, console, style="" if number else "bold", cut=cut)


def _print(line: str, console: Console, *, style: str = "", cut: bool = True) -> None:
    console.print(Text(line, style=style), no_wrap=True, overflow="ellipsis" if cut else "ignore", crop=cut)


def _print_table(leads: Iterable[Lead], console: Console) -> None:
    """Row by row: a million of them are never in memory together."""
    spare = max(0, console.width - TABLE_FROM)
    widths = (*_WIDTHS[:-2], _WIDTHS[-2] + spare // 4, _WIDTHS[-1] + spare // 2)
    is_first = True
    for lead in leads:
        if is_first:
            _print(_row(_TITLES, widths), console, style="bold")
            is_first = False
        submission = lead.submission
        told = (lead.id, f"{lead.received_at:%Y-%m-%d %H:%M}", lead.status.value, submission.form, _who(lead))
        _print(_row((*told, lead.attribution.channel), widths), console)
        if lead.problem:
            _print(f"    ! {printable(lead.problem)}", console)


def _row(cells: tuple[str, ...], widths: tuple[int, ...]) -> str:
    """Cells side by side; the last one has no end."""
    *columns, last = cells
    return " ".join([*map(_fitted, columns, widths), last])


def _fitted(cell: str, width: int) -> str:
    return set_cell_size(cell if cell_len(cell) <= width else f"{set_cell_size(cell, width - 1)}…", width)


def lines_of(lead: Lead, *, narrow: bool = False) -> Iterator[str]:
    """Id, time, status and form; who it is and how they came; why a person must look, if they must."""
    at, status = f"{lead.received_at:%Y-%m-%d %H:%M}", lead.status.value
    if narrow:
        yield f"{lead.id}  {status}"
        yield f"    {at}  {lead.submission.form}"
    else:
        yield f"{lead.id}  {at}  {status:<11}  {lead.submission.form}"
    yield f"    {_who(lead)}, {lead.attribution.channel}"
    if lead.problem:
        yield f"    ! {printable(lead.problem)}"


def _who(lead: Lead) -> str:
    contact = lead.submission.contact
    return printable(contact.email or contact.full_name or contact.phone or "(nobody named)")


def printable(text: str) -> str:
    """Text of strangers in one line, without what would steer a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
