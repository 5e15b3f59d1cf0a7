"""What all requests and responses have in common."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

from marshmallow import RAISE, Schema, ValidationError, fields, pre_load, validate
from werkzeug.datastructures import MultiDict

NO_NUL = validate.Regexp(r"^[^\u0000]*$", error="must not contain NUL")
"""PostgreSQL refuses NUL. A pattern, so that the OpenAPI description can state it."""

INSTANT = {"format": "date-time"}
LEAD_ID = "^[0-9a-f]{32}$"


class ApiSchema(Schema):
    """A schema that is not changed once it is made, and that refuses unknown members."""

    class Meta:
        unknown = RAISE

    def __deepcopy__(self, memo: object) -> Self:
        """Return the schema itself: flask-smorest copies each view's description a dozen times at the start."""
        return self


class ApiRequest(ApiSchema):
    """A request. An unknown member is an error: an ignored filter would let everything through."""

    error_messages = {"unknown": "is unknown: see /docs"}  # noqa: RUF012 (the base has it so)

    @pre_load
    def check_once(self, data: Any, **_: Any) -> Any:
        """Refuse a parameter that is given twice: only one would count."""
        values_of = getattr(data, "data", None)
        if isinstance(values_of, MultiDict) and (
            twice := [name for name, values in values_of.lists() if len(values) > 1]
        ):
            raise ValidationError({name: ["is given twice"] for name in twice})
        return data


class ApiResponse(ApiSchema):
    """A response: every member is always present."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Describe the member as required."""
        super().on_bind_field(field_name, field_obj)
        field_obj.required = True


class InstantOrDayField(fields.String):
    """An instant, or a day, which begins at 00:00 UTC; "" is none."""

    _PATTERN = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d))?")

    def __init__(self, meaning: str) -> None:
        shapes = [{"format": "date-time"}, {"format": "date"}, {"maxLength": 0}]
        description = f"{meaning}; ISO 8601 with time zone, or a day (UTC)"
        super().__init__(metadata={"description": description, "anyOf": shapes, "examples": ["2026-11-01"]})

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        text = super()._deserialize(value, attr, data, **more)
        if not text:
            return None
        # A + that was not escaped as %2B arrives as a space.
        text = re.sub(r" (\d\d:\d\d)$", r"+\1", text, count=1) if text.count(":") > 1 else text
        parsed = self._read(text) if self._PATTERN.fullmatch(text) else None
        if parsed is None:
            raise ValidationError("write it like 2026-11-01 or 2026-11-01T09:00:00Z")
        return parsed

    @staticmethod
    def _read(text: str) -> datetime | None:
        try:
            parsed = datetime.fromisoformat(text.upper())
        except ValueError:
            return None
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


class ProblemBody(Schema):
    """An RFC 9457 problem document. errors: location -> name -> its problems."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String()
    errors = fields.Dict(keys=fields.String())
