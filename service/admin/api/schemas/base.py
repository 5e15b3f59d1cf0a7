"""What all requests and answers have in common."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, pre_load, validate
from werkzeug.datastructures import MultiDict

NO_NUL = validate.Regexp(r"^[^\u0000]*$", error="NUL is no character to search for")
"""PostgreSQL refuses it. A pattern, because that can be told in the description."""

INSTANT = {"format": "date-time"}
LEAD_ID = "^[0-9a-f]{32}$"


class Asking(Schema):
    """A request. What is not known is an error: a filter that is ignored would let everything through."""

    class Meta:
        """How it is loaded."""

        unknown = RAISE

    error_messages = {"unknown": "is not known here: /docs names what is"}  # noqa: RUF012 (the base has it so)

    @pre_load
    def check_once(self, data: Any, **_: Any) -> Any:
        """Of a parameter that is given twice only one would count."""
        given = getattr(data, "data", None)
        if isinstance(given, MultiDict) and (twice := [name for name, values in given.lists() if len(values) > 1]):
            raise ValidationError({name: ["is given twice"] for name in twice})
        return data


class Answer(Schema):
    """An answer: every member is always there."""

    class Meta:
        """How it is described: with nothing else in it."""

        unknown = RAISE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Say so in the description."""
        super().on_bind_field(field_name, field_obj)
        field_obj.required = True


class Moment(fields.String):
    """An instant that is asked for, or a day, which begins at 00:00 UTC; "" is none."""

    _MEANT = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d))?")

    def __init__(self, meaning: str) -> None:
        shapes = [{"format": "date-time"}, {"format": "date"}, {"maxLength": 0}]
        said = f"{meaning}; ISO 8601 with time zone, or a day (UTC)"
        super().__init__(metadata={"description": said, "anyOf": shapes, "examples": ["2026-11-01"]})

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        text = super()._deserialize(value, attr, data, **more)
        if not text:
            return None
        # A + that was not written as %2B arrives as a space.
        text = re.sub(r" (\d\d:\d\d)$", r"+\1", text, count=1) if text.count(":") > 1 else text
        found = self._read(text) if self._MEANT.fullmatch(text) else None
        if found is None:
            raise ValidationError("write it like 2026-11-01 or 2026-11-01T09:00:00Z")
        return found

    @staticmethod
    def _read(text: str) -> datetime | None:
        try:
            found = datetime.fromisoformat(text.upper())
        except ValueError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)


class ProblemBody(Schema):
    """An RFC 9457 problem document. errors: place -> name -> what is wrong with it."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String()
    errors = fields.Dict(keys=fields.String())
