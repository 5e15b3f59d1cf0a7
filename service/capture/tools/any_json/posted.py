"""The leads in a posted body: bare, in a list, wrapped, as JSON or as a form."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from service.capture.fields.enquiries import NamedAnswer, read_packed
from service.capture.parsing.bodies import RequestBody
from service.capture.parsing.json_values import Json, tables_at, text_at
from service.capture.parsing.nesting import flatten
from service.capture.parsing.pairs import collect
from service.capture.parsing.texts import Answer
from service.capture.tools.any_json.envelopes import open_envelope
from service.capture.tools.any_json.levels import MAX_NAMES, is_mere_name
from service.capture.tools.any_json.question_sets import questions_of

_JOINED = re.compile(r"(?<=[^_])__(?=[^_])")  # Zapier's nested names
_PATH = re.compile(r"[^\W\d][\w$-]*(?:\.[\w$ -]*[\w$-])+")  # `data.email`, not a sentence with a full stop
_MAX_KEYS = 3 * MAX_NAMES  # different keys in all levels and rows of a body
_MAX_LEVELS = 8  # of JSON inside texts


@dataclass(frozen=True, slots=True)
class PostedLead:
    """One lead. answers: under their names without wrappers. details: what surrounds them.

    whole: its JSON. form_name: "" for an unknown one. event: the call's object, which may name an event.
    """

    answers: Sequence[NamedAnswer]
    whole: Json
    details: Mapping[str, Answer] = field(default_factory=dict)
    form_name: str = ""
    event: Json = field(default_factory=dict)


def leads_in(body: RequestBody, mapped: frozenset[str]) -> Iterator[PostedLead | bytes]:
    """Yield the leads of a body, and as bytes the members among them that are none.

    mapped: folded names from the forms file, which are left as they came.
    """
    if not body.is_json:
        yield from _of_object(body.answers, mapped)
        return
    value = _gathered(body.value)
    members = value if isinstance(value, list) else [value]
    if isinstance(value, list) and questions_of(members):
        members = [{"answers": members}]
    for member in members:
        if isinstance(member, Mapping):
            yield from _of_object(member, mapped)
        elif isinstance(member, list) and questions_of(member):
            yield from _of_object({"answers": member}, mapped)
        elif member not in (None, "", []):
            yield json.dumps(member).encode()


def _of_object(member: Json, mapped: frozenset[str]) -> Iterator[PostedLead]:
    if len(member) <= MAX_NAMES and all(map(_is_plain, member, member.values())):  # nearly always
        yield PostedLead([NamedAnswer(name, text_at(value)) for name, value in member.items()], member, event=member)
        return
    if not _is_form_sized(member):  # searching it for meaning would only keep a thread busy
        yield PostedLead([NamedAnswer(name, answer) for name, answer in collect(flatten(member)).items()], member)
        return
    tidied = _tidied(member)
    opened = open_envelope(tidied, mapped)
    for lead in opened:
        whole = member if len(opened) == 1 else lead.whole
        yield PostedLead(lead.answers, whole, lead.details, lead.form_name, member)


def _is_plain(name: str, value: object) -> bool:
    """Whether a member is a plain name with one answer."""
    if isinstance(value, str):
        return not value.startswith(("{", "[")) and is_mere_name(name)
    return not isinstance(value, list | Mapping) and is_mere_name(name)


def _is_form_sized(member: Json) -> bool:
    """Whether an object has no more different names than a form can have, at any depth."""
    if len(member) > MAX_NAMES:
        return False
    names: set[str] = set()
    waiting: list[object] = [member]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            names.update(value)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        if len(names) > _MAX_KEYS:
            return False
    return True


def _tidied(value: Json, depth: int = 0) -> Json:
    """The object with dotted names nested and JSON texts parsed."""
    tidied: dict[str, object] = {}
    for name, member in value.items():
        _put(tidied, _path_of(name), _unpacked(member, depth))
    return {name: _listed(member) for name, member in tidied.items()}


def _path_of(name: str) -> list[str]:
    if "." not in name and "__" not in name:
        return [name]
    nested = _JOINED.sub(".", name)
    is_path = nested.count(".") < _MAX_LEVELS and _PATH.fullmatch(nested)
    return nested.split(".") if is_path else [nested]


def _put(tree: dict[str, object], path: Sequence[str], value: object) -> None:
    """Put a value at its path; where something else is in the way, under its whole name."""
    branch = tree
    for step in path[:-1]:
        below = branch.setdefault(step, {})
        if not isinstance(below, dict):
            tree[".".join(path)] = value
            return
        branch = below
    if path[-1] in branch:
        tree[".".join(path)] = value
    else:
        branch[path[-1]] = value


def _listed(value: object) -> object:
    """A list for an object with the keys 0, 1, 2 …, as forms send lists."""
    if not isinstance(value, dict):
        return value
    members = {name: _listed(member) for name, member in value.items()}
    is_list = bool(members) and all(name == str(number) for number, name in enumerate(members))
    return list(members.values()) if is_list else members


def _gathered(value: object) -> object:
    """One object for a list of names with one answer each, as objects or pairs; else the value itself."""
    if not isinstance(value, list) or not 1 < len(value) <= MAX_NAMES:
        return value
    gathered: dict[str, object] = {}
    for member in value:
        name, answer = _pair(member)
        if not any(map(str.isalpha, name)) or name in gathered or isinstance(answer, list | Mapping):
            return value
        gathered[name] = answer
    return gathered


def _pair(member: object) -> tuple[str, object]:
    """The name and answer of a pair, "" as the name for anything else."""
    if isinstance(member, Mapping) and len(member) == 1:
        return next(iter(member.items()))
    if isinstance(member, list) and len(member) == len(("name", "answer")) and isinstance(member[0], str):
        return member[0], member[1]
    return "", None


def _unpacked(value: object, depth: int) -> object:
    if depth >= _MAX_LEVELS:
        return value
    if isinstance(value, str):
        held = read_packed(value)
        is_meant = isinstance(held, Mapping) or bool(tables_at(held))
        return _unpacked(held, depth + 1) if is_meant and held else value
    if isinstance(value, list):
        gathered = _gathered(value)
        if isinstance(gathered, list):
            return [_unpacked(member, depth + 1) for member in value]
        value = gathered
    return _tidied(value, depth + 1) if isinstance(value, Mapping) else value
