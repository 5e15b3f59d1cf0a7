"""Requests and responses about a period's figures, the forms and the alerts."""

from marshmallow import fields, validate

from service.admin.api.schemas.base import INSTANT, NO_NUL, ApiRequest, ApiResponse, InstantOrDayField


class ReportQuery(ApiRequest):
    """The period of a report; by default the last 30 days."""

    since = InstantOrDayField("received at or after")
    until = InstantOrDayField("received before")
    form = fields.String(load_default="", validate=NO_NUL)


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
    """A current problem. cause: stable, for programs; sentence: what is wrong and what to do, for people."""

    cause = fields.String()
    title = fields.String()
    sentence = fields.String()
    since = fields.String(metadata=INSTANT)


class AlertList(ApiResponse):
    """The current problems, oldest first."""

    alerts = fields.List(fields.Nested(AlertBody))
