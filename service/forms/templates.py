"""Text with places for answers: `{team_size} desks`. Two braces, `{{` or `}}`, stand for one."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

from marshmallow import ValidationError

from service.forms.answer_names import fold_name
from service.forms.form import Form
from service.forms.values import read_name
from service.lead import OPERATOR_REMARKS, Submission

ADDRESS_ANSWER_LIMIT = 200
"""Characters of one answer in a web address: browsers and servers refuse long addresses."""

Find = Callable[[str], str]
"""An answer's name -> what was answered, "" where nothing was."""

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[^{}]+|[{}]")
_EMPTY = "\x00"  # stands for an answer that was not given; no answer keeps it
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
    """The pieces of a template, in order.

    Raises: ValueError where a brace stands alone, or around nothing.
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
    """Whether an answer has a place in it."""
    return any(isinstance(piece, Slot) for piece in parse(text))


def read_braces(value: Any, read: Callable[[Any], str]) -> str:
    """Text as `read` reads it, whose braces match."""
    text = read(value)
    try:
        parse(text)
    except ValueError:
        remedy = "write answers as {full_name}, and any other brace twice"
        raise ValidationError(f"{value!r} has an unmatched brace: {remedy}") from None
    return text


def read_template(value: Any) -> str:
    """Text that is not empty, with answers in braces."""
    return read_braces(value, read_name)


def list_slots(value: Any) -> Iterator[str]:
    """The names of all answers that a value of the forms file has places for, however deep; faulty text has none."""
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
    """Find nothing, whatever the name."""
    return ""


def fill_line(text: str, find: Find) -> str:
    """One line of text; an answer that was not given takes the marks around it along."""
    return " ".join(_close_gaps(_fill(text, find)).split()).strip(_MARKS_AT_ENDS)


def fill_lines(text: str, find: Find) -> str:
    """Text with its lines. "" where it has places and none of their answers was given.

    A line without a single one of its answers is left out.
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
    """An answer without long gaps: those would take the search for marks around them minutes."""
    return _GAPS.sub(" ", answer.replace(_EMPTY, ""))


def _close_gaps(text: str) -> str:
    """Take out what stands for nothing: "A - (nothing) - B" becomes "A - B"."""
    before = ""
    while before != text:
        before, text = text, _BETWEEN_MARKS.sub(r"\1", _IN_BRACKETS.sub(_EMPTY, text))
    return text.replace(_EMPTY, "")


def fill_address(address: str, find: Find) -> str:
    """A web address with answers in it, percent-encoded to the last character: none can end a part of it."""
    return "".join(_encode(find(piece.name)) if isinstance(piece, Slot) else piece for piece in parse(address))


def _encode(answer: str) -> str:
    """Nothing for dots alone: browsers read them as a step up, also when they are encoded."""
    short = " ".join(answer[:ADDRESS_ANSWER_LIMIT].split())
    return quote(short, safe="", errors="replace") if short.strip(".") else ""


FORM_WORDS = ("form", "title")
"""What stands for the form itself: its name, and what people call it."""

_READ = ("email", "full_name", "first_name", "last_name", "phone", "company")
"""Of these the reading in Contact is better than the answer as typed."""


@dataclass(frozen=True, slots=True)
class GivenAnswers:
    """exact: name -> text. loose: folded name -> text, for names that were submitted in another spelling."""

    exact: Mapping[str, str]
    loose: Mapping[str, str]

    def text(self, name: str) -> str:
        """What was answered, several answers with commas between; "" where nothing was."""
        return self.exact.get(name, "") or self.loose.get(fold_name(name), "")


def answers_given(submission: Submission, form: Form) -> GivenAnswers:
    """All that a template of this form may speak of."""
    contact = submission.contact
    extras = {name: _text(answer) for name, answer in submission.extras.items() if name not in OPERATOR_REMARKS}
    known = {name: _text(answer) for name, answer in submission.fields.items()}
    known |= {name: value for name in _READ if (value := getattr(contact, name))}
    words = dict(zip(FORM_WORDS, (form.name, form.title or form.name), strict=True))
    mapped = [(name, target) for target, names in form.fields.items() for name in names]
    submitted = [(name, target) for target, name in submission.names.items()]
    loose = {fold_name(name): known[target] for name, target in (*mapped, *submitted) if target in known}
    return GivenAnswers(
        {**extras, **known, **words}, {**loose, **{fold_name(name): text for name, text in extras.items()}}
    )


def _text(answer: object) -> str:
    if isinstance(answer, str):
        return answer.strip()
    return ", ".join(map(str, answer)) if isinstance(answer, list | tuple) else ""
