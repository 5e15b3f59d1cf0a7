"""Names and labels on the pages, in a marketer's words; numbers and durations as people write them.

Everything here is in the language in force when it is read.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from service import i18n
from service.admin.pages.stored_sentences import translated
from service.i18n import N_, MessageTable, _, n_, ngettext
from service.lead import Attempt, Lead, Outcome, Reason, Status, Step
from service.nexudus.values import lead_source_name as vendor_name
from service.platforms.registry import PLATFORMS
from service.store import Sale

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Label:
    """A name, its tone (good, busy, warn, bad, calm) and its meaning; the tone never stands alone."""

    name_message: str
    tone: str
    meaning_message: str = ""

    @property
    def name(self) -> str:
        return _(self.name_message)

    @property
    def meaning(self) -> str:
        return _(self.meaning_message)


@dataclass(frozen=True, slots=True)
class ActionLabel:
    """The labels of an action. request: with {} for the leads, as in "Release {}"; effect: its consequence."""

    button_message: str
    done_message: str
    request_message: str
    effect_message: str

    @property
    def button(self) -> str:
        return _(self.button_message)

    @property
    def done(self) -> str:
        return _(self.done_message)

    @property
    def request(self) -> str:
        return _(self.request_message)

    @property
    def effect(self) -> str:
        return _(self.effect_message)


STATUSES: Mapping[Status, Label] = {
    Status.PENDING: Label(N_("Waiting"), "busy", N_("On its way to Nexudus; failed tries are repeated automatically.")),
    Status.DELIVERED: Label(N_("Delivered"), "good", N_("The opportunity is in Nexudus.")),
    Status.PARKED: Label(N_("Needs attention"), "bad", N_("It could not be sent. See the reason and what to do.")),
    Status.QUARANTINED: Label(
        N_("Held as spam"), "warn", N_("It looks like spam and is not sent until you release it.")
    ),
    Status.ANNOUNCED: Label(
        N_("Being fetched"), "busy", N_("The platform has the lead; its answers are being fetched.")
    ),
    Status.TEST: Label(N_("Test"), "calm", N_("A test from the platform; it is never sent.")),
    Status.DISCARDED: Label(N_("Discarded"), "calm", N_("You decided that this is not a lead.")),
    Status.ERASED: Label(N_("Erased"), "calm", N_("The person's data has been erased.")),
}

ACTIONS: Mapping[str, ActionLabel] = {
    "retry": ActionLabel(
        N_("Send again"), N_("sent again"), N_("Send {} again"), N_("Sent at once; the retry schedule starts anew.")
    ),
    "release": ActionLabel(
        N_("Release"),
        N_("released"),
        N_("Release {}"),
        N_("No longer held as spam: sent to Nexudus like any other lead."),
    ),
    "discard": ActionLabel(
        N_("Discard"), N_("discarded"), N_("Discard {}"), N_("Kept here, but never sent to Nexudus.")
    ),
    "restore": ActionLabel(
        N_("Restore"), N_("restored"), N_("Restore {}"), N_("They return to what they were before they were discarded.")
    ),
}

STEPS: Mapping[Step, str] = MessageTable(
    {
        Step.FIND_COWORKER: N_("Searched for the contact in Nexudus"),
        Step.CREATE_COWORKER: N_("Created the contact in Nexudus"),
        Step.FIND_OPPORTUNITY: N_("Checked whether the opportunity exists already"),
        Step.CREATE_OPPORTUNITY: N_("Created the opportunity in Nexudus"),
        Step.FETCH: N_("Fetched the answers from the platform"),
    }
)

OUTCOMES: Mapping[Outcome, Label] = {
    Outcome.OPEN: Label(N_("in progress, or cut off"), "busy"),
    Outcome.DONE: Label(N_("done"), "good"),
    Outcome.MISSING: Label(N_("not found"), "calm"),
    Outcome.THROTTLED: Label(N_("asked to wait"), "busy"),
    Outcome.UNAVAILABLE: Label(N_("no response"), "warn"),
    Outcome.UNKNOWN: Label(N_("outcome unknown: checked before it is repeated"), "warn"),
    Outcome.INTERCEPTED: Label(N_("blocked by something in front of Nexudus"), "warn"),
    Outcome.REJECTED: Label(N_("rejected as invalid"), "bad"),
    Outcome.REFUSED: Label(N_("not allowed"), "bad"),
}

FIELDS: Mapping[str, str] = MessageTable(
    {
        "email": N_("E-mail"),
        "full_name": N_("Name"),
        "first_name": N_("First name"),
        "last_name": N_("Last name"),
        "phone": N_("Phone"),
        "company": N_("Company"),
        "message": N_("Message"),
        "team_size": N_("Team size"),
        "location": N_("Location"),
        "move_in_date": N_("Move-in date"),
        "budget": N_("Budget"),
        "consent": N_("Consent"),
    }
)

SENDERS: Mapping[str, str] = MessageTable(
    {
        **{name: platform.title for name, platform in PLATFORMS.items()},
        "browser": N_("Website"),
        "cal-com": "Cal.com",
        "hubspot": "HubSpot",
        "json": N_("Your program"),
        "wpforms": "WPForms",
        "import": N_("Imported"),
    }
)

LEAD_SOURCES: Mapping[int, str] = {
    1: N_("Website"),
    17: "HubbleHQ",
    18: "LiquidSpace",
    19: "Google",
    20: "SpacePool",
    21: "Instant Offices",
    22: "Office Freedom",
    23: "FlexiOffices",
}
"""LeadSources that are neither a platform's title nor simply the words of Nexudus's name."""

CHANNELS = frozenset(
    (
        N_("AI Assistant"),
        N_("Affiliates"),
        N_("Audio"),
        N_("Cross-network"),
        N_("Direct"),
        N_("Display"),
        N_("Email"),
        N_("Mobile Push"),
        N_("Organic Search"),
        N_("Organic Shopping"),
        N_("Organic Social"),
        N_("Organic Video"),
        N_("Other Campaign"),
        N_("Paid Other"),
        N_("Paid Search"),
        N_("Paid Shopping"),
        N_("Paid Social"),
        N_("Paid Video"),
        N_("Referral"),
        N_("SMS"),
        N_("Unassigned"),
    )
)
"""The channels, by the names of Google Analytics, which translates them as well."""

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
    return _(title or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize())


def channel_name(channel: str) -> str:
    """A channel in the language in force."""
    return _(channel) if channel in CHANNELS else channel


def account_name(account: str) -> str:
    """A Nexudus account; the only one of most installations needs no name."""
    return "Nexudus" if account == "default" else _("Nexudus, account %(account)s", account=account)


def field_name(name: str) -> str:
    """The name of an answer."""
    return FIELDS.get(name, name)


def reason(lead: Lead) -> str:
    """The lead's problem, without what its status says already."""
    prefix = next((reason.prefix for reason in Reason if lead.problem.startswith(reason.prefix)), "")
    return sentence(translated(lead.problem.removeprefix(prefix)))


def sentence(text: str) -> str:
    """A message for the pages: begins with a capital letter, without back-ticks around commands."""
    return f"{text[:1].upper()}{text[1:]}".replace("`", "")


_COMMANDS = re.compile(r"\s*\([^()]*`[^()]*\)|\s*[^.:;!?()]*`lead-capture[^`]*`[^.;!?()]*[.;!?]?")
"""A remark in brackets, or a part of a sentence, that names a command of the terminal."""


def without_commands(text: str) -> str:
    """A stored message without what only helps at a terminal."""
    cut = _COMMANDS.sub("", text).strip()
    return cut if cut.endswith((".", "!", "?")) or not cut else cut.rstrip(" :;,") + "."


def joined(answer: str | Sequence[str]) -> str:
    """An answer, or several, as one text."""
    return answer if isinstance(answer, str) else ", ".join(map(str, answer))


def sale_value(sale: Sale) -> str:
    """The value of an opportunity with its currency, "" for none."""
    return i18n.money(sale.value, sale.currency) if sale.value else ""


NOUNS: Mapping[str, tuple[str, str]] = {
    "lead": n_("%(num)s lead", "%(num)s leads"),
    "form": n_("%(num)s form", "%(num)s forms"),
    "call": n_("%(num)s call", "%(num)s calls"),
    "problem": n_("%(num)s problem", "%(num)s problems"),
    "difference": n_("%(num)s difference", "%(num)s differences"),
    "opportunity": n_("%(num)s opportunity", "%(num)s opportunities"),
    "second": n_("%(num)s second", "%(num)s seconds"),
    "minute": n_("%(num)s minute", "%(num)s minutes"),
    "hour": n_("%(num)s hour", "%(num)s hours"),
    "day": n_("%(num)s day", "%(num)s days"),
}
"""Noun of a count -> the message for one and for several."""

AGES: Mapping[str, tuple[str, str]] = {
    "second": n_("%(num)s second ago", "%(num)s seconds ago"),
    "minute": n_("%(num)s minute ago", "%(num)s minutes ago"),
    "hour": n_("%(num)s hour ago", "%(num)s hours ago"),
    "day": n_("%(num)s day ago", "%(num)s days ago"),
}


def counted(number: int, noun: str) -> str:
    """ "1 lead", "12,345 leads". noun: one of NOUNS."""
    return ngettext(*NOUNS[noun], number)


def duration(length: timedelta) -> str:
    """A length of time in its largest whole unit: "4 minutes"."""
    return counted(*_in_largest_unit(length))


def ago(length: timedelta) -> str:
    """The time since something happened: "4 minutes ago"."""
    number, unit = _in_largest_unit(length)
    return ngettext(*AGES[unit], number)


def _in_largest_unit(length: timedelta) -> tuple[int, str]:
    seconds = max(0, int(length.total_seconds()))
    for size, unit in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= size:
            return seconds // size, unit
    return seconds, "second"


def short_duration(seconds: float) -> str:
    """Seconds for an axis: "0.8 s", "12 s", "4 min", "3.5 h", "2 days"."""
    if not seconds:
        return "0"
    if seconds >= DAY:
        days = seconds / DAY
        return ngettext("%(number)s day", "%(number)s days", 1 if days == 1 else 2, number=_short(days))
    for size, unit in ((HOUR, "h"), (MINUTE, "min")):
        if seconds >= size:
            return f"{_short(seconds / size)} {unit}"
    return f"{_short(seconds)} s"


def _short(value: float) -> str:
    return i18n.decimal(value, 0 if value >= 10 or value == int(value) else 1)  # noqa: PLR2004 (one decimal below)


def call_duration(attempt: Attempt) -> str:
    """How long a call took: "340 ms", "1.2 s"."""
    milliseconds = attempt.duration_ms
    if milliseconds is None:
        return ""
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{i18n.decimal(milliseconds / 1000, 1)} s"  # noqa: PLR2004


def whole(value: float) -> str:
    """12345 as 12,345."""
    return i18n.whole(value)


def share(part: float, total: float) -> str:
    """A part of a whole: "34%", "0.4%"; "under 0.1%" for less, never "100%" for not quite all."""
    if not total or not part:
        return i18n.percent(0)
    percent = 100 * part / total
    if percent < 0.1:  # noqa: PLR2004
        return _("under %(share)s", share=i18n.percent(0.1, 1))
    is_round = part == total or 10 <= percent < 99  # noqa: PLR2004 (a decimal only near the ends)
    return i18n.percent(percent) if is_round else i18n.percent(min(percent, 99.9), 1)
