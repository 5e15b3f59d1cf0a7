"""The inputs of our own pages, captcha widgets included.

The questions of a hosted form, and the answers that an error page returns for correction.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.capture.fields.names import meaning_of
from service.capture.fields.reading import FieldError, Reading
from service.capture.pages.phrases import complaint_of, label_of, phrases_of, question_of
from service.capture.parsing.texts import texts_of
from service.forms import Form, Question
from service.forms.questions import ONE_OF, SEVERAL_OF, TICKS
from service.lead import CANONICAL_FIELDS, CONSENT

# -- captcha widgets, and the hosts that each may load from


PLACE = "captcha"
"""Key of a failed captcha among the errors of a form; it is not a field."""


@dataclass(frozen=True, slots=True)
class Widget:
    """One provider's widget.

    script: its URL, with "{language}" to fill in. style: the CSS class that it looks for. sources: hosts by directive
    of the Content-Security-Policy, from the provider's documentation.
    """

    script: str
    style: str
    sources: Mapping[str, str]


_HCAPTCHA = "https://hcaptcha.com https://*.hcaptcha.com"
_RECAPTCHA = "https://www.google.com/recaptcha/"
WIDGETS: Mapping[str, Widget] = {
    "turnstile": Widget(
        "https://challenges.cloudflare.com/turnstile/v0/api.js",
        "cf-turnstile",
        dict.fromkeys(("script-src", "frame-src"), "https://challenges.cloudflare.com"),
    ),
    "hcaptcha": Widget(
        "https://js.hcaptcha.com/1/api.js?hl={language}",
        "h-captcha",
        dict.fromkeys(("script-src", "frame-src", "style-src", "connect-src"), _HCAPTCHA),
    ),
    "recaptcha": Widget(
        "https://www.google.com/recaptcha/api.js?hl={language}",
        "g-recaptcha",
        {
            "script-src": f"{_RECAPTCHA} https://www.gstatic.com/recaptcha/",
            "frame-src": f"{_RECAPTCHA} https://recaptcha.google.com/recaptcha/",
            "connect-src": _RECAPTCHA,
        },
    ),
}


def widget_of(form: Form) -> Widget | None:
    """Return the widget for our pages of a form, None for a form without captcha or without a site key."""
    return WIDGETS[form.captcha.provider] if form.captcha and form.captcha.site_key else None


def is_out_of_reach(form: Form) -> bool:
    """Return whether only the operator's own pages can send the form, because ours cannot show its captcha."""
    return form.captcha is not None and not form.captcha.site_key


# -- inputs


OTHER = "other"
"""Value posted for a choice that is not offered, whatever its label on the page."""

_USUAL = ("email", "phone", "company")
_NAMES = ("full_name", "first_name", "last_name")
_LAST = ("message", "consent")
_NEVER_CHOSEN = frozenset(("email", "phone", "consent", "message", *_NAMES))
_KINDS = {"email": "email", "phone": "tel", "message": "textarea", "consent": "consent", "move_in_date": "date"}
_WITH_OPTIONS = (*ONE_OF, *SEVERAL_OF)
_BOXES = ("radio", *SEVERAL_OF, *TICKS)
_AUTOCOMPLETE = {
    "email": "email",
    "full_name": "name",
    "first_name": "given-name",
    "last_name": "family-name",
    "phone": "tel",
    "company": "organization",
}
_PAIRED = frozenset(("full_name", "first_name", "last_name", "email", "phone", "company"))
_NOT_RETURNED = frozenset(("_captcha_token", "_honeypot"))  # a token works once, and a filled trap would catch again
_WELL_FORMED = {
    "date": re.compile(r"(\d{4}-\d{2}-\d{2})?"),
    "time": re.compile(r"(\d{2}:\d{2})?"),
    "number": re.compile(r"([+-]?\d+(\.\d+)?)?"),
}
"""Kinds whose inputs show nothing else: an answer in another form comes back as a line of text."""


@dataclass(frozen=True, slots=True)
class FormQuestion:
    """One question of the hosted page.

    name: canonical, or the operator's own. posted_as: the name of its input. choices: the answers that routes or the
    answer_map know, as the operator wrote them; those that the form's own question lists come with it.
    is_about_source: "how did you hear about us?".
    """

    name: str
    posted_as: str
    choices: Sequence[str] = ()
    is_about_source: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose. value: the value posted; text: the text shown."""

    value: str
    text: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """One labelled input, or several boxes under one label.

    kind: an input type, "textarea", "select", "radio", "checkboxes" or "consent". options: of "select", "radio" and
    "checkboxes".
    is_half: a wide page shows two of them side by side.
    """

    id: str
    name: str
    label: str
    kind: str = "text"
    value: str = ""
    required: bool = False
    autocomplete: str = ""
    options: Sequence[Option] = ()
    errors: Sequence[str] = ()
    is_half: bool = False


def questions_of_form(form: Form) -> list[FormQuestion]:
    """Return the questions of a form in the order of the page: the usual, its own, what decides a route or is required.

    An answer that only routes name is left out if they name a single value, because there is nothing to choose.
    """
    choices = choices_of(form)
    required = [name for variant in form.variants for name in variant.require]
    own = [question.name for question in form.questions]
    named = ("first_name", "last_name") if {"first_name", "last_name"} & {*required, *own} else ("full_name",)
    sources = (variant.attribution.answer_field for variant in form.variants)
    wanted = dict.fromkeys(
        (*named, *_USUAL, *own, *choices, *filter(None, sources), *required, *form.fields, "message")
    )
    last = (*(name for name in wanted if _is_about_source(name, form) and name not in _USUAL), *_LAST)
    first = [name for name in wanted if name in named or name not in {*_NAMES, *last}]
    return [
        FormQuestion(
            name, next(iter(form.fields.get(name, ())), name), choices.get(name, ()), _is_about_source(name, form)
        )
        for name in (*first, *(name for name in last if name in wanted))
    ]


def choices_of(form: Form) -> Mapping[str, Sequence[str]]:
    """Return the choices of each question: two or more answers that routes and the answer_map name."""
    choices: dict[str, dict[str, str]] = {}
    for name, value in _deciding_answers(form):
        if name not in _NEVER_CHOSEN:
            choices.setdefault(name, {}).setdefault(value.strip().casefold(), value.strip())
    return {name: tuple(known.values()) for name, known in choices.items() if len(known) > 1}


def hosted_inputs(form: Form, language: str = "", given: Sequence[tuple[str, str]] = ()) -> list[Input]:
    """Return the inputs of a form's hosted page. given: names and answers to fill in."""
    values: dict[str, list[str]] = {}
    for name, value in given:
        values.setdefault(name, []).append(value)
    by_meaning = {meaning.target: value for name, value in reversed(values.items()) if (meaning := meaning_of(name))}

    def texts_for(question: FormQuestion) -> Sequence[str]:
        if CONSENT in (question.name, form.question(question.name).kind):
            return ()  # a link must not consent for a person
        return values.get(question.posted_as) or by_meaning.get(question.name) or values.get(question.name) or ()

    return [
        _input(position, question, form, language, texts_for(question))
        for position, question in enumerate(questions_of_form(form))
    ]


def returned_inputs(
    form: Form, reading: Reading, errors: Mapping[str, Sequence[FieldError]]
) -> tuple[list[Input], list[tuple[str, str]]]:
    """Return a post's answers as inputs to correct, in their order, and as hidden pairs.

    Answers with a known meaning are shown; the others may have been hidden in the page that they came from.
    """
    shown: list[Input] = []
    hidden: list[tuple[str, str]] = []
    language = reading.controls.language
    target_by_name = {name: target for target, name in _shown_names(form, reading, errors).items()}
    missing = {name: "" for name in target_by_name if name not in reading.answers}
    choices = choices_of(form)
    for name, answer in {**reading.answers, **missing}.items():
        target, meaning, texts = target_by_name.get(name), meaning_of(name), texts_of(answer)
        if target:
            question = FormQuestion(target, name, choices.get(target, ()), _is_about_source(target, form))
            shown.append(_input(len(shown), question, form, language, texts, errors.get(target, ())))
        elif meaning is None or meaning.target not in _NOT_RETURNED:
            hidden += ((name, text) for text in texts)
    order = {question.posted_as: position for position, question in enumerate(questions_of_form(form))}
    if order.keys() >= {each.name for each in shown}:  # from our own page, where an empty box is not an answer
        shown.sort(key=lambda each: order[each.name])
    return shown, hidden


def _is_about_source(name: str, form: Form) -> bool:
    return bool(name) and any(name == variant.attribution.answer_field for variant in form.variants)


def _deciding_answers(form: Form) -> Iterator[tuple[str, str]]:
    for route in form.routes:
        yield from route.when.items()
    for variant in form.variants:
        yield from ((variant.attribution.answer_field, answer) for answer in variant.attribution.answer_map)


def _input(
    position: int,
    question: FormQuestion,
    form: Form,
    language: str,
    texts: Sequence[str] = (),
    errors: Sequence[FieldError] = (),
) -> Input:
    own, value = form.question(question.name), "\n".join(texts)
    kind = _kind(question, own, value)
    label = label_of(own, language)
    if question.is_about_source and not own.label:
        label = question_of("answer_field", language)
    is_required = own.required or all(question.name in variant.require for variant in form.variants)
    return Input(
        id=f"input-{position}",
        name=question.posted_as,
        label=label,
        kind=kind,
        value="" if kind in TICKS and errors else value,
        required=is_required,  # if only one route requires it, it is reported afterwards
        autocomplete=_AUTOCOMPLETE.get(question.name, ""),
        options=_options(question, own, language, texts) if kind in _WITH_OPTIONS else (),
        errors=[complaint_of(error.code, question.name, language, error.message, own) for error in errors],
        is_half=question.name in _PAIRED,
    )


def _kind(question: FormQuestion, own: Question, value: str) -> str:
    """Return the kind of input that can hold the value unchanged."""
    if own.choices:
        return own.kind or "select"
    if not own.kind and question.choices and value in {"", OTHER, *question.choices}:
        return "select"
    kind = own.kind or _KINDS.get(question.name, "text")
    if kind in _WELL_FORMED and not _WELL_FORMED[kind].fullmatch(value):
        kind = "text"
    return "textarea" if kind == "text" and "\n" in value else kind


def _options(question: FormQuestion, own: Question, language: str, texts: Sequence[str]) -> list[Option]:
    """Return the answers to choose from.

    They are the form's own, in the visitor's language, or else those of routes and answer_map.
    """
    if own.choices:
        chosen = {text.strip().casefold() for text in texts}
        labels = {each.value: each.label.in_language(language) or _capital(each.value) for each in own.choices}
        return [Option(value, text, value.strip().casefold() in chosen) for value, text in labels.items()]
    options = [Option(value, _capital(value), value in texts) for value in question.choices]
    if OTHER not in question.choices:
        options.append(Option(OTHER, phrases_of(language)["elsewhere"], OTHER in texts))
    return options


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _shown_names(form: Form, reading: Reading, errors: Mapping[str, Sequence[FieldError]]) -> dict[str, str]:
    """Canonical or required name -> the name to post it under."""
    posted_as = {question.name: question.posted_as for question in questions_of_form(form)}
    own = {posted: name for name, posted in posted_as.items() if name not in CANONICAL_FIELDS}
    shown = {target: name for target, name in reading.submitted_as.items() if target in CANONICAL_FIELDS}
    shown.update((own[name], name) for name in reading.answers if name in own)
    boxes = [each.name for each in form.questions if each.kind in _BOXES]  # browsers send nothing for an empty one
    for target in (*boxes, *sorted(errors.keys() - {PLACE})):
        shown.setdefault(target, posted_as.get(target, target))
    return shown
