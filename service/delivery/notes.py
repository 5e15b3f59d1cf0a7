"""The Notes of an opportunity: what the person said and how they came, for a salesperson to read."""

import re
from collections.abc import Iterator, Mapping

from service.forms import Form
from service.lead import Answers, Evidence, Lead, marker_of

NOTES_LIMIT = 8000
"""Characters. Nexudus publishes no limit; this is ours, and the marker at the end always stays."""

ANSWER_LIMIT = 2000
"""Characters of one answer, the message excepted."""

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

_TAG = re.compile(r"<(?=[A-Za-z/!])")


def notes(lead: Lead, form: Form) -> str:
    """The message, every other answer, the touch, and the lead's reference, as plain text."""
    submission = lead.submission
    blocks = [
        _text(submission.fields.get("message", "")),
        "\n".join(_answers(lead)),
        "\n".join(_touch(lead)),
        _reference(lead, form),
    ]
    *said, reference = [block for block in blocks if block]
    kept = "\n\n".join(said)
    room = NOTES_LIMIT - len(reference) - 2
    if len(kept) > room:
        kept = kept[: room - 1].rstrip() + "…"
    return f"{kept}\n\n{reference}" if kept else reference


def _answers(lead: Lead) -> Iterator[str]:
    contact = lead.submission.contact
    known = {"full_name": contact.full_name, "email": contact.email, "phone": contact.phone, "company": contact.company}
    answers: Answers = {**known, **{name: value for name, value in lead.submission.fields.items() if name not in known}}
    for name, label in _LABELS.items():
        if answers.get(name):
            yield f"{label}: {_short(answers[name])}"
    for name, value in lead.submission.extras.items():
        if value:
            yield f"{_text(name)}: {_short(value)}"


def _touch(lead: Lead) -> Iterator[str]:
    verdict, evidence = lead.attribution, lead.submission.evidence
    yield f"Came by: {verdict.channel}" + (f" ({_text(verdict.reason)})" if verdict.reason else "")
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


def _reference(lead: Lead, form: Form) -> str:
    received = lead.received_at.strftime("%Y-%m-%d %H:%M UTC")
    return f"Form: {form.title or form.name}, received {received}\n{marker_of(lead.id)}"


def _short(value: object) -> str:
    text = _text(value)
    return text if len(text) <= ANSWER_LIMIT else text[: ANSWER_LIMIT - 1] + "…"


def _text(value: object) -> str:
    """One answer as text that no browser reads as markup: a space behind `<` makes it plain."""
    joined = (
        value
        if isinstance(value, str)
        else ", ".join(map(str, value))
        if isinstance(value, (list, tuple))
        else str(value)
    )
    return _TAG.sub("< ", joined)
