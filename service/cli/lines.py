"""How leads look in a terminal: two or three lines each, so that the id can be copied however narrow it is."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from service.lead import Lead


def print_leads(leads: Iterable[Lead], console: Console) -> None:
    """Print them; what does not fit ends in an ellipsis, but into a file or pipe everything goes."""
    cut = console.is_terminal
    for lead in leads:
        for number, line in enumerate(lines_of(lead)):
            shown = Text(line, style="" if number else "bold")
            console.print(shown, no_wrap=True, overflow="ellipsis" if cut else "ignore", crop=cut)


def lines_of(lead: Lead) -> Iterator[str]:
    """Id, time, status and form; who it is and how they came; why a person must look, if they must."""
    contact = lead.submission.contact
    who = contact.email or contact.full_name or contact.phone or "(nobody named)"
    yield f"{lead.id}  {lead.received_at:%Y-%m-%d %H:%M}  {lead.status.value:<11}  {lead.submission.form}"
    yield f"    {printable(who)}, {lead.attribution.channel}"
    if lead.problem:
        yield f"    ! {printable(lead.problem)}"


def printable(text: str) -> str:
    """Text of strangers in one line, without what would steer a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
