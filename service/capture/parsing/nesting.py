"""Names within names made flat: `a[b][c]` and nested JSON become "a.b.c", repeats and numbered names become lists."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from service.attribution import is_tag
from service.capture.parsing.texts import clean

Pair = tuple[str, str]
"""One name with one value."""

_LONGEST_CACHED_NAME = 64  # characters; strangers must not fill our memory
_DEEPEST = 8  # levels; what lies below is kept as one JSON text
_DEEPEST_LIST = 16  # levels of a name at which a list is looked for
_MAX_PLACE_DIGITS = 3  # of a number that may be a place in a list; longer ones are ids, of products for instance
_DIGITS = frozenset("0123456789")
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
"""Names whose numbers are ids of questions: what stands under them are answers of different kinds, and no list."""

Answers = Mapping[str, str | list[str]]


def collect(pairs: Iterable[Pair]) -> dict[str, str | list[str]]:
    """Gather pairs under their names; a repeated or numbered name has a list. Blanks give way to any other value."""
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
    if "." in "".join(answers) and any("." in name and name[-1] in _DIGITS for name in answers):
        return _with_lists(answers)
    return answers


def apart(answers: Answers, names: Iterable[str]) -> Answers:
    """Return the answers with members of lists on their own, where `names` speak of them: `a[1]` of the list `a`."""
    found = answers
    for name in names:
        base, _, number = dotted(name).rpartition(".")
        members = found.get(base, "") if _is_place(number) else ""
        texts = [members] if isinstance(members, str) else members
        place = int(number) if members else 0
        if members and place < len(texts):
            rest = [text for other, text in enumerate(texts) if other != place]
            found = {**found, base: rest, f"{base}.{number}": texts[place]}
    return found


def _with_lists(answers: Answers) -> dict[str, str | list[str]]:
    """`a.0`, `a.1` as the list `a`, in the order of the numbers, where the first of them stood."""
    lists = _find_lists(answers)
    gathered: dict[str, str | list[str]] = {}
    for name, answer in answers.items():
        base, _, number = name.rpartition(".")
        if base not in lists or not _is_place(number):
            gathered[name] = _together(gathered.get(name, ""), answer)
        elif members := lists[base]:
            ordered = [members[place] for place in sorted(members)]
            gathered[base] = _together(gathered.get(base, ""), ordered)
            lists[base] = {}
    return gathered


def _find_lists(answers: Answers) -> dict[str, dict[int, str]]:
    """What has nothing but numbered members: name -> number -> text."""
    numbered: dict[str, dict[int, str | list[str]]] = {}
    for name, answer in answers.items():
        base, _, number = name.rpartition(".")
        if base and _is_place(number):
            numbered.setdefault(base, {})[int(number)] = answer
    lists = {base: texts for base, members in numbered.items() if (texts := _list_of(base, members))}
    for name in answers if lists else ():
        for base, rest in _ancestors(name):
            if base in lists and not _is_place(rest):
                del lists[base]  # an object that has a number among its names, or a list of objects
    return lists


def _list_of(base: str, members: Mapping[int, str | list[str]]) -> dict[int, str]:
    """The members where they make up a list of texts, else none.

    Gaps are what boxes leave that are not ticked. Under a name that ends with a number itself they are the parts of
    a question, such as 1.3 and 1.6 of Gravity Forms, and what is an address in one place only is no list, either.
    """
    key = base.rpartition(".")[2].casefold()
    texts = {place: text for place, text in members.items() if isinstance(text, str)}
    addresses = sum("@" in text for text in texts.values())
    is_whole = max(members) == len(members) - 1 or key[-1:] not in _DIGITS
    is_alike = addresses in (0, len(texts)) and len(texts) == len(members)
    return texts if is_whole and is_alike and not key.isdecimal() and key not in _KEYED_BY_ID else {}


def _ancestors(name: str) -> Iterator[tuple[str, str]]:
    """What a name stands under, outermost first, and what is left of it there."""
    end = name.find(".")
    for _ in range(_DEEPEST_LIST):
        if end < 0:
            return
        yield name[:end], name[end + 1 :]
        end = name.find(".", end + 1)


def _is_place(number: str) -> bool:
    return number.isdecimal() and number.isascii() and len(number) <= _MAX_PLACE_DIGITS and str(int(number)) == number


def _together(known: str | list[str], more: str | Sequence[str]) -> str | list[str]:
    texts = [*([known] if isinstance(known, str) else known), *([more] if isinstance(more, str) else more)]
    texts = [text for text in texts if text]
    return texts if len(texts) > 1 else "".join(texts)


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
