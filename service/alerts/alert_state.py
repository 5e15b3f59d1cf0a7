"""Conditions become alerts: opened, reworded, and resolved when the condition is gone for good."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from service.alerts.conditions import Condition
from service.store import Alert

SETTLE_S = {
    **dict.fromkeys(("role", "login", "credentials", "lookup", "quota", "stage", "hold"), 60),
    "slow": 120,
    "disk": 600,
}
"""Seconds for which a condition must be gone until its alert is resolved: the next try may fail again."""

MONITORED_KINDS = frozenset({*SETTLE_S, "stuck", "parked", "silence", "canary", "refused"} - {"stage"})
"""Kinds that only the monitor finds, and so resolves. Others may be reported and resolved elsewhere."""

HasRecovered = Callable[[Alert], bool | None]
"""Whether a refused account works again (True), leads still wait (False), or there is no way to know (None)."""


@dataclass(frozen=True, slots=True)
class AlertChanges:
    """What to write. reported: new, or more than before; reworded: the same with newer figures; resolved: causes."""

    reported: tuple[Condition, ...] = ()
    reworded: tuple[Condition, ...] = ()
    resolved: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.reported or self.reworded or self.resolved)


@dataclass(slots=True)
class AlertState:
    """When each cause was last found, over all looks of this process."""

    _last_seen: dict[str, datetime] = field(default_factory=dict)

    def compare(
        self, conditions: Iterable[Condition], open_alerts: Sequence[Alert], has_recovered: HasRecovered, now: datetime
    ) -> AlertChanges:
        """Return what the conditions of one look change."""
        by_cause = {condition.cause: condition for condition in conditions}
        alerts = {alert.cause: alert for alert in open_alerts}
        self._last_seen.update(dict.fromkeys(by_cause, now))
        reported, reworded = [], []
        for cause, condition in by_cause.items():
            if cause not in alerts or _has_grown(alerts[cause].sentence, condition):
                reported.append(condition)
            elif _needs_rewording(alerts[cause], condition):
                reworded.append(condition)
        resolved = [
            alert.cause
            for alert in open_alerts
            if alert.cause not in by_cause and self._is_over(alert, has_recovered, now)
        ]
        for cause in resolved:
            self._last_seen.pop(cause, None)
        return AlertChanges(tuple(reported), tuple(reworded), tuple(resolved))

    def _is_over(self, alert: Alert, has_recovered: HasRecovered, now: datetime) -> bool:
        if account_without_access(alert.cause) and has_recovered(alert):
            return True  # no need to wait for the next check of the set-up
        if alert.kind not in MONITORED_KINDS and alert.cause not in self._last_seen:
            return False
        last_seen = self._last_seen.setdefault(alert.cause, now)
        is_settled = now - last_seen >= timedelta(seconds=SETTLE_S.get(alert.kind, 0))
        if alert.kind not in ("login", "role", "lookup"):
            return is_settled
        # The absence of refusals proves nothing: perhaps nothing was sent. Only a delivered lead does.
        recovered = has_recovered(alert)
        return (recovered is True and (is_settled or alert.kind != "lookup")) or (recovered is None and is_settled)


def account_without_access(cause: str) -> str:
    """Return the account that the set-up check found without access; "" for other causes."""
    match = re.fullmatch(r"setup:(.+):[^:]+:(?:credentials|access)", cause)
    return match[1] if match else ""


def _has_grown(sentence: str, condition: Condition) -> bool:
    """Return whether the number at the beginning is larger than before."""
    before, after = _number(sentence), _number(condition.sentence)
    return before is not None and after is not None and after > before


def _needs_rewording(alert: Alert, condition: Condition) -> bool:
    """Return whether a sentence of the monitor has changed; sentences reported elsewhere are left alone."""
    is_own = alert.kind in MONITORED_KINDS or alert.sentence.startswith(condition.head)
    return is_own and alert.sentence != condition.sentence


def _number(sentence: str) -> int | None:
    digits = re.match(r"[\d,]+(?= )", sentence)
    return int(digits[0].replace(",", "")) if digits else None
