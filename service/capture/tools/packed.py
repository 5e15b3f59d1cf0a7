"""Answers that hold further answers: JSON as the text of one field."""

from collections.abc import Iterable, Iterator, Mapping

from service.capture.fields.enquiries import NamedAnswer
from service.capture.parsing.errors import Unreadable
from service.capture.parsing.loose_json import parse_strictly
from service.capture.parsing.nesting import collect, flatten
from service.capture.parsing.texts import Answer


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
