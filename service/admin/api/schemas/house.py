"""The house itself: its forms, its alerts, the people that it forgets."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from service.admin.api.schemas.base import INSTANT, LEAD_ID, Answer, Asking
from service.admin.api.schemas.leads import STATUSES


class FormBody(Answer):
    """One form. url: where it is posted to; webhooks: sender -> the address that it calls."""

    name = fields.String()
    title = fields.String(allow_none=True)
    account = fields.String()
    url = fields.String()
    webhooks = fields.Dict(keys=fields.String(), values=fields.String())


class FormList(Answer):
    """All forms of the forms file, by name."""

    forms = fields.List(fields.Nested(FormBody))


class AlertBody(Answer):
    """Something that is wrong now. cause: stable, for programs; sentence: what it is and what to do, for people."""

    cause = fields.String()
    title = fields.String()
    sentence = fields.String()
    since = fields.String(metadata=INSTANT)


class AlertList(Answer):
    """What is wrong now, the oldest first."""

    alerts = fields.List(fields.Nested(AlertBody))


class YesOrNo(fields.Boolean):
    """true or false, and nothing that may pass for it."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **more)


class ForgetRequest(Asking):
    """Who is to be forgotten. dry_run: only tell what would be erased."""

    email = fields.String(
        required=True,
        validate=validate.Regexp(r"^[^\u0000]*@[^\u0000]*$", error="is no e-mail address"),
        metadata={"description": "the address they wrote with, also one that was corrected since"},
    )
    dry_run = YesOrNo(load_default=False)


class ErasedLeadBody(Answer):
    """A lead that was erased, and where it stood."""

    id = fields.String(validate=validate.Regexp(LEAD_ID))
    form = fields.String()
    received_at = fields.String(metadata=INSTANT)
    status = fields.String(validate=validate.OneOf(STATUSES))


class Forgotten(Answer):
    """What was erased here, and what Nexudus has of the person, to be erased there by hand.

    doubtful: marks to search Nexudus for, as an opportunity may exist. busy: leads that are being sent at this moment
    and were not erased: ask again in a minute.
    """

    dry_run = fields.Boolean()
    erased = fields.List(fields.Nested(ErasedLeadBody))
    opportunities = fields.List(fields.Integer())
    coworkers = fields.List(fields.Integer())
    doubtful = fields.List(fields.String())
    busy = fields.List(fields.String())
