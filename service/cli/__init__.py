"""The operator's hand: `lead-capture COMMAND`. Exit codes: 0 done, 1 found problems or failed, 2 wrong usage."""

from service.cli.main import main

__all__ = ["main"]
