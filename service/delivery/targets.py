"""Where a form's leads go, in Nexudus's ids: what the operator named is looked up, what was left out is completed."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from service import clock
from service.delivery.translate import Target
from service.forms import ContactRule, Destination, Form
from service.nexudus import boards
from service.nexudus.boards import Stage
from service.nexudus.client import Nexudus

KEPT_S = 600.0
"""Seconds for which a look-up is believed: a renamed stage is noticed within ten minutes."""

CANDIDATES_MAX = 25
"""Stages of a board that are looked at, one call each, to find one that does no harm."""

Judge = Callable[[Stage], Stage]
"""A stage of a list -> the same with what its own record shows; not judged where it shows nothing."""

Wanted = tuple[int | None, str | int | None, str | int | None, int | None, int | None, int | None]
"""Stage id, board, stage, location, country and time zone, as the operator wrote them."""


class Unroutable(Exception):
    """The set-up does not say where this lead goes; the text says what to write."""


@dataclass(frozen=True, slots=True)
class _Found:
    target: Target
    until: float  # by clock.monotonic


class Targets:
    """The targets of one account, remembered for a while; threads may share it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._found: dict[Wanted, _Found] = {}

    def find(self, nexudus: Nexudus, form: Form) -> Target:
        """The target of a (routed) form. Asks Nexudus only for what the forms file leaves open.

        Raises: Unroutable; NexudusError from the look-ups.
        """
        at_once = _complete(form.destination.stage_id, form.contact)
        if at_once is not None:
            return at_once
        wanted = _key(form)
        with self._guard:
            known = self._found.get(wanted)
        if known is not None and known.until > clock.monotonic():
            return known.target
        target = look_up(nexudus, form)
        with self._guard:
            self._found[wanted] = _Found(target, clock.monotonic() + KEPT_S)
        return target


def _key(form: Form) -> Wanted:
    """What decides the target; the rest of a form may differ."""
    stage, contact = form.destination, form.contact
    return stage.stage_id, stage.board, stage.stage, contact.business_id, contact.country_id, contact.time_zone_id


def _complete(stage_id: int | None, contact: ContactRule) -> Target | None:
    if stage_id and contact.business_id and contact.country_id and contact.time_zone_id:
        return Target(stage_id, contact.business_id, contact.country_id, contact.time_zone_id)
    return None


def known_target(form: Form) -> Target:
    """What the forms file says by itself; 0 for what only a look-up tells."""
    stage_id, contact = form.destination.stage_id or 0, form.contact
    return Target(stage_id, contact.business_id or 0, contact.country_id or 0, contact.time_zone_id or 0)


def look_up(nexudus: Nexudus, form: Form) -> Target:
    """Complete a form's destination and contact rule from the account's boards and locations.

    Raises: Unroutable, saying what to write; NexudusError.
    """
    stage = choose_stage(boards.stages(nexudus), form.destination, partial(boards.judged, nexudus))
    business_id = form.contact.business_id or stage.business_id or boards.me(nexudus).default_business_id
    if not business_id:
        raise Unroutable(f"form {form.name}: its location is unknown: write contact.business_id")
    business = boards.business(nexudus, business_id)
    if business is None:
        raise Unroutable(f"form {form.name}: Nexudus has no location {business_id}: correct contact.business_id")
    country_id = form.contact.country_id or business.country_id
    time_zone_id = form.contact.time_zone_id or business.time_zone_id
    if not country_id or not time_zone_id:
        raise Unroutable(
            f"form {form.name}: location {business_id} has no country or time zone: "
            "write contact.country_id and contact.time_zone_id"
        )
    return Target(stage.id, business_id, country_id, time_zone_id)


def choose_stage(stages: Sequence[Stage], wanted: Destination, judge: Judge) -> Stage:
    """The stage that is meant: by id, by board and name, or the first whose own record shows that it does no harm.

    stages: of live boards. judge: only asked of those that nobody named.
    Raises: Unroutable, saying what to write; what `judge` raises.
    """
    if wanted.stage_id:
        found = [stage for stage in stages if stage.id == wanted.stage_id]
        if not found:
            raise Unroutable(f"Nexudus shows no stage {wanted.stage_id} on a live board: correct stage_id")
        return found[0]
    on_board = [
        stage for stage in stages if wanted.board is None or _is(wanted.board, stage.board_id, stage.board_name)
    ]
    if not on_board:
        raise Unroutable(f"Nexudus has no live board {wanted.board!r}: correct board")
    if wanted.stage is None:
        return _first_safe(_of_one_board(on_board, wanted.board), judge)
    named = [stage for stage in on_board if _is(wanted.stage, stage.id, stage.name)]
    if len(named) != 1:
        how = "no" if not named else "more than one"
        where = "" if wanted.board is None else f" on board {wanted.board!r}"
        raise Unroutable(f"Nexudus has {how} stage {wanted.stage!r}{where}: write stage_id")
    return named[0]


def _of_one_board(stages: Sequence[Stage], board: str | int | None) -> Sequence[Stage]:
    """The same stages, where the board's name means one board only."""
    ids = sorted({stage.board_id for stage in stages})
    if board is not None and len(ids) > 1:
        raise Unroutable(f"more than one board {board!r}: write board = {ids[0]}, or the id of another: {ids[1:]}")
    return stages


def _first_safe(stages: Sequence[Stage], judge: Judge) -> Stage:
    is_unknown = len(stages) > CANDIDATES_MAX
    for stage in map(judge, stages[:CANDIDATES_MAX]):
        if stage.is_judged and not stage.dangers:
            return stage
        is_unknown = is_unknown or not stage.is_judged
    if is_unknown:
        raise Unroutable("Nexudus does not show which stage of the board does no harm: write stage_id of a safe one")
    raise Unroutable("every stage of the board deletes, deactivates, wins or loses: write stage_id of a safe one")


def _is(wanted: str | int, number: int, name: str) -> bool:
    if isinstance(wanted, int):
        return wanted == number
    return wanted.strip().casefold() == name.strip().casefold()
