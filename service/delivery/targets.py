"""The target of a form's leads in Nexudus's ids, and whether its stage is safe.

Names are looked up, and omissions are completed. Some stages delete or deactivate the customer, or win or lose the
opportunity, on arrival. An operator can change these actions in Nexudus at any moment, so they are read before the
first lead, and again regularly.
"""

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from service import clock
from service.delivery.translate import Target
from service.forms import Destination, Form
from service.nexudus import boards, directory
from service.nexudus.boards import Stage
from service.nexudus.client import Nexudus
from service.nexudus.errors import NexudusError, Refused, Throttled
from service.nexudus.values import plain
from service.setup.stages import UNSAFE_REMEDY

log = structlog.get_logger()

CACHE_S = 600.0
"""Seconds for which a look-up is cached: a renamed stage is noticed within ten minutes."""

MAX_CANDIDATES = 25
"""Maximum stages of a board that are read, one call each, to find a safe one."""

Judge = Callable[[Stage], Stage]
"""Returns a listed stage with the actions that its own record shows; unjudged if it shows none."""

_TargetKey = tuple[int | None, str | int | None, str | int | None, int | None, int | None, int | None]
"""Stage id, board, stage, location, country and time zone, as in the forms file."""


class Unroutable(Exception):
    """The set-up does not say where this lead goes; the message says what to write."""


@dataclass(frozen=True, slots=True)
class _Cached:
    target: Target
    until: float  # by clock.monotonic


class Targets:
    """The targets of one account, cached; threads may share it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._cached: dict[_TargetKey, _Cached] = {}

    def find(self, nexudus: Nexudus, form: Form) -> Target:
        """Return the target of a (routed) form. Reads from Nexudus only what the forms file leaves open.

        Raises: Unroutable; NexudusError from the look-ups.
        """
        target = known_target(form)
        if target.is_complete:
            return target
        key = _key(form)
        with self._guard:
            cached = self._cached.get(key)
        if cached is not None and cached.until > clock.monotonic():
            return cached.target
        target = look_up(nexudus, form)
        with self._guard:
            self._cached[key] = _Cached(target, clock.monotonic() + CACHE_S)
        return target


def _key(form: Form) -> _TargetKey:
    """Return the part of a form that decides its target."""
    stage, contact = form.destination, form.contact
    return stage.stage_id, stage.board, stage.stage, contact.business_id, contact.country_id, contact.time_zone_id


def known_target(form: Form) -> Target:
    """Return the target as the forms file gives it; 0 for each id that needs a look-up."""
    stage_id, contact = form.destination.stage_id or 0, form.contact
    return Target(stage_id, contact.business_id or 0, contact.country_id or 0, contact.time_zone_id or 0)


def look_up(nexudus: Nexudus, form: Form) -> Target:
    """Complete a form's destination and contact rule from the account's boards and locations.

    Raises: Unroutable, saying what to write; NexudusError.
    """
    stage = choose_stage(boards.stages(nexudus), form.destination, partial(boards.with_actions, nexudus))
    business_id = form.contact.business_id or stage.business_id or directory.me(nexudus).default_business_id
    if not business_id:
        raise Unroutable(f"form {form.name}: its location is unknown: write contact.business_id")
    business = directory.business(nexudus, business_id)
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
    """Return the stage of a destination: by id, by board and name, or the first whose own record shows it to be safe.

    stages: of live boards. judge: reads a stage that the operator did not name.
    Raises: Unroutable, saying what to write; what `judge` raises.
    """
    if wanted.stage_id:
        stage = next((stage for stage in stages if stage.id == wanted.stage_id), None)
        if stage is None:
            raise Unroutable(f"Nexudus shows no stage {wanted.stage_id} on a live board: correct stage_id")
        return stage
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
    """Return the stages, if the board's name means one board only. Raises: Unroutable."""
    ids = sorted({stage.board_id for stage in stages})
    if board is not None and len(ids) > 1:
        raise Unroutable(f"more than one board {board!r}: write board = {ids[0]}, or the id of another: {ids[1:]}")
    return stages


def _first_safe(stages: Sequence[Stage], judge: Judge) -> Stage:
    is_unknown = len(stages) > MAX_CANDIDATES
    for stage in map(judge, stages[:MAX_CANDIDATES]):
        if stage.is_judged and not stage.dangers:
            return stage
        is_unknown = is_unknown or not stage.is_judged
    if is_unknown:
        raise Unroutable("Nexudus does not show which stage of the board is safe: write stage_id of a safe one")
    raise Unroutable("every stage of the board deletes, deactivates, wins or loses: write stage_id of a safe one")


def _is(wanted: str | int, number: int, name: str) -> bool:
    if isinstance(wanted, int):
        return wanted == number
    return wanted.strip().casefold() == name.strip().casefold()


# -- stage safety

SAFE_S = 4 * 3600.0
"""Seconds for which a safe stage counts as safe."""

UNSAFE_S = 30.0
"""Seconds until an unsafe stage is read again. Its leads wait, and one of them probes from time to time."""

UNKNOWN_S = 900.0
"""Seconds until the next reading of a stage whose actions the CRM did not show."""

SIGN_INS = ("login", "two_factor", "tokens")


class UnsafeStage(Exception):
    """No lead may enter this stage; leads wait. problem: why; nothing personal."""

    def __init__(self, stage_id: int, problem: str) -> None:
        super().__init__(problem)
        self.stage_id = stage_id
        self.problem = problem

    def sentence(self, has_versions: bool) -> str:
        """Return why, what to do, and what happens to the waiting leads.

        has_versions: the set-up is kept in the database. A waiting lead keeps its own version there, so that another
        stage helps it only once it is sent again by hand.
        """
        if has_versions:
            return (
                f"{self.problem}: remove that automatic action in Nexudus, and the waiting leads are sent "
                "automatically; or publish another stage, and send them again"
            )
        return f"{self.problem}: {UNSAFE_REMEDY}; the waiting leads are then sent automatically"


def danger(stage: boards.Stage) -> str:
    """Return what is wrong with an unsafe stage; "" for a safe one."""
    return f"stage {stage.id} ({plain(stage.name)}) {' and '.join(stage.dangers)}" if stage.dangers else ""


@dataclass(slots=True)
class _Verdict:
    problem: str = ""  # "": safe, or unknown
    until: float = float("-inf")  # by clock.monotonic


class StageSafety:
    """The stages that this process has read, cached; threads and accounts may share it."""

    def __init__(self, safe_s: float = SAFE_S, unsafe_s: float = UNSAFE_S, unknown_s: float = UNKNOWN_S) -> None:
        """safe_s, unsafe_s, unknown_s: seconds for which each kind of result is cached."""
        self._safe_s, self._unsafe_s, self._unknown_s = safe_s, unsafe_s, unknown_s
        self._guard = threading.Lock()
        self._reading: dict[Hashable, threading.Lock] = {}
        self._verdicts: dict[Hashable, _Verdict] = {}
        self._warned: set[Hashable] = set()

    def check(self, nexudus: Nexudus, stage_id: int) -> None:
        """Return if the stage is safe, or the CRM does not show its actions. One call at most, then cached.

        Raises: UnsafeStage; Throttled and a refused sign-in, after which no other call would pass either.
        """
        key = (nexudus, stage_id)
        with self._guard:
            reading = self._reading.setdefault(key, threading.Lock())
            verdict = self._verdicts.get(key, _Verdict())
        if verdict.until <= clock.monotonic():
            with reading:  # one thread reads, the others use its result
                verdict = self._verdicts.get(key, _Verdict())
                if verdict.until <= clock.monotonic():
                    verdict = self._verdicts[key] = self._read(nexudus, stage_id)
        if verdict.problem:
            raise UnsafeStage(stage_id, verdict.problem)

    def _read(self, nexudus: Nexudus, stage_id: int) -> _Verdict:
        try:
            stage = boards.stage(nexudus, stage_id)
        except Throttled:
            raise
        except NexudusError as error:
            if isinstance(error, Refused) and error.kind in SIGN_INS:
                raise
            return self._unknown(nexudus, stage_id, error.message)
        if stage is None:
            return self._unknown(nexudus, stage_id, "Nexudus does not show the stage")
        self._warned.discard((nexudus, stage_id))
        problem = danger(stage)
        if problem:
            log.error("stage_unsafe", stage=stage_id, flags=[flag for flag in stage.flags if flag in boards.DANGERS])
            return _Verdict(problem, self._from_now(self._unsafe_s))
        return _Verdict("", self._from_now(self._safe_s))

    def _unknown(self, nexudus: Nexudus, stage_id: int, why: str) -> _Verdict:
        """Keep the last known verdict, and log once that the stage could not be read: leads are not held up for it."""
        if (nexudus, stage_id) not in self._warned:
            self._warned.add((nexudus, stage_id))
            log.warning("stage_not_checked", stage=stage_id, reason=why)
        known = self._verdicts.get((nexudus, stage_id), _Verdict())
        return _Verdict(known.problem, self._from_now(self._unknown_s))

    @staticmethod
    def _from_now(seconds: float) -> float:
        return clock.monotonic() + seconds
