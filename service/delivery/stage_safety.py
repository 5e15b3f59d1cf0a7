"""Whether a lead may be put into a stage: its actions on arrival are read before the first lead, and again regularly.

Some stages delete or deactivate the customer, or win or lose the opportunity. An operator can change these actions in
Nexudus at any moment.
"""

import threading
from collections.abc import Hashable
from dataclasses import dataclass

import structlog

from service import clock
from service.nexudus import boards
from service.nexudus.client import Nexudus
from service.nexudus.errors import NexudusError, Refused, Throttled
from service.nexudus.values import plain

log = structlog.get_logger()

SAFE_S = 4 * 3600.0
"""Seconds for which a safe stage is believed to be safe."""

UNSAFE_S = 30.0
"""Seconds until an unsafe stage is read again. Its leads wait, and one of them probes from time to time."""

UNKNOWN_S = 900.0
"""Seconds until a stage is read again whose actions the CRM did not show."""

SIGN_INS = ("login", "two_factor")


class UnsafeStage(Exception):
    """No lead may enter this stage; leads wait. sentence: why, and what to do; nothing personal."""

    def __init__(self, stage_id: int, sentence: str) -> None:
        super().__init__(sentence)
        self.stage_id = stage_id
        self.sentence = sentence


def danger(stage: boards.Stage) -> str:
    """Return what is wrong with an unsafe stage; "" for a safe one."""
    return f"stage {stage.id} ({plain(stage.name)}) {' and '.join(stage.dangers)}" if stage.dangers else ""


REMEDY = "choose another stage, or take that automatic action off it in Nexudus"


@dataclass(slots=True)
class _Verdict:
    sentence: str = ""  # "": safe, or unknown
    until: float = float("-inf")  # by clock.monotonic


class StageSafety:
    """The stages that this process has read; threads and accounts may share it."""

    def __init__(self, safe_s: float = SAFE_S, unsafe_s: float = UNSAFE_S, unknown_s: float = UNKNOWN_S) -> None:
        """safe_s, unsafe_s, unknown_s: seconds for which each kind of result is cached."""
        self._safe_s, self._unsafe_s, self._unknown_s = safe_s, unsafe_s, unknown_s
        self._guard = threading.Lock()
        self._reading: dict[Hashable, threading.Lock] = {}
        self._verdicts: dict[Hashable, _Verdict] = {}
        self._warned: set[Hashable] = set()

    def check(self, nexudus: Nexudus, stage_id: int) -> None:
        """Pass where the stage is safe, or the CRM does not show its actions. One call at most, then cached.

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
        if verdict.sentence:
            raise UnsafeStage(stage_id, verdict.sentence)

    def _read(self, nexudus: Nexudus, stage_id: int) -> _Verdict:
        try:
            stage = boards.stage(nexudus, stage_id)
        except Throttled:
            raise
        except NexudusError as error:
            if isinstance(error, Refused) and error.kind in SIGN_INS:
                raise
            return self._unknown(nexudus, stage_id, error.said)
        if stage is None:
            return self._unknown(nexudus, stage_id, "Nexudus shows no such stage")
        self._warned.discard((nexudus, stage_id))
        problem = danger(stage)
        if problem:
            log.error("stage_unsafe", stage=stage_id, flags=[flag for flag in stage.flags if flag in boards.DANGERS])
            return _Verdict(f"{problem}: {REMEDY}; what waits is then sent by itself", self._from_now(self._unsafe_s))
        return _Verdict("", self._from_now(self._safe_s))

    def _unknown(self, nexudus: Nexudus, stage_id: int, why: str) -> _Verdict:
        """Keep the last known verdict, and log once that the stage could not be read: leads are not held up for it."""
        if (nexudus, stage_id) not in self._warned:
            self._warned.add((nexudus, stage_id))
            log.warning("stage_not_vetted", stage=stage_id, reason=why)
        known = self._verdicts.get((nexudus, stage_id), _Verdict())
        return _Verdict(known.sentence, self._from_now(self._unknown_s))

    @staticmethod
    def _from_now(seconds: float) -> float:
        return clock.monotonic() + seconds
