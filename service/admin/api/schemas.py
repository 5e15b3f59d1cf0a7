"""Base classes of all requests and responses, and the schemas of figures, forms and alerts.

The schemas of leads are in lead_schemas.py.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

from marshmallow import RAISE, Schema, ValidationError, fields, pre_load, validate
from werkzeug.datastructures import MultiDict

from service.operations.answers import BY

NO_NUL = validate.Regexp(r"^[^\u0000]*$", error="must not contain NUL")
"""A text without NUL, which PostgreSQL refuses. As a pattern, the OpenAPI description can state it."""

INSTANT = {"format": "date-time"}
LEAD_ID = "^[0-9a-f]{32}$"


class ApiSchema(Schema):
    """A schema that never changes after its creation, and refuses unknown members."""

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

    def __init__(self, meaning: str, *, allow_none: bool = False) -> None:
        shapes = [{"format": "date-time"}, {"format": "date"}, {"maxLength": 0}]
        description = f"{meaning}; ISO 8601 with time zone, or a day (UTC)"
        metadata = {"description": description, "anyOf": shapes, "examples": ["2026-11-01"]}
        super().__init__(metadata=metadata, allow_none=allow_none)

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
    """An RFC 9457 problem document. errors: location -> name -> its problems; of the set-up, a list with paths."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String()
    errors = fields.Raw(metadata={"type": ["object", "array"]})


# -- a period's figures, the forms, the alerts


class AccountQuery(ApiRequest):
    """Limits a list to one account; by default to all accounts of the key."""

    account = fields.String(load_default="", validate=NO_NUL, metadata={"description": "a Nexudus account"})


class ReportQuery(AccountQuery):
    """The period of a report; by default the last 30 days."""

    since = InstantOrDayField("received at or after")
    until = InstantOrDayField("received before")
    form = fields.String(load_default="", validate=NO_NUL)


class AnswerQuery(ReportQuery):
    """The period of a report on answers, by form or by the owner whose turn each lead was."""

    by = fields.String(load_default="form", validate=validate.OneOf(BY))


class AnswerFigure(ApiResponse):
    """How fast some leads were answered. Times in seconds; a share of 1 means all leads whose answer was due."""

    leads = fields.Integer()
    answered = fields.Integer()
    unanswered = fields.Integer()
    due = fields.Integer()
    in_time = fields.Integer()
    share_in_time = fields.Float(allow_none=True)
    median_s = fields.Float(allow_none=True)
    median_working_s = fields.Float(allow_none=True)


class KeyedAnswerFigure(AnswerFigure):
    """The leads of one form or owner; "" stands for leads without an owner."""

    key = fields.String()


class AnswerReport(ApiResponse):
    """How fast the leads of a period were answered."""

    since = fields.String(metadata=INSTANT)
    until = fields.String(metadata=INSTANT)
    form = fields.String(allow_none=True)
    by = fields.String()
    rows = fields.List(fields.Nested(KeyedAnswerFigure))
    total = fields.Nested(AnswerFigure)


class FigureBody(ApiResponse):
    """Number of leads, their share of all (1 is all), and how many were delivered."""

    leads = fields.Integer()
    share = fields.Float()
    delivered = fields.Integer()


class ChannelFigure(FigureBody):
    """The leads of one channel."""

    channel = fields.String()


class LeadSourceFigure(FigureBody):
    """The leads of one LeadSource."""

    lead_source = fields.Integer()
    name = fields.String()


class SourceFigure(FigureBody):
    """The leads of one pair of utm_source and utm_medium, "" where a tag was missing."""

    utm_source = fields.String()
    utm_medium = fields.String()


class CampaignFigure(FigureBody):
    """The leads of one campaign."""

    utm_campaign = fields.String()


class DefaultFigure(ApiResponse):
    """Leads whose LeadSource is only a default, by the rule that chose it."""

    rule = fields.String(validate=validate.OneOf(["direct", "unassigned", "default_lead_source"]))
    meaning = fields.String()
    leads = fields.Integer()
    share = fields.Float()


class UnknownSource(ApiResponse):
    """A utm_source that no rule knows, and the line of the forms file that would map it."""

    form = fields.String()
    utm_source = fields.String()
    leads = fields.Integer()
    source_map = fields.String()


class CodeFigure(ApiResponse):
    """A problem with tags (macro, pii, markup, truncated or placeholder) by form and campaign."""

    code = fields.String()
    form = fields.String()
    utm_campaign = fields.String()
    leads = fields.Integer()


class SpellingFigure(ApiResponse):
    """One spelling of a tag."""

    value = fields.String()
    leads = fields.Integer()


class LookalikeBody(ApiResponse):
    """Tags that look the same to people but are counted separately.

    differ_by: case, or separators (space, "_", "+", "-"; perhaps case as well).
    """

    name = fields.String()
    differ_by = fields.String(validate=validate.OneOf(["case", "separators"]))
    spellings = fields.List(fields.Nested(SpellingFigure))


class AttributionReport(ApiResponse):
    """Where the leads of a period came from, the largest first.

    left_out: status -> leads that are not counted. more: list -> number of further entries.
    cut: lists whose rarest values were not read at all.
    """

    since = fields.String(metadata=INSTANT)
    until = fields.String(metadata=INSTANT)
    form = fields.String(allow_none=True)
    leads = fields.Integer()
    delivered = fields.Integer()
    left_out = fields.Dict(keys=fields.String(), values=fields.Integer())
    channels = fields.List(fields.Nested(ChannelFigure))
    lead_sources = fields.List(fields.Nested(LeadSourceFigure))
    sources = fields.List(fields.Nested(SourceFigure))
    campaigns = fields.List(fields.Nested(CampaignFigure))
    defaults = fields.List(fields.Nested(DefaultFigure))
    unknown_sources = fields.List(fields.Nested(UnknownSource))
    codes = fields.List(fields.Nested(CodeFigure))
    lookalikes = fields.List(fields.Nested(LookalikeBody))
    more = fields.Dict(keys=fields.String(), values=fields.Integer())
    cut = fields.List(fields.String())


# -- the installation


class FormBody(ApiResponse):
    """One form. url: the address it is posted to; webhooks: sender -> the address it calls."""

    name = fields.String()
    title = fields.String(allow_none=True)
    account = fields.String()
    url = fields.String()
    webhooks = fields.Dict(keys=fields.String(), values=fields.String())


class FormList(ApiResponse):
    """All forms of the forms file, by name."""

    forms = fields.List(fields.Nested(FormBody))


class AlertBody(ApiResponse):
    """A current problem. cause: a stable name for programs; sentence: the problem and what to do, for people."""

    cause = fields.String()
    title = fields.String()
    sentence = fields.String()
    since = fields.String(metadata=INSTANT)


class AlertList(ApiResponse):
    """The current problems, oldest first."""

    alerts = fields.List(fields.Nested(AlertBody))
