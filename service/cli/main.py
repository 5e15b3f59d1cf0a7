"""Reading the command line, and telling every kind of failure in one line a problem."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

from service.forms import SetupProblems
from service.settings import SettingsProblems

COMMANDS = {
    "up": "service.cli.up",
    "web": "service.cli.web",
    "worker": "service.cli.worker",
    "simulator": "service.cli.simulator",
    "migrate": "service.cli.migrate",
    "doctor": "service.cli.doctor",
    "boards": "service.cli.boards",
    "preview": "service.cli.preview",
    "leads": "service.cli.leads",
    "fields": "service.cli.fields",
    "alerts": "service.cli.alerts",
    "pull": "service.cli.pull",
    "reconcile": "service.cli.reconcile",
    "conversions": "service.cli.conversions",
    "reattribute": "service.cli.reattribute",
    "report": "service.cli.report",
    "import": "service.cli.imports",
    "forget": "service.cli.forget",
    "demo-data": "service.cli.demo",
    "completion": "service.cli.completion",
}
"""Command -> module with SUMMARY, EXAMPLE, add_arguments(parser) and run(arguments) -> exit code."""


class Failed(Exception):
    """The command cannot do what it was asked; the text says why and what to do."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    given = list(sys.argv[1:] if words is None else words)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # what a terminal cannot show, such as half a character, ends nothing
    try:
        arguments = parser_for(given).parse_args(given)
        return int(arguments.run(arguments))
    except (SettingsProblems, SetupProblems) as problems:
        return _tell(problems.problems)
    except Failed as failure:
        return _tell([str(failure)])
    except KeyboardInterrupt:
        return 1
    except BrokenPipeError:
        # Whoever read our output has gone, `| head` say: Python would complain once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _tell(problems: Sequence[str]) -> int:
    for problem in problems:
        print(f"lead-capture: {problem}", file=sys.stderr)
    return 1


def parser_for(given: Sequence[str]) -> argparse.ArgumentParser:
    """The whole parser, but only the modules that this call needs are loaded: `web` starts without `leads`."""
    parser = argparse.ArgumentParser(
        prog="lead-capture",
        description="Takes enquiries from forms and ads to Nexudus: once, soon, with their source.",
        epilog="example: lead-capture up",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    asked = [word for word in given[:1] if word in COMMANDS]
    for name in asked or COMMANDS:
        module = import_module(COMMANDS[name])
        command = commands.add_parser(
            name,
            help=module.SUMMARY,
            description=module.SUMMARY,
            epilog=f"example: {module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser
