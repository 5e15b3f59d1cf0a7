"""One question with what was answered: the name that it is kept under, and what that name asks for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.names import fold, meaning_of
from service.capture.parsing.nesting import collect, flatten
from service.capture.parsing.shapes import Json
from service.capture.tools.compounds import is_name, name_parts, plain_answer

_TARGETS = {
    **dict.fromkeys(("email", "emailinput", "inputemail", "emailaddress", "controlemail"), "email"),
    **dict.fromkeys(("tel", "phone", "phonenumber", "phoneinput", "inputphonenumber", "controlphone"), "phone"),
    **dict.fromkeys(("name", "fullname", "controlfullname"), "full_name"),
}
"""Kind of question, folded -> what it asks for; counts only where no label says it."""

_WORK = "WORK_"  # of Google's columns: the address at work goes before the other


class AnsweredQuestion(NamedTuple):
    """One question. label: "" where it has none. names, identity: what else it is called. kind: of input.

    value: in any shape; None where it was left out. rest: what adds to the answer.
    """

    label: str
    names: tuple[str, ...]
    identity: str
    kind: str
    is_answered: bool
    value: object
    rest: Json

    @property
    def name(self) -> str:
        """What it is shown by."""
        return self.label or next(iter(self.names), "") or self.identity


def answers_of(questions: Sequence[AnsweredQuestion], labels: Mapping[str, str]) -> list[NamedAnswer]:
    """What was answered, under the questions' labels. labels: of questions that have none of their own, by id."""
    asked = [_labelled(question, labels) for question in questions if question.is_answered]
    asked.sort(key=lambda question: not any(name.startswith(_WORK) for name in question.names))
    meant = {target for question in asked if (target := target_of(question.label))}
    person = _person_among(asked)
    return [answered for question in asked for answered in _answers(question, question is person, meant)]


def answers_to(name: str, value: object, target: str = "", *, is_person: bool = False) -> Iterator[NamedAnswer]:
    """One name with what was answered. is_person: the name in parts is that of the person who asks."""
    if is_person and is_name(value):
        first, last, around = name_parts(value)
        parts = (("first", first, "first_name"), ("last", last, "last_name"), ("prefix", around, ""))
        yield from (NamedAnswer(f"{name}.{part}", text, meaning) for part, text, meaning in parts if text)
        return
    for leaf, answer in collect(flatten(plain_answer(value), name)).items():
        if answer:
            yield NamedAnswer(leaf, answer, target if leaf == name else "")


def asks_for_name(name: str) -> bool:
    """Tell whether a label asks for the person's name."""
    return target_of(name) == "full_name"


def target_of(name: str) -> str:
    """What a name asks for: a key of aliases.json, "" for nothing known."""
    meaning = meaning_of(name) if name else None
    return meaning.target if meaning and not meaning.target.startswith("_") else ""


def _labelled(question: AnsweredQuestion, labels: Mapping[str, str]) -> AnsweredQuestion:
    if question.label or not labels:
        return question
    known = (labels.get(name, "") for name in (question.identity, *question.names))
    return question._replace(label=next(filter(None, known), ""))


def _person_among(questions: Sequence[AnsweredQuestion]) -> AnsweredQuestion | None:
    """The question for the person's own name among those answered in parts: other names may be asked, too."""
    in_parts = [question for question in questions if is_name(question.value)]
    named = (question for question in in_parts if asks_for_name(question.name))
    return next(named, in_parts[0] if in_parts else None)


def _answers(question: AnsweredQuestion, is_person: bool, meant: set[str]) -> Iterator[NamedAnswer]:
    name = question.name or "unnamed"
    target = _hinted(question, meant)
    yield from answers_to(name, question.value, target, is_person=is_person)
    for key, value in question.rest.items():
        yield from answers_to(f"{name} ({key})", value)


def _hinted(question: AnsweredQuestion, meant: set[str]) -> str:
    """What the question asks for, where its label does not say so and no other label does."""
    column = next((target for name in question.names if name.isupper() and (target := target_of(name))), "")
    if column or target_of(question.name):
        return column
    hints = (*(target_of(name) for name in question.names), _TARGETS.get(fold(question.kind), ""))
    return next((hint for hint in hints if hint and hint not in meant), "")
