"""Texts with slots for answers, such as `{team_size} desks`, and the answers; `{{` and `}}` stand for one brace."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

from marshmallow import ValidationError

from service.forms.form import Form, fold_name
from service.forms.values import read_name
from service.lead import OPERATOR_REMARKS, Submission

MAX_URL_ANSWER_CHARS = 200
"""Maximum characters of one answer in a URL: browsers and servers refuse long ones."""

Find = Callable[[str], str]
"""An answer's name -> its text; "" if there is none."""

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[^{}]+|[{}]")
_EMPTY = "\x00"  # stands for a missing answer; it is removed from answers
_MARK = r"[ \t]*[-–|·,:;/][ \t]*"
_BETWEEN_MARKS = re.compile(rf"({_MARK}){_EMPTY}{_MARK}")
_IN_BRACKETS = re.compile(rf"\([ \t]*{_EMPTY}[ \t]*\)|\[[ \t]*{_EMPTY}[ \t]*\]")
_MARKS_AT_ENDS = " \t-–|·,:;/"
_GAPS = re.compile(r"[ \t]+")


class Slot(NamedTuple):
    """The place of one answer in a template."""

    name: str


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[str | Slot, ...]:
    """Return the pieces of a template, in order.

    Raises: ValueError if a brace stands alone, or around nothing.
    """
    pieces: list[str | Slot] = []
    for match in _PIECE.finditer(text):
        piece, name = match[0], match[1]
        if piece in {"{", "}"} or (name is not None and not name.strip()):
            raise ValueError
        if name is not None:
            pieces.append(Slot(name.strip()))
        else:
            pieces.append(piece[0] if piece in {"{{", "}}"} else piece)
    return tuple(pieces)


def has_slots(text: str) -> bool:
    """Return whether a text has slots."""
    return any(isinstance(piece, Slot) for piece in parse(text))


def read_braces(value: Any, read: Callable[[Any], str]) -> str:
    """Read a text with `read` and check that its braces match."""
    text = read(value)
    try:
        parse(text)
    except ValueError:
        remedy = "write answers as {full_name}, and any other brace twice"
        raise ValidationError(f"{value!r} has an unmatched brace: {remedy}") from None
    return text


def read_template(value: Any) -> str:
    """Read a text that is not empty, with answers in braces."""
    return read_braces(value, read_name)


def list_slots(value: Any) -> Iterator[str]:
    """Yield the names of all slots in a value of the forms file, at any depth; a malformed text has none."""
    if isinstance(value, Mapping):
        for below in value.values():
            yield from list_slots(below)
    elif isinstance(value, list | tuple):
        for below in value:
            yield from list_slots(below)
    elif isinstance(value, str):
        try:
            pieces = parse(value)
        except ValueError:
            return
        yield from (piece.name for piece in pieces if isinstance(piece, Slot))


def no_answer(_name: str) -> str:
    """Return "", as no answer is given."""
    return ""


def fill_line(text: str, find: Find) -> str:
    """Fill one line; a missing answer removes the punctuation around it."""
    return " ".join(_close_gaps(_fill(text, find)).split()).strip(_MARKS_AT_ENDS)


def fill_lines(text: str, find: Find) -> str:
    """Fill a text line by line; "" if it has slots but none of their answers.

    A line with slots and none of their answers is left out.
    """
    lines = text.splitlines() if has_slots(text) else []
    if not lines:
        return _fill(text, find)
    if not any(map(find, list_slots(text))):
        return ""
    filled = (_fill_if_given(line, find) for line in lines)
    return "\n".join(line for line in filled if line is not None).strip()


def _fill_if_given(line: str, find: Find) -> str | None:
    slots = [*list_slots(line)]
    if slots and not any(map(find, slots)):
        return None
    filled = _fill(line, find)
    if _EMPTY in filled:
        filled = _close_gaps(filled).strip(_MARKS_AT_ENDS)
    return _GAPS.sub(" ", filled).strip()


def _fill(text: str, find: Find) -> str:
    return "".join(_tidy(find(piece.name)) or _EMPTY if isinstance(piece, Slot) else piece for piece in parse(text))


def _tidy(answer: str) -> str:
    """Return an answer without long gaps, which would make the search for punctuation take minutes."""
    return _GAPS.sub(" ", answer.replace(_EMPTY, ""))


def _close_gaps(text: str) -> str:
    """Remove missing answers: "A - (missing) - B" becomes "A - B"."""
    before = ""
    while before != text:
        before, text = text, _BETWEEN_MARKS.sub(r"\1", _IN_BRACKETS.sub(_EMPTY, text))
    return text.replace(_EMPTY, "")


def fill_address(address: str, find: Find) -> str:
    """Fill a URL with percent-encoded answers, none of which can end a part of it."""
    return "".join(_encode(find(piece.name)) if isinstance(piece, Slot) else piece for piece in parse(address))


def _encode(answer: str) -> str:
    """Encode an answer; "" for dots alone, which browsers read as a path step even when encoded."""
    short = " ".join(answer[:MAX_URL_ANSWER_CHARS].split())
    return quote(short, safe="", errors="replace") if short.strip(".") else ""


FORM_NAMES = ("form", "title")
"""Slots for the form's own name and title."""

_CONTACT_FIELDS = ("email", "full_name", "first_name", "last_name", "phone", "company")
"""Answers that Contact has in a cleaner form than typed."""


@dataclass(frozen=True, slots=True)
class GivenAnswers:
    """exact: name -> text. loose: folded name -> text, for names submitted in another spelling."""

    exact: Mapping[str, str]
    loose: Mapping[str, str]

    def text(self, name: str) -> str:
        """Return the answer, several ones joined by commas; "" without one."""
        return self.exact.get(name, "") or self.loose.get(fold_name(name), "")


def answers_given(submission: Submission, form: Form) -> GivenAnswers:
    """Return everything that a template of this form can show."""
    contact = submission.contact
    extras = {name: _text(answer) for name, answer in submission.extras.items() if name not in OPERATOR_REMARKS}
    known = {name: _text(answer) for name, answer in submission.fields.items()}
    known |= {name: value for name in _CONTACT_FIELDS if (value := getattr(contact, name))}
    form_names = dict(zip(FORM_NAMES, (form.name, form.title or form.name), strict=True))
    mapped = [(name, target) for target, names in form.fields.items() for name in names]
    submitted = [(name, target) for target, name in submission.names.items()]
    loose = {fold_name(name): known[target] for name, target in (*mapped, *submitted) if target in known}
    return GivenAnswers(
        {**extras, **known, **form_names}, {**loose, **{fold_name(name): text for name, text in extras.items()}}
    )


def _text(answer: object) -> str:
    if isinstance(answer, str):
        return answer.strip()
    return ", ".join(map(str, answer)) if isinstance(answer, list | tuple) else ""
