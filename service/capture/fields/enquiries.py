"""The items that a webhook call may bring, in its sender's words; names get their meaning in submissions.py."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from service.capture.parsing import Unreadable
from service.capture.parsing.loose_json import parse_strictly
from service.capture.parsing.nesting import flatten
from service.capture.parsing.pairs import collect
from service.capture.parsing.texts import Answer


class NamedAnswer(NamedTuple):
    """One question with its answer.

    name: the label, or the id where there is no label; nested names joined with dots. target: a key
    of aliases.json where the sender declares what the question asks for; "" leaves it to the name.
    """

    name: str
    answer: Answer
    target: str = ""


@dataclass(frozen=True, slots=True)
class Enquiry:
    """One complete enquiry.

    external_id: the sender's own id of it. earlier_id: the id of the enquiry that it replaces: together
    they are one lead, whichever came first. place: the Page or advertising account that it belongs to,
    for forms that accept only some. utm: UTM values of a platform's campaign; used where
    the answers carry none. details: remarks and ids to keep beside the answers, by label.
    submitted_at: unix seconds; None means now. ip: the person's. platform: the owner of external_id
    where that is not the sender: a platform whose lead an automation relays, or one of many sites that number their
    enquiries independently. is_test: shown, never sent.
    """

    answers: Sequence[NamedAnswer]
    external_id: str = ""
    earlier_id: str = ""
    form_name: str = ""
    place: str = ""
    utm: Mapping[str, str] = field(default_factory=dict)
    click_ids: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Answer] = field(default_factory=dict)
    submitted_at: float | None = None
    ip: str = ""
    platform: str = ""
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class LeadNotice:
    """A platform's announcement of a lead that must be fetched.

    details: values announced with the id, such as form_id or ad_id; needed for fetching and attribution.
    """

    external_id: str
    place: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The person withdrew the enquiry at the platform."""

    external_id: str


@dataclass(frozen=True, slots=True)
class UnreadableItem:
    """An item that could not be read, kept raw for the operator. why: one sentence without personal data."""

    raw: bytes
    why: str


Item = Enquiry | LeadNotice | Withdrawal | UnreadableItem


def unpack(answers: Mapping[str, Answer]) -> list[NamedAnswer]:
    """The answers, with those of a field that is a JSON object in its place."""
    return [answered for name, answer in answers.items() for answered in _each(name, answer)]


def _each(name: str, answer: Answer) -> Iterable[NamedAnswer]:
    held = read_packed(answer) if isinstance(answer, str) else None
    return flat(held) if isinstance(held, Mapping) else [NamedAnswer(name, answer)]


def read_packed(text: str) -> object:
    """The JSON object or list that a text is; None where it is only a text."""
    if text[:1] + text[-1:] not in ("{}", "[]"):
        return None
    try:
        return parse_strictly(text)  # a person may write in brackets: nothing is mended here
    except Unreadable:
        return None


def flat(value: Mapping[str, object]) -> Iterator[NamedAnswer]:
    """A JSON object's answers; nested names joined with dots."""
    return (NamedAnswer(name, answer) for name, answer in collect(flatten(value)).items()) if value else iter(())
