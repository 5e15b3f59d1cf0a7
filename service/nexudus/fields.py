"""The kinds of fields that the bodies are made of.

Schemas here work in both directions: `dump` turns our words into the CRM's and makes texts fit,
`validate` judges a body under the CRM's names, whoever made it.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_dump, validate

from service.clock import check_aware
from service.nexudus.errors import FieldProblem, Rejected
from service.nexudus.values import clean, fit, plain

CUSTOM_MAX = 1000
"""UTF-16 units of a custom field's value. No length is documented; it is that of Custom1 to Custom30."""

MISSING = "is missing; it must be filled"


class Whole(fields.Integer):
    """A whole number: no text, no truth value, no 1.0."""

    def __init__(self, at_least: int = 1, **options: Any) -> None:
        """at_least: 1 suits every id."""
        check = validate.Range(min=at_least, error=f"must be a whole number from {at_least}")
        told: dict[str, Any] = {"invalid": "must be a whole number", "required": MISSING}
        super().__init__(strict=True, error_messages=told, **{"validate": check, **options})

    def _validated(self, value: Any) -> int:
        if isinstance(value, bool):  # an int to Python, `true` in JSON
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Choice(Whole):
    """One of the numbers of an enumeration."""

    def __init__(self, *numbers: int, **options: Any) -> None:
        """The error lists the numbers."""
        known = ", ".join(map(str, numbers))
        super().__init__(validate=validate.OneOf(numbers, error=f"is not defined; use one of {known}"), **options)


class Text(fields.String):
    """A text that is cleaned and cut on its way out."""

    def __init__(self, at_most: int, *, lines: bool = False, **options: Any) -> None:
        """at_most: UTF-16 units. lines: line ends are kept."""
        self._at_most, self._lines = at_most, lines
        super().__init__(
            validate=self._check, error_messages={"invalid": "must be text", "required": MISSING}, **options
        )

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str | None:
        text = super()._serialize(value, attr, obj, **options)
        return None if text is None else self.tidy(text)

    def tidy(self, text: str) -> str:
        """The text as it is sent."""
        return fit(clean(text, lines=self._lines), self._at_most)

    def _check(self, text: str) -> None:
        if fit(text, self._at_most) != text:
            raise ValidationError(f"is longer than {self._at_most} characters; shorten it")
        if self.required and not text.strip():
            raise ValidationError(MISSING)


class Email(Text):
    """An e-mail address, in lower case: that is how people are found again."""

    def __init__(self, **options: Any) -> None:
        """254: the longest address that can be delivered to (RFC 5321)."""
        super().__init__(254, **options)

    def tidy(self, text: str) -> str:
        """In lower case, and whole."""
        return clean(text).lower()  # never cut: it would be somebody else's

    def _check(self, text: str) -> None:
        super()._check(text)
        validate.Regexp(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z", error="is not an e-mail address")(text)


class Amount(fields.Float):
    """Money, never less than nothing."""

    def __init__(self, **options: Any) -> None:
        """Infinity and NaN are no JSON."""
        check = validate.Range(min=0, error="must not be negative")
        told: dict[str, Any] = {
            "invalid": "must be a number",
            "special": "must be a number",
            "too_large": "is too large",
        }
        super().__init__(validate=check, error_messages=told, **options)

    def _validated(self, value: Any) -> float:
        if isinstance(value, bool | str):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Never(fields.Field[bool]):
    """A switch that is always sent as off."""

    def __init__(self, consequence: str, **options: Any) -> None:
        """consequence: what switching it on does, for the error."""
        told: dict[str, Any] = {"invalid": f"must be false: true {consequence}", "required": MISSING}
        super().__init__(required=True, dump_default=False, error_messages=told, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> bool:
        if value is not False:  # 0 and "" are false to Python only
            raise self.make_error("invalid", attr=attr, data=data, **options)
        return False


class Instant(fields.AwareDateTime):
    """An instant in UTC, as in 2026-05-31T09:00:00Z: in which zone the CRM reads others is not documented."""

    def __init__(self, **options: Any) -> None:
        """The only form that is written, and that a body may have."""
        told: dict[str, Any] = {"invalid": "must look like 2026-05-31T09:00:00Z"}
        super().__init__("%Y-%m-%dT%H:%M:%SZ", default_timezone=UTC, error_messages=told, **options)

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **options: Any) -> str | float | None:
        utc = None if value is None else check_aware(value).astimezone(UTC)
        return super()._serialize(utc, attr, obj, **options)


class CustomValues(fields.Field[Mapping[str, str]]):
    """The object of a record's custom fields: texts by the name or id of the field.

    Source: Nexudus REST reference, "Custom fields in records": values are strings, names unique in a record. Its
    examples are of updates; whether a create keeps them is not said.
    """

    def _serialize(self, value: Mapping[str, str] | None, *_: Any, **__: Any) -> Any:
        return custom_object(value or {})

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValidationError("must be an object with Data")
        return value


def custom_object(values: Mapping[str, str]) -> dict[str, Any] | None:
    """CustomFields as they are sent: texts cleaned and cut, empty ones left out; None where none is left."""
    texts = {name: fit(clean(value, lines=True), CUSTOM_MAX) for name, value in values.items()}
    listed = [{"Name": name, "Value": text, "Type": "string"} for name, text in texts.items() if text]
    return {"Data": listed} if listed else None


class Body(Schema):
    """A body to send: what is unknown is left out, not sent as null or as an empty text."""

    def __init__(self, **options: Any) -> None:
        """Says of a field that is not listed that it is not sent."""
        super().__init__(**options)
        self.error_messages = {**self.error_messages, "unknown": "is not a field that is sent"}

    @post_dump
    def _leave_out(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in values.items() if value is not None and value != ""}

    def tidy(self, additions: Mapping[str, object]) -> dict[str, object]:
        """Additions whose texts fit into the fields that they are for: cleaned, and cut to length."""
        by_name = {str(each.data_key): each for each in self.fields.values()}
        return {
            name: field.tidy(value)
            if isinstance(value, str) and isinstance(field := by_name.get(name), Text)
            else value
            for name, value in additions.items()
        }

    def check(self, body: Mapping[str, object]) -> None:
        """Judge a body before it is sent.

        Raises: Rejected, with one FieldProblem per field, saying what to do.
        """
        found: dict[Any, Any] = {
            name: "cannot be written as JSON" for name, value in body.items() if not _is_json(value)
        }
        found |= self.validate(body)
        if found:
            raise rejection(found, body)


def _is_json(value: object) -> bool:
    """Literal additions come from a file that also knows dates and NaN."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def rejection(found: Mapping[Any, Any], body: Mapping[str, object]) -> Rejected:
    """The error for what was found: field name -> sentence, or a list of them."""
    problems = tuple(_problem(str(name), told, body) for name, told in sorted(found.items(), key=str))
    return Rejected("; ".join(f"{p.name} {p.message}" for p in problems), fields=problems)


def _problem(name: str, told: object, body: Mapping[str, object]) -> FieldProblem:
    message = " and ".join(map(str, told)) if isinstance(told, list) else str(told)
    attempted = body.get(name)
    return FieldProblem(name, message, "" if attempted is None else plain(str(attempted)))
