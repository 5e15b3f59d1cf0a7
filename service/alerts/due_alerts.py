"""Which alerts to send now, in one message: a pure decision over plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.alerts.alert_state import account_without_access
from service.alerts.channels import Message
from service.alerts.wording import count, span
from service.store import Alert

REMINDER_INTERVALS = (timedelta(hours=4), timedelta(hours=20), timedelta(days=1))
"""Waits after the first message, the second ...: reminders come after four hours, after a day, then daily."""

NO_REMINDER = frozenset({"parked", "slow", "refused", "mark"})
"""Kinds without reminders unless they occur again: they wait for an operator, or pass by themselves."""

COUNTED = frozenset({"parked", "refused"})
"""Kinds whose sentence begins with a number of its own, so that the number of occurrences adds nothing."""

MAX_MESSAGES_PER_HOUR = 12
"""Beyond this, alerts that come and go all the time are collected and sent later."""

MAX_CAUSES_LISTED = 12

TITLES = {
    "login": "Nexudus refuses the sign-in",
    "credentials": "no Nexudus credentials are set",
    "role": "Nexudus refuses the service account's calls",
    "lookup": "Nexudus does not show its boards",
    "quota": "Nexudus accepts no new contacts for now",
    "stage": "a stage is not safe",
    "hold": "some calls to Nexudus are paused",
    "stuck": "leads are stuck",
    "slow": "leads are held back by the rate limit",
    "parked": "leads need attention",
    "disk": "the disk is nearly full",
    "silence": "a form has fallen silent",
    "canary": "the test lead did not arrive",
    "captcha": "a captcha cannot be verified",
    "platform": "an ad platform's connection is broken",
    "refused": "calls of a sender are refused",
    "notify": "messages about new leads fail",
    "setup": "the set-up does not match Nexudus",
    "cap": "a location in Nexudus is nearly full",
    "mark": "Nexudus keeps lead markers only in the notes",
    "notes": "Nexudus does not keep the text of enquiries",
    "ledger": "leads and Nexudus may not agree",
}
"""Kind -> title; title_of() has one for every other kind."""


def title_of(alert: Alert) -> str:
    """Return the title of an alert, in lower case."""
    return TITLES.get(alert.kind, "something is wrong")


ENDINGS = {
    "login": "Nexudus accepts the service account again.",
    "credentials": "Credentials are set; waiting leads are being sent.",
    "role": "Nexudus accepts the service account's calls again.",
    "lookup": "Boards and locations can be looked up again.",
    "quota": "Nexudus accepts new contacts again.",
    "stage": "Leads go into the stage again.",
    "hold": "The calls go through again.",
    "stuck": "No lead waits too long any more.",
    "slow": "The leads have been sent.",
    "parked": "No lead needs attention any more.",
    "disk": "There is enough free space again.",
    "silence": "The form brings leads again.",
    "canary": "The test lead arrived.",
    "captcha": "The captcha is verified again.",
    "platform": "The connection works again; waiting leads are being fetched.",
    "refused": "A call was accepted again, or none was refused for a week.",
    "notify": "Messages about new leads are sent again.",
    "setup": "The set-up matches again.",
    "cap": "There is room in Nexudus again.",
    "mark": "Nexudus keeps SystemId again, or it is known whether it keeps custom fields.",
    "notes": "The text of enquiries is kept again.",
    "ledger": "Leads and Nexudus agree again.",
}


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """What to send. message: None for nothing. alerts: those it is about; done: causes to forget once it is sent."""

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
    """Return whether the set-up check found what the deliveries found as well: that the account is refused."""
    account = account_without_access(alert.cause)
    refusals = (f"login:{account}", f"role:{account}")
    return account != "" and any(other.cause in refusals and other.resolved_at is None for other in alerts)


def _is_due(alert: Alert, now: datetime) -> bool:
    if alert.notified_at is None:
        return True
    if alert.kind in NO_REMINDER and alert.seen_at <= alert.notified_at:
        return False
    interval = REMINDER_INTERVALS[min(alert.notified_count, len(REMINDER_INTERVALS)) - 1]
    return now - alert.notified_at >= interval


def _title(new: Sequence[Alert], again: Sequence[Alert], over: Sequence[Alert]) -> str:
    """Return the most urgent part, and how many others there are."""
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
