"""What ad platforms ask by themselves: their words for a question, and which of our answers it is."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from service.capture.fields.enquiries import NamedAnswer
from service.capture.parsing.nesting import flatten
from service.capture.parsing.texts import Answer

# In order of preference: the address at work is the one that a CRM knows a company by.
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
_RANKS = {word: rank for rank, word in enumerate(_TARGETS)}


class PlatformQuestion(NamedTuple):
    """One question of a platform's form.

    word: the platform's own for what it asks, in any case; "" for a question that the advertiser wrote.
    label: as people saw it. value: the answer, in any shape.
    """

    word: str
    label: str
    value: object


class Consent(NamedTuple):
    """One box that could be ticked. text: what it said, "" where only its key is known."""

    key: str
    text: str
    accepted: bool


def target_of(word: str) -> str:
    """Return the key of aliases.json that a platform's word stands for, "" for none."""
    return _TARGETS.get(word.lower(), "")


def answers_of(asked: Iterable[PlatformQuestion]) -> list[NamedAnswer]:
    """Return the answers, those first that count more where several ask for the same."""
    ranked = sorted(asked, key=lambda each: _RANKS.get(each.word.lower(), len(_RANKS)))
    return [answered for each in ranked for answered in _answered(each)]


def consent_answers(consents: Iterable[Consent]) -> list[NamedAnswer]:
    """Return what the person agreed to as answers to the form's consent."""
    return [NamedAnswer("consent", each.text or f"agreed: {each.key}", "consent") for each in consents if each.accepted]


def consent_details(consents: Iterable[Consent]) -> dict[str, Answer]:
    """Return every box with yes or no, to be kept beside the answers."""
    return {f"consent: {each.text or each.key}": "yes" if each.accepted else "no" for each in consents}


def _answered(asked: PlatformQuestion) -> Iterator[NamedAnswer]:
    """A list keeps its label for every member. Of what is nested, only a single text is surely the answer."""
    label = asked.label or asked.word
    pairs = list(flatten(asked.value, label))
    for name, text in pairs:
        is_it = len(pairs) == 1 or name == (label or "unnamed")
        yield NamedAnswer(label, text, target_of(asked.word)) if is_it else NamedAnswer(name, text)
