"""Shared by the readers of form tools' JSON: answers under their questions' names, details, and local times."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.names import meaning_of
from service.capture.parsing import Unreadable
from service.capture.parsing.bodies import read_json
from service.capture.parsing.json_values import Json, read_instant, table_at
from service.capture.parsing.nesting import flatten
from service.capture.parsing.pairs import collect
from service.capture.parsing.texts import Answer
from service.capture.tools.sender import WebhookCall


def read_object(call: WebhookCall) -> Json:
    """Return the JSON object of a call, an empty one for anything else."""
    try:
        return table_at(read_json(call.body))
    except Unreadable:
        return {}


def named_answers(label: str, value: object, *hints: str, target: str = "") -> Iterator[NamedAnswer]:
    """Yield the answer to one question, nothing where it was left out. Nested answers get dotted names.

    hints: other names of the question, such as its id: the first with a known meaning decides where the label has
    none. target: the meaning, where the tool itself states it.
    """
    name = label or next(filter(None, hints), "")
    meaning = target or _hinted_target(name, hints)
    for leaf, answer in collect(flatten(value, name)).items():
        if answer:
            yield NamedAnswer(leaf, answer, meaning)


def all_named_answers(questions: object) -> Iterator[NamedAnswer]:
    """Yield every member of an object as an answer."""
    for name, value in table_at(questions).items():
        yield from named_answers(name, value)


def other_details(value: Json, *known: str) -> dict[str, Answer]:
    """Return the members of an object without those of these names, nested ones under dotted names."""
    rest = {name: member for name, member in value.items() if name not in known}
    return {name: answer for name, answer in collect(flatten(rest)).items() if answer}


def labelled(**details: str) -> Mapping[str, Answer]:
    """Return details by label, `Booking_start` for "Booking start"; blanks are left out."""
    return {name.replace("_", " "): text for name, text in details.items() if text}


def local_time(start: str, zone: str) -> str:
    """Return a time in ISO 8601 by the clock of an IANA zone, such as "2026-11-25 15:00 (Europe/Paris)".

    In UTC for an unknown zone; "" for what is no time.
    """
    seconds = read_instant(start)
    if seconds is None:
        return ""
    known = _zone(zone)
    try:
        shown = datetime.fromtimestamp(seconds, known or UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{shown:%Y-%m-%d %H:%M} ({zone if known else 'UTC'})"


def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, KeyError, OSError):  # unknown, or no zone's name at all
        return None


def _hinted_target(name: str, hints: tuple[str, ...]) -> str:
    if meaning_of(name) is not None:
        return ""
    meanings = (meaning_of(hint) for hint in hints)
    return next((meaning.target for meaning in meanings if meaning and not meaning.target.startswith("_")), "")
