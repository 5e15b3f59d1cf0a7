"""Mentions of answers in a form's tables, and whether the form has these answers."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from service.forms.problems import Place
from service.forms.questions import question_problems
from service.forms.templates import FORM_NAMES, list_slots
from service.lead import CANONICAL_FIELDS

Keys = Mapping[str, Any]

TYPO_RATIO = 0.8
"""difflib's ratio above which a name counts as a misspelt one."""

TEMPLATES: tuple[Place, ...] = (
    *(("name",), ("notes_prefix",), ("redirect",), ("extra",), ("custom",)),
    *(("contact", "extra"), ("contact", "custom")),
)
"""Keys whose texts have answers in braces, including tables below them."""

PLAIN_TEXTS: tuple[Place, ...] = (("title",), ("titles",), ("contact", "tag"))
"""Keys in which braces are ordinary characters."""


def known_answers(keys: Keys) -> list[str]:
    """Return the names of all answers of a form: the standard ones, and those that its tables name."""
    lists = [keys.get("require"), keys.get("questions"), keys.get("answer_field")]
    if isinstance(fields := keys.get("fields"), Mapping):
        lists = [*fields.values(), *lists]
    routes = keys.get("routes")
    for route in routes if isinstance(routes, list) else []:
        if isinstance(route, Mapping) and isinstance(when := route.get("when"), Mapping):
            lists.append([*when])
    named = (name for names in lists for name in (names if isinstance(names, list) else [names]))
    return [*dict.fromkeys((*CANONICAL_FIELDS, *(name.strip() for name in map(_name_of, named) if name)))]


def _name_of(question: Any) -> str:
    """Return the name of an entry in a list of answers: text, or a table with `name`; "" for anything else."""
    name = question.get("name") if isinstance(question, Mapping) else question
    return name if isinstance(name, str) else ""


def unknown_answers(keys: Keys, known: list[str]) -> Iterator[tuple[Place, str]]:
    """Yield every mention of an answer that the form lacks, with the nearest name and how to declare it."""
    fillable = [*known, *FORM_NAMES]
    for place, name in _slots(keys, PLAIN_TEXTS):
        if name in fillable:
            yield (
                place,
                f"{{{name}}} would appear as it is: answers are filled into other keys only, such as name",
            )
    for place, name in _slots(keys, TEMPLATES):
        if name not in fillable:
            yield place, _describe("{" + name + "}", name, fillable)
    for place, name in _sources(keys):
        if name not in known:
            yield place, _describe(name, name, known)


def check_questions(keys: Keys) -> Iterator[tuple[Place, str]]:
    """Yield standard answers listed without any description, misspelt ones, and keys that do not fit each other."""
    questions, fields = keys.get("questions"), keys.get("fields")
    pairs = fields.items() if isinstance(fields, Mapping) else ()
    filled = {str(each): target for target, names in pairs if isinstance(names, str | list) for each in _listed(names)}
    seen: set[str] = set()
    for index, question in enumerate(questions if isinstance(questions, list) else []):
        name = _name_of(question).strip()
        if isinstance(question, Mapping):
            yield from ((("questions", index, key), sentence) for key, sentence in question_problems(question))
        if name in CANONICAL_FIELDS and (not isinstance(question, Mapping) or question.keys() <= {"name"}):
            yield ("questions", index), f"{name!r} is a standard answer: remove it here"
        elif near := name and find_near_miss(name):
            yield ("questions", index), f"unknown answer {name!r}: did you mean {near!r}?"
        if name in filled:
            yield ("questions", index), f"{name!r} fills {filled[name]!r} by fields: describe that answer instead"
        elif name in seen and isinstance(question, Mapping):
            yield ("questions", index), f"{name!r} is listed twice: keep one of them"
        seen.add(name)


def _listed(names: Any) -> list[Any]:
    return [names] if isinstance(names, str) else list(names)


def _slots(keys: Keys, places: tuple[Place, ...]) -> Iterator[tuple[Place, str]]:
    for place in places:
        value: Any = keys
        for step in place:
            value = value.get(step) if isinstance(value, Mapping) else None
        if isinstance(value, Mapping):
            for key, below in value.items():
                yield from (((*place, key), name) for name in list_slots(below))
        else:
            yield from ((place, name) for name in list_slots(value))


def _sources(keys: Keys) -> Iterator[tuple[Place, str]]:
    """Yield the answers that `value` and `due_date` are computed from."""
    for key in ("value", "due_date"):
        table = keys.get(key)
        if isinstance(table, Mapping) and isinstance(table.get("from"), str):
            yield (key, "from"), table["from"].strip()
        elif isinstance(table, Mapping) and key == "value":
            yield from (((key, name), name.strip()) for name in table)


def _describe(written: str, name: str, known: list[str]) -> str:
    declaration = f"write questions = [{json.dumps(name, ensure_ascii=False)}]"
    for near in difflib.get_close_matches(name, known, n=1):
        suggestion = f"unknown answer {written!r}: did you mean {near!r}?"
        return suggestion if find_near_miss(name) else f"{suggestion} If the form asks for it, {declaration}"
    return f"unknown answer {written!r}: if the form asks for it, {declaration}"


def find_near_miss(name: str) -> str:
    """Return the standard name that `name` misspells, "" if it may be a field of the operator's own.

    Longer names are left alone: `locations` or `message_2` may well exist on a form.
    """
    if name in CANONICAL_FIELDS:
        return ""
    letters = re.sub(r"[^a-z]", "", name.lower())
    for canonical in CANONICAL_FIELDS:
        if letters == canonical.replace("_", ""):
            return canonical
    candidates = [canonical for canonical in CANONICAL_FIELDS if len(canonical) >= len(name)]
    return "".join(difflib.get_close_matches(name.lower(), candidates, n=1, cutoff=TYPO_RATIO))
