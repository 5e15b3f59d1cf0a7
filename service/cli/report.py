"""`lead-capture report`: figures for marketing, as tables that fit eighty columns, or as JSON."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from service import clock
from service.cli import report_answers, report_outcomes
from service.cli.commands import COMMANDS
from service.cli.configuration import form_named
from service.cli.installation import open_installation
from service.cli.terminal import add_period_arguments, check_period, print_json

if TYPE_CHECKING:
    from rich.console import Console

MAX_ROWS = 15
"""Maximum rows of one table; the JSON has more."""

CODES = {
    "macro": "macro not filled in",
    "pii": "e-mail or phone",
    "markup": "markup",
    "truncated": "too long",
    "placeholder": "null and such",
}
"""Code of a repaired tag -> its name among marketers."""

Cells = tuple[str, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """attribution --since --until --form --json; outcomes; answers."""
    command = COMMANDS["report"]
    subjects = parser.add_subparsers(metavar="SUBJECT", required=True)
    attribution = subjects.add_parser("attribution", help=command.summary, epilog=f"example: {command.example}")
    add_period_arguments(attribution)
    attribution.add_argument("--form", default="", help="leads of this form only")
    attribution.add_argument("--json", action="store_true", help="the whole response of /api/v1/reports/attribution")
    attribution.set_defaults(run_report=run_attribution)
    report_outcomes.add_arguments(subjects)
    report_answers.add_arguments(subjects)


def run(arguments: argparse.Namespace) -> int:
    """Print the report of the chosen kind."""
    code: int = arguments.run_report(arguments)
    return code


def run_attribution(arguments: argparse.Namespace) -> int:
    """Print the origins of leads."""
    from service.operations.report import attribution_report, period_of

    with open_installation() as installation:
        period = period_of(arguments.since, arguments.until, arguments.form, clock.now())
        check_period(period.since, period.until)
        report = attribution_report(installation.store, installation.setup.forms, period)
        if not report["leads"] and arguments.form:
            form_named(arguments.form, installation.setup)  # a removed form may still have leads
        if arguments.json:
            print_json(report)
            return 0
        from rich.console import Console

        print_report(report, Console(highlight=False))
        return 0


def print_report(report: Mapping[str, Any], console: "Console") -> None:
    """Print an AttributionReport."""
    form = f", form {report['form']}" if report["form"] else ""
    left_out = ", ".join(f"{number:,} {status}" for status, number in report["left_out"].items())
    _print(console, f"{report['leads']:,} leads from {report['since'][:16]} to {report['until'][:16]} UTC{form}")
    _print(console, f"{report['delivered']:,} of them delivered{f'; left out: {left_out}' if left_out else ''}")
    if report["leads"]:
        _print_origins(report, console)
        _print_tasks(report, console)
    for name in report["cut"]:
        _print(console, f"\nThere are more {name} than were counted: the rarest values are missing here.")


def _print_origins(report: Mapping[str, Any], console: "Console") -> None:
    more = report["more"]
    sources = (
        (f"{row['utm_source'] or '(no source)'} / {row['utm_medium'] or '(no medium)'}", row)
        for row in report["sources"]
    )
    _figures(console, "Channel", ((row["channel"] or "(none)", row) for row in report["channels"]))
    lead_sources = ((f"{row['lead_source']:>2} {row['name']}", row) for row in report["lead_sources"])
    _figures(console, "LeadSource", lead_sources)
    _figures(console, "Source / medium", sources, more.get("sources", 0))
    _figures(console, "Campaign", ((row["utm_campaign"], row) for row in report["campaigns"]), more.get("campaigns", 0))


def _print_tasks(report: Mapping[str, Any], console: "Console") -> None:
    """Print what a marketer may want to correct."""
    more = report["more"]
    defaults = [(row["meaning"], f"{row['leads']:,}", f"{row['share']:.1%}") for row in report["defaults"]]
    sentence = "These have a LeadSource only because one is required:"
    _table(console, ("Why", "Leads", "Share"), defaults, sentence=sentence)
    unknown = [(row["source_map"], row["form"], f"{row['leads']:,}") for row in report["unknown_sources"]]
    sentence = "No rule knows these sources. Put the line into the form, with the LeadSource you want for 99:"
    titles: Cells = ("Line for the set-up", "Form", "Leads")
    _table(console, titles, unknown, more.get("unknown_sources", 0), sentence=sentence, text_columns=2)
    codes = [
        (CODES.get(row["code"], row["code"]), row["form"], row["utm_campaign"] or "(none)", f"{row['leads']:,}")
        for row in report["codes"]
    ]
    sentence = "Tags that had to be repaired or dropped:"
    titles = ("What", "Form", "Campaign", "Leads")
    _table(console, titles, codes, more.get("codes", 0), sentence=sentence, text_columns=3)
    lookalikes = [
        (row["name"], ", ".join(f"{each['value']} ({each['leads']:,})" for each in row["spellings"]))
        for row in report["lookalikes"]
    ]
    sentence = "Tags that differ only by capitals, spaces, _ or -, and so are counted separately:"
    _table(console, ("Tag", "Spellings (leads)"), lookalikes, more.get("lookalikes", 0), sentence=sentence, wraps=True)


def _figures(console: "Console", title: str, rows: Iterable[tuple[str, Mapping[str, Any]]], more: int = 0) -> None:
    """Print a table of leads, shares and deliveries."""
    cells = [(name, f"{row['leads']:,}", f"{row['share']:.1%}", f"{row['delivered']:,}") for name, row in rows]
    _table(console, (title, "Leads", "Share", "Delivered"), cells, more)


def _table(
    console: "Console",
    titles: Cells,
    rows: Sequence[Cells],
    more: int = 0,
    *,
    sentence: str = "",
    text_columns: int = 1,
    wraps: bool = False,
) -> None:
    """Print a table; nothing without rows.

    more: rows that the report left out. text_columns: the first columns; the others are figures and keep their width.
    wraps: the last column is text that may take several lines.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    if sentence:
        _print(console, f"\n{sentence}")
    table = Table(box=box.SIMPLE_HEAD, width=min(78, console.width), pad_edge=False)
    for number, title in enumerate(titles):
        if wraps:
            is_last = number == len(titles) - 1
            table.add_column(title, no_wrap=not is_last, ratio=1 if is_last else None)
        elif number < text_columns:
            table.add_column(title, overflow="ellipsis", no_wrap=True, ratio=1)
        else:
            table.add_column(title, justify="right", no_wrap=True, min_width=9)
    for row in rows[:MAX_ROWS]:
        table.add_row(*map(Text, row))
    console.print(table)
    further = more + max(0, len(rows) - MAX_ROWS)
    if further:
        _print(console, f"  and {further:,} more: see --json")


def _print(console: "Console", text: str) -> None:
    console.print(text, markup=False, emoji=False)
