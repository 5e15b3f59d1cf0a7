"""The operator's terminal: `lead-capture COMMAND`. Exit codes: 0 done, 1 found problems or failed, 2 wrong usage.

A command is a module with add_arguments(parser) and run(arguments), or a section of one, and an entry in commands.py.
It imports within its functions, so that a help text or a mistyped word loads no store, no framework and no table.
"""

from service.cli.main import main

__all__ = ["main"]
