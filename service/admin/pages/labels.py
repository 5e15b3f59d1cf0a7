"""Names of things on the pages, in a marketer's words; numbers and durations as people write them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from service.lead import Attempt, Lead, Outcome, Reason, Status, Step
from service.nexudus.values import lead_source_name as vendor_name
from service.platforms.registry import PLATFORMS

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Label:
    """A name, its tone (good, busy, warn, bad, calm) and its meaning; the tone never stands alone."""

    name: str
    tone: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class ActionLabel:
    """The words of an action. request: with {} for the leads, as in "Release {}"; effect: what follows."""

    button: str
    done: str
    request: str
    effect: str


STATUSES: Mapping[Status, Label] = {
    Status.PENDING: Label("Waiting", "busy", "On its way to Nexudus; failed tries are repeated automatically."),
    Status.DELIVERED: Label("Delivered", "good", "The opportunity is in Nexudus."),
    Status.PARKED: Label("Needs attention", "bad", "It could not be sent. See the reason and what to do."),
    Status.QUARANTINED: Label("Held as spam", "warn", "It looks like spam and is not sent until you release it."),
    Status.ANNOUNCED: Label("Being fetched", "busy", "The platform has the lead; its answers are being fetched."),
    Status.TEST: Label("Test", "calm", "A test from the platform; it is never sent."),
    Status.DISCARDED: Label("Discarded", "calm", "You decided that this is not a lead."),
    Status.ERASED: Label("Erased", "calm", "The person's data was erased."),
}

ACTIONS: Mapping[str, ActionLabel] = {
    "retry": ActionLabel("Send again", "sent again", "Send {} again", "Sent at once; the retry schedule starts anew."),
    "release": ActionLabel(
        "Release", "released", "Release {}", "No longer held as spam: sent to Nexudus like any other lead."
    ),
    "discard": ActionLabel("Discard", "discarded", "Discard {}", "Kept here, but never sent to Nexudus."),
}

STEPS: Mapping[Step, str] = {
    Step.FIND_COWORKER: "Searched for the contact in Nexudus",
    Step.CREATE_COWORKER: "Created the contact in Nexudus",
    Step.FIND_OPPORTUNITY: "Checked whether the opportunity exists already",
    Step.CREATE_OPPORTUNITY: "Created the opportunity in Nexudus",
    Step.FETCH: "Fetched the answers from the platform",
}

OUTCOMES: Mapping[Outcome, Label] = {
    Outcome.OPEN: Label("in progress, or cut off", "busy"),
    Outcome.DONE: Label("done", "good"),
    Outcome.MISSING: Label("not found", "calm"),
    Outcome.THROTTLED: Label("asked to wait", "busy"),
    Outcome.UNAVAILABLE: Label("no response", "warn"),
    Outcome.UNKNOWN: Label("outcome unknown: checked before it is repeated", "warn"),
    Outcome.INTERCEPTED: Label("blocked by something in front of Nexudus", "warn"),
    Outcome.REJECTED: Label("rejected as invalid", "bad"),
    Outcome.REFUSED: Label("not allowed", "bad"),
}

FIELDS: Mapping[str, str] = {
    "email": "E-mail",
    "full_name": "Name",
    "first_name": "First name",
    "last_name": "Last name",
    "phone": "Phone",
    "company": "Company",
    "message": "Message",
    "team_size": "Team size",
    "location": "Location",
    "move_in_date": "Move-in date",
    "budget": "Budget",
    "consent": "Consent",
}

SENDERS: Mapping[str, str] = {
    **{name: platform.title for name, platform in PLATFORMS.items()},
    "browser": "Website",
    "cal-com": "Cal.com",
    "hubspot": "HubSpot",
    "json": "Your program",
    "wpforms": "WPForms",
    "import": "Imported",
}

LEAD_SOURCES: Mapping[int, str] = {
    1: "Website",
    17: "HubbleHQ",
    18: "LiquidSpace",
    19: "Google",
    20: "SpacePool",
    21: "Instant Offices",
    22: "Office Freedom",
    23: "FlexiOffices",
}
"""LeadSources that are neither a platform's title nor simply the words of Nexudus's name."""

_PLATFORM_TITLES: Mapping[str, str] = {platform.title.casefold(): platform.title for platform in PLATFORMS.values()}


def status_names() -> list[tuple[str, str]]:
    """Value and name of each status, for a choice."""
    return [(status.value, label.name) for status, label in STATUSES.items()]


def sender_name(sender: str) -> str:
    """The name of a sender."""
    return SENDERS.get(sender, sender.replace("-", " ").title())


def lead_source_name(number: int) -> str:
    """A LeadSource in words: "Email marketing" for Nexudus's EmailMarketing."""
    name = vendor_name(number)
    title = LEAD_SOURCES.get(number) or _PLATFORM_TITLES.get(name.casefold())
    return title or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def account_name(account: str) -> str:
    """A Nexudus account; the only one of most installations needs no name."""
    return "Nexudus" if account == "default" else f"Nexudus, account {account}"


def field_name(name: str) -> str:
    """The name of an answer."""
    return FIELDS.get(name, name)


def reason(lead: Lead) -> str:
    """The lead's problem, without what its status says already."""
    prefix = next((reason.prefix for reason in Reason if lead.problem.startswith(reason.prefix)), "")
    return sentence(lead.problem.removeprefix(prefix))


def sentence(text: str) -> str:
    """A message for the pages: begins with a capital letter, without back-ticks around commands."""
    return f"{text[:1].upper()}{text[1:]}".replace("`", "")


def joined(answer: str | Sequence[str]) -> str:
    """An answer, or several, as one text."""
    return answer if isinstance(answer, str) else ", ".join(map(str, answer))


def counted(number: int, noun: str, plural: str = "") -> str:
    """ "1 lead", "12,345 leads"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(length: timedelta) -> str:
    """A length of time in its largest whole unit: "4 minutes"."""
    seconds = max(0, int(length.total_seconds()))
    for size, noun in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= size:
            return counted(seconds // size, noun)
    return counted(seconds, "second")


def short_duration(seconds: float) -> str:
    """Seconds for an axis: "0.8 s", "12 s", "4 min", "3.5 h", "2 days"."""
    if not seconds:
        return "0"
    for size, unit in ((DAY, "days"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= size:
            return f"{_short(seconds / size)} {unit if seconds != DAY else 'day'}"
    return f"{_short(seconds)} s"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"  # noqa: PLR2004 (one decimal below)


def call_duration(attempt: Attempt) -> str:
    """How long a call took: "340 ms", "1.2 s"."""
    milliseconds = attempt.duration_ms
    if milliseconds is None:
        return ""
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"  # noqa: PLR2004


def whole(value: float) -> str:
    """12345 as 12,345."""
    return f"{int(value):,}"


def share(part: float, total: float) -> str:
    """A part of a whole: "34%", "0.4%"; "under 0.1%" for less, never "100%" for not quite all."""
    if not total or not part:
        return "0%"
    percent = 100 * part / total
    if percent < 0.1:  # noqa: PLR2004
        return "under 0.1%"
    is_round = part == total or 10 <= percent < 99  # noqa: PLR2004 (a decimal only near the ends)
    return f"{percent:.0f}%" if is_round else f"{min(percent, 99.9):.1f}%"
