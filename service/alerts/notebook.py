"""What was found, kept as concerns: begun, put in newer words, and ended when the signs are gone for good."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from service.alerts.alerts import account_of_access
from service.alerts.condition import Condition
from service.store import Alert

SETTLE_S = {
    **dict.fromkeys(("role", "login", "credentials", "lookup", "quota", "stage", "hold"), 60),
    "slow": 120,
    "disk": 600,
}
"""How long the signs of a kind must be gone until it is over: a new try may find it as bad as before."""

OURS = frozenset({*SETTLE_S, "stuck", "parked", "silence", "canary", "refused"} - {"stage"})
"""The kinds that only the watch notices, and so ends. Others may be noticed, and ended, elsewhere."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be written down. begun: new, or more of it than before; worded: the same with newer figures."""

    begun: tuple[Condition, ...] = ()
    worded: tuple[Condition, ...] = ()
    ended: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.begun or self.worded or self.ended)


@dataclass(slots=True)
class Notebook:
    """What the looks before this one saw: cause -> when it was last found."""

    _seen: dict[str, datetime] = field(default_factory=dict)

    def compare(
        self,
        found: Iterable[Condition],
        known: Sequence[Alert],
        is_mended: Callable[[Alert], bool | None],
        now: datetime,
    ) -> Changes:
        """What one look changes.

        is_mended: whether a refused account works again (True), nobody knows (None), or leads still wait (False).
        """
        findings = {finding.cause: finding for finding in found}
        self._seen.update(dict.fromkeys(findings, now))
        opened = {concern.cause: concern for concern in known}
        begun = [
            finding
            for cause, finding in findings.items()
            if cause not in opened or _has_grown(opened[cause].sentence, finding)
        ]
        worded = [
            finding
            for cause, finding in findings.items()
            if finding not in begun and _is_other(opened[cause].sentence, finding)
        ]
        ended = [
            concern.cause
            for concern in known
            if concern.cause not in findings and self._is_over(concern, is_mended, now)
        ]
        for cause in ended:
            self._seen.pop(cause, None)
        return Changes(tuple(begun), tuple(worded), tuple(ended))

    def _is_over(self, concern: Alert, is_mended: Callable[[Alert], bool | None], now: datetime) -> bool:
        if account_of_access(concern.cause) and is_mended(concern):
            return True  # nobody need wait for the next look at the set-up
        if concern.kind not in OURS and concern.cause not in self._seen:
            return False
        last_seen = self._seen.setdefault(concern.cause, now)
        is_settled = now - last_seen >= timedelta(seconds=SETTLE_S.get(concern.kind, 0))
        if concern.kind not in ("login", "role", "lookup"):
            return is_settled
        # That nobody refuses is no sign: nothing may have been sent. Only a lead that came through is one.
        mended = is_mended(concern)
        return (mended is True and (is_settled or concern.kind != "lookup")) or (mended is None and is_settled)


def _has_grown(sentence: str, finding: Condition) -> bool:
    """Whether there are more than before of what is counted at the beginning."""
    before, after = _number(sentence), _number(finding.sentence)
    return before is not None and after is not None and after > before


def _is_other(sentence: str, finding: Condition) -> bool:
    """Whether our own sentence changed; what somebody else wrote is left alone."""
    ours = _number(sentence) is not None or sentence.startswith(finding.head)
    return ours and sentence != finding.sentence


def _number(sentence: str) -> int | None:
    digits = re.match(r"[\d,]+(?= )", sentence)
    return int(digits[0].replace(",", "")) if digits else None
