"""What the webhooks of all platforms share: JSON events, the questions of their forms, consents."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from service.capture.fields.enquiries import NamedAnswer, UnreadableItem
from service.capture.parsing import Empty
from service.capture.parsing.loose_json import read_json
from service.capture.parsing.nesting import flatten
from service.capture.parsing.texts import Answer
from service.capture.tools.sender import WebhookCall

# In order of preference: a CRM identifies a company by the address at work.
_TARGETS: Mapping[str, str] = {
    "full_name": "full_name",
    "name": "full_name",
    "first_name": "first_name",
    "last_name": "last_name",
    "work_email": "email",
    "email": "email",
    "email_address": "email",
    "work_phone_number": "phone",
    "work_phone": "phone",
    "phone_number": "phone",
    "phone": "phone",
    "company_name": "company",
    "company": "company",
    "job_title": "job_title",
    "company_size": "team_size",
    "preferred_location": "location",
    "city": "location",
    "price_range": "budget",
    "country": "country",
    "postal_code": "postal_code",
    "post_code": "postal_code",
    "zip_code": "postal_code",
    "zip": "postal_code",
    "street_address": "address",
    "address": "address",
    "website": "website",
    "preferred_contact_method": "preferred_contact",
}
_RANKS = {kind: rank for rank, kind in enumerate(_TARGETS)}


class PlatformQuestion(NamedTuple):
    """One question of a platform's form, with its answer.

    kind: the platform's name for a standard question, in any case; "" for one that the advertiser wrote.
    label: as people saw it. value: the answer, in any shape.
    """

    kind: str
    label: str
    value: object


class Consent(NamedTuple):
    """One checkbox. text: its label, "" where only its key is known."""

    key: str
    text: str
    accepted: bool


def read_event(call: WebhookCall) -> object:
    """Return the JSON of a call, with numbers as text.

    Raises: Empty, Unreadable.
    """
    if not call.body.strip():
        raise Empty
    return read_json(call.body)


def known(facts: Mapping[str, str]) -> dict[str, str]:
    """Return the facts that have a value; platforms write the id 0 where there is none."""
    return {name: fact for name, fact in facts.items() if fact and fact != "0"}


def unreadable_item(item: object, reason: str) -> UnreadableItem:
    """Return one item of a call as unreadable, so that it does not stop the others."""
    try:
        return UnreadableItem(json.dumps(item, ensure_ascii=False).encode("utf-8", "replace"), reason)
    except RecursionError:
        return UnreadableItem(b"", reason)


def target_of(kind: str) -> str:
    """Return the key of aliases.json that a standard question fills, "" for none."""
    return _TARGETS.get(kind.lower(), "")


def answers_of(questions: Iterable[PlatformQuestion]) -> list[NamedAnswer]:
    """Return the answers; where several fill the same field, the preferred one comes first."""
    ranked = sorted(questions, key=lambda question: _RANKS.get(question.kind.lower(), len(_RANKS)))
    return [answer for question in ranked for answer in _answers_to(question)]


def _answers_to(question: PlatformQuestion) -> Iterator[NamedAnswer]:
    """Yield the answer; a list keeps its label for every member. Of nested values, only a single text is an answer."""
    label = question.label or question.kind
    pairs = list(flatten(question.value, label))
    for name, text in pairs:
        is_answer = len(pairs) == 1 or name == (label or "unnamed")
        yield NamedAnswer(label, text, target_of(question.kind)) if is_answer else NamedAnswer(name, text)


def consent_answers(consents: Iterable[Consent]) -> list[NamedAnswer]:
    """Return the accepted consents as answers to the form's question of consent."""
    return [NamedAnswer("consent", each.text or f"agreed: {each.key}", "consent") for each in consents if each.accepted]


def consent_details(consents: Iterable[Consent]) -> dict[str, Answer]:
    """Return every checkbox with yes or no, to be kept beside the answers."""
    return {f"consent: {each.text or each.key}": "yes" if each.accepted else "no" for each in consents}
