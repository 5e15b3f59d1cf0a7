"""`lead-capture completion`: a script that lets a shell complete commands, options and choices."""

import argparse

from service.cli.commands import COMMANDS

SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """SHELL."""
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))


def run(arguments: argparse.Namespace) -> int:
    """Print the script, made from the parser itself."""
    import shtab  # noqa: PLC0415 (only this command needs it)

    from service.cli.main import parser_for  # noqa: PLC0415 (it loads this module)

    print(shtab.complete(parser_for(COMMANDS), arguments.shell))
    return 0
