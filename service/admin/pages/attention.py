"""What needs attention, by cause: each with the one thing to do about it, and a button for it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from urllib.parse import urlencode

from service.admin.pages.labels import FIELDS, sentence, without_commands
from service.admin.pages.lead_filters import read_filters
from service.admin.pages.rendering import PREFIX
from service.i18n import N_, _, current_language, ngettext
from service.lead import Status
from service.store import Alert, MatchCount, ParkedProblem, Transaction

RECENT_SPAM = {"status": Status.QUARANTINED.value, "period": "7"}
"""Filters of the leads held as spam that get a line of their own; older ones are only in the list."""


@dataclass(frozen=True, slots=True)
class Button:
    """The button that helps. address: a page to open; or, with `values`, the address to which they are posted."""

    text: str
    address: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AttentionItem:
    """One cause. detail: the stored English sentence, where `sentence` translates it; more: a link to its leads."""

    title: str
    sentence: str
    button: Button | None = None
    since: datetime | None = None
    detail: str = ""
    link: str = ""
    is_urgent: bool = True


def attention_items(tx: Transaction, now: datetime, zone: tzinfo) -> Iterator[AttentionItem]:
    """All causes, the most urgent first."""
    for alert in tx.alerts.open():
        if alert.kind not in SHOWN_ELSEWHERE:
            yield _alert_item(alert)
    yield from map(_parked_item, _grouped(tx.statistics.parked_problems()))
    spam = tx.search.count(read_filters(RECENT_SPAM).query(now, zone))
    if spam.number:
        yield _spam_item(spam)


# -- alerts


@dataclass(frozen=True, slots=True)
class AlertWords:
    """A kind of alert in the reader's language. title, sentence: messages. target: a key of TARGETS, "" for none."""

    title: str
    sentence: str
    target: str = ""


ALERTS: Mapping[str, AlertWords] = {
    "login": AlertWords(
        N_("Nexudus refuses the sign-in"),
        N_("Correct the password on the page Connections, or where it is set. Then send the waiting leads."),
        "retry",
    ),
    "credentials": AlertWords(
        N_("No Nexudus credentials are set"),
        N_("Leads are stored and wait. Connect Nexudus on the page Connections, and they are sent."),
        "pending",
    ),
    "key": AlertWords(
        N_("The tokens in the database cannot be decrypted"),
        N_("The encryption key has changed. Have the former key added to the settings; until then leads wait."),
        "pending",
    ),
    "role": AlertWords(
        N_("Nexudus refuses the service account's calls"),
        N_("Grant the service account the missing role in Nexudus, then send the waiting leads."),
        "retry",
    ),
    "lookup": AlertWords(
        N_("Nexudus does not show its boards"),
        N_("Grant the service account the right to list boards and locations, then send the waiting leads."),
        "retry",
    ),
    "quota": AlertWords(
        N_("Nexudus accepts no new contacts for now"),
        N_("The daily limit has most likely been reached: waiting leads are sent automatically tomorrow."),
        "pending",
    ),
    "stage": AlertWords(
        N_("A stage is not safe"), N_("Choose another stage for the form, or change the stage in Nexudus."), "forms"
    ),
    "hold": AlertWords(
        N_("Some calls to Nexudus are paused"), N_("They are retried from time to time; leads wait."), "pending"
    ),
    "missing": AlertWords(
        N_("A form or account that leads wait for is missing from the set-up"),
        N_("Put the form or the account back."),
        "forms",
    ),
    "stuck": AlertWords(
        N_("Leads are stuck"), N_("They are retried automatically; you can also send them now."), "retry"
    ),
    "worker": AlertWords(
        N_("No worker is running"),
        N_("Leads are stored, but not sent. The person who runs the service needs to start the worker."),
        "pending",
    ),
    "slow": AlertWords(
        N_("Leads are held back by the rate limit"),
        N_("They are sent one after the other; there is nothing to do."),
        "pending",
    ),
    "erasure": AlertWords(
        N_("Leads that need attention are about to be erased"),
        N_("They have been left untouched for a long time: correct, send or discard them."),
        "parked",
    ),
    "disk": AlertWords(
        N_("The disk is nearly full"), N_("Once it is full, no lead can be accepted: free some space soon.")
    ),
    "silence": AlertWords(
        N_("A form has fallen silent"), N_("It used to bring leads. Submit it once to see whether it works."), "form"
    ),
    "canary": AlertWords(
        N_("The test lead did not arrive"),
        N_("Enquiries may not be arriving either: look at the waiting leads."),
        "pending",
    ),
    "captcha": AlertWords(
        N_("A captcha cannot be verified"), N_("Leads are accepted without it. Check its keys."), "forms"
    ),
    "platform": AlertWords(
        N_("An ad platform's connection is broken"),
        N_("Its leads wait there and are fetched once it is connected again."),
        "reconnect",
    ),
    "refused": AlertWords(
        N_("Calls of a sender are refused"),
        N_("It brought leads before: its token or secret has probably changed. Enter the new one."),
        "reconnect",
    ),
    "unreadable": AlertWords(N_("Unreadable calls are refused"), N_("A stranger may be trying addresses."), "forms"),
    "limited": AlertWords(
        N_("Calls of an unauthenticated sender are refused"), N_("Give it a token, so that it is not limited."), "forms"
    ),
    "guesses": AlertWords(
        N_("Someone is trying passwords or tokens"), N_("Nobody has signed in. A long password is enough protection.")
    ),
    "notify": AlertWords(N_("Messages about new leads fail"), N_("Check the addresses in notify."), "form"),
    "forms": AlertWords(
        N_("The set-up is refused"), N_("The previous version stays in force until it is corrected."), "forms"
    ),
    "setup": AlertWords(
        N_("The set-up does not match Nexudus"), N_("Correct the name in the form, or create it in Nexudus."), "forms"
    ),
    "cap": AlertWords(
        N_("A location in Nexudus is nearly full"), N_("Delete old opportunities of that location there."), "forms"
    ),
    "mark": AlertWords(N_("Nexudus keeps lead markers only in the notes"), N_("Nothing is lost.")),
    "notes": AlertWords(
        N_("Nexudus does not keep the text of enquiries"), N_("The text is stored here, with each lead."), "leads"
    ),
    "ledger": AlertWords(
        N_("Leads and Nexudus may not agree"), N_("The person who runs the service can list each difference.")
    ),
}
"""Kind of an alert -> its words."""

UNKNOWN_ALERT = AlertWords(N_("Something is wrong"), N_("Read the details."))

SHOWN_ELSEWHERE = frozenset({"parked"})
"""Kinds of alerts whose leads are listed by cause anyway."""

TARGETS: Mapping[str, tuple[str, str]] = {
    "pending": (N_("Show the waiting leads"), "leads?status=pending"),
    "parked": (N_("Show them"), "leads?status=parked"),
    "leads": (N_("Show the leads"), "leads"),
    "forms": (N_("Open forms & connections"), "setup"),
}
"""Target -> the text of its button, and the page that it opens."""


def _alert_item(alert: Alert) -> AttentionItem:
    words = ALERTS.get(alert.kind, UNKNOWN_ALERT)
    stored = sentence(without_commands(alert.sentence))
    is_english = current_language().code == "en"
    return AttentionItem(
        _(words.title),
        stored if is_english else _(words.sentence),
        _alert_button(words.target, alert.cause.split(":")),
        alert.since,
        "" if is_english else stored,
    )


def _alert_button(target: str, cause: Sequence[str]) -> Button | None:
    """cause: kind and account, or kind, form and sender."""
    if target == "retry":
        return Button(_("Send the waiting leads now"), f"{PREFIX}/retry", {"status": Status.PENDING.value})
    if target in ("reconnect", "form") and len(cause) > 1:
        text = _("Reconnect") if target == "reconnect" else _("Open the form's page")
        return Button(text, f"{PREFIX}/setup/{cause[1]}")
    if target not in TARGETS:
        return None
    text, address = TARGETS[target]
    return Button(_(text), f"{PREFIX}/{address}")


# -- parked leads


@dataclass(frozen=True, slots=True)
class ParkedGroup:
    """Parked leads with one cause. beginning: the start of their problems, unlike any other group's; newest: a lead."""

    kind: str
    beginning: str
    about: str
    number: int
    newest: str
    example: str


GIVEN_UP, MISSING, REFUSED, OTHER = "given-up", "missing", "refused", "other"

_KINDS = (
    (GIVEN_UP, re.compile("Given up after ()")),
    (MISSING, re.compile("It arrived without a usable ([^:]+):")),
    (REFUSED, re.compile(r"Nexudus refused it \(field ([^)]+)\):")),
    (OTHER, re.compile("()[^:.]{1,80}[:.]?")),
)
"""Kind of a cause, and how its problems begin; the group is what it is about."""

OF_THE_ANSWERS: Mapping[str, str] = {
    "Email": N_("E-mail"),
    "Full name": N_("Name"),
    "Phone": N_("Phone"),
    "Mobile phone": N_("Phone"),
    "Company name": N_("Company"),
    "Notes": N_("Message"),
}
"""Nexudus's fields that hold answers, which can be corrected -> their names here."""

OF_THE_SET_UP: Mapping[str, str] = {
    "Board column": N_("Stage"),
    "Opportunity type": N_("Type"),
    "Responsible": N_("Owner"),
    "Business": N_("Location"),
    "Team": N_("Team"),
}
"""Some of its other fields, which come from the form's settings -> their names here."""


def _grouped(problems: Iterable[ParkedProblem]) -> list[ParkedGroup]:
    groups: dict[str, ParkedGroup] = {}
    for each in problems:
        kind, beginning, about = _cause_of(each.problem)
        other = groups.get(beginning)
        number = each.number + (other.number if other else 0)
        newest = max(each.newest, other.newest) if other else each.newest
        groups[beginning] = ParkedGroup(kind, beginning, about, number, newest, each.problem)
    return sorted(groups.values(), key=lambda group: -group.number)


def _cause_of(problem: str) -> tuple[str, str, str]:
    """The kind of a problem, its beginning, and what it is about."""
    for kind, pattern in _KINDS:
        if match := pattern.match(problem):
            return kind, match[0], match[1]
    return OTHER, problem, ""


def _parked_item(group: ParkedGroup) -> AttentionItem:
    title, advice = _parked_words(group)
    address = f"{PREFIX}/leads?" + urlencode({"status": Status.PARKED.value, "problem": group.beginning})
    return AttentionItem(title, advice, _parked_button(group, address), link=address if group.number > 1 else "")


def _parked_words(group: ParkedGroup) -> tuple[str, str]:
    if group.kind == GIVEN_UP:
        title = ngettext("%(num)s lead could not be delivered", "%(num)s leads could not be delivered", group.number)
        return title, _("Nexudus kept failing for a week. Send them again once it works.")
    if group.kind == MISSING:
        fields = ", ".join(FIELDS.get(name.strip(), name.strip()) for name in group.about.split(","))
        title = ngettext(
            "%(num)s lead came without a required answer: %(fields)s",
            "%(num)s leads came without a required answer: %(fields)s",
            group.number,
            fields=fields,
        )
        return title, _("Add it if you know it: the lead is then sent.")
    if group.kind == REFUSED:
        title = ngettext(
            "Nexudus refused %(num)s lead: %(field)s",
            "Nexudus refused %(num)s leads: %(field)s",
            group.number,
            field=", ".join(map(_field_name, group.about.split(","))),
        )
        if _is_answer(group.about):
            return title, _("Correct the answer: the lead is then sent.")
        return title, _("The form's settings fill this field. Correct them, then send the leads again.")
    title = ngettext("%(num)s lead needs attention", "%(num)s leads need attention", group.number)
    return title, sentence(without_commands(group.example))


def _parked_button(group: ParkedGroup, address: str) -> Button:
    if group.kind == MISSING or (group.kind == REFUSED and _is_answer(group.about)):
        text = ngettext("Correct it", "Correct them one by one", group.number)
        return Button(text, f"{PREFIX}/leads/{group.newest}/edit")
    if group.kind == OTHER and group.number == 1:
        return Button(_("Open the lead"), f"{PREFIX}/leads/{group.newest}")
    if group.kind == OTHER:
        return Button(_("Show them"), address)
    values = {"status": Status.PARKED.value, "problem": group.beginning}
    return Button(ngettext("Send it again", "Send all %(num)s again", group.number), f"{PREFIX}/retry", values)


def _is_answer(fields: str) -> bool:
    return all(_words(name) in OF_THE_ANSWERS for name in fields.split(","))


def _field_name(name: str) -> str:
    words = _words(name)
    return _(OF_THE_ANSWERS.get(words) or OF_THE_SET_UP.get(words) or words)


def _words(name: str) -> str:
    """A field's name in Nexudus as words: "Board column"."""
    plain = name.strip().removeprefix("Crm").removesuffix("Id")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain).capitalize()


def _spam_item(spam: MatchCount) -> AttentionItem:
    address = f"{PREFIX}/leads?{urlencode(RECENT_SPAM)}"
    title = ngettext(
        "%(num)s lead of the last 7 days is held as spam",
        "%(num)s leads of the last 7 days are held as spam",
        spam.number,
    )
    advice = _("Release real enquiries: they are then sent like any other.")
    return AttentionItem(title, advice, Button(_("Look through them"), address), is_urgent=False)
