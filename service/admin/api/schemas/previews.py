"""Previews: what a visitor would send, and what would become of it."""

from marshmallow import fields, validate

from service.admin.api.schemas.base import Answer, Asking
from service.admin.api.schemas.leads import AttributionBody, ContactBody

VISIT = {
    "fields": {"email": "ann@example.com", "message": "Desks for six?"},
    "page_url": "https://www.example.com/tour?utm_source=newsletter&utm_medium=email",
}


class OtherTouchBody(Answer):
    """A visit that does not count, and what it would have been credited to."""

    touch = fields.String(validate=validate.OneOf(["current", "last", "first"]))
    channel = fields.String()
    lead_source = fields.Integer()
    lead_source_name = fields.String()
    reason = fields.String()


class PreviewAttributionBody(AttributionBody):
    """The verdict with the visits that do not count beside it."""

    others = fields.List(fields.Nested(OtherTouchBody))


class PreviewRequest(Asking):
    """What a visitor would send. submitted_at: unix seconds; absent: remembered visits do not expire."""

    fields_ = fields.Dict(keys=fields.String(), load_default=dict, attribute="fields", data_key="fields")
    page_url = fields.String(load_default="", allow_none=True)
    landing_url = fields.String(load_default="", allow_none=True)
    referrer = fields.String(load_default="", allow_none=True)
    submitted_at = fields.Float(load_default=None, allow_none=True, metadata={"description": "unix seconds"})


class FieldOriginBody(Answer):
    """Where one value comes from that was worked out of answers, or why it is not there."""

    field = fields.String(metadata={"description": "Value, DueDate, or the name of an addition or custom field"})
    reason = fields.String()


class PreviewBody(Answer):
    """What would become of it. problems: what would be sent back to the visitor, or park the lead."""

    contact = fields.Nested(ContactBody)
    attribution = fields.Nested(PreviewAttributionBody)
    coworker = fields.Dict(metadata={"description": "the body for a contact that does not exist yet"})
    opportunity = fields.Dict(metadata={"description": "the exact CrmOpportunity body"})
    redirect = fields.String(
        allow_none=True, metadata={"description": "where the visitor goes next; null: our thank-you page"}
    )
    origins = fields.List(fields.Nested(FieldOriginBody))
    problems = fields.List(fields.String())
