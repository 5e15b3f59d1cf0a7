"""`value` and `due_date` from an answer: an amount, a table of answers and amounts, or a date."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from marshmallow import ValidationError

from service.forms.values import name_kind, read_amount, read_name, read_table

_DASHES = re.compile(r"\s*[-‐‑‒–—−]\s*")
_COUNT = r"(\d{1,9})"
_OPEN_ENDED = (
    (re.compile(rf"{_COUNT}\+|(?:from|ab|à partir de|a partir de|desde|da|vanaf) {_COUNT}"), 0),
    (re.compile(rf"> ?{_COUNT}|(?:more than|over|mehr als|über|plus de|más de|più di|meer dan|mais de) {_COUNT}"), 1),
)
_LIMITED = (
    (re.compile(rf"(?:up to|bis|bis zu|jusqu'à|hasta|fino a|tot|até|max|max\.) {_COUNT}"), 0),
    (
        re.compile(rf"< ?{_COUNT}|(?:less than|under|weniger als|unter|moins de|menos de|meno di|minder dan) {_COUNT}"),
        -1,
    ),
)
"""Patterns of ranges without an upper limit, and of ranges from 0; each with the offset of its number."""
_RANGE = re.compile(rf"{_COUNT}-{_COUNT}|{_COUNT} (?:to|bis|à|a|tot|até) {_COUNT}")
_ONE = re.compile(rf"{_COUNT}(?: ([^\W\d_]+))?")  # "3", "3 people"
_HEADS = frozenset(
    (
        *["person", "persons", "people", "pax", "ppl", "heads", "members", "employees", "staff", "users", "colleagues"],
        *["desk", "desks", "seat", "seats", "place", "places", "workstation", "workstations", "spaces"],
        *["leute", "menschen", "mitarbeiter", "mitarbeitende", "mitarbeiterinnen", "kollegen", "köpfe", "personen"],
        *["platz", "plätze", "arbeitsplatz", "arbeitsplätze", "tisch", "tische", "schreibtisch", "schreibtische"],
        *["personne", "personnes", "salariés", "employés", "collaborateurs", "poste", "postes", "bureau", "bureaux"],
        *["persona", "personas", "empleados", "puesto", "puestos", "escritorio", "escritorios", "mesa", "mesas"],
        *["persone", "dipendenti", "postazione", "postazioni", "scrivania", "scrivanie", "posto", "posti"],
        *["persoon", "mensen", "medewerkers", "werkplek", "werkplekken", "plek", "plekken", "bureaus"],
        *["pessoa", "pessoas", "colaboradores", "funcionários", "lugar", "lugares", "posto", "postos"],
    )
)
"""Words after a number of people or desks; before other words a number may count something else, as in "6 months"."""


@dataclass(frozen=True, slots=True)
class AmountRange:
    """Whole numbers from `least` to `most`, both included; most None: no upper limit."""

    least: int
    most: int | None

    def holds(self, other: "AmountRange") -> bool:
        """Return whether the other range lies within this one."""
        return self.least <= other.least and (self.most is None or (other.most is not None and other.most <= self.most))

    def meets(self, other: "AmountRange") -> bool:
        """Return whether a number lies in both ranges."""
        return (other.most is None or self.least <= other.most) and (self.most is None or other.least <= self.most)


def read_range(text: str) -> AmountRange | None:
    """Return the range that a text means: `7`, `2-5`, `20+`, `up to 5`, `<5`, `over 20`; None for anything else."""
    text = fold_choice(text)
    for expression, after in _OPEN_ENDED:
        if match := expression.fullmatch(text):
            return AmountRange(int(match[match.lastindex or 1]) + after, None)
    for expression, before in _LIMITED:
        if match := expression.fullmatch(text):
            return AmountRange(0, int(match[match.lastindex or 1]) + before)
    if match := _RANGE.fullmatch(text):
        least, most = (int(number) for number in match.groups() if number is not None)
        return AmountRange(least, most) if least <= most else None
    match = _ONE.fullmatch(text)
    return AmountRange(int(match[1]), int(match[1])) if match and (not match[2] or match[2] in _HEADS) else None


def fold_choice(text: str) -> str:
    """Return an answer for comparison: lower case, one kind of dash, single spaces."""
    return _DASHES.sub("-", " ".join(text.casefold().split()))


@dataclass(frozen=True, slots=True)
class AnswerAmount:
    """The amount given in the answer `answer`."""

    answer: str


@dataclass(frozen=True, slots=True)
class AmountTable:
    """Amounts by the answer `answer`; rows: (answer as written, amount)."""

    answer: str
    rows: tuple[tuple[str, float], ...]

    def find(self, text: str) -> tuple[str, float] | None:
        """Return the row of an answer: the same text, else the range that contains its number; None without one.

        Ranges do not overlap: read_value refuses such a table.
        """
        folded = fold_choice(text)
        for row in self.rows:
            if fold_choice(row[0]) == folded:
                return row
        given = read_range(text)
        return next((row for row in self.rows if given and (own := read_range(row[0])) and own.holds(given)), None)


def read_value(value: Any) -> float | AnswerAmount | AmountTable:
    """Read an amount, `{ from = "budget" }`, or `{ team_size = { "1" = 300, "2-5" = 900 } }`."""
    if not isinstance(value, Mapping):
        return read_amount(value)
    if "from" in value and not isinstance(value["from"], Mapping):
        return _read_answer_amount(value)
    if len(value) != 1:
        raise ValidationError(
            "needs one answer with its amounts: write { team_size = { '1' = 300, '2-5' = 900 } }, "
            'or { from = "budget" } for an answered amount'
        )
    [(answer, table)] = value.items()
    if not isinstance(table, Mapping):
        raise ValidationError({answer: [f"must be a table of answers and amounts, not {name_kind(table)}"]})
    return AmountTable(answer.strip(), _read_rows(answer, table))


def _read_answer_amount(value: Mapping[str, Any]) -> AnswerAmount:
    others = sorted(value.keys() - {"from"})
    if others:
        raise ValidationError({others[0]: ["cannot be combined with from: keep one of them"]})
    try:
        return AnswerAmount(read_name(value["from"]))
    except ValidationError as error:
        raise ValidationError({"from": error.messages}) from None


def _read_rows(answer: str, table: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    try:
        rows = read_table(table, each=read_amount, key=read_name)
    except ValidationError as error:
        raise ValidationError({answer: error.messages}) from None
    if not rows:
        raise ValidationError({answer: ["is empty: write at least one answer and its amount"]})
    for row in rows:
        if _RANGE.fullmatch(fold_choice(row)) and read_range(row) is None:
            raise ValidationError({answer: [f"{row!r} goes backwards: write the smaller number first"]})
    for one, other in combinations(rows, 2):
        if _clash(one, other):
            raise ValidationError({answer: [f"{one!r} and {other!r} overlap: an answer must have one amount"]})
    return tuple(rows.items())


def _clash(one: str, other: str) -> bool:
    if fold_choice(one) == fold_choice(other):
        return True
    first, second = read_range(one), read_range(other)
    return first is not None and second is not None and first.meets(second)


@dataclass(frozen=True, slots=True)
class AnswerDate:
    """The date in the answer `answer` plus `days`, which may be negative."""

    answer: str
    days: int = 0
