"""Every place of a form's tables that speaks of an answer, and whether the form has that answer."""

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from service.forms.answer_names import find_near_miss
from service.forms.problems import Place
from service.forms.templates import FORM_WORDS, list_slots
from service.lead import CANONICAL_FIELDS

Keys = Mapping[str, Any]
Fault = tuple[Place, str]  # place within the form, sentence

TEMPLATES: tuple[Place, ...] = (
    *(("name",), ("notes_prefix",), ("redirect",), ("extra",), ("custom",)),
    *(("contact", "extra"), ("contact", "custom")),
)
"""The keys in which answers stand in braces; tables within them, too."""


PLAIN: tuple[Place, ...] = (("title",), ("titles",), ("contact", "tag"))
"""Texts beside them in which braces are nothing but braces."""


def known_answers(keys: Keys) -> list[str]:
    """The names of all answers that a form is known to bring: the usual ones, and what its tables name."""
    fields, answer_field = keys.get("fields"), keys.get("answer_field")
    lists = [*_values(fields), keys.get("require"), keys.get("questions"), answer_field]
    routes = keys.get("routes")
    whole = [route for route in routes if isinstance(route, Mapping)] if isinstance(routes, list) else []
    lists += [_names(route.get("when")) for route in whole]
    named = (name for names in lists for name in (names if isinstance(names, list) else [names]))
    return [*dict.fromkeys((*CANONICAL_FIELDS, *(name.strip() for name in map(name_of, named) if name)))]


def name_of(question: Any) -> str:
    """The name of an entry of a list of answers: text, or a table with `name`; "" for anything else."""
    name = question.get("name") if isinstance(question, Mapping) else question
    return name if isinstance(name, str) else ""


def list_unknown_answers(keys: Keys, known: list[str]) -> Iterator[Fault]:
    """Every mention of an answer that the form does not bring, with the nearest name and how to declare it."""
    for place, name in _slots(keys, PLAIN):
        if name in (*known, *FORM_WORDS):
            yield place, f"{{{name}}} would appear as it is: answers are filled into other keys only, such as name"
    for place, name in _slots(keys, TEMPLATES):
        if name not in (*known, *FORM_WORDS):
            yield place, _describe("{" + name + "}", name, [*known, *FORM_WORDS])
    for place, name in _sources(keys):
        if name not in known:
            yield place, _describe(name, name, known)


def list_question_faults(keys: Keys) -> Iterator[Fault]:
    """Questions that are declared for nothing, or misspelt."""
    questions = keys.get("questions")
    for index, question in enumerate(questions if isinstance(questions, list) else []):
        name = name_of(question).strip()
        if name in CANONICAL_FIELDS:
            yield ("questions", index), f"{name!r} is a standard answer: remove it here"
        elif near := name and find_near_miss(name):
            yield ("questions", index), f"unknown answer {name!r}: did you mean {near!r}?"


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
    """The answers of which `value` and `due_date` are worked out."""
    value, due_date = keys.get("value"), keys.get("due_date")
    for key, table in (("value", value), ("due_date", due_date)):
        if isinstance(table, Mapping) and isinstance(table.get("from"), str):
            yield (key, "from"), table["from"].strip()
        elif isinstance(table, Mapping) and key == "value":
            yield from ((("value", name), name.strip()) for name in table)


def _describe(written: str, name: str, known: list[str]) -> str:
    declare = f"write questions = [{json.dumps(name, ensure_ascii=False)}]"
    for near in difflib.get_close_matches(name, known, n=1):
        slip = f"unknown answer {written!r}: did you mean {near!r}?"
        return slip if find_near_miss(name) else f"{slip} If the form asks for it, {declare}"
    return f"unknown answer {written!r}: if the form asks for it, {declare}"


def _names(table: Any) -> list[str]:
    return [*table] if isinstance(table, Mapping) else []


def _values(table: Any) -> list[Any]:
    return [*table.values()] if isinstance(table, Mapping) else []
