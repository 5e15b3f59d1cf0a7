"""Whether a lead may be put into a stage: what happens there on arrival is asked before the first one, and again.

Some stages delete or deactivate the customer, win or lose the opportunity by themselves. Which ones, an operator
can change in Nexudus at any moment.
"""

import threading
from collections.abc import Hashable
from dataclasses import dataclass

import structlog

from service import clock
from service.nexudus import boards
from service.nexudus.client import Nexudus
from service.nexudus.errors import NexudusError, Refused, Throttled
from service.nexudus.text import plain

log = structlog.get_logger()

SAFE_S = 4 * 3600.0
"""How long a safe stage is believed to be safe."""

UNSAFE_S = 30.0
"""How soon an unsafe one is looked at again. Leads wait for it together, and one in a while finds out."""

UNKNOWN_S = 900.0
"""How soon again, where the CRM did not say."""

SIGN_INS = ("login", "two_factor")


class UnsafeStage(Exception):
    """No lead may be put into this stage; it waits. `sentence` says why and what to do, and names nobody."""

    def __init__(self, stage_id: int, sentence: str) -> None:
        super().__init__(sentence)
        self.stage_id = stage_id
        self.sentence = sentence


def cause_of(account: str, stage_id: int) -> str:
    """The cause under which an unsafe stage is kept among the store's concerns."""
    return f"stage:{account}:{stage_id}"


def danger(stage: boards.Stage) -> str:
    """What is wrong with an unsafe stage, "" for a safe one."""
    return f"stage {stage.id} ({plain(stage.name)}) {' and '.join(stage.dangers)}" if stage.dangers else ""


REMEDY = "choose another stage, or take that automatic action off it in Nexudus"


@dataclass(slots=True)
class _Verdict:
    sentence: str = ""  # "" safe, or nobody knows
    until: float = float("-inf")  # by clock.monotonic


class StageSafety:
    """What is known of stages in this process; threads and accounts may share it."""

    def __init__(self, safe_s: float = SAFE_S, unsafe_s: float = UNSAFE_S, unknown_s: float = UNKNOWN_S) -> None:
        """safe_s, unsafe_s, unknown_s: for how many seconds each kind of answer is believed."""
        self._safe_s, self._unsafe_s, self._unknown_s = safe_s, unsafe_s, unknown_s
        self._guard = threading.Lock()
        self._asking: dict[Hashable, threading.Lock] = {}
        self._verdicts: dict[Hashable, _Verdict] = {}
        self._warned: set[Hashable] = set()

    def check(self, nexudus: Nexudus, stage_id: int) -> None:
        """Pass where the stage is safe, or the CRM does not say; at most one call, and none for hours after it.

        Raises: UnsafeStage; Throttled and a refused sign-in, because then nothing else could be sent either.
        """
        key = (nexudus, stage_id)
        with self._guard:
            asking = self._asking.setdefault(key, threading.Lock())
            verdict = self._verdicts.get(key, _Verdict())
        if verdict.until <= clock.monotonic():
            with asking:  # one asks, the others believe it
                verdict = self._verdicts.get(key, _Verdict())
                if verdict.until <= clock.monotonic():
                    verdict = self._verdicts[key] = self._ask(nexudus, stage_id)
        if verdict.sentence:
            raise UnsafeStage(stage_id, verdict.sentence)

    def _ask(self, nexudus: Nexudus, stage_id: int) -> _Verdict:
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
        wrong = danger(stage)
        if wrong:
            log.error("stage_unsafe", stage=stage_id, flags=[flag for flag in stage.flags if flag in boards.DANGERS])
            return _Verdict(f"{wrong}: {REMEDY}; what waits is then sent by itself", self._from_now(self._unsafe_s))
        return _Verdict("", self._from_now(self._safe_s))

    def _unknown(self, nexudus: Nexudus, stage_id: int, why: str) -> _Verdict:
        """Whether it is safe does not show. Enquiries are not held up for that; it is said once."""
        if (nexudus, stage_id) not in self._warned:
            self._warned.add((nexudus, stage_id))
            log.warning("stage_not_vetted", stage=stage_id, reason=why)
        known = self._verdicts.get((nexudus, stage_id), _Verdict())
        return _Verdict(known.sentence, self._from_now(self._unknown_s))

    @staticmethod
    def _from_now(seconds: float) -> float:
        return clock.monotonic() + seconds
