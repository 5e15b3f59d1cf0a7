"""The request and the response of the report of outcomes."""

from marshmallow import fields, validate

from service.admin.api.schemas import INSTANT, NO_NUL, ApiRequest, ApiResponse, InstantOrDayField
from service.operations.outcomes import BY, TOUCHES


class OutcomeParameters(ApiRequest):
    """A report of outcomes; by default of the last 30 days. touch: whether the last visit counts, or the first."""

    by = fields.String(load_default="channel", validate=validate.OneOf(BY))
    since = InstantOrDayField("received at or after")
    until = InstantOrDayField("received before")
    touch = fields.String(load_default="last", validate=validate.OneOf(TOUCHES))
    account = fields.String(load_default="", validate=NO_NUL)
    form = fields.String(load_default="", validate=NO_NUL)
    compare = fields.String(load_default="", validate=validate.OneOf(["", "previous"]))
    include = fields.String(load_default="", validate=validate.OneOf(["", "left_out"]))
    format = fields.String(load_default="json", validate=validate.OneOf(["json", "csv"]))


class OutcomeFigures(ApiResponse):
    """Leads and what became of them. milestones: name -> leads that have reached it.

    value: of won opportunities, by currency. cost: by currency, empty where none is known. time_to_win_s: from arrival,
    on average, null while none was won at a known time.
    """

    leads = fields.Integer()
    delivered = fields.Integer()
    milestones = fields.Dict(keys=fields.String(), values=fields.Integer())
    won = fields.Integer()
    lost = fields.Integer()
    value = fields.Dict(keys=fields.String(), values=fields.Float())
    cost = fields.Dict(keys=fields.String(), values=fields.Float())
    time_to_win_s = fields.Float(allow_none=True)


class ComparedFigures(OutcomeFigures):
    """The same in the period before, null without `compare`."""

    previous = fields.Nested(OutcomeFigures, allow_none=True)


class OutcomeRowBody(ComparedFigures):
    """One row. key: name -> value of what its leads have in common."""

    key = fields.Dict(keys=fields.String())


class OutcomeReportBody(ApiResponse):
    """What the leads of a period brought, the largest row first. left_out: status -> leads that are not counted."""

    by = fields.String()
    touch = fields.String()
    since = fields.String(metadata=INSTANT)
    until = fields.String(metadata=INSTANT)
    previous_since = fields.String(allow_none=True, metadata=INSTANT)
    previous_until = fields.String(allow_none=True, metadata=INSTANT)
    rows = fields.List(fields.Nested(OutcomeRowBody))
    total = fields.Nested(ComparedFigures)
    left_out = fields.Dict(keys=fields.String(), values=fields.Integer())
