"""The Notes of an opportunity: the message and its origin, for a salesperson to read."""

import re
from collections.abc import Iterator, Mapping

from service.forms import Form
from service.forms.templates import answers_given, fill_lines
from service.lead import OPERATOR_REMARKS, Answers, Evidence, Lead, marker_of

MAX_NOTES_CHARS = 8000
"""Maximum characters of the notes. Nexudus publishes no limit; the marker at the end is never cut."""

MAX_PREFIX_CHARS = 2000
"""Maximum characters of the form's own text in front of the message."""

MAX_ANSWER_CHARS = 2000
"""Maximum characters of one answer; the message may be longer if the other answers leave room."""

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
_TAG = re.compile(r"<(?![ \n\t\d=-])")


def defuse(text: str) -> str:
    """Return text that no browser reads as markup, by a space after each `<`.

    Also if only control characters stand between `<` and a name, because they are removed before sending.
    """
    return _TAG.sub("< ", text)


def cut(text: str, max_chars: int) -> str:
    """Return at most `max_chars` characters of a text; "…" shows the cut."""
    return text if len(text) <= max_chars else text[: max_chars - 1].rstrip() + "…"


def notes(lead: Lead, form: Form, history: str = "") -> str:
    """Return the form's own text, the message, the other answers, the touch and the lead's reference, as plain text.

    history: a sentence on what is known of the person, or "".
    """
    message = defuse(_text(lead.submission.fields.get("message", "")))
    prefix_text = fill_lines(form.destination.notes_prefix, answers_given(lead.submission, form).text)
    prefix = defuse(cut(prefix_text, MAX_PREFIX_CHARS))
    others = [defuse("\n".join(lines)) for lines in (_answers(lead), _touch(lead))]
    reference = defuse(_reference(lead, form, history))
    # A long message gives way to the other answers, many long answers to the reference.
    room = MAX_NOTES_CHARS - sum(len(block) + len(_GAP) for block in (*filter(None, [prefix]), *others, reference))
    text = _GAP.join(block for block in (prefix, cut(message, max(room, MAX_ANSWER_CHARS)), *others) if block)
    return cut(text, MAX_NOTES_CHARS - len(reference) - len(_GAP)) + _GAP + reference


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
    """Return the number that is sent, with the number as typed if they differ by more than punctuation."""
    if not number or not typed or _letters(typed) == _letters(number):
        return number
    return f"{number} (typed: {typed})"


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _touch(lead: Lead) -> Iterator[str]:
    result, evidence = lead.attribution, lead.submission.evidence
    yield f"Came by: {result.channel}" + (f" ({result.reason})" if result.reason else "")
    tags = (
        result.utm_source,
        result.utm_medium,
        result.utm_campaign,
        result.utm_content,
        result.utm_term,
    )
    if any(tags):
        yield "Tags: " + " / ".join(tag or "-" for tag in tags)
    yield from _pages(evidence)
    if result.click_ids:
        yield f"Click ids: {_pairs(result.click_ids)}"


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


def _reference(lead: Lead, form: Form, history: str) -> str:
    received = lead.received_at.strftime("%Y-%m-%d %H:%M UTC")
    lines = (history, f"Form: {_short(form.title or form.name)}, received {received}", marker_of(lead.id))
    return "\n".join(filter(None, lines))


def _short(value: object) -> str:
    return cut(_text(value), MAX_ANSWER_CHARS)


def _text(value: object) -> str:
    """Return an answer as text; several values are separated by commas."""
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
