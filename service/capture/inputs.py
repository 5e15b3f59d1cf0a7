"""The inputs of our own pages: what a hosted form asks, and what an error page gives back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.capture.asking import OTHER, FormQuestion, asked_of, choices_of, is_required, is_source
from service.capture.fields.claims import texts_of
from service.capture.fields.names import meaning_of
from service.capture.fields.reading import Reading
from service.capture.fields.validation import FieldError
from service.capture.pages.phrases import complaint_of, question_of
from service.capture.widgets import PLACE
from service.forms import Form
from service.lead import CANONICAL_FIELDS

_KINDS = {"email": "email", "phone": "tel", "message": "textarea", "consent": "checkbox", "move_in_date": "date"}
_AUTOCOMPLETE = {
    "email": "email",
    "full_name": "name",
    "first_name": "given-name",
    "last_name": "family-name",
    "phone": "tel",
    "company": "organization",
}
_PAIRED = frozenset(("full_name", "first_name", "last_name", "email", "phone", "company"))
_NOT_GIVEN_BACK = frozenset(("_captcha_token", "_honeypot"))  # a token works once, a trap would snap again
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})?")


@dataclass(frozen=True, slots=True)
class Input:
    """One labelled input.

    kind: an input type, "textarea" or "select". is_half: two of them fit beside each other on a wide page.
    """

    id: str
    name: str
    label: str
    kind: str = "text"
    value: str = ""
    required: bool = False
    autocomplete: str = ""
    choices: Sequence[str] = ()
    errors: Sequence[str] = ()
    is_half: bool = False


def hosted_inputs(form: Form, language: str = "", given: Sequence[tuple[str, str]] = ()) -> list[Input]:
    """Return what the hosted page of a form asks, with answers that are given already."""
    values = dict(reversed(given))
    values |= {meaning.target: value for name, value in reversed(given) if (meaning := meaning_of(name))}
    return [
        _input(position, asked, form, language, values.get(asked.posted_as) or values.get(asked.name, ""))
        for position, asked in enumerate(asked_of(form))
    ]


def returned_inputs(
    form: Form, reading: Reading, errors: Mapping[str, Sequence[FieldError]]
) -> tuple[list[Input], list[tuple[str, str]]]:
    """Return a post's answers as inputs to correct, in their order, and as pairs to pass on unseen.

    What has a meaning to us is shown; the rest may have been hidden in the page it came from.
    """
    shown: list[Input] = []
    hidden: list[tuple[str, str]] = []
    language = reading.controls.language
    canonical = {name: target for target, name in _shown_names(form, reading, errors).items()}
    choices = choices_of(form)
    for name, answer in {**reading.answers, **_missing(canonical, reading)}.items():
        target = canonical.get(name)
        meaning = meaning_of(name)
        texts = texts_of(answer)
        if target:
            asked = FormQuestion(target, name, choices.get(target, ()), is_source(target, form))
            shown.append(_input(len(shown), asked, form, language, "\n".join(texts), errors.get(target, ())))
        elif meaning is None or meaning.target not in _NOT_GIVEN_BACK:
            hidden += ((name, text) for text in texts)
    return shown, hidden


def _missing(canonical: Mapping[str, str], reading: Reading) -> dict[str, str]:
    return {name: "" for name in canonical if name not in reading.answers}


def _input(
    position: int, asked: FormQuestion, form: Form, language: str, value: str = "", wrong: Sequence[FieldError] = ()
) -> Input:
    kind = _kind(asked, value)
    return Input(
        id=f"input-{position}",
        name=asked.posted_as,
        label=question_of("answer_field" if asked.is_about_source else asked.name, language),
        kind=kind,
        value="" if kind == "checkbox" and wrong else value,
        required=is_required(asked.name, form),
        autocomplete=_AUTOCOMPLETE.get(asked.name, ""),
        choices=asked.choices,
        errors=[complaint_of(each.code, asked.name, language, each.message) for each in wrong],
        is_half=asked.name in _PAIRED,
    )


def _kind(asked: FormQuestion, value: str) -> str:
    """The kind of input that can hold the value as it was given."""
    if asked.choices and value in {"", OTHER, *asked.choices}:
        return "select"
    kind = _KINDS.get(asked.name, "text")
    if kind == "date" and not _DATE.fullmatch(value):
        kind = "text"
    return "textarea" if kind == "text" and "\n" in value else kind


def _shown_names(form: Form, reading: Reading, errors: Mapping[str, Sequence[FieldError]]) -> dict[str, str]:
    """Canonical or required name -> the name to post it under."""
    asked = {each.name: each.posted_as for each in asked_of(form)}
    own = {posted_as: name for name, posted_as in asked.items() if name not in CANONICAL_FIELDS}
    shown = {target: name for target, name in reading.asked.items() if target in CANONICAL_FIELDS}
    shown.update((own[name], name) for name in reading.answers if name in own)
    for target in errors.keys() - {PLACE}:
        shown.setdefault(target, asked.get(target, target))
    return shown
