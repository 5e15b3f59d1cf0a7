"""The API's requests and answers, for OpenAPI and for checking what operators ask."""

from marshmallow import Schema, fields, validate

from service.lead import Status

NO_NUL = validate.Regexp(r"^[^\u0000]*$", error="NUL is no character to search for")
"""PostgreSQL refuses it. A pattern, because that can be told in the description."""


class LeadQuery(Schema):
    """Which leads to list; newest first."""

    status = fields.String(validate=validate.OneOf([status.value for status in Status]))
    form = fields.String(validate=NO_NUL)
    since = fields.AwareDateTime(metadata={"description": "received at or after; ISO 8601 with time zone"})
    until = fields.AwareDateTime(metadata={"description": "received before; ISO 8601 with time zone"})
    q = fields.String(validate=NO_NUL, metadata={"description": "part of e-mail, name, company, phone or id"})
    cursor = fields.String(validate=NO_NUL, metadata={"description": "`next` of the page before"})
    size = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class ContactBody(Schema):
    """The person."""

    email = fields.String(allow_none=True)
    full_name = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    company = fields.String(allow_none=True)


class TouchBody(Schema):
    """One remembered visit."""

    url = fields.String()
    referrer = fields.String()
    at = fields.Float(allow_none=True)


class AttributionBody(Schema):
    """Where the person came from, and the rule that decided."""

    utm_source = fields.String()
    utm_medium = fields.String()
    utm_campaign = fields.String()
    utm_content = fields.String()
    utm_term = fields.String()
    channel = fields.String()
    lead_source = fields.Integer()
    lead_source_name = fields.String()
    rule = fields.String()
    reason = fields.String()
    first = fields.Nested(TouchBody, allow_none=True)
    last = fields.Nested(TouchBody, allow_none=True)
    click_ids = fields.Dict(keys=fields.String(), values=fields.String())


class OtherTouchBody(Schema):
    """A visit that does not count, and what it would have been credited to."""

    touch = fields.String(validate=validate.OneOf(["current", "last", "first"]))
    channel = fields.String()
    lead_source = fields.Integer()
    lead_source_name = fields.String()
    reason = fields.String()


class PreviewAttributionBody(AttributionBody):
    """The verdict with the visits that do not count beside it."""

    others = fields.List(fields.Nested(OtherTouchBody))


class AttemptBody(Schema):
    """One call to Nexudus."""

    started_at = fields.String()
    duration_ms = fields.Integer(allow_none=True)
    step = fields.String()
    outcome = fields.String()
    http_status = fields.Integer(allow_none=True)
    detail = fields.String(allow_none=True)
    trigger = fields.String()


class CorrectionBody(Schema):
    """What an operator put right: answers as they were, "" where there was none, and as they became."""

    at = fields.String()
    was = fields.Dict(keys=fields.String())
    became = fields.Dict(keys=fields.String(), values=fields.String())


class CorrectionRequest(Schema):
    """Answers to put right, by name; "" takes one out."""

    fields_ = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        validate=validate.Length(min=1, error="name at least one answer"),
        attribute="fields",
        data_key="fields",
        metadata={"minProperties": 1},
    )


class LeadBody(Schema):
    """One lead, everything known of it."""

    id = fields.String()
    form = fields.String()
    account = fields.String()
    sender = fields.String()
    external_id = fields.String(allow_none=True)
    form_name = fields.String(allow_none=True)
    page_url = fields.String(allow_none=True)
    status = fields.String(validate=validate.OneOf([status.value for status in Status]))
    received_at = fields.String()
    delivered_at = fields.String(allow_none=True)
    contact = fields.Nested(ContactBody)
    fields_ = fields.Dict(keys=fields.String(), attribute="fields", data_key="fields")
    extras = fields.Dict(keys=fields.String())
    attribution = fields.Nested(AttributionBody)
    coworker_id = fields.Integer(allow_none=True)
    opportunity_id = fields.Integer(allow_none=True)
    attempts = fields.List(fields.Nested(AttemptBody))
    next_attempt_at = fields.String(allow_none=True)
    problem = fields.String(allow_none=True)
    repeats = fields.Integer()
    corrections = fields.List(fields.Nested(CorrectionBody))


class LeadPage(Schema):
    """Some leads, and the cursor of the next page."""

    leads = fields.List(fields.Nested(LeadBody))
    next = fields.String(allow_none=True)


class PreviewRequest(Schema):
    """What a visitor would send."""

    fields_ = fields.Dict(keys=fields.String(), load_default=dict, attribute="fields", data_key="fields")
    page_url = fields.String(load_default="", allow_none=True)
    landing_url = fields.String(load_default="", allow_none=True)
    referrer = fields.String(load_default="", allow_none=True)
    submitted_at = fields.Float(load_default=None, allow_none=True, metadata={"description": "unix seconds"})


class PreviewBody(Schema):
    """What would become of it."""

    contact = fields.Nested(ContactBody)
    attribution = fields.Nested(PreviewAttributionBody)
    coworker = fields.Dict()
    opportunity = fields.Dict()
    problems = fields.List(fields.String())


class ReportQuery(Schema):
    """Which period to report on: the last 30 days, unless it is said otherwise."""

    since = fields.AwareDateTime(metadata={"description": "received at or after; ISO 8601 with time zone"})
    until = fields.AwareDateTime(metadata={"description": "received before; ISO 8601 with time zone"})
    form = fields.String(load_default="", validate=NO_NUL)


class FigureBody(Schema):
    """How many leads; their share of all (1 is all); how many were delivered."""

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


class DefaultFigure(Schema):
    """Leads that have a LeadSource only because one must be given, by the rule that gave it."""

    rule = fields.String(validate=validate.OneOf(["direct", "unassigned", "default_lead_source"]))
    meaning = fields.String()
    leads = fields.Integer()
    share = fields.Float()


class UnknownSource(Schema):
    """A utm_source that no rule knows, and the line for the forms file that would teach it."""

    form = fields.String()
    utm_source = fields.String()
    leads = fields.Integer()
    source_map = fields.String()


class CodeFigure(Schema):
    """What was wrong with tags: macro, pii, markup, truncated or placeholder; in which form and campaign."""

    code = fields.String()
    form = fields.String()
    utm_campaign = fields.String()
    leads = fields.Integer()


class SpellingFigure(Schema):
    """One spelling of a tag."""

    value = fields.String()
    leads = fields.Integer()


class LookalikeBody(Schema):
    """Tags that people take for one, but figures count apart.

    differ_by: case, or separators (space, "_", "+", "-"; perhaps by case, too).
    """

    name = fields.String()
    differ_by = fields.String(validate=validate.OneOf(["case", "separators"]))
    spellings = fields.List(fields.Nested(SpellingFigure))


class AttributionReport(Schema):
    """Where the leads of a period came from, the largest first.

    left_out: status -> leads that do not count. more: list -> further entries that are not told.
    cut: lists whose rarest values were not even looked at.
    """

    since = fields.String()
    until = fields.String()
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


class ProblemBody(Schema):
    """An RFC 9457 problem document."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    errors = fields.Raw()
