"""What the hosted page of a form asks, as the forms file has it: the usual, what is required, what decides."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.forms import Form

OTHER = "other"
"""What is posted for a choice that is not among those offered, whatever the page calls it."""

_USUAL = ("email", "phone", "company")
_NAMES = ("full_name", "first_name", "last_name")
_LAST = ("message", "consent")
_NEVER_CHOSEN = frozenset(("email", "phone", "consent", "message", *_NAMES))


@dataclass(frozen=True, slots=True)
class FormQuestion:
    """One question.

    name: canonical, or the operator's own. posted_as: the name of its input. choices: what routes or
    the answer_map know, as the operator wrote it. is_about_source: how did you hear about us?
    """

    name: str
    posted_as: str
    choices: Sequence[str] = ()
    is_about_source: bool = False


def asked_of(form: Form) -> list[FormQuestion]:
    """Return the questions of a form in the order of the page."""
    choices = choices_of(form)
    required = [name for variant in form.variants for name in variant.require]
    named = ("first_name", "last_name") if {"first_name", "last_name"} & {*required} else ("full_name",)
    wanted = dict.fromkeys((*named, *_USUAL, *choices, *required, *form.fields, *form.questions, "message"))
    last = (*(name for name in wanted if is_source(name, form) and name not in _USUAL), *_LAST)
    first = [name for name in wanted if name in named or name not in {*_NAMES, *last}]
    return [
        FormQuestion(name, _posted_as(name, form), choices.get(name, ()), is_source(name, form))
        for name in (*first, *(name for name in last if name in wanted))
    ]


def choices_of(form: Form) -> Mapping[str, Sequence[str]]:
    """Return what may be chosen, by question: the answers that routes and the answer_map wait for."""
    choices: dict[str, dict[str, str]] = {}
    for name, value in _decisive(form):
        if name not in _NEVER_CHOSEN:
            choices.setdefault(name, {}).setdefault(value.strip().casefold(), value.strip())
    return {name: tuple(known.values()) for name, known in choices.items()}


def is_source(name: str, form: Form) -> bool:
    """Whether this question is "how did you hear about us?"."""
    return bool(name) and any(name == variant.attribution.answer_field for variant in form.variants)


def is_required(name: str, form: Form) -> bool:
    """Whether every route requires this answer; what one route requires, the page asks for afterwards."""
    return all(name in variant.require for variant in form.variants)


def _decisive(form: Form) -> Iterator[tuple[str, str]]:
    for route in form.routes:
        yield from route.when.items()
    for variant in form.variants:
        yield from ((variant.attribution.answer_field, answer) for answer in variant.attribution.answer_map)


def _posted_as(name: str, form: Form) -> str:
    return next(iter(form.fields.get(name, ())), name)
