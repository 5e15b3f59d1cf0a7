"""`lead-capture report answers`: how fast people answered the leads of a period, as a table or JSON."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from service import clock
from service.cli.configuration import form_named
from service.cli.installation import open_installation
from service.cli.terminal import add_period_arguments, check_period, counted, print_json, printable

if TYPE_CHECKING:
    from rich.console import Console

BY = ("form", "owner")

TITLES = {"form": "Form", "owner": "Owner in turn"}

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


def add_arguments(subjects: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """--by --since --until --form --json."""
    example = "example: lead-capture report answers --by owner --since 2026-11-01"
    parser = subjects.add_parser("answers", help="show how fast people answered leads", epilog=example)
    parser.add_argument("--by", choices=BY, default="form", help="what to list (form)")
    add_period_arguments(parser)
    parser.add_argument("--form", default="", help="leads of this form only")
    parser.add_argument("--json", action="store_true", help="the whole response of /api/v1/reports/answers")
    parser.set_defaults(run_report=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the report."""
    from service.operations.answers import answer_report
    from service.operations.report import period_of

    with open_installation() as installation:
        now = clock.now()
        period = period_of(arguments.since, arguments.until, arguments.form, now)
        check_period(period.since, period.until)
        report = answer_report(installation.store, period, now, arguments.by)
        if not report["total"]["leads"] and arguments.form:
            form_named(arguments.form, installation.setup)  # a removed form may still have leads
        if arguments.json:
            print_json(report)
        else:
            from rich.console import Console

            print_answers(report, Console(highlight=False))
        return 0


def print_answers(report: Mapping[str, Any], console: "Console") -> None:
    """Print an AnswerReport: rows, then the total."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    total = report["total"]
    period = f"from {report['since'][:16]} to {report['until'][:16]} UTC"
    sentence = f"{counted(total['leads'], 'lead')} {period} that are to be answered in time, or were answered"
    console.print(sentence, markup=False, emoji=False)
    if not total["leads"]:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(TITLES[report["by"]], overflow="ellipsis", no_wrap=True, ratio=1)
    for name in ("Leads", "Answered", "On time", "Median", "Working time"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in report["rows"]:
        table.add_row(*map(Text, (printable(row["key"]) or "(none)", *_cells(row))))
    table.add_section()
    table.add_row(*map(Text, ("Total", *_cells(total))))
    console.print(table)


def _cells(row: Mapping[str, Any]) -> list[str]:
    share = row["share_in_time"]
    return [
        f"{row['leads']:,}",
        f"{row['answered']:,}",
        "" if share is None else f"{share:.1%}",
        span(row["median_s"]),
        span(row["median_working_s"]),
    ]


def span(seconds: float | None) -> str:
    """Return a duration in two units: `35 s`, `12 min`, `3 h 20 min`, `2 d 4 h`; "" for none."""
    if seconds is None:
        return ""
    if seconds < MINUTE_S:
        return f"{seconds:.0f} s"
    minutes = round(seconds / MINUTE_S)
    if minutes < HOUR_S // MINUTE_S:
        return f"{minutes} min"
    if seconds < 2 * DAY_S:
        return f"{minutes // 60} h {minutes % 60} min"
    hours = round(seconds / HOUR_S)
    return f"{hours // 24} d {hours % 24} h"
