"""The operator's terminal: `lead-capture COMMAND`. Exit codes: 0 done, 1 found problems or failed, 2 wrong usage.

A command is a module with add_arguments(parser) and run(arguments), or a section of one, and an entry in commands.py.
"""

from service.cli.main import main

__all__ = ["main"]
