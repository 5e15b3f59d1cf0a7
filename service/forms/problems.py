"""The problems of a forms file: collected, each with its place, and raised together."""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

Place = tuple[str | int, ...]
"""Keys from the top of the file down; a number is a list's index, from 0."""

MAX_LISTED = 12
"""Maximum known keys that a sentence lists."""


class PlacedProblem(NamedTuple):
    """A problem at a place of the document, written like `forms.tour.stage_id`; "" for the whole."""

    path: str
    message: str

    @classmethod
    def of_line(cls, line: str) -> "PlacedProblem":
        """Parse a line of SetupProblems: file, place if there is one, problem and remedy."""
        _, _, rest = line.partition(": ")
        path, _, message = rest.partition(": ")
        return cls(path, message) if message and " " not in path else cls("", rest or line)


class SetupProblems(Exception):
    """The set-up cannot be used. `problems`: one line each, with file, place, problem and remedy."""

    def __init__(self, problems: tuple[str, ...], placed: tuple[PlacedProblem, ...] = ()) -> None:
        """placed: the same problems with their places, for places that contain spaces."""
        super().__init__("\n".join(problems))
        self.problems = problems
        self.placed = placed or tuple(map(PlacedProblem.of_line, problems))


class ProblemList:
    """The problems so far, one for each place: later ones mostly follow from the first."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._sentences: dict[Place, str] = {}

    def add(self, place: Place, sentence: str) -> None:
        """Add one problem."""
        self._sentences.setdefault(place, sentence)

    def add_messages(self, messages: Any, place: Place = ()) -> None:
        """Add marshmallow's messages: nested by key, lists of sentences at the ends."""
        if not isinstance(messages, Mapping):
            self.add(place, "; ".join(map(str, messages)))
            return
        for key, below in messages.items():
            self.add_messages(below, place if key == "_schema" else (*place, key))

    def raise_any(self) -> None:
        """Raise SetupProblems if there are problems; those of one form stand together."""
        tables = list(dict.fromkeys(place[:2] for place in self._sentences))
        problems = sorted(self._sentences.items(), key=lambda problem: tables.index(problem[0][:2]))
        if problems:
            placed = tuple(PlacedProblem(write_place(place), sentence) for place, sentence in problems)
            raise SetupProblems(tuple(_line(self._file, *each) for each in placed), placed)


def _line(file: str, path: str, sentence: str) -> str:
    return f"{file}: {path}: {sentence}" if path else f"{file}: {sentence}"


def write_place(place: Place) -> str:
    """Return `forms.tour.routes[1].stage_id`, with list items counted from 1; "" for the whole file."""
    path = ""
    for step in place:
        path += f"[{step + 1}]" if isinstance(step, int) else f".{write_key(step)}"
    return path.removeprefix(".")


def write_key(key: str) -> str:
    """Return a key as in TOML: quoted if necessary."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


def suggest(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown word: the nearest known one, or all if they are few."""
    known = list(known)
    for near in difflib.get_close_matches(word.lower(), known, n=1):
        return f": did you mean {near!r}?"
    return (
        f": choose from {', '.join(known)}"
        if len(known) <= MAX_LISTED
        else ": the documentation of the forms file lists all"
    )
