"""What things are called on the pages: in a marketer's words, never by colour alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from service.lead import Attempt, Lead, Outcome, Reason, Status, Step
from service.nexudus.enumerations import lead_source_name
from service.platforms.registry import PLATFORMS

__all__ = ["lead_source_name"]


@dataclass(frozen=True, slots=True)
class Word:
    """A name, its tone (good, busy, bad, calm) and what it means."""

    name: str
    tone: str
    meaning: str


STATUSES: Mapping[Status, Word] = {
    Status.PENDING: Word("Waiting", "busy", "On its way to Nexudus; it is tried again by itself."),
    Status.DELIVERED: Word("Delivered", "good", "The opportunity is in Nexudus."),
    Status.PARKED: Word("Needs you", "bad", "A person must look: the lead says why, and what to do."),
    Status.QUARANTINED: Word("Held as spam", "warn", "Looks like spam. It is not sent until you release it."),
    Status.ANNOUNCED: Word("Being fetched", "busy", "The platform has the lead; its answers are being fetched."),
    Status.TEST: Word("Test", "calm", "A test of the platform's; it is never sent."),
    Status.DISCARDED: Word("Discarded", "calm", "You decided that it is no lead."),
    Status.ERASED: Word("Erased", "calm", "The person was forgotten."),
}


def status_names() -> list[tuple[str, str]]:
    """Value and name of each status, to choose from."""
    return [(status.value, word.name) for status, word in STATUSES.items()]


STEPS: Mapping[Step, str] = {
    Step.FIND_COWORKER: "Looked for the contact in Nexudus",
    Step.CREATE_COWORKER: "Made the contact in Nexudus",
    Step.FIND_OPPORTUNITY: "Looked whether the opportunity is there already",
    Step.CREATE_OPPORTUNITY: "Made the opportunity in Nexudus",
    Step.FETCH: "Asked the platform for the answers",
}

OUTCOMES: Mapping[Outcome, Word] = {
    Outcome.OPEN: Word("under way, or cut off", "busy", ""),
    Outcome.DONE: Word("done", "good", ""),
    Outcome.MISSING: Word("not there yet", "calm", ""),
    Outcome.THROTTLED: Word("asked to wait", "busy", ""),
    Outcome.UNAVAILABLE: Word("no answer", "warn", ""),
    Outcome.UNKNOWN: Word("outcome unknown: looked for before it is repeated", "warn", ""),
    Outcome.INTERCEPTED: Word("something in front of Nexudus refused it", "warn", ""),
    Outcome.REJECTED: Word("refused as wrong", "bad", ""),
    Outcome.REFUSED: Word("not allowed", "bad", ""),
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
    "browser": "Website",
    **{name: platform.title for name, platform in PLATFORMS.items()},
    "cal-com": "Cal.com",
    "hubspot": "HubSpot",
    "json": "Your program",
    "wpforms": "WPForms",
    "import": "Imported",
}


SECOND_MS = 1000


def sender_name(sender: str) -> str:
    """What a sender is called."""
    return SENDERS.get(sender, sender.replace("-", " ").title())


def why(lead: Lead) -> str:
    """The lead's problem, without what its status says already."""
    held = next((reason.prefix for reason in Reason if lead.problem.startswith(reason.prefix)), "")
    return lead.problem.removeprefix(held).replace("`", "")


def field_name(name: str) -> str:
    """What an answer is called."""
    return FIELDS.get(name, name)


def one(answer: str | Sequence[str]) -> str:
    """One answer as text."""
    return answer if isinstance(answer, str) else ", ".join(map(str, answer))


def counted(number: int, noun: str, many: str = "") -> str:
    """ "1 lead", "12,345 leads"."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"


def span(passed: timedelta) -> str:
    """How long something is ago or lasts: "4 minutes"."""
    seconds = max(0, int(passed.total_seconds()))
    for size, noun in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return counted(seconds // size, noun)
    return counted(seconds, "second")


def took(attempt: Attempt) -> str:
    """How long a call took."""
    milliseconds = attempt.duration_ms
    if milliseconds is None:
        return ""
    return f"{milliseconds} ms" if milliseconds < SECOND_MS else f"{milliseconds / SECOND_MS:.1f} s"
