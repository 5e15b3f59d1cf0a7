"""Pure decisions about alerts: conditions open, reword and resolve them; the alerts to send now share one message.

A condition must be gone for good before its alert is resolved.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from service.alerts.channels import Message
from service.alerts.conditions import Condition
from service.alerts.wording import count, span
from service.store import Alert

SETTLE_S = {
    **dict.fromkeys(("role", "login", "key", "credentials", "lookup", "quota", "stage", "hold", "missing"), 60),
    "slow": 120,
    "disk": 600,
    **dict.fromkeys(("unreadable", "limited", "guesses"), 60),
}
"""Seconds for which a condition must be gone before its alert is resolved: the next try may fail again."""

MONITORED_KINDS = frozenset(
    {*SETTLE_S, "stuck", "parked", "silence", "canary", "refused", "worker", "erasure"} - {"stage"}
)
"""Kinds that only the monitor reports and resolves. Others may be reported and resolved elsewhere."""

HasRecovered = Callable[[Alert], bool | None]
"""Returns whether a refused account works again (True), leads still wait (False), or nothing shows it (None)."""


@dataclass(frozen=True, slots=True)
class AlertChanges:
    """Changes to store. reported: new, or more than before; reworded: with newer figures; resolved: causes."""

    reported: tuple[Condition, ...] = ()
    reworded: tuple[Condition, ...] = ()
    resolved: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.reported or self.reworded or self.resolved)


@dataclass(slots=True)
class AlertState:
    """When each cause was last met, over all looks of this process."""

    _last_seen: dict[str, datetime] = field(default_factory=dict)

    def compare(
        self, conditions: Iterable[Condition], open_alerts: Sequence[Alert], has_recovered: HasRecovered, now: datetime
    ) -> AlertChanges:
        """Return the changes that follow from the conditions of one look."""
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


# -- which alerts to send now


REMINDER_INTERVALS = (timedelta(hours=4), timedelta(hours=20), timedelta(days=1))
"""Waits after the first message, the second ...: reminders come after four hours, after a day, then daily."""

NO_REMINDER = frozenset({"parked", "slow", "refused", "mark", "erasure"})
"""Kinds without reminders unless they occur again: they wait for an operator, or pass by themselves."""

COUNTED = frozenset({"parked", "refused", "erasure"})
"""Kinds whose sentence begins with a number of its own, which replaces the number of occurrences."""

MAX_MESSAGES_PER_HOUR = 12
"""Beyond this number, alerts that come and go all the time are collected and sent later."""

MAX_CAUSES_LISTED = 12

TITLES = {
    "login": "Nexudus refuses the sign-in",
    "credentials": "no Nexudus credentials are set",
    "key": "the tokens in the database cannot be decrypted",
    "role": "Nexudus refuses the service account's calls",
    "lookup": "Nexudus does not show its boards",
    "quota": "Nexudus accepts no new contacts for now",
    "stage": "a stage is not safe",
    "hold": "some calls to Nexudus are paused",
    "missing": "a form or account that leads wait for is missing from the set-up",
    "stuck": "leads are stuck",
    "worker": "no worker is running",
    "slow": "leads are held back by the rate limit",
    "parked": "leads need attention",
    "erasure": "parked leads are about to be erased",
    "disk": "the disk is nearly full",
    "silence": "a form has fallen silent",
    "canary": "the test lead did not arrive",
    "captcha": "a captcha cannot be verified",
    "platform": "an ad platform's connection is broken",
    "refused": "calls of a sender are refused",
    "unreadable": "unreadable calls are refused",
    "limited": "calls of an unauthenticated sender are refused",
    "guesses": "someone is trying passwords or tokens",
    "notify": "messages about new leads fail",
    "report": "a weekly report is not delivered",
    "forms": "the set-up is refused",
    "setup": "the set-up does not match Nexudus",
    "cap": "a location in Nexudus is nearly full",
    "mark": "Nexudus keeps lead markers only in the notes",
    "notes": "Nexudus does not keep the text of enquiries",
    "ledger": "leads and Nexudus may not agree",
}
"""Kind -> title; title_of() makes one for every other kind."""


def title_of(alert: Alert) -> str:
    """Return the title of an alert, in lower case."""
    return TITLES.get(alert.kind, "something is wrong")


ENDINGS = {
    "login": "Nexudus accepts the service account again.",
    "credentials": "Credentials are set; waiting leads are being sent.",
    "key": "The tokens in the database can be decrypted again.",
    "role": "Nexudus accepts the service account's calls again.",
    "lookup": "Boards and locations can be looked up again.",
    "quota": "Nexudus accepts new contacts again.",
    "stage": "Leads go into the stage again.",
    "hold": "The calls go through again.",
    "missing": "The set-up has it again, or the leads that waited for it have been parked.",
    "stuck": "No lead waits too long any more.",
    "worker": "A worker is running again; waiting leads are being sent.",
    "slow": "The leads have been sent.",
    "parked": "No lead needs attention any more.",
    "erasure": "No parked lead is about to be erased any more.",
    "disk": "There is enough free space again.",
    "silence": "The form brings leads again.",
    "canary": "The test lead arrived.",
    "captcha": "The captcha is verified again.",
    "platform": "The connection works again; waiting leads are being fetched.",
    "refused": "A call was accepted again, or none was refused for a week.",
    "unreadable": "A new day has begun: unreadable calls are kept again.",
    "limited": "No call was refused for an hour.",
    "guesses": "Hardly any attempt was refused within an hour.",
    "notify": "Messages about new leads are sent again.",
    "report": "The weekly report was sent.",
    "forms": "The newest set-up is in force.",
    "setup": "The set-up matches again.",
    "cap": "There is room in Nexudus again.",
    "mark": "Nexudus keeps SystemId again, or it is known whether it keeps custom fields.",
    "notes": "The text of enquiries is kept again.",
    "ledger": "Leads and Nexudus agree again.",
}


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """A message to send. message: None for nothing. alerts: those it covers; done: causes to forget once it is sent."""

    message: Message | None = None
    alerts: tuple[Alert, ...] = ()
    done: tuple[str, ...] = ()


def due_alerts(alerts: Sequence[Alert], sent_at: Sequence[datetime], now: datetime) -> AlertMessage:
    """Decide which alerts are sent now, and write the message.

    A new cause is sent at once, an old one again after hours, its end once; everything due shares one message.
    sent_at: when the last messages were sent.
    """
    alerts = [alert for alert in alerts if not _is_redundant(alert, alerts)]
    new = [alert for alert in alerts if alert.resolved_at is None and not alert.notified_count]
    again = [alert for alert in alerts if alert.resolved_at is None and alert.notified_count and _is_due(alert, now)]
    over = [alert for alert in alerts if alert.resolved_at is not None and alert.notified_count]
    never_sent = tuple(alert.cause for alert in alerts if alert.resolved_at is not None and not alert.notified_count)
    if not (new or again or over):
        return AlertMessage(done=never_sent)
    if len([at for at in sent_at if now - at < timedelta(hours=1)]) >= MAX_MESSAGES_PER_HOUR:
        return AlertMessage()
    lines = [
        *(alert.sentence + _occurrences(alert) for alert in new),
        *(f"Ongoing for {span(now - alert.since)}: {alert.sentence}{_occurrences(alert)}" for alert in again),
        *(_ending(alert) for alert in over),
    ]
    message = Message(_title(new, again, over), _body(lines), "warning" if new or again else "success")
    return AlertMessage(message, (*new, *again), (*never_sent, *(alert.cause for alert in over)))


def _is_redundant(alert: Alert, alerts: Sequence[Alert]) -> bool:
    """Return whether the set-up check only repeats the deliveries' finding that the account is refused."""
    account = account_without_access(alert.cause)
    refusals = (f"login:{account}", f"role:{account}", f"key:{account}")
    return account != "" and any(other.cause in refusals and other.resolved_at is None for other in alerts)


def _is_due(alert: Alert, now: datetime) -> bool:
    if alert.notified_at is None:
        return True
    if alert.kind in NO_REMINDER and alert.seen_at <= alert.notified_at:
        return False
    interval = REMINDER_INTERVALS[min(alert.notified_count, len(REMINDER_INTERVALS)) - 1]
    return now - alert.notified_at >= interval


def _title(new: Sequence[Alert], again: Sequence[Alert], over: Sequence[Alert]) -> str:
    """Return the most urgent part, and the number of others."""
    first, *_ = new or again or over
    prefix = "" if new else ("reminder: " if again else "resolved: ")
    more = len(new) + len(again) + len(over) - 1
    return f"Lead Capture: {prefix}{title_of(first)}" + (f" (and {more} more)" if more else "")


def _occurrences(alert: Alert) -> str:
    return f" (Noticed {alert.occurrences:,} times.)" if alert.occurrences > 1 and alert.kind not in COUNTED else ""


def _ending(alert: Alert) -> str:
    resolved_at = alert.resolved_at or alert.seen_at
    ending = ENDINGS.get(alert.kind, f"No longer: {alert.sentence}")
    place = alert.cause.partition(":")[2]  # the account or form, where the ending does not name it
    suffix = f" ({place})" if alert.kind in ENDINGS and place not in ("", "default") else ""
    return f"Resolved after {span(resolved_at - alert.since)}: {ending}{suffix}"


def _body(lines: Sequence[str]) -> str:
    shown = list(lines[:MAX_CAUSES_LISTED])
    if len(lines) > MAX_CAUSES_LISTED:
        shown.append(f"And {count(len(lines) - MAX_CAUSES_LISTED, 'more cause')}: `lead-capture alerts` lists them.")
    return "\n\n".join(shown)
