"""Reads the command line, runs one command, and reports every kind of failure, one line for each problem."""

import argparse
import gc
import os
import sys
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from io import TextIOWrapper

from service.cli.commands import COMMANDS, Failed, Misused

SERVING = frozenset({"up", "web", "worker", "simulator"})
"""Commands whose processes keep running, so that needless modules would stay in memory."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; without any word, print the help and return 2."""
    given = list(sys.argv[1:] if words is None else words)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a character that the terminal cannot show must not stop a command
    if not given:
        parser_for(()).print_help(sys.stderr)
        return 2
    try:
        arguments = parser_for(_command_in(given)).parse_args(given)
        return int(arguments.run(arguments))
    except SystemExit:  # argparse has printed its help or an error
        raise
    except Failed as error:
        return _report([str(error)], code=2 if isinstance(error, Misused) else 1)
    except KeyboardInterrupt:
        return 1
    except BrokenPipeError:
        # The reader has gone, as with `| head`: without this, Python would report it again at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except _reportable() as error:
        return _report(_problems_of(error))


@contextmanager
def loading() -> Iterator[None]:
    """Disable garbage collection within the block; exclude the modules loaded in it from later collections.

    Modules are no garbage: searching them again and again, and at the exit, took a third of the time that `lead-capture
    up` needs to start and stop. Forked processes also go on sharing their memory.
    """
    loaded_before = len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > loaded_before:
            gc.freeze()
        gc.enable()


def load_without(module: str, unused: str) -> None:
    """Load a module as if another one that it would use were not installed."""
    if not {module, unused} & sys.modules.keys():
        sys.modules[unused] = None  # type: ignore[assignment]
        with warnings.catch_warnings(action="ignore"):  # some cannot do without it
            import_module(module)
        del sys.modules[unused]


def _command_in(given: Sequence[str]) -> Sequence[str]:
    """Return the first word that is not an option: no option before the command takes a value."""
    return [word for word in given if not word.startswith("-")][:1]


def _reportable() -> tuple[type[Exception], ...]:
    """Return the errors that are reported without a traceback; imported only once something has failed."""
    from service.forms import SetupProblems
    from service.operations.grants import GrantRefused
    from service.settings import SettingsProblems
    from service.store import StoreUnavailable

    return SettingsProblems, SetupProblems, StoreUnavailable, GrantRefused


def _problems_of(error: Exception) -> Sequence[str]:
    from service.cli.installation import database_problem
    from service.store import StoreUnavailable

    if isinstance(error, StoreUnavailable):
        return [database_problem(error)]
    problems: Sequence[str] = getattr(error, "problems", [str(error)])
    return problems


def _report(problems: Sequence[str], code: int = 1) -> int:
    for problem in problems:
        print(f"lead-capture: {problem}", file=sys.stderr)
    return code


class _ShowVersion(argparse.Action):
    """Like argparse's own `version` action, but looks the version up only to print it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from service.version import VERSION

        print(f"{parser.prog} {VERSION}")
        parser.exit()


def parser_for(loaded: Collection[str]) -> argparse.ArgumentParser:
    """Return the whole parser.

    loaded: the commands whose own arguments are read; the others have only name and summary.
    """
    parser = argparse.ArgumentParser(
        prog="lead-capture",
        description="Turns enquiries from forms and ads into opportunities in Nexudus: once, soon, with their source.",
        epilog="example: lead-capture up",
    )
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        subparser = commands.add_parser(
            name,
            help=command.summary,
            description=command.summary,
            epilog=f"example: {command.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name in loaded:
            path, _, part = command.module.partition(":")
            with loading():
                if name in SERVING:
                    # rich would draw tracebacks, which our logs do not have: 4 MB, and a sixth of the time of a start.
                    load_without("structlog", "rich")
                module = import_module(path)
            getattr(module, f"add_{part}_arguments" if part else "add_arguments")(subparser)
            subparser.set_defaults(run=getattr(module, f"run_{part}" if part else "run"))
    return parser


# -- completion: lets a shell complete commands, options and choices

SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")


def add_completion_arguments(parser: argparse.ArgumentParser) -> None:
    """SHELL."""
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))


def run_completion(arguments: argparse.Namespace) -> int:
    """Print the script, made from the parser itself."""
    import shtab

    print(shtab.complete(parser_for(COMMANDS), arguments.shell))
    return 0
