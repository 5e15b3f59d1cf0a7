"""The inputs of our own pages: what a hosted form asks, and what an error page gives back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.capture.claims import texts_of
from service.capture.names import meaning_of
from service.capture.phrases import phrases_of
from service.capture.reading import Reading
from service.capture.schemas import FieldError
from service.forms import Form
from service.lead import CANONICAL_FIELDS

_ALWAYS_ASKED = ("full_name", "email", "phone", "company")
_KINDS = {"email": "email", "phone": "tel", "message": "textarea", "consent": "checkbox"}
_HOSTED_KINDS = {**_KINDS, "move_in_date": "date"}
_AUTOCOMPLETE = {
    "email": "email",
    "full_name": "name",
    "first_name": "given-name",
    "last_name": "family-name",
    "phone": "tel",
    "company": "organization",
}
_NOT_GIVEN_BACK = frozenset(("_captcha_token", "_honeypot"))  # a token works once, a trap would snap again


@dataclass(frozen=True, slots=True)
class Input:
    """One labelled input. kind: an input type, "textarea" or "select"."""

    id: str
    name: str
    label: str
    kind: str = "text"
    value: str = ""
    required: bool = False
    autocomplete: str = ""
    choices: Sequence[str] = ()
    errors: Sequence[str] = ()


def hosted_inputs(form: Form, language: str = "") -> list[Input]:
    """Return what the hosted page of a form asks: the usual, what is required, what routes go by."""
    choices = _route_choices(form)
    named = ("first_name", "last_name") if {"first_name", "last_name"} & {*form.require} else ("full_name",)
    usual = (*named, *(name for name in _ALWAYS_ASKED if name != "full_name"))
    asked = dict.fromkeys((*usual, *choices, *form.require, "message"))
    last = [name for name in ("message", "consent") if name in asked]
    names = [*(name for name in asked if name not in last and _is_asked(name, named)), *last]
    return [
        Input(
            id=f"input-{position}",
            name=name,
            label=_question(name, language),
            kind="select" if name in choices else _HOSTED_KINDS.get(name, "text"),
            required=name in form.require,
            autocomplete=_AUTOCOMPLETE.get(name, ""),
            choices=choices.get(name, ()),
        )
        for position, name in enumerate(names)
    ]


def returned_inputs(
    form: Form, reading: Reading, errors: Mapping[str, Sequence[FieldError]]
) -> tuple[list[Input], list[tuple[str, str]]]:
    """Return a post's answers as inputs to correct, and as pairs to pass on unseen.

    What has a meaning to us is shown; the rest may have been hidden in the page it came from.
    """
    shown: list[Input] = []
    hidden: list[tuple[str, str]] = []
    canonical = {name: target for target, name in _shown_names(form, reading, errors).items()}
    for name, answer in {**dict.fromkeys(canonical, ""), **reading.answers}.items():
        target = canonical.get(name)
        meaning = meaning_of(name)
        texts = texts_of(answer)
        if target:
            value = "\n".join(texts)
            shown.append(_returned(len(shown), name, target, value, form, reading, errors.get(target, ())))
        elif meaning is None or meaning.target not in _NOT_GIVEN_BACK:
            hidden += ((name, text) for text in texts)
    return sorted(shown, key=lambda each: not each.errors), hidden


def _returned(
    position: int, name: str, target: str, value: str, form: Form, reading: Reading, wrong: Sequence[FieldError]
) -> Input:
    kind = _KINDS.get(target, "textarea" if "\n" in value else "text")
    return Input(
        id=f"input-{position}",
        name=name,
        label=_question(target, reading.controls.language),
        kind=kind,
        value="" if kind == "checkbox" and wrong else value,
        required=target in form.require,
        autocomplete=_AUTOCOMPLETE.get(target, ""),
        errors=[error.message for error in wrong],
    )


def _shown_names(form: Form, reading: Reading, errors: Mapping[str, Sequence[FieldError]]) -> dict[str, str]:
    """Canonical or required name -> the name to post it under."""
    shown = {target: name for target, name in reading.asked.items() if target in CANONICAL_FIELDS}
    for target in errors:
        shown.setdefault(target, next(iter(form.fields.get(target, ())), target))
    return shown


def _is_asked(name: str, named: tuple[str, ...]) -> bool:
    """Whole names and their parts are not asked for on one page."""
    return name in named or name not in {"full_name", "first_name", "last_name"}


def _route_choices(form: Form) -> dict[str, list[str]]:
    choices: dict[str, list[str]] = {}
    for name, value in _conditions(form):
        known = choices.setdefault(name, [])
        if value not in known:
            known.append(value)
    return choices


def _conditions(form: Form) -> Iterator[tuple[str, str]]:
    return ((name, value) for route in form.routes for name, value in route.when.items())


def _question(name: str, language: str) -> str:
    spaced = name.replace("_", " ").replace(".", " ")
    return phrases_of(language).get(f"ask.{name}", spaced[:1].upper() + spaced[1:])
