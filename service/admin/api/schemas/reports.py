"""Reports: which period is asked for, and the figures."""

from marshmallow import fields, validate

from service.admin.api.schemas.base import INSTANT, NO_NUL, Answer, Asking, Moment


class ReportQuery(Asking):
    """Which period to report on: the last 30 days, unless it is said otherwise."""

    since = Moment("received at or after")
    until = Moment("received before")
    form = fields.String(load_default="", validate=NO_NUL)


class FigureBody(Answer):
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


class DefaultFigure(Answer):
    """Leads that have a LeadSource only because one must be given, by the rule that gave it."""

    rule = fields.String(validate=validate.OneOf(["direct", "unassigned", "default_lead_source"]))
    meaning = fields.String()
    leads = fields.Integer()
    share = fields.Float()


class UnknownSource(Answer):
    """A utm_source that no rule knows, and the line for the forms file that would teach it."""

    form = fields.String()
    utm_source = fields.String()
    leads = fields.Integer()
    source_map = fields.String()


class CodeFigure(Answer):
    """What was wrong with tags: macro, pii, markup, truncated or placeholder; in which form and campaign."""

    code = fields.String()
    form = fields.String()
    utm_campaign = fields.String()
    leads = fields.Integer()


class SpellingFigure(Answer):
    """One spelling of a tag."""

    value = fields.String()
    leads = fields.Integer()


class LookalikeBody(Answer):
    """Tags that people take for one, but figures count apart.

    differ_by: case, or separators (space, "_", "+", "-"; perhaps by case, too).
    """

    name = fields.String()
    differ_by = fields.String(validate=validate.OneOf(["case", "separators"]))
    spellings = fields.List(fields.Nested(SpellingFigure))


class AttributionReport(Answer):
    """Where the leads of a period came from, the largest first.

    left_out: status -> leads that do not count. more: list -> further entries that are not told.
    cut: lists whose rarest values were not even looked at.
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
