"""The kinds of fields in the bodies.

Their schemas work in both directions: `dump` translates our names into the CRM's and makes texts fit; `validate` checks
a body under the CRM's names.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_dump, validate

from service.clock import check_aware
from service.nexudus.errors import FieldProblem, Rejected
from service.nexudus.values import clean, fit, plain

MAX_CUSTOM_UNITS = 1000
"""UTF-16 units of a custom field's value: as Custom1 to Custom30, because no length is documented."""

MISSING = "is missing; it must be filled"


class IntField(fields.Integer):
    """A whole number; text, booleans and 1.0 are rejected."""

    def __init__(self, minimum: int = 1, **options: Any) -> None:
        check = validate.Range(min=minimum, error=f"must be a whole number from {minimum}")
        messages: dict[str, Any] = {"invalid": "must be a whole number", "required": MISSING}
        super().__init__(strict=True, error_messages=messages, **{"validate": check, **options})

    def _validated(self, value: Any) -> int:
        if isinstance(value, bool):  # an int to Python, `true` in JSON
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class ChoiceField(IntField):
    """One of the numbers of an enumeration."""

    def __init__(self, *numbers: int, **options: Any) -> None:
        known = ", ".join(map(str, numbers))
        super().__init__(validate=validate.OneOf(numbers, error=f"is not defined; use one of {known}"), **options)


class TextField(fields.String):
    """A text that is cleaned and cut when dumped."""

    def __init__(self, max_units: int, *, lines: bool = False, **options: Any) -> None:
        """max_units: in UTF-16 units. lines: keep line ends."""
        self._max_units, self._lines = max_units, lines
        super().__init__(
            validate=self._check, error_messages={"invalid": "must be text", "required": MISSING}, **options
        )

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str | None:
        text = super()._serialize(value, attr, obj, **options)
        return None if text is None else self.tidy(text)

    def tidy(self, text: str) -> str:
        """Return the text as it is sent."""
        return fit(clean(text, lines=self._lines), self._max_units)

    def _check(self, text: str) -> None:
        if fit(text, self._max_units) != text:
            raise ValidationError(f"is longer than {self._max_units} characters; shorten it")
        if self.required and not text.strip():
            raise ValidationError(MISSING)


class EmailField(TextField):
    """An e-mail address, in lower case, because people are searched for by it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(254, **options)  # the longest deliverable address (RFC 5321)

    def tidy(self, text: str) -> str:
        """Return the address in lower case, never cut: a part would be another address."""
        return clean(text).lower()

    def _check(self, text: str) -> None:
        super()._check(text)
        validate.Regexp(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z", error="is not an e-mail address")(text)


class AmountField(fields.Float):
    """An amount of money; negative, infinite and NaN are rejected."""

    def __init__(self, **options: Any) -> None:
        check = validate.Range(min=0, error="must not be negative")
        messages: dict[str, Any] = {
            "invalid": "must be a number",
            "special": "must be a number",
            "too_large": "is too large",
        }
        super().__init__(validate=check, error_messages=messages, **options)

    def _validated(self, value: Any) -> float:
        if isinstance(value, bool | str):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class AlwaysFalseField(fields.Field[bool]):
    """A boolean that is always sent as false."""

    def __init__(self, consequence: str, **options: Any) -> None:
        """consequence: what true would do, for the error message."""
        messages: dict[str, Any] = {"invalid": f"must be false: true {consequence}", "required": MISSING}
        super().__init__(required=True, dump_default=False, error_messages=messages, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> bool:
        if value is not False:  # 0 and "" are false to Python only
            raise self.make_error("invalid", attr=attr, data=data, **options)
        return False


class InstantField(fields.AwareDateTime):
    """An instant in UTC, as in 2026-05-31T09:00:00Z; the CRM's zone for other forms is not documented."""

    def __init__(self, **options: Any) -> None:
        messages: dict[str, Any] = {"invalid": "must look like 2026-05-31T09:00:00Z"}
        super().__init__("%Y-%m-%dT%H:%M:%SZ", default_timezone=UTC, error_messages=messages, **options)

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **options: Any) -> str | float | None:
        utc = None if value is None else check_aware(value).astimezone(UTC)
        return super()._serialize(utc, attr, obj, **options)


class CustomValuesField(fields.Field[Mapping[str, str]]):
    """The object of a record's custom fields: texts by name or id of the field.

    Source: Nexudus REST reference, "Custom fields in records": values are strings, names unique in a record. Its
    examples are updates; it is not documented whether a create keeps them.
    """

    def _serialize(self, value: Mapping[str, str] | None, *_: Any, **__: Any) -> Any:
        return custom_object(value or {})

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValidationError("must be an object with Data")
        return value


def custom_object(values: Mapping[str, str]) -> dict[str, Any] | None:
    """Return CustomFields to send: texts cleaned and cut, without empty ones; None if none is left."""
    texts = {name: fit(clean(value, lines=True), MAX_CUSTOM_UNITS) for name, value in values.items()}
    listed = [{"Name": name, "Value": text, "Type": "string"} for name, text in texts.items() if text]
    return {"Data": listed} if listed else None


class RecordBody(Schema):
    """A body to send: unknown values are left out, not sent as null or empty text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.error_messages = {**self.error_messages, "unknown": "is not a field that is sent"}

    @post_dump
    def _leave_out(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in values.items() if value is not None and value != ""}

    def tidy(self, additions: Mapping[str, object]) -> dict[str, object]:
        """Return additions with texts cleaned and cut for their fields."""
        by_name = {str(each.data_key): each for each in self.fields.values()}
        return {
            name: field.tidy(value)
            if isinstance(value, str) and isinstance(field := by_name.get(name), TextField)
            else value
            for name, value in additions.items()
        }

    def check(self, body: Mapping[str, object]) -> None:
        """Check a body before it is sent.

        Raises: Rejected, with one FieldProblem for each field, saying what to do.
        """
        problems: dict[Any, Any] = {
            name: "cannot be written as JSON" for name, value in body.items() if not _is_json(value)
        }
        problems |= self.validate(body)
        if problems:
            raise rejection(problems, body)


def _is_json(value: object) -> bool:
    """Return whether a literal addition is JSON; it comes from TOML, which also has dates and NaN."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def rejection(problems: Mapping[Any, Any], body: Mapping[str, object]) -> Rejected:
    """Return the error for problems of fields: name -> sentence, or a list of sentences."""
    fields = tuple(_problem(str(name), problem, body) for name, problem in sorted(problems.items(), key=str))
    return Rejected("; ".join(f"{p.name} {p.message}" for p in fields), fields=fields)


def _problem(name: str, problem: object, body: Mapping[str, object]) -> FieldProblem:
    message = " and ".join(map(str, problem)) if isinstance(problem, list) else str(problem)
    attempted = body.get(name)
    return FieldProblem(name, message, "" if attempted is None else plain(str(attempted)))
