"""The leads in what an automation posts: bare, in a list, or one level down in `data`, `lead`, `body` or `payload`."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.capture.bodies import Body
from service.capture.claims import Answer
from service.capture.enquiries import Answered
from service.capture.names import fold, meaning_of
from service.capture.nesting import collect, flatten
from service.capture.shapes import Json, list_at, tables_at, text_at
from service.capture.tools.packed import read_packed

WRAPS = ("data", "lead", "leads", "body", "payload")
LEAD_IDS = ("leadgenid", "leadid", "id")
"""What a platform's lead id is called, folded; the surest first."""

_JOINED = re.compile(r"(?<=[^_])__(?=[^_])")  # what Zapier makes of nested names
_NAME_KEYS = ("name", "column_name", "label", "field", "title", "question", "key", "checkbox_key", "column_id", "id")
_VALUE_KEYS = ("value", "values", "string_value", "answer", "is_checked")
_PAIR_KEYS = frozenset((*_NAME_KEYS, *_VALUE_KEYS, "type", "required", "position", "options"))


@dataclass(frozen=True, slots=True)
class Posted:
    """One lead. answers: under their names without what they were wrapped in. whole: the JSON that it was, else {}."""

    answers: Sequence[Answered]
    whole: Json


def leads_in(body: Body, mapped: frozenset[str]) -> Iterator[Posted | bytes]:
    """Yield the leads of a body; as bytes what stands among them and is none.

    mapped: folded names that the operator speaks of: these are left as they came.
    """
    if not body.is_json:
        yield _of_form(body.answers, mapped)
        return
    members = body.value if isinstance(body.value, list) else [body.value]
    if len(members) > 1 and _are_pairs(members):
        members = [{"answers": members}]
    for member in members:
        if isinstance(member, Mapping):
            yield from _of_json(member, mapped)
        elif member not in (None, "", []):
            yield json.dumps(member).encode()


def _of_form(answers: Mapping[str, Answer], mapped: frozenset[str]) -> Posted:
    pairs: list[Answered] = []
    for name, answer in answers.items():
        held = read_packed(answer) if isinstance(answer, str) else None
        pairs += _inner(name, held, mapped) if isinstance(held, Mapping) else [_bare(name, answer, mapped)]
    return Posted(pairs, answers)


def _of_json(member: Json, mapped: frozenset[str]) -> Iterator[Posted]:
    """One lead, or several where what is wrapped is a list of them."""
    key, held = next(((key, value) for key, value in _wrapped(member)), ("", None))
    outer = [pair for name, value in member.items() if name != key for pair in _outer(name, value, mapped)]
    if isinstance(held, list):
        shared = [pair for pair in outer if fold(pair.name) not in LEAD_IDS]
        for inner in held:
            yield Posted([*_inner(key, inner, mapped), *shared], member if len(held) == 1 else inner)
    else:
        yield Posted([*_inner(key, held, mapped), *outer] if isinstance(held, Mapping) else outer, member)


def _wrapped(member: Json) -> Iterator[tuple[str, object]]:
    """What is wrapped, and under which key: an object, a list of objects, or one of them as text."""
    for key, value in member.items():
        if key.lower() in WRAPS:
            held = read_packed(value) if isinstance(value, str) else value
            if (isinstance(held, Mapping) and held) or (_are_objects(held) and not _are_pairs(held)):
                yield key, held


def _outer(name: str, value: object, mapped: frozenset[str]) -> list[Answered]:
    """What stands beside a wrapped lead, or makes up a bare one."""
    if _are_pairs(value):
        ranked = sorted(tables_at(value), key=lambda member: not text_at(member, "column_id").startswith("WORK_"))
        return [pair for member in ranked for pair in _pairs(member)]
    return [_bare(each, answer, mapped) for each, answer in collect(flatten(value, name)).items()]


def _inner(key: str, held: object, mapped: frozenset[str]) -> list[Answered]:
    """What is wrapped, by its own names, but for those that the operator knows by the whole path."""
    if not isinstance(held, Mapping):
        return []
    pairs = [pair for name, value in held.items() for pair in _outer(name, value, mapped)]
    return [
        pair._replace(name=f"{key}.{pair.name}") if fold(f"{key}.{pair.name}") in mapped else pair for pair in pairs
    ]


def _bare(name: str, answer: Answer, mapped: frozenset[str]) -> Answered:
    nested = _JOINED.sub(".", name)
    first, dot, rest = nested.partition(".")
    is_wrapped = dot and first.lower() in WRAPS and fold(nested) not in mapped
    return Answered(rest if is_wrapped else nested, answer)


def _are_objects(value: object) -> bool:
    members = list_at(value)
    return bool(members) and all(isinstance(member, Mapping) for member in members)


def _are_pairs(value: object) -> bool:
    """Tell a list of questions with their answers: Meta's `field_data`, Google's `user_column_data` and their like."""
    return _are_objects(value) and all(
        member.keys() <= _PAIR_KEYS
        and any(text_at(member, key) for key in _NAME_KEYS)
        and any(key in member for key in _VALUE_KEYS)
        for member in tables_at(value)
    )


def _pairs(member: Json) -> Iterator[Answered]:
    """One question with its answer. A column's id says what it asks for, whatever the language of its name."""
    name = next(text for text in (text_at(member, key) for key in _NAME_KEYS) if text)
    value = next(member[key] for key in _VALUE_KEYS if key in member)
    meaning = meaning_of(text_at(member, "column_id"))
    target = meaning.target if meaning and not meaning.target.startswith("_") else ""
    return (Answered(each, answer, target) for each, answer in collect(flatten(value, name)).items())
