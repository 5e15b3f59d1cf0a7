"""Values that the forms file leaves to the environment: "env:NAME"."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Self

from service.forms.problems import Place, ProblemList

MARK = "env:"

Lookup = Callable[[str], str | None]
"""A variable's name -> its text, None where it is not set; may raise ValueError with a sentence."""


class FromEnvironment(str):  # noqa: SLOT000 - text cannot carry slots with a value
    """Text that came from the variable `name`. Its repr is safe to print: it may be a secret."""

    name: str

    def __new__(cls, text: str, name: str) -> Self:
        """Wrap `text`."""
        self = super().__new__(cls, text)
        self.name = name
        return self

    def __repr__(self) -> str:
        return repr(MARK + self.name)


def expand(value: Any, lookup: Lookup, findings: ProblemList, place: Place = ()) -> Any:
    """A copy of `value` in which every "env:NAME" is the variable's text; what is missing is a finding."""
    if isinstance(value, Mapping):
        return {key: expand(below, lookup, findings, (*place, key)) for key, below in value.items()}
    if isinstance(value, list):
        return [expand(below, lookup, findings, (*place, index)) for index, below in enumerate(value)]
    if isinstance(value, str) and value.startswith(MARK):
        return _read_variable(value.removeprefix(MARK).strip(), lookup, findings, place)
    return value


def _read_variable(name: str, lookup: Lookup, findings: ProblemList, place: Place) -> FromEnvironment:
    text = None
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        findings.add(
            place, f"{MARK + name!r} does not name a variable: write env: and its name, such as env:SALES_SLACK"
        )
        return FromEnvironment(MARK, name)
    try:
        text = lookup(name)
    except ValueError as error:
        findings.add(place, str(error))
    if not text:
        findings.add(place, f"the environment variable {name} is not set: set it, or {name}_FILE")
    return FromEnvironment(text or MARK, name)
