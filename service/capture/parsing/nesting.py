"""Nested values flattened: nested JSON becomes names such as "a.b.c", and numbered names become lists."""

import json
from collections.abc import Iterable, Iterator, Mapping

from service.attribution import is_tag
from service.capture.parsing.texts import Answer, clean, texts_of, unwrap

_MAX_DEPTH = 8  # levels; deeper values are kept as one JSON text
_MAX_LIST_DEPTH = 16  # levels of a name at which a list is recognised
_MAX_INDEX_DIGITS = 3  # of a list index; longer numbers are ids, of products for instance
DIGITS = frozenset("0123456789")
_KEYED_BY_ID = frozenset(
    (
        *(
            "fields",
            "field",
            "form_fields",
            "inputs",
            "input",
            "item_meta",
            "questions",
            "question",
            "answers",
            "answer",
        ),
        *("entry", "submission", "data", "values", "q"),
    )
)
"""Names with question ids as numbers: the values under them answer different questions and form no list."""

Answers = Mapping[str, Answer]


def apart(answers: Answers, names: Iterable[str]) -> Answers:
    """Return the answers with those list members separate that dotted `names` mention: `a.1` of the list `a`."""
    for name in names:
        base, _, number = name.rpartition(".")
        members = answers.get(base, "") if _is_index(number) else ""
        texts = [members] if isinstance(members, str) else members
        index = int(number) if members else 0
        if members and index < len(texts):
            answers = {**answers, base: [*texts[:index], *texts[index + 1 :]], f"{base}.{number}": texts[index]}
    return answers


def with_lists(answers: Answers) -> dict[str, Answer]:
    """Turn `a.0`, `a.1` into the list `a`, ordered by number, at the place of the first."""
    lists = _find_lists(answers)
    gathered: dict[str, Answer] = {}
    for name, answer in answers.items():
        base, _, number = name.rpartition(".")
        if base not in lists or not _is_index(number):
            gathered[name] = _joined(gathered.get(name, ""), answer)
        elif members := lists[base]:
            ordered = [members[index] for index in sorted(members)]
            gathered[base] = _joined(gathered.get(base, ""), ordered)
            lists[base] = {}
    return gathered


def _find_lists(answers: Answers) -> dict[str, dict[int, str]]:
    """Find names with numbered members only: name -> number -> text."""
    numbered: dict[str, dict[int, Answer]] = {}
    for name, answer in answers.items():
        base, _, number = name.rpartition(".")
        if base and _is_index(number):
            numbered.setdefault(base, {})[int(number)] = answer
    lists = {base: texts for base, members in numbered.items() if (texts := _list_of(base, members))}
    for name in answers if lists else ():
        for base, rest in _ancestors(name):
            if base in lists and not _is_index(rest):
                del lists[base]  # an object with a number among its names, or a list of objects
    return lists


def _list_of(base: str, members: Mapping[int, Answer]) -> dict[int, str]:
    """Return the members if they form a list of texts, else none.

    Unticked boxes leave gaps. Under a name that itself ends with a number, members are the parts of one question, such
    as 1.3 and 1.6 of Gravity Forms. An e-mail address among other texts shows that they are not a list, either.
    """
    key = base.rpartition(".")[2].casefold()
    texts = {index: text for index, text in members.items() if isinstance(text, str)}
    addresses = sum("@" in text for text in texts.values())
    is_whole = max(members) == len(members) - 1 or key[-1:] not in DIGITS
    is_alike = addresses in (0, len(texts)) and len(texts) == len(members)
    return texts if is_whole and is_alike and not key.isdecimal() and key not in _KEYED_BY_ID else {}


def _ancestors(name: str) -> Iterator[tuple[str, str]]:
    """Yield each ancestor of a name, outermost first, with the rest of the name below it."""
    end = name.find(".")
    for _ in range(_MAX_LIST_DEPTH):
        if end < 0:
            return
        yield name[:end], name[end + 1 :]
        end = name.find(".", end + 1)


def _is_index(number: str) -> bool:
    return number.isdecimal() and number.isascii() and len(number) <= _MAX_INDEX_DIGITS and str(int(number)) == number


def _joined(known: Answer, more: Answer) -> Answer:
    return unwrap([*texts_of(known), *texts_of(more)])


def flatten(value: object, name: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield every leaf of a JSON value under its dotted name, as text.

    A list of plain values repeats its name; members of a list of objects are numbered from 0.
    Numbers must come as text (json.loads with parse_int=str), booleans become "true" and "false". A tag or
    click id is a text or a list of texts: a boolean counts as blank, and values nested in such a list are dropped.
    """
    if depth >= _MAX_DEPTH and isinstance(value, (Mapping, list)):
        yield name, clean(_as_json(value))
    elif isinstance(value, Mapping) and value:
        for key, member in value.items():
            yield from flatten(member, _join(name, clean(key) or "unnamed"), depth + 1)
    elif isinstance(value, list) and value:
        plain = not any(isinstance(member, (Mapping, list)) for member in value)
        if not plain and is_tag(name):
            value, plain = [member for member in value if not isinstance(member, (Mapping, list))], True
        for index, member in enumerate(value):
            yield from flatten(member, name if plain else _join(name, str(index)), depth + 1)
    else:
        yield name or "unnamed", "" if isinstance(value, bool) and is_tag(name) else _as_text(value)


def _join(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean(value) if isinstance(value, str) else ""


def _as_json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply to keep)"
