"""`lead-capture import`: the leads of a file, by the same path as all others.

command.py   what an operator asks, and how it ends
taking.py    rows kept, a few hundred at a time; or only looked at
tally.py     what came of them, and of each column
showing.py   the same for people
"""

from service.cli.imports.command import add_arguments, run

__all__ = ["add_arguments", "run"]
