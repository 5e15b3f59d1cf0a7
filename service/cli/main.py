"""Reading the command line, and telling every kind of failure in one line a problem."""

import argparse
import os
import sys
from collections.abc import Collection, Sequence
from importlib import import_module
from io import TextIOWrapper

from service.cli.commands import COMMANDS


class Failed(Exception):
    """The command cannot do what it was asked; the text says why and what to do."""


class Misused(Failed):
    """The command was called wrongly, in a way that argparse cannot see; the text says how to call it."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    given = list(sys.argv[1:] if words is None else words)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # what a terminal cannot show, such as half a character, ends nothing
    try:
        return _run(parser_for(_named(given)).parse_args(given))
    except Failed as failure:
        _tell([str(failure)])
        return 2 if isinstance(failure, Misused) else 1
    except KeyboardInterrupt:
        return 1
    except BrokenPipeError:
        # Whoever read our output has gone, `| head` say: Python would complain once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _named(given: Sequence[str]) -> Sequence[str]:
    """The command, as the first word that is no option: nothing before it has a value."""
    return [word for word in given if not word.startswith("-")][:1]


def _run(arguments: argparse.Namespace) -> int:
    from service.forms import SetupProblems  # noqa: PLC0415 (help and wrong usage need neither)
    from service.settings import SettingsProblems  # noqa: PLC0415

    try:
        return int(arguments.run(arguments))
    except (SettingsProblems, SetupProblems) as problems:
        return _tell(problems.problems)


def _tell(problems: Sequence[str]) -> int:
    for problem in problems:
        print(f"lead-capture: {problem}", file=sys.stderr)
    return 1


def parser_for(loaded: Collection[str]) -> argparse.ArgumentParser:
    """The whole parser. loaded: the commands whose own words are read; of the others it knows what they are for."""
    parser = argparse.ArgumentParser(
        prog="lead-capture",
        description="Takes enquiries from forms and ads to Nexudus: once, soon, with their source.",
        epilog="example: lead-capture up",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        words = commands.add_parser(
            name,
            help=command.summary,
            description=command.summary,
            epilog=f"example: {command.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name in loaded:
            module = import_module(command.module)
            module.add_arguments(words)
            words.set_defaults(run=module.run)
    return parser
