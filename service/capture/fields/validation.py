"""Validation of answers: what a form requires, and the form that an e-mail address and a phone number must have.

A field that the form does not require is only an error where an e-mail address is invalid.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from service.capture.fields.contact import read_email, says_yes
from service.capture.pages.phrases import complaint_of
from service.capture.parsing.texts import Answer

_MIN_DIGITS = 5  # of the shortest phone numbers


@dataclass(frozen=True, slots=True)
class FieldError:
    """One invalid answer.

    code: stable, for scripts. message: one sentence in English; pages show it in the visitor's language.
    name: the input's submitted name, where it was submitted.
    """

    code: str
    message: str
    name: str = ""


def check(
    answers: Mapping[str, Answer], require: tuple[str, ...], submitted_as: Mapping[str, str]
) -> dict[str, tuple[FieldError, ...]]:
    """Return the errors by canonical name or, for a form's own fields, by their name.

    answers: name -> answer, "" where the field was left empty. submitted_as: name -> submitted name.
    """
    codes = {name: _code_of(name, answers.get(name), name in require) for name in ("email", *require)}
    return {
        name: (FieldError(code, complaint_of(code, name), submitted_as.get(name, "")),)
        for name, code in codes.items()
        if code
    }


def _code_of(name: str, answer: Answer | None, is_required: bool) -> str:
    """Return the code of what is wrong with one answer, "" for nothing."""
    if not answer:
        missing = "REQUIRED_FIELD_MISSING" if answer is None else "REQUIRED_FIELD_EMPTY"
        return missing if is_required else ""
    if name == "email":
        return "" if isinstance(answer, str) and read_email(answer) else "TYPE_EMAIL"
    if name == "phone" and is_required:  # an optional number is kept as typed
        return "" if sum(map(str.isdigit, "".join(answer))) >= _MIN_DIGITS else "TYPE_PHONE"
    if name == "consent" and is_required:
        return "" if says_yes(answer) else "REQUIRED_FIELD_EMPTY"
    return ""
