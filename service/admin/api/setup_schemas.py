"""Requests and responses about the set-up."""

from typing import Any

from marshmallow import fields, validate

from service.admin.api.schemas import INSTANT, NO_NUL, ApiRequest, ApiResponse
from service.setup.publishing import MAX_NOTE_LENGTH

MAX_LISTED = 100
"""Maximum number of versions in one response."""

_NOTE = {"description": "why, for the history"}


class WholeNumberField(fields.Integer):
    """A whole number as JSON has it: 3.0 is one, text and true are none."""

    def _validated(self, value: Any) -> Any:
        if isinstance(value, bool | str) or (isinstance(value, float) and not value.is_integer()):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class PublishRequest(ApiRequest):
    """A whole document, to be published in place of the version of If-Match."""

    toml = fields.String(required=True, validate=NO_NUL, metadata={"description": "the whole document"})
    note = fields.String(load_default="", validate=[NO_NUL, validate.Length(max=MAX_NOTE_LENGTH)], metadata=_NOTE)
    dry_run = fields.Boolean(load_default=False, metadata={"description": "only check it, and show its effect"})


class RevertRequest(ApiRequest):
    """An earlier version, whose document is to be published again."""

    version = WholeNumberField(required=True, validate=validate.Range(0, 2**31 - 1))
    note = fields.String(load_default="", validate=[NO_NUL, validate.Length(max=MAX_NOTE_LENGTH)], metadata=_NOTE)
    dry_run = fields.Boolean(load_default=False, metadata={"description": "only check it, and show its effect"})


class VersionsQuery(ApiRequest):
    """Which versions."""

    before = fields.Integer(load_default=None, validate=validate.Range(0, 2**31 - 1))
    size = fields.Integer(load_default=MAX_LISTED, validate=validate.Range(1, MAX_LISTED))


class SetupBody(ApiResponse):
    """The set-up in force. managed: whether it is a forms file, which cannot be written here, or kept in the database.

    version: null for a file; 0 until something is published.
    """

    version = fields.Integer(allow_none=True)
    managed = fields.String(validate=validate.OneOf(["file", "here"]))
    toml = fields.String()
    updated_at = fields.String(allow_none=True, metadata=INSTANT)
    updated_by = fields.String(allow_none=True)
    note = fields.String(allow_none=True)


class SetupChangeBody(ApiResponse):
    """One key with its values; null where it is not there. form: "" for defaults, accounts and the brand."""

    form = fields.String()
    key = fields.String()
    from_ = fields.Raw(attribute="from", data_key="from", allow_none=True)
    to = fields.Raw(allow_none=True)


class EffectExample(ApiResponse):
    """One value of a lead that would change."""

    lead = fields.String()
    key = fields.String()
    from_ = fields.Raw(attribute="from", data_key="from", allow_none=True)
    to = fields.Raw(allow_none=True)


class EffectBody(ApiResponse):
    """The effect on the newest leads. leads: how many were examined; changed: how many of them would differ."""

    leads = fields.Integer()
    changed = fields.Integer()
    examples = fields.List(fields.Nested(EffectExample))


class SetupProblemPlace(ApiResponse):
    """A problem or warning. path: where in the document, such as forms.tour.stage_id; "" for the whole."""

    path = fields.String()
    message = fields.String()


class PublishedBody(ApiResponse):
    """What was or would be published. version: the one in force now, which a dry run does not change."""

    version = fields.Integer()
    changes = fields.List(fields.Nested(SetupChangeBody))
    effect = fields.Nested(EffectBody)
    warnings = fields.List(fields.Nested(SetupProblemPlace))


class SetupVersionBody(ApiResponse):
    """One version."""

    version = fields.Integer()
    updated_at = fields.String(metadata=INSTANT)
    updated_by = fields.String()
    note = fields.String()


class SetupVersionList(ApiResponse):
    """Versions, newest first. next: the `before` of the next page; null where there is none."""

    versions = fields.List(fields.Nested(SetupVersionBody))
    next = fields.Integer(allow_none=True)
