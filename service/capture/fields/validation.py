"""What a form requires and what an answer must look like, checked by marshmallow.

A field that nobody asked for is never an error: visitors send what their form has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from service.capture.fields.contact import read_email, says_yes
from service.capture.pages.phrases import complaint_of

_FEWEST_DIGITS = 5  # the shortest numbers people can be called at


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one answer.

    code: stable, for scripts. message: one sentence in English; pages say it in the visitor's language.
    name: the input's submitted name, where it was submitted.
    """

    code: str
    message: str
    name: str = ""


class _Answer(fields.Field[Any]):
    """Any answer; blank is an error only where it is required."""

    default_error_messages = {  # noqa: RUF012  (marshmallow's own convention, merged per class)
        "required": "REQUIRED_FIELD_MISSING",
        "blank": "REQUIRED_FIELD_EMPTY",
        "email": "TYPE_EMAIL",
        "phone": "TYPE_PHONE",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if self.required and not value:
            raise self.make_error("blank")
        if value:
            self._check(value)
        return super()._deserialize(value, attr, data, **kwargs)

    def _check(self, value: Any) -> None:
        """Raise: ValidationError with the code of what is wrong."""


class _Email(_Answer):
    def _check(self, value: Any) -> None:
        if not read_email(value):
            raise self.make_error("email")


class _Phone(_Answer):
    """Only a form that requires a number is told when it holds none."""

    def _check(self, value: Any) -> None:
        if self.required and sum(character.isdigit() for character in value) < _FEWEST_DIGITS:
            raise self.make_error("phone")


class _Consent(_Answer):
    def _check(self, value: Any) -> None:
        if self.required and not says_yes(value):
            raise self.make_error("blank")


_KINDS: Mapping[str, type[_Answer]] = {"email": _Email, "phone": _Phone, "consent": _Consent}


@lru_cache(maxsize=256)
def _schema_of(require: tuple[str, ...]) -> Schema:
    names = dict.fromkeys(("email", *require))
    members: dict[str, fields.Field[Any]] = {
        name: _KINDS.get(name, _Answer)(required=name in require) for name in names
    }
    return Schema.from_dict(members)(unknown=EXCLUDE)


def check(
    answers: Mapping[str, Any], require: tuple[str, ...], asked: Mapping[str, str]
) -> dict[str, tuple[FieldError, ...]]:
    """Return what is wrong, by canonical name or, for a form's own fields, by their name.

    answers: name -> answer, "" where the field came empty. asked: name -> submitted name.
    """
    try:
        _schema_of(require).load(answers)
    except ValidationError as wrong:
        found: Mapping[str, Sequence[str]] = wrong.messages_dict
        return {
            name: tuple(FieldError(code, complaint_of(code, name), asked.get(name, "")) for code in codes)
            for name, codes in found.items()
        }
    return {}
