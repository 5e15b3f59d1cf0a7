"""Leads: which are asked for, and what is told of them."""

import re
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from service.admin.api.schemas.base import INSTANT, LEAD_ID, NO_NUL, Answer, Asking, Moment
from service.lead import CANONICAL_FIELDS, Outcome, Status, Step

STATUSES = [status.value for status in Status]

LONGEST = 10_000
"""Characters of one answer."""

EMAIL = r"^[ \t\r\n]*([^@ \t\r\n\u0000]+@[^@ \t\r\n\u0000]+)?[ \t\r\n]*$"
"""What may be an e-mail address at all, or none. The same to every program that reads the description."""


class LeadQuery(Asking):
    """Which leads to list; newest first. What is empty asks for all."""

    status = fields.String(validate=validate.OneOf([*STATUSES, ""]))
    form = fields.String(validate=NO_NUL)
    sender = fields.String(validate=NO_NUL, metadata={"description": "browser, meta, typeform ..."})
    channel = fields.String(validate=NO_NUL, metadata={"description": "Paid Search, Direct ..."})
    since = Moment("received at or after")
    until = Moment("received before")
    q = fields.String(
        validate=NO_NUL,
        metadata={"description": "words that all must be met: of person, answers, campaign; a phone number, an id"},
    )
    cursor = fields.String(
        validate=validate.Regexp(f"{LEAD_ID}|^$", error="is not the `next` of a page"),
        metadata={"description": "`next` of the page before"},
    )
    size = fields.Integer(load_default=50, validate=validate.Range(1, 200), metadata={"description": "leads of a page"})


class ContactBody(Answer):
    """The person."""

    email = fields.String(allow_none=True)
    full_name = fields.String(allow_none=True)
    phone = fields.String(allow_none=True, metadata={"description": "E.164 where it could be read"})
    company = fields.String(allow_none=True)


class TouchBody(Answer):
    """One remembered visit. at: unix seconds by the visitor's clock."""

    url = fields.String()
    referrer = fields.String()
    at = fields.Float(allow_none=True)


class AttributionBody(Answer):
    """Where the person came from, and the rule that decided."""

    utm_source = fields.String()
    utm_medium = fields.String()
    utm_campaign = fields.String()
    utm_content = fields.String()
    utm_term = fields.String()
    channel = fields.String()
    lead_source = fields.Integer(metadata={"description": "Nexudus's number"})
    lead_source_name = fields.String()
    rule = fields.String()
    reason = fields.String(metadata={"description": "the rule in plain words"})
    first = fields.Nested(TouchBody, allow_none=True)
    last = fields.Nested(TouchBody, allow_none=True)
    click_ids = fields.Dict(keys=fields.String(), values=fields.String())


class AttemptBody(Answer):
    """One call to Nexudus, or to the platform that announced the lead."""

    started_at = fields.String(metadata=INSTANT)
    duration_ms = fields.Integer(allow_none=True)
    step = fields.String(validate=validate.OneOf([step.value for step in Step]))
    outcome = fields.String(validate=validate.OneOf([outcome.value for outcome in Outcome]))
    http_status = fields.Integer(allow_none=True)
    detail = fields.String(allow_none=True, metadata={"description": "the other side's own words"})
    trigger = fields.String(validate=validate.OneOf(["schedule", "operator"]))


class CorrectionBody(Answer):
    """Answers that an operator corrected, or that the sender sent again: "" where there was none before."""

    at = fields.String(metadata=INSTANT)
    by = fields.String(metadata={"description": "operator or sender"})
    was = fields.Dict(keys=fields.String())
    became = fields.Dict(keys=fields.String())
    applied = fields.Boolean(
        metadata={"description": "false: it came too late to be sent, or looked like spam; the lead keeps its answers"}
    )


class CrmChangeBody(Answer):
    """One thing that happened to the opportunity: a stage or a status (in_progress, won, lost) was reached."""

    kind = fields.String(validate=validate.OneOf(["stage", "status"]))
    name = fields.String()
    at = fields.String(metadata=INSTANT)


class CrmBody(Answer):
    """How the opportunity stands in Nexudus, as it was seen at seen_at. gone_at: since when it is there no more."""

    stage = fields.String()
    board = fields.String()
    status = fields.String(validate=validate.OneOf(["in_progress", "won", "lost"]))
    value = fields.Float(allow_none=True)
    currency = fields.String(allow_none=True)
    won_at = fields.String(allow_none=True, metadata=INSTANT)
    lost_at = fields.String(allow_none=True, metadata=INSTANT)
    loss_reason = fields.String(allow_none=True)
    seen_at = fields.String(metadata=INSTANT)
    gone_at = fields.String(allow_none=True, metadata=INSTANT)
    changes = fields.List(fields.Nested(CrmChangeBody))


class KnownBody(Answer):
    """Since when the person was known when the lead came. Dates are days in UTC."""

    since = fields.String(metadata={"description": "the earlier of both"})
    earlier_enquiries = fields.Integer(metadata={"description": "in the same account, without spam, tests and erased"})
    first_enquiry_at = fields.String(allow_none=True, metadata=INSTANT)
    in_nexudus_since = fields.String(
        allow_none=True, metadata={"description": "null: not known there, or not looked for yet"}
    )
    is_member = fields.Boolean(
        allow_none=True, metadata={"description": "has a plan; null: the record did not show it"}
    )


def _an_answer() -> dict[str, object]:
    return {"type": "string", "maxLength": LONGEST}


class CorrectionRequest(Asking):
    """Answers to put right, by name; "" takes one out."""

    fields_ = fields.Dict(
        keys=fields.String(),
        values=fields.String(validate=validate.Length(max=LONGEST, error=f"is longer than {LONGEST} characters")),
        required=True,
        validate=validate.Length(min=1, error="name at least one answer"),
        attribute="fields",
        data_key="fields",
        metadata={
            "minProperties": 1,
            "properties": {
                **{name: _an_answer() for name in CANONICAL_FIELDS},
                "email": {**_an_answer(), "pattern": EMAIL},
            },
            "examples": [{"email": "ann@example.com"}],
        },
    )

    @validates_schema
    def check_email(self, asked: dict[str, Any], **_: Any) -> None:
        """What cannot be an address whoever's lead it is."""
        if not re.search(EMAIL, asked["fields"].get("email", "")):
            raise ValidationError({"fields": {"email": "is not an e-mail address: write one such as ann@example.com"}})


class LeadBody(Answer):
    """One lead, everything known of it."""

    id = fields.String(validate=validate.Regexp(LEAD_ID))
    form = fields.String()
    account = fields.String(metadata={"description": "the Nexudus account that it is owed to"})
    sender = fields.String()
    external_id = fields.String(allow_none=True, metadata={"description": "the sender's own id"})
    form_name = fields.String(allow_none=True, metadata={"description": "the sender's name of the form"})
    page_url = fields.String(allow_none=True)
    status = fields.String(validate=validate.OneOf(STATUSES))
    received_at = fields.String(metadata=INSTANT)
    delivered_at = fields.String(allow_none=True, metadata=INSTANT)
    contact = fields.Nested(ContactBody)
    fields_ = fields.Dict(
        keys=fields.String(),
        attribute="fields",
        data_key="fields",
        metadata={"description": "canonical name -> answer; a list where it was given several times"},
    )
    extras = fields.Dict(keys=fields.String(), metadata={"description": "any other submitted name -> answer"})
    attribution = fields.Nested(AttributionBody)
    coworker_id = fields.Integer(allow_none=True)
    opportunity_id = fields.Integer(allow_none=True)
    attempts = fields.List(fields.Nested(AttemptBody))
    next_attempt_at = fields.String(allow_none=True, metadata=INSTANT)
    problem = fields.String(allow_none=True, metadata={"description": "why a person must look, and what to do"})
    repeats = fields.Integer(metadata={"description": "how often the same was sent again"})
    corrections = fields.List(fields.Nested(CorrectionBody))
    sent = fields.Dict(allow_none=True, metadata={"description": "the CrmOpportunity body as it was last sent"})
    crm = fields.Nested(CrmBody, allow_none=True)
    known = fields.Nested(KnownBody, allow_none=True)


class LeadPage(Answer):
    """Some leads, and the cursor of the next page: there are more until it is null, even after an empty page."""

    leads = fields.List(fields.Nested(LeadBody))
    next = fields.String(allow_none=True)
