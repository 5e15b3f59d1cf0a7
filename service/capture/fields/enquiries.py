"""What a webhook may bring, in its sender's words: names get their meaning when a Submission is made of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from service.capture.parsing.errors import Unreadable
from service.capture.parsing.loose_json import parse_strictly
from service.capture.parsing.nesting import collect, flatten
from service.capture.parsing.texts import Answer


class NamedAnswer(NamedTuple):
    """One question and what was answered.

    name: the label, or the id where there is no label; nested names joined with dots. target: a key
    of aliases.json where the sender itself tells what the question asks for; "" leaves it to the name.
    """

    name: str
    answer: Answer
    target: str = ""


@dataclass(frozen=True, slots=True)
class Enquiry:
    """One enquiry that is all there.

    external_id: the sender's own id of it. earlier_id: of the one that it takes the place of: together
    they are one lead, whichever came first. place: the Page or advertising account that it belongs to,
    for forms that take only some. utm: Utm values that a platform's campaign stands for; used where
    the answers carry none. details: remarks and ids that are kept beside the answers, by label.
    submitted_at: unix seconds; None: now. ip: the person's. platform: whose
    id that is where it is not the sender's own: a platform whose lead an automation relays, or one site of
    many that count for themselves. is_test: shown, never sent.
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
    """A platform's "there is a lead, fetch it".

    details: what was told beside the id, such as form_id or ad_id; needed to fetch and to credit.
    """

    external_id: str
    place: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The person took the enquiry back at the platform."""

    external_id: str


@dataclass(frozen=True, slots=True)
class UnreadableItem:
    """An item that could not be read: kept raw, for a person. why: one sentence, nothing personal."""

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
