"""The loop of every chore: a step, then a rest, until stopped, whatever happens."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from service import clock
from service.store import StoreUnavailable

log = structlog.get_logger()

SHARE = 4
"""A chore rests so many times as long as its step took, while there is more to do."""

LEAST_S = 0.02
"""The shortest rest."""


@dataclass(frozen=True, slots=True)
class Rests:
    """Seconds before the first step, and between two while nothing is left to do."""

    first_s: float
    look_s: float


def keep_at(chore: str, step: Callable[[], bool], rests: Rests, stop: threading.Event) -> None:
    """Take steps until stopped. step: whether there may be more to do; a database that is away is waited for.

    Raises: nothing: a mistake of ours in one chore costs the worker neither its life nor the other chores.
    """
    pause_s = rests.first_s
    while not stop.wait(pause_s):
        began = clock.monotonic()
        more = _take(chore, step)
        pause_s = max(LEAST_S, SHARE * (clock.monotonic() - began)) if more else rests.look_s


def _take(chore: str, step: Callable[[], bool]) -> bool:
    try:
        return step()
    except StoreUnavailable as error:
        log.error("store_unavailable", chore=chore, error=str(error))
    except Exception:  # see keep_at
        log.exception("chore_stumbled", chore=chore)
    return False
