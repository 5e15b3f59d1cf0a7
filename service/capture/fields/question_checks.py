"""Checks the answers to a form's own questions, and finds the consents among them."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date, time

from service.capture.fields.contact import read_email, says_yes
from service.capture.parsing.texts import Answer, text_of, texts_of
from service.forms import Form, Question
from service.forms.addresses import split_web_address
from service.forms.questions import TICKS
from service.lead import CANONICAL_FIELDS, CONSENT

MISSING, EMPTY = "REQUIRED_FIELD_MISSING", "REQUIRED_FIELD_EMPTY"
"""Codes of a required answer that is missing, and of one that is blank."""

MIN_PHONE_DIGITS = 5
"""Digits of the shortest phone numbers."""

_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,'\u00a0\u202f ]\d{1,15})*")
_WRITTEN_DATE = re.compile(r"\d{1,2}([./-])\d{1,2}\1(?:\d{2}|\d{4})")


def wrong_answers(answers: Mapping[str, Answer], form: Form) -> Iterator[tuple[Question, str]]:
    """Yield every question of the form whose answer a visitor must correct, with the code of the error.

    answers: by canonical or own name; "" for an input that was left blank.
    """
    for question in form.questions:
        if code := code_of(question, answers.get(question.name)):
            yield question, code


def code_of(question: Question, answer: Answer | None) -> str:
    """Return the error code of one answer, "" if it is valid. answer: None where there is none."""
    if not answer:
        return (MISSING if answer is None else EMPTY) if question.required else ""
    if question.choices:
        values = {choice.value.strip().casefold() for choice in question.choices}
        return "" if all(text.strip().casefold() in values for text in texts_of(answer)) else "TYPE_CHOICE"
    if question.kind in TICKS or question.name == CONSENT:
        return EMPTY if question.required and not says_yes(answer) else ""
    read, code = _READERS.get(question.kind, (None, ""))
    return "" if read is None or read(text_of(answer).strip()) else code


def with_consents(extras: Mapping[str, Answer], form: Form) -> dict[str, Answer]:
    """Return the answers, with the words of each consent as `consent: words`, as for platforms' boxes.

    The pages of this service post the words as the answer; if another page posts a mere yes, they are unknown.
    """
    kept = dict(extras)
    for question in form.questions:
        if question.kind != "consent" or question.name in CANONICAL_FIELDS or question.name not in extras:
            continue
        answer = text_of(extras[question.name])
        is_yes = says_yes(answer)
        words = answer if is_yes and answer in question.label.by_language.values() else question.name
        kept[question.name] = kept[f"{CONSENT}: {words}"] = "yes" if is_yes else answer
    return kept


def _is_date(text: str) -> bool:
    with suppress(ValueError):
        return bool(date.fromisoformat(text))
    return bool(_WRITTEN_DATE.fullmatch(text))  # of a page without a calendar


def _is_time(text: str) -> bool:
    with suppress(ValueError):
        time.fromisoformat(text.casefold().replace("h", ":").replace(".", ":"))
        return True
    return False


def _is_address(text: str) -> bool:
    return split_web_address(text if "://" in text else f"https://{text}") is not None and "." in text


_READERS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "email": (read_email, "TYPE_EMAIL"),
    "tel": (lambda text: sum(map(str.isdigit, text)) >= MIN_PHONE_DIGITS, "TYPE_PHONE"),
    "url": (_is_address, "TYPE_URL"),
    "number": (_NUMBER.fullmatch, "TYPE_NUMBER"),
    "date": (_is_date, "TYPE_DATE"),
    "time": (_is_time, "TYPE_TIME"),
}
"""Kind -> the function that recognises a valid answer, and the error code of any other."""
