"""New leads as messages for the people who call back. Text from strangers stays plain text."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from service.alerts.channels import Message, Tone
from service.alerts.wording import count, defuse, span
from service.forms import Form
from service.lead import Contact, Lead, Status
from service.platforms.registry import title_of

MAX_NAME, MAX_ANSWER, MAX_MESSAGE, MAX_SUMMARY = 60, 90, 300, 70
"""Maximum characters of a name, of an answer, of the visitor's message, and of that message in a list of leads."""

MAX_LIST = 1800
"""Maximum characters of a list of leads: some channels accept no more than 2000."""

ANSWERS = {
    "team_size": "Team size",
    "location": "Location",
    "move_in_date": "Move-in date",
    "budget": "Budget",
}
"""Answers that are included besides the contact details: canonical name -> label."""


def about_one(lead: Lead, form: Form, public_url: str, called_url: str = "") -> Message:
    """Write everything needed to call back. public_url: of the dashboard, without a slash at its end.

    called_url: link that records the call; "" if nobody waits for it.
    """
    lines = [
        *_facts(lead),
        "",
        f"Came from: {_source(lead)}",
        f"State: {_state(lead)}",
        _link(lead, public_url),
        *_called(called_url),
    ]
    tone: Tone = "warning" if lead.status is Status.PARKED else "info"
    title = f"New lead{_whose(form)}: {_who(lead)}, {form.title or form.name}"
    return Message(title, "\n".join(lines), tone, form.brand)


def about_late_one(lead: Lead, form: Form, public_url: str, called_url: str, now: datetime) -> Message:
    """Write that a lead still waits for an answer, with everything needed to call back."""
    waits = span(now - lead.received_at)
    lines = [*_facts(lead), "", f"Nobody has answered for {waits}.", _link(lead, public_url), *_called(called_url)]
    title = f"Waiting for {waits}{_whose(form)}: {_who(lead)}, {form.title or form.name}"
    return Message(title, "\n".join(lines), "warning", form.brand)


def about_many(
    leads: Sequence[Lead], number: int, form: Form, public_url: str, thing: str = "new lead", tone: Tone = "info"
) -> Message:
    """Write one message about several leads. leads: the first ones, listed as far as there is room; number: of all."""
    entries, room = list[str](), MAX_LIST
    for lead in leads:
        entry = f"{_summary(lead)}\n{_link(lead, public_url)}"
        room -= len(entry) + 2
        if room < 0:
            break
        entries.append(entry)
    if number > len(entries):
        entries.append(f"And {number - len(entries):,} more: {public_url}/admin/leads?form={form.name}")
    title = f"{count(number, thing)}{_whose(form)}: {form.title or form.name}"
    return Message(title, "\n\n".join(entries), tone, form.brand)


def _whose(form: Form) -> str:
    return f" for {form.brand.name}" if form.brand.name else ""


def _facts(lead: Lead) -> list[str]:
    contact, answers = lead.submission.contact, {**lead.submission.extras, **lead.submission.fields}
    facts = {"Name": _name(lead), "Company": contact.company, "Phone": _phone(contact), "E-mail": contact.email}
    facts |= {label: _text(answers.get(name, "")) for name, label in ANSWERS.items()}
    lines = [f"{label}: {_line(text, MAX_ANSWER)}" for label, text in facts.items() if text.strip()]
    message = _line(_text(answers.get("message", "")), MAX_MESSAGE)
    return [*lines, *(["", f"Message: {message}"] if message else [])]


def _summary(lead: Lead) -> str:
    contact = lead.submission.contact
    details = (contact.company, _phone(contact), contact.email)
    reach = [_line(text, MAX_NAME) for text in details if text.strip()]
    message = _line(_text(lead.submission.fields.get("message", "")), MAX_SUMMARY)
    who = ", ".join(dict.fromkeys([_who(lead), *reach]))
    return who + (f": {message}" if message else "") + (" (needs attention)" if lead.status is Status.PARKED else "")


def _phone(contact: Contact) -> str:
    return f"{contact.phone} ext. {contact.extension}" if contact.extension else contact.phone


def _who(lead: Lead) -> str:
    contact = lead.submission.contact
    return _line(_name(lead) or contact.email or contact.phone or contact.company, MAX_NAME) or "no name given"


def _name(lead: Lead) -> str:
    contact = lead.submission.contact
    return contact.full_name or f"{contact.first_name} {contact.last_name}".strip()


def _source(lead: Lead) -> str:
    attribution, sender = lead.attribution, lead.submission.sender
    suffix = "" if sender == "browser" or attribution.channel == "" else f"; by {title_of(sender)}"
    return ", ".join(_line(part, MAX_ANSWER) for part in _source_parts(lead)) + suffix


def _source_parts(lead: Lead) -> Iterator[str]:
    attribution = lead.attribution
    yield attribution.channel or "unknown"
    if attribution.utm_source:
        yield attribution.utm_source
    if attribution.utm_campaign:
        yield f"campaign {attribution.utm_campaign}"


def _state(lead: Lead) -> str:
    if lead.status is Status.PARKED:
        return f"needs attention. {_line(lead.problem.replace('`', ''), MAX_MESSAGE)}".strip()
    return "in Nexudus" if lead.status is Status.DELIVERED else "on its way to Nexudus"


def _link(lead: Lead, public_url: str) -> str:
    return f"{public_url}/admin/leads/{lead.id}"


def _called(url: str) -> Iterator[str]:
    if url:
        yield f"I have called: {url}"


def _text(answer: str | Sequence[str]) -> str:
    return answer if isinstance(answer, str) else ", ".join(map(str, answer))


def _line(text: str, max_length: int) -> str:
    """Return printable text on one line, cut to a length, without active mentions and links."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return defuse(plain if len(plain) <= max_length else f"{plain[: max_length - 1].rstrip()}…")
