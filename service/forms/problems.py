"""What is wrong with a forms file: collected, each at its place, all told at once."""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

Place = tuple[str | int, ...]
"""Keys from the top of the file down; a number is a list's index, from 0."""

FEW = 12  # known keys that a sentence can still list


class SetupProblems(Exception):
    """The forms file cannot be used. `problems`: one line each, with file, place, fault and remedy."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ProblemList:
    """The problems found so far, one a place: what follows from the first is not told again."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._sentences: dict[Place, str] = {}

    def add(self, place: Place, sentence: str) -> None:
        """Note one problem."""
        self._sentences.setdefault(place, sentence)

    def add_tree(self, messages: Any, place: Place = ()) -> None:
        """Note marshmallow's messages: nested by key, lists of sentences at the ends."""
        if not isinstance(messages, Mapping):
            self.add(place, "; ".join(map(str, messages)))
            return
        for key, below in messages.items():
            self.add_tree(below, place if key == "_schema" else (*place, key))

    def tell(self) -> None:
        """Raises: SetupProblems, if there are any."""
        tables = list(dict.fromkeys(place[:2] for place in self._sentences))
        told = sorted(self._sentences.items(), key=lambda each: tables.index(each[0][:2]))  # a form's faults together
        if told:
            raise SetupProblems(tuple(f"{self._file}: {write_place(place)}{sentence}" for place, sentence in told))


def write_place(place: Place) -> str:
    """`forms.tour.routes[1].stage_id: `, list items counted from 1 as people do; "" for the whole file."""
    words = ""
    for step in place:
        words += f"[{step + 1}]" if isinstance(step, int) else f".{write_key(step)}"
    return f"{words.removeprefix('.')}: " if words else ""


def write_key(key: str) -> str:
    """A key as TOML would have it: quoted where it is not plain."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


def suggest(word: str, known: Iterable[str]) -> str:
    """How a sentence about an unknown word ends: the nearest known one, else a list where it is short."""
    known = list(known)
    for near in difflib.get_close_matches(word.lower(), known, n=1):
        return f": did you mean {near!r}?"
    return f": known are {', '.join(known)}" if len(known) <= FEW else ": docs/forms-file.md lists all"
