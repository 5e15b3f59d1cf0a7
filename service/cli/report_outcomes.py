"""`lead-capture report outcomes`: sales outcomes of a period's leads, as a table, CSV or JSON."""

import argparse
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from service import clock
from service.cli.configuration import form_named
from service.cli.installation import Installation, open_installation
from service.cli.terminal import add_period_arguments, check_period, counted, print_json, printable

if TYPE_CHECKING:
    from rich.console import Console

    from service.operations.outcomes import OutcomeReport, OutcomeRow

BY = ("channel", "source_medium", "campaign", "form", "location", "landing_page", "lead_source")
TOUCHES = ("last", "first")

MAX_ROWS = 30
"""Maximum rows of the table; CSV and JSON have all of them."""

TITLES = {
    "channel": "Channel",
    "source_medium": "Source / medium",
    "campaign": "Campaign",
    "form": "Form",
    "location": "Location",
    "landing_page": "Landing page",
    "lead_source": "LeadSource",
}

MAX_MILESTONES = 3
"""Maximum milestones of the table: the last ones."""


def add_arguments(subjects: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """--by --since --until --touch --form --account --compare --all --csv --json."""
    example = "example: lead-capture report outcomes --by campaign --since 2026-11-01"
    parser = subjects.add_parser("outcomes", help="show what the leads of a period brought", epilog=example)
    parser.add_argument("--by", choices=BY, default="channel", help="what to list (channel)")
    add_period_arguments(parser)
    parser.add_argument("--touch", choices=TOUCHES, default="last", help="the visit that counts (last)")
    parser.add_argument("--form", default="", help="leads of this form only; without costs")
    parser.add_argument("--account", default="", help="leads of this Nexudus account only; without costs")
    parser.add_argument("--compare", action="store_true", help="also the period before")
    parser.add_argument("--all", action="store_true", help="count spam, discarded leads and tests as well")
    parser.add_argument("--csv", action="store_true", help="as CSV")
    parser.add_argument("--json", action="store_true", help="the whole response of /api/v1/reports/outcomes")
    parser.set_defaults(run_report=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the report."""
    from service.operations.outcome_output import outcomes_csv, outcomes_json

    with open_installation() as installation:
        report = _report(installation, arguments)
        if not report.total.leads and arguments.form:
            form_named(arguments.form, installation.setup)  # a removed form may still have leads
        if arguments.json:
            print_json(outcomes_json(report))
        elif arguments.csv:
            sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
            sys.stdout.write(outcomes_csv(report))
        else:
            from rich.console import Console

            print_outcomes(report, Console(highlight=False))
        return 0


def _report(installation: Installation, arguments: argparse.Namespace) -> "OutcomeReport":
    from service.operations.outcomes import OutcomeQuery, outcomes
    from service.operations.report import period_of

    period = period_of(arguments.since, arguments.until, arguments.form, clock.now())
    check_period(period.since, period.until)
    query = OutcomeQuery(
        arguments.by,
        period.since,
        period.until,
        arguments.touch,
        arguments.account,
        arguments.form,
        arguments.compare,
        arguments.all,
    )
    return outcomes(installation.store, query, installation.setup.forms, installation.settings.zone)


def print_outcomes(report: "OutcomeReport", console: "Console") -> None:
    """Print a report that fits the terminal: rows, then the total."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    query = report.query
    left_out = ", ".join(f"{number:,} {status}" for status, number in report.left_out.items() if number)
    period = (
        f"{counted(report.total.leads, 'lead')} from {query.since:%Y-%m-%dT%H:%M} to {query.until:%Y-%m-%dT%H:%M} UTC,"
        f" by {query.touch} touch{f'; left out: {left_out}' if left_out else ''}"
    )
    console.print(period, markup=False, emoji=False)
    if not report.rows:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1))
    table.add_column(TITLES[query.by], overflow="ellipsis", no_wrap=True, min_width=14)
    cells = [_cells(report, row) for row in (*report.rows[:MAX_ROWS], report.total)]
    for place, name in enumerate(_titles(report), 1):  # titles wrap between words
        table.add_column(name, justify="right", min_width=max(6, *(len(line[place]) for line in cells)))
    for line in cells[:-1]:
        table.add_row(*map(Text, line))
    table.add_section()
    table.add_row(*map(Text, cells[-1]))
    console.print(table)
    others = sorted({*report.total.value, *report.total.cost} - {_currency(report, "value"), _currency(report, "cost")})
    if others:
        console.print(f"  amounts in {', '.join(others)}: see --csv or --json", markup=False)
    if len(report.rows) > MAX_ROWS:
        console.print(f"  and {len(report.rows) - MAX_ROWS:,} more: see --csv or --json", markup=False)


def _titles(report: "OutcomeReport") -> list[str]:
    value, cost = _currency(report, "value"), _currency(report, "cost")
    return [
        *("Leads", *(["Change"] if report.previous else [])),
        *report.milestones[-MAX_MILESTONES:],
        *("Won", f"Value {value}".strip(), f"Cost {cost}".strip(), "Per won"),
    ]


def _currency(report: "OutcomeReport", name: str) -> str:
    """Return the currency of the largest amount, "" without one: the table has room for one only."""
    amounts: Mapping[str, float] = getattr(report.total, name)
    return max(amounts, key=lambda currency: (amounts[currency], currency), default="")


def _cells(report: "OutcomeReport", row: "OutcomeRow") -> list[str]:
    name = " ".join(str(part) for part in row.key.values()) if "name" in row.key else row.key.get(report.query.by)
    change = "" if row.change is None else f"{row.change:+.0%}"
    value, cost = _currency(report, "value"), _currency(report, "cost")
    return [
        printable(str(name or "Total")),
        f"{row.leads:,}",
        *([change] if report.previous else []),
        *(f"{number:,}" for number in list(row.milestones.values())[-MAX_MILESTONES:]),
        f"{row.won:,}",
        _money(row.value, value),
        _money(row.cost, cost),
        _money(row.cost_per_won, cost),
    ]


def _money(amounts: Mapping[str, float], currency: str) -> str:
    return f"{amounts[currency]:,.0f}" if currency in amounts else ""
