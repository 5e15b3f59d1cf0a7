"""`lead-capture report`: figures for marketing, as tables or as JSON."""

import argparse
import json

from service import clock
from service.cli.arguments import instant
from service.cli.commands import COMMANDS
from service.cli.installation import open_installation
from service.cli.main import Failed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """attribution --since --until --form --json."""
    whole = COMMANDS["report"]
    subjects = parser.add_subparsers(metavar="SUBJECT", required=True)
    asked = subjects.add_parser("attribution", help=whole.summary, epilog=f"example: {whole.example}")
    asked.add_argument("--since", type=instant, help="received at or after, e.g. 2026-11-01 (30 days ago)")
    asked.add_argument("--until", type=instant, help="received before (now)")
    asked.add_argument("--form", default="", help="leads of this form only")
    asked.add_argument("--json", action="store_true", help="the whole answer of /api/v1/reports/attribution")


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    from service.operations.report import attribution_report, period_of  # noqa: PLC0415 (only this command pays for it)

    installation = open_installation()
    period = period_of(arguments.since, arguments.until, arguments.form, clock.now())
    if period.since >= period.until:
        raise Failed("the period is empty: --since must lie before --until")
    found = attribution_report(installation.store, installation.setup.forms, period)
    if not found["leads"] and arguments.form and arguments.form not in installation.setup.forms:
        raise Failed(f"there is no form {arguments.form!r}; the forms file has {', '.join(installation.setup.forms)}")
    if arguments.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return 0
    from rich.console import Console  # noqa: PLC0415 (only the tables need it)

    from service.cli.figures import print_report  # noqa: PLC0415

    print_report(found, Console(highlight=False))
    return 0
