"""The Notes of an opportunity: what the person said and how they came, for a salesperson to read."""

from collections.abc import Iterator, Mapping

from service.delivery.filling import cut, defuse, notes_prefix
from service.forms import Form
from service.lead import OPERATOR_REMARKS, Answers, Evidence, Lead, marker_of

NOTES_LIMIT = 8000
"""Characters. Nexudus publishes no limit; this is ours, and the marker at the end always stays."""

ANSWER_LIMIT = 2000
"""Characters of one answer; of the message too, where the others leave no more room."""

_LABELS = {
    "full_name": "Name",
    "email": "E-mail",
    "phone": "Phone",
    "company": "Company",
    "team_size": "Team size",
    "location": "Location",
    "move_in_date": "Move-in date",
    "budget": "Budget",
    "consent": "Consent",
}

_GAP = "\n\n"


def notes(lead: Lead, form: Form, known: str = "") -> str:
    """The form's own words, the message, every other answer, the touch, and the lead's reference, as plain text.

    known: a sentence on whether the person is known already, "" where not.
    """
    message = defuse(_text(lead.submission.fields.get("message", "")))
    prefix = defuse(notes_prefix(lead, form))
    others = [defuse("\n".join(lines)) for lines in (_answers(lead), _touch(lead))]
    reference = defuse(_reference(lead, form, known))
    # A long message gives way to the other answers, many long answers to the reference.
    room = NOTES_LIMIT - sum(len(block) + len(_GAP) for block in (*filter(None, [prefix]), *others, reference))
    said = _GAP.join(block for block in (prefix, cut(message, max(room, ANSWER_LIMIT)), *others) if block)
    return cut(said, NOTES_LIMIT - len(reference) - len(_GAP)) + _GAP + reference


def _answers(lead: Lead) -> Iterator[str]:
    contact = lead.submission.contact
    phone = _phone(contact.phone, _text(lead.submission.fields.get("phone", "")))
    read = {"full_name": contact.full_name, "email": contact.email, "phone": phone, "company": contact.company}
    answers: Answers = {**lead.submission.fields, **{name: value for name, value in read.items() if value}}
    for name, label in _LABELS.items():
        if answers.get(name):
            yield f"{label}: {_short(answers[name])}"
    for name, value in lead.submission.extras.items():
        if value and name not in OPERATOR_REMARKS:
            yield f"{_short(name)}: {_short(value)}"


def _phone(number: str, typed: str) -> str:
    """The number that is sent, and what was typed where the two differ by more than punctuation."""
    if not number or not typed or _letters(typed) == _letters(number):
        return number
    return f"{number} (typed: {typed})"


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _touch(lead: Lead) -> Iterator[str]:
    verdict, evidence = lead.attribution, lead.submission.evidence
    yield f"Came by: {verdict.channel}" + (f" ({verdict.reason})" if verdict.reason else "")
    tags = (verdict.utm_source, verdict.utm_medium, verdict.utm_campaign, verdict.utm_content, verdict.utm_term)
    if any(tags):
        yield "Tags: " + " / ".join(tag or "-" for tag in tags)
    yield from _pages(evidence)
    if verdict.click_ids:
        yield f"Click ids: {_pairs(verdict.click_ids)}"


def _pages(evidence: Evidence) -> Iterator[str]:
    for label, url in (
        ("Landing page", evidence.landing_url),
        ("Form page", evidence.page_url),
        ("Referrer", evidence.referrer),
    ):
        if url:
            yield f"{label}: {_short(url)}"


def _pairs(values: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _reference(lead: Lead, form: Form, known: str) -> str:
    received = lead.received_at.strftime("%Y-%m-%d %H:%M UTC")
    lines = (known, f"Form: {_short(form.title or form.name)}, received {received}", marker_of(lead.id))
    return "\n".join(filter(None, lines))


def _short(value: object) -> str:
    return cut(_text(value), ANSWER_LIMIT)


def _text(value: object) -> str:
    """One answer as text, several of them with commas between."""
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
