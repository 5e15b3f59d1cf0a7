"""Which concerns to tell now, in one message: a pure decision over plain values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.alerts.channels import Message
from service.alerts.words import count, span
from service.store import Alert

REMINDERS = (timedelta(hours=4), timedelta(hours=20), timedelta(days=1))
"""After the first alert, the second ...: after four hours, after a day, then daily."""

ONCE = frozenset({"parked", "slow", "refused", "mark"})
"""What nobody is reminded of, unless it happened again: it waits for a person, or passes by itself."""

COUNTED = frozenset({"parked", "refused"})
"""Kinds whose sentence begins with a number of its own: how often they were noticed says nothing besides."""

MOST_AN_HOUR = 12
"""A fuse: trouble that comes and goes all the time is told together, later."""

MOST_LINES = 12
"""Causes that one message lists; how many more there are is said."""

TITLES = {
    "login": "Nexudus refuses the sign-in",
    "credentials": "no Nexudus credentials are set",
    "role": "Nexudus refuses the service account's calls",
    "lookup": "Nexudus does not show its boards",
    "quota": "no new contacts in Nexudus for now",
    "stage": "a stage is not safe",
    "hold": "some calls to Nexudus rest",
    "stuck": "leads are stuck",
    "slow": "leads wait for their turn",
    "parked": "leads need a person",
    "disk": "the disk is nearly full",
    "silence": "a form has fallen silent",
    "canary": "the test lead did not arrive",
    "captcha": "a captcha is not checked",
    "platform": "an ad platform's connection is broken",
    "refused": "calls of a sender are refused",
    "notify": "new leads are not told",
    "setup": "the set-up does not fit Nexudus",
    "cap": "a location in Nexudus is filling up",
    "mark": "Nexudus keeps our mark in the notes only",
    "notes": "Nexudus does not keep the text of enquiries",
    "ledger": "leads and Nexudus are not known to agree",
}
"""Kind of alert -> its title; title_of() has one for every other kind."""


def title_of(alert: Alert) -> str:
    """What an alert is called, in lower case."""
    return TITLES.get(alert.kind, "something is wrong")


ENDINGS = {
    "login": "Nexudus takes the service account again.",
    "credentials": "Credentials are set; what waited is sent.",
    "role": "Nexudus takes the service account's calls again.",
    "lookup": "Boards and locations can be looked up again.",
    "quota": "Nexudus takes new contacts again.",
    "stage": "Leads go into the stage again.",
    "hold": "The calls go through again.",
    "stuck": "No lead waits too long any more.",
    "slow": "The leads had their turn.",
    "parked": "None of them is parked any more.",
    "disk": "There is room again.",
    "silence": "The form brings leads again.",
    "canary": "The test lead arrived.",
    "captcha": "The captcha is checked again.",
    "platform": "The connection works again; what waited is read.",
    "refused": "A call was accepted again, or none was refused for a week.",
    "notify": "New leads are told again.",
    "setup": "The set-up fits again.",
    "cap": "There is room in Nexudus again.",
    "mark": "SystemId is kept again, or it is known whether custom fields are.",
    "notes": "The text of an enquiry is kept again.",
    "ledger": "Leads and Nexudus agree again.",
}


@dataclass(frozen=True, slots=True)
class Telling:
    """message: None when there is nothing to tell now. told: what it tells of; done: what can be forgotten after it."""

    message: Message | None = None
    told: tuple[Alert, ...] = ()
    done: tuple[str, ...] = ()


def what_to_tell(concerns: Sequence[Alert], sent_at: Sequence[datetime], now: datetime) -> Telling:
    """Decide what people are told of these concerns, and put it in words.

    A new cause is told at once, an old one again after hours, its end once; all that is due in one message.
    sent_at: when messages went out lately; after MOST_AN_HOUR in one hour everything waits.
    Raises: nothing.
    """
    concerns = [concern for concern in concerns if not _says_the_same(concern, concerns)]
    news = [concern for concern in concerns if concern.resolved_at is None and not concern.notified_count]
    again = [
        concern
        for concern in concerns
        if concern.resolved_at is None and concern.notified_count and _is_due(concern, now)
    ]
    over = [concern for concern in concerns if concern.resolved_at is not None and concern.notified_count]
    unheard = tuple(
        concern.cause for concern in concerns if concern.resolved_at is not None and not concern.notified_count
    )
    if not (news or again or over):
        return Telling(done=unheard)
    if len([sent for sent in sent_at if now - sent < timedelta(hours=1)]) >= MOST_AN_HOUR:
        return Telling()
    lines = [
        *(concern.sentence + _often(concern) for concern in news),
        *(f"Still, for {span(now - concern.since)}: {concern.sentence}{_often(concern)}" for concern in again),
        *(_ending(concern) for concern in over),
    ]
    message = Message(_title(news, again, over), _body(lines), "warning" if news or again else "success")
    return Telling(message, (*news, *again), (*unheard, *(concern.cause for concern in over)))


def _says_the_same(concern: Alert, concerns: Sequence[Alert]) -> bool:
    """Whether the look at the set-up found what the deliveries found as well: that the account is refused."""
    account = account_of_access(concern.cause)
    refused = (f"login:{account}", f"role:{account}")
    return account != "" and any(other.cause in refused and other.resolved_at is None for other in concerns)


def account_of_access(cause: str) -> str:
    """The account of which the look at the set-up says that it is not let in; "" for other causes."""
    found = re.fullmatch(r"setup:(.+):[^:]+:(?:credentials|access)", cause)
    return found[1] if found else ""


def _is_due(concern: Alert, now: datetime) -> bool:
    if concern.notified_at is None:
        return True
    if concern.kind in ONCE and concern.seen_at <= concern.notified_at:
        return False
    return now - concern.notified_at >= REMINDERS[min(concern.notified_count, len(REMINDERS)) - 1]


def _title(news: Sequence[Alert], again: Sequence[Alert], over: Sequence[Alert]) -> str:
    """The most urgent part, and how many others there are."""
    first, *_ = news or again or over
    word = "" if news else ("still: " if again else "over: ")
    more = len(news) + len(again) + len(over) - 1
    return f"Lead Capture: {word}{title_of(first)}" + (f" (and {more} more)" if more else "")


def _often(concern: Alert) -> str:
    return (
        f" (Noticed {concern.occurrences:,} times.)" if concern.occurrences > 1 and concern.kind not in COUNTED else ""
    )


def _ending(concern: Alert) -> str:
    resolved_at = concern.resolved_at or concern.seen_at
    ending = ENDINGS.get(concern.kind, f"No longer: {concern.sentence}")
    return f"Over, after {span(resolved_at - concern.since)}: {ending}{_place(concern)}"


def _place(concern: Alert) -> str:
    """Which account or form, where the ending does not say it."""
    place = concern.cause.partition(":")[2]
    return f" ({place})" if concern.kind in ENDINGS and place not in ("", "default") else ""


def _body(lines: Sequence[str]) -> str:
    shown = list(lines[:MOST_LINES])
    if len(lines) > MOST_LINES:
        shown.append(f"And {count(len(lines) - MOST_LINES, 'more cause')}: `lead-capture alerts` lists them.")
    return "\n\n".join(shown)
