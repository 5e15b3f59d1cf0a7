"""A form's questions as rows of inputs: name, label, kind, choices, whether an answer is required."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.admin.pages.form_editing.widgets import BETWEEN, TOML, Untypable
from service.forms.questions import KINDS
from service.forms.questions import LANGUAGES as VISITOR_LANGUAGES
from service.i18n import N_, MessageTable
from service.setup.editing import same

KIND_NAMES = MessageTable(
    {
        "text": N_("a line of text"),
        "textarea": N_("several lines"),
        "email": N_("an e-mail address"),
        "tel": N_("a phone number"),
        "url": N_("a web address"),
        "number": N_("a number"),
        "date": N_("a date"),
        "time": N_("a time"),
        "select": N_("one of a list"),
        "radio": N_("one of several, all visible"),
        "checkboxes": N_("any number of several"),
        "checkbox": N_("a box to tick"),
        "consent": N_("consent, with its words"),
    }
)
"""Kind -> its label."""

MAX_ROWS = 100
OF = "of"
"""Name of the input that holds the number of the row from which this row was drawn."""

PARTS = ("name", "label", "kind", "choices", "required")

_BY_LANGUAGE = re.compile(rf"({'|'.join(VISITOR_LANGUAGES)}):\s*(\S.*)")


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question as typed. toml: the whole question, where it has more than the inputs can show."""

    name: str = ""
    label: str = ""
    kind: str = ""
    choices: str = ""
    required: bool = False
    toml: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return self == QuestionRow()


def show_questions(value: Any) -> list[QuestionRow]:
    """Return the rows of the key `questions`."""
    return [_show(each) for each in value] if isinstance(value, list) else []


def read_rows(form: Mapping[str, str]) -> list[QuestionRow]:
    """Return the rows that were typed, without those that are empty or to be removed."""
    return [_row(form, number) for number in row_numbers("question", form)]


def read_questions(rows: Sequence[QuestionRow], before: Any) -> list[Any]:
    """Return the value of the key. before: its value until now, kept where a row says the same.

    Raises: Untypable.
    """
    known = list(before) if isinstance(before, list) else []
    values = [_value(row) for row in rows]
    return [next((old for old in known if _says_the_same(old, value)), value) for value in values]


def _row(form: Mapping[str, str], number: int) -> QuestionRow:
    texts = {part: form.get(f"question.{number}.{part}", "").strip() for part in (*PARTS, "toml")}
    return QuestionRow(**{**texts, "required": bool(texts["required"])})  # type: ignore[arg-type]


def _says_the_same(old: Any, value: Any) -> bool:
    """Whether both are the same question: a name alone equals a table with nothing else."""
    return same(old, value) or (isinstance(old, Mapping) and same(_value(_show(old)), value) and not _show(old).toml)


# -- rows of the page, of questions and of routes


def row_numbers(kind: str, form: Mapping[str, str]) -> list[int]:
    """Return the numbers of the rows that were typed, without those that are empty or to be removed.

    They are in the order of the page, after the move that was requested.
    """
    typed = [(re.fullmatch(rf"{kind}\.([0-9]{{1,3}})\.(\w+)", name), text) for name, text in form.items()]
    parts = [(int(match[1]), match[2]) for match, text in typed if match and text.strip() and match[2] != OF]
    removed = {number for number, part in parts if part == "remove"}
    numbers = sorted({number for number, _ in parts} - removed)[:MAX_ROWS]
    move = requested_move(form)
    if move is not None and move.kind == kind and move.number in numbers:
        place = numbers.index(move.number)
        numbers.insert(max(place + move.step, 0), numbers.pop(place))
    return numbers


@dataclass(frozen=True, slots=True)
class RowMove:
    """A row to move up (step -1) or down (1). kind: question or route."""

    kind: str
    number: int
    step: int


def requested_move(form: Mapping[str, str]) -> RowMove | None:
    """Return the move whose button was pressed."""
    match = re.fullmatch(r"(question|route)\.([0-9]{1,3})\.(up|down)", form.get("action", ""))
    return RowMove(match[1], int(match[2]), -1 if match[3] == "up" else 1) if match else None


# -- one question


def _show(question: Any) -> QuestionRow:
    row = QuestionRow(toml=TOML.show(question))
    if isinstance(question, str):
        return QuestionRow(question)
    if not isinstance(question, Mapping) or question.keys() - set(PARTS) or question.get("kind", "text") not in KINDS:
        return row
    try:
        plain = QuestionRow(
            str(question.get("name", "")),
            _show_words(question.get("label", "")),
            question.get("kind", ""),
            "\n".join(map(_show_choice, question.get("choices", []))),
            question.get("required") is True,
        )
        again = _value(plain)
    except (Untypable, TypeError, AttributeError):
        return row
    again = {"name": again} if isinstance(again, str) else again
    expected = {key: value for key, value in question.items() if (key, value) != ("required", False)}
    return plain if same(again, expected) else row


def _value(row: QuestionRow) -> Any:
    if row.toml:
        return TOML.read(row.toml)
    name = row.name or make_name(row.label)
    question = {
        "name": name,
        "label": _read_words(row.label),
        "kind": row.kind,
        "choices": [_read_choice(line.strip()) for line in row.choices.splitlines() if line.strip()],
        "required": row.required,
    }
    question = {key: value for key, value in question.items() if value}
    return name if [*question] == ["name"] else question


def make_name(words: str) -> str:
    """Return a name for an answer, made from the words of its question."""
    first = _read_words(words)
    text = first if isinstance(first, str) else next(iter(first.values()), "")
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return "_".join(re.findall(r"[a-z0-9]+", plain)[:4])


# -- words, by language where there are several


def _show_words(value: Any) -> str:
    if isinstance(value, Mapping):
        return BETWEEN.join(f"{language}: {text}" for language, text in value.items())
    return str(value)


def _read_words(text: str) -> Any:
    parts = [_BY_LANGUAGE.fullmatch(part.strip()) for part in text.split("|")]
    if text and all(parts):
        return {part[1]: part[2] for part in parts if part}
    return text.strip()


def _show_choice(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['value']} = {_show_words(value['label'])}" if "label" in value else str(value["value"])
    return str(value)


def _read_choice(line: str) -> Any:
    value, sign, label = line.partition(" = ")
    return {"value": value.strip(), "label": _read_words(label)} if sign else value


def each_kind() -> Iterator[tuple[str, str]]:
    """Yield the kinds with their words, for a choice."""
    return ((kind, KIND_NAMES[kind]) for kind in KINDS)
