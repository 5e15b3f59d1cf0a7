"""What became of a request, noted in its WSGI environment: the routes know it, the edge of the process counts it."""

from collections.abc import Iterable
from typing import Any

TAKEN, REFUSED = "lead_capture.taken", "lead_capture.refused"
"""Keys in the WSGI environment: the outcomes of the leads that a request brought; why its leads were refused."""

REPEAT = "repeat"
"""Outcome of a lead that had come before; of any other, its status: pending, quarantined, parked ..."""


def note_taken(environ: dict[str, Any], outcomes: Iterable[str]) -> None:
    """Note leads that were kept."""
    environ.setdefault(TAKEN, []).extend(outcomes)


def note_refused(environ: dict[str, Any], reason: str) -> None:
    """Note that nothing was kept. reason: one of few, never a stranger's words."""
    environ[REFUSED] = reason.lower()
