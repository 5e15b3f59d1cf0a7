"""New leads in words, for those who call back: a message for one, or one for many. What strangers wrote stays text."""

import re
from collections.abc import Iterator, Sequence

from service.alerts.channels import Message, Tone
from service.alerts.words import count
from service.forms import Form
from service.lead import Contact, Lead, Status
from service.platforms.registry import title_of

NAME, ANSWER, EXCERPT, SHORT = 60, 90, 300, 70
"""The longest that is told of a name, of an answer, of a message, and of a message among many; in characters."""

BODY = 1800
"""Where a message ends that lists many leads, in characters: some channels take no more than 2000."""

ANSWERS = {
    "team_size": "Team size",
    "location": "Location",
    "move_in_date": "Move-in date",
    "budget": "Budget",
}
"""Answers that are told besides how to reach the person: canonical name -> what it is called."""

_CALLS = re.compile(r"(?i)(?<![\w.+-])@(?=(?:everyone|here|channel|all)\b)|<(?=[@!#])")
"""With these Slack, Teams or Discord call everybody of a channel: strangers must not."""


def about_one(lead: Lead, form: Form, public_url: str) -> Message:
    """All that is needed to call back. public_url: where the dashboard is, without a slash at its end."""
    told = _facts(lead)
    told += ["", f"Came from: {_source(lead)}", f"State: {_state(lead)}", _address(lead, public_url)]
    tone: Tone = "warning" if lead.status is Status.PARKED else "info"
    return Message(f"New lead: {_who(lead)}, {_title(form)}", "\n".join(told), tone)


def about_many(leads: Sequence[Lead], number: int, form: Form, public_url: str) -> Message:
    """One message for several. leads: the first of them, which are listed as far as there is room; number: of all."""
    entries, room = list[str](), BODY
    for lead in leads:
        entry = f"{_summary(lead)}\n{_address(lead, public_url)}"
        room -= len(entry) + 2
        if room < 0:
            break
        entries.append(entry)
    if number > len(entries):
        entries.append(f"And {number - len(entries):,} more: {public_url}/admin/leads?form={form.name}")
    return Message(f"{count(number, 'new lead')}: {_title(form)}", "\n\n".join(entries), "info")


def _facts(lead: Lead) -> list[str]:
    contact, answers = lead.submission.contact, {**lead.submission.extras, **lead.submission.fields}
    told = {"Name": _name(lead), "Company": contact.company, "Phone": _phone(contact), "E-mail": contact.email}
    told |= {label: _text(answers.get(name, "")) for name, label in ANSWERS.items()}
    facts = [f"{label}: {_line(text, ANSWER)}" for label, text in told.items() if text.strip()]
    said = _line(_text(answers.get("message", "")), EXCERPT)
    return [*facts, *(["", f"Message: {said}"] if said else [])]


def _summary(lead: Lead) -> str:
    contact = lead.submission.contact
    reach = [_line(text, NAME) for text in (contact.company, _phone(contact), contact.email) if text.strip()]
    said = _line(_text(lead.submission.fields.get("message", "")), SHORT)
    who = ", ".join(dict.fromkeys([_who(lead), *reach]))
    return who + (f": {said}" if said else "") + (" (needs a person)" if lead.status is Status.PARKED else "")


def _phone(contact: Contact) -> str:
    return f"{contact.phone} ext. {contact.extension}" if contact.extension else contact.phone


def _who(lead: Lead) -> str:
    contact = lead.submission.contact
    return _line(_name(lead) or contact.email or contact.phone or contact.company, NAME) or "somebody without a name"


def _name(lead: Lead) -> str:
    contact = lead.submission.contact
    return contact.full_name or f"{contact.first_name} {contact.last_name}".strip()


def _title(form: Form) -> str:
    return form.title or form.name


def _source(lead: Lead) -> str:
    verdict, sender = lead.attribution, lead.submission.sender
    return ", ".join(_line(part, ANSWER) for part in _source_parts(lead)) + (
        "" if sender == "browser" or verdict.channel == "" else f"; by {title_of(sender)}"
    )


def _source_parts(lead: Lead) -> Iterator[str]:
    verdict = lead.attribution
    yield verdict.channel or "unknown"
    if verdict.utm_source:
        yield verdict.utm_source
    if verdict.utm_campaign:
        yield f"campaign {verdict.utm_campaign}"


def _state(lead: Lead) -> str:
    if lead.status is Status.PARKED:
        return f"needs a person. {_line(lead.problem.replace('`', ''), EXCERPT)}".strip()
    return "in Nexudus" if lead.status is Status.DELIVERED else "on its way to Nexudus"


def _address(lead: Lead, public_url: str) -> str:
    return f"{public_url}/admin/leads/{lead.id}"


def _text(answer: str | Sequence[str]) -> str:
    return answer if isinstance(answer, str) else ", ".join(map(str, answer))


def _line(text: str, most: int) -> str:
    """On one line, cut, without what only programs read, and calling nobody."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    plain = _CALLS.sub(lambda found: f"{found[0]} ", plain)
    return plain if len(plain) <= most else f"{plain[: most - 1].rstrip()}…"
