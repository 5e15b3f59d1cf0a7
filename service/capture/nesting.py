"""Names within names made flat: `a[b][c]` and nested JSON become "a.b.c", repeats become lists."""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from service.attribution import is_tag
from service.capture.texts import clean

Pair = tuple[str, str]
"""One name with one value."""

_LONGEST_CACHED_NAME = 64  # characters; strangers must not fill our memory
_DEEPEST = 8  # levels; what lies below is kept as one JSON text


def collect(pairs: Iterable[Pair]) -> dict[str, str | list[str]]:
    """Gather pairs under their names; a repeated name has a list. Blanks give way to any other value."""
    answers: dict[str, str | list[str]] = {}
    for name, value in pairs:
        known = answers.get(name)
        if not known:
            answers[name] = value
        elif not value:
            continue
        elif isinstance(known, list):
            known.append(value)
        else:
            answers[name] = [known, value]
    return answers


def dotted(name: str) -> str:
    """Return a submitted name with its brackets as dots: `tags[]` -> "tags", `a[b][c]` -> "a.b.c"."""
    return _cached_dotted(name) if len(name) <= _LONGEST_CACHED_NAME else _dotted(name)


def _dotted(name: str) -> str:
    name = clean(name)
    if not name.endswith("]"):
        return name or "unnamed"
    head, bracket, rest = name.partition("[")
    if not bracket or not head:
        return name
    return ".".join(part for part in (head, *rest[:-1].split("][")) if part)


_cached_dotted = lru_cache(maxsize=4096)(_dotted)


def flatten(value: object, name: str = "", depth: int = 0) -> Iterator[Pair]:
    """Yield every leaf of a JSON value under its dotted name, as text.

    A list of plain values repeats its name; members of a list of objects are numbered from 0.
    Numbers are expected as their text (json.loads with parse_int=str), booleans become true, false. A tag or
    click id is a text or a list of texts: a boolean is none, and what is nested in such a list is left out.
    """
    if depth >= _DEEPEST and isinstance(value, (Mapping, list)):
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
