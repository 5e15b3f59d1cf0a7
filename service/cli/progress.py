"""How far a long command is: on a terminal only, and beside its output, never in it."""

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


class Bar:
    """A bar that is shown while its block runs, and gone afterwards."""

    def __init__(self, words: str, total: float) -> None:
        """words: what is being done. total: what `done` will be at the end."""
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task = self._progress.add_task(words, total=total)

    def __enter__(self) -> Self:
        """Show it."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take it away."""
        self._progress.stop()

    def show(self, done: float, words: str) -> None:
        """So much is done by now. words: what, and how many."""
        self._progress.update(self._task, completed=done, description=words)
