"""How a report looks in a terminal: tables that fit eighty columns, and a sentence where there is nothing to see."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

ROWS = 15
"""Rows of one table; the JSON has more."""

Row = tuple[str, ...]
Report = Mapping[str, Any]


def print_report(found: Report, console: Console) -> None:
    """Print an AttributionReport."""
    form = f", form {found['form']}" if found["form"] else ""
    _say(console, f"{found['leads']:,} leads from {found['since'][:16]} to {found['until'][:16]} UTC{form}")
    _say(console, f"{found['delivered']:,} of them delivered{_left_out(found['left_out'])}")
    if not found["leads"]:
        return
    _figures(console, "Channel", ((each["channel"] or "(none)", each) for each in found["channels"]))
    _figures(
        console,
        "LeadSource",
        ((f"{each['lead_source']:>2} {each['name']}", each) for each in found["lead_sources"]),
    )
    _figures(
        console,
        "Source / medium",
        (
            (f"{each['utm_source'] or '(no source)'} / {each['utm_medium'] or '(no medium)'}", each)
            for each in found["sources"]
        ),
        found["more"].get("sources", 0),
    )
    _figures(
        console,
        "Campaign",
        ((each["utm_campaign"], each) for each in found["campaigns"]),
        found["more"].get("campaigns", 0),
    )
    _defaults(console, found)
    _unknown(console, found)
    _codes(console, found)
    _lookalikes(console, found)
    for name in found["cut"]:
        _say(console, f"\nThere are more {name} than were looked at: their rarest values are missing here.")


def _left_out(left_out: Mapping[str, int]) -> str:
    told = ", ".join(f"{number:,} {status}" for status, number in left_out.items())
    return f"; left out: {told}" if told else ""


def _say(console: Console, text: str) -> None:
    console.print(Text(text))


def _figures(console: Console, title: str, rows: Iterable[tuple[str, Mapping[str, Any]]], more: int = 0) -> None:
    """A table of leads, shares and deliveries."""
    cells = [(name, f"{each['leads']:,}", f"{each['share']:.1%}", f"{each['delivered']:,}") for name, each in rows]
    if cells:
        _table(console, (title, "Leads", "Share", "Delivered"), cells, more, words=1)


def _table(console: Console, titles: Row, rows: Sequence[Row], more: int, words: int) -> None:
    """words: how many of the first columns are text; the others are figures and keep their width."""
    table = Table(box=box.SIMPLE_HEAD, width=min(78, console.width), pad_edge=False)
    for number, title in enumerate(titles):
        if number < words:
            table.add_column(title, overflow="ellipsis", no_wrap=True, ratio=1)
        else:
            table.add_column(title, justify="right", no_wrap=True, min_width=9)
    for row in rows[:ROWS]:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
    further = more + max(0, len(rows) - ROWS)
    if further:
        _say(console, f"  and {further:,} more: see --json")


def _defaults(console: Console, found: Report) -> None:
    rows = [(each["meaning"], f"{each['leads']:,}", f"{each['share']:.1%}") for each in found["defaults"]]
    if rows:
        _say(console, "\nThese have a LeadSource only because one must be given:")
        _table(console, ("Why", "Leads", "Share"), rows, 0, words=1)


def _unknown(console: Console, found: Report) -> None:
    rows = [(each["source_map"], each["form"], f"{each['leads']:,}") for each in found["unknown_sources"]]
    if rows:
        _say(console, "\nNo rule knows these sources. Put the line into the form, with the LeadSource you want for 99:")
        _table(
            console,
            ("Line for the forms file", "Form", "Leads"),
            rows,
            found["more"].get("unknown_sources", 0),
            words=2,
        )


def _codes(console: Console, found: Report) -> None:
    rows = [
        (MEANINGS.get(each["code"], each["code"]), each["form"], each["utm_campaign"] or "(none)", f"{each['leads']:,}")
        for each in found["codes"]
    ]
    if rows:
        _say(console, "\nTags that had to be repaired or dropped:")
        _table(console, ("What", "Form", "Campaign", "Leads"), rows, found["more"].get("codes", 0), words=3)


MEANINGS = {
    "macro": "macro not filled in",
    "pii": "e-mail or phone",
    "markup": "markup",
    "truncated": "too long",
    "placeholder": "null and such",
}
"""Code -> what marketers call it."""


def _lookalikes(console: Console, found: Report) -> None:
    rows = [
        (each["name"], ", ".join(f"{one['value']} ({one['leads']:,})" for one in each["spellings"]))
        for each in found["lookalikes"]
    ]
    if rows:
        _say(console, "\nTags that differ only by capitals, spaces, _ or -, and so are counted apart:")
        table = Table(box=box.SIMPLE_HEAD, width=min(78, console.width), pad_edge=False)
        table.add_column("Tag", no_wrap=True)
        table.add_column("Spellings (leads)", ratio=1)
        for row in rows[:ROWS]:
            table.add_row(*(Text(cell) for cell in row))
        console.print(table)
        further = found["more"].get("lookalikes", 0) + max(0, len(rows) - ROWS)
        if further:
            _say(console, f"  and {further:,} more: see --json")
