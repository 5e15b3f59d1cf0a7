"""Requests and responses about leads, their people, and previews."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from service.admin.api.schemas import INSTANT, LEAD_ID, NO_NUL, AccountQuery, ApiRequest, ApiResponse, InstantOrDayField
from service.lead import CANONICAL_FIELDS, Outcome, Status, Step
from service.store import AnswerKind

STATUSES = [status.value for status in Status]

MAX_ANSWER_LENGTH = 10_000
"""Characters of one answer."""

EMAIL = r"^[ \t\r\n]*([^@ \t\r\n\u0000]+@[^@ \t\r\n\u0000]+)?[ \t\r\n]*$"
"""A possible e-mail address, or ""; the pattern has the same meaning in every programming language."""


class LeadQuery(AccountQuery):
    """Filters of a list of leads; an empty filter matches all."""

    status = fields.String(validate=validate.OneOf([*STATUSES, ""]))
    form = fields.String(validate=NO_NUL)
    sender = fields.String(validate=NO_NUL, metadata={"description": "browser, meta, typeform ..."})
    channel = fields.String(validate=NO_NUL, metadata={"description": "Paid Search, Direct ..."})
    since = InstantOrDayField("received at or after")
    until = InstantOrDayField("received before")
    q = fields.String(
        validate=NO_NUL,
        metadata={"description": "words that must all occur in person, answers or campaign; a phone number; an id"},
    )
    cursor = fields.String(
        validate=validate.Regexp(f"{LEAD_ID}|^$", error="is not the `next` of a page"),
        metadata={"description": "`next` of the previous page"},
    )
    size = fields.Integer(load_default=50, validate=validate.Range(1, 200), metadata={"description": "leads per page"})


class ContactBody(ApiResponse):
    """The person."""

    email = fields.String(allow_none=True)
    full_name = fields.String(allow_none=True)
    phone = fields.String(allow_none=True, metadata={"description": "E.164 where it could be read"})
    company = fields.String(allow_none=True)


class TouchBody(ApiResponse):
    """One remembered visit. at: Unix seconds by the visitor's clock."""

    url = fields.String()
    referrer = fields.String()
    at = fields.Float(allow_none=True)


class AttributionBody(ApiResponse):
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


class AttemptBody(ApiResponse):
    """One call to Nexudus, or to the platform that announced the lead."""

    started_at = fields.String(metadata=INSTANT)
    duration_ms = fields.Integer(allow_none=True)
    step = fields.String(validate=validate.OneOf([step.value for step in Step]))
    outcome = fields.String(validate=validate.OneOf([outcome.value for outcome in Outcome]))
    http_status = fields.Integer(allow_none=True)
    detail = fields.String(allow_none=True, metadata={"description": "the response in the other side's own words"})
    trigger = fields.String(validate=validate.OneOf(["schedule", "operator"]))


class CorrectionBody(ApiResponse):
    """Answers that an operator corrected or the sender sent again. was: "" where there was none."""

    at = fields.String(metadata=INSTANT)
    by = fields.String(metadata={"description": "operator or sender"})
    was = fields.Dict(keys=fields.String())
    became = fields.Dict(keys=fields.String())
    applied = fields.Boolean(
        metadata={"description": "false: it came too late to be sent, or looked like spam; the lead keeps its answers"}
    )


class CrmChangeBody(ApiResponse):
    """A stage or a status (in_progress, won, lost) that the opportunity reached."""

    kind = fields.String(validate=validate.OneOf(["stage", "status"]))
    name = fields.String()
    at = fields.String(metadata=INSTANT)


class CrmBody(ApiResponse):
    """The opportunity in Nexudus as of seen_at. gone_at: when it was first found missing there."""

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


class AnswerBody(ApiResponse):
    """When an answer to the lead is due, and when a person answered."""

    due_at = fields.String(allow_none=True, metadata=INSTANT)
    reminded_at = fields.String(allow_none=True, metadata=INSTANT)
    escalated_at = fields.String(allow_none=True, metadata=INSTANT)
    answered_at = fields.String(allow_none=True, metadata=INSTANT)
    how = fields.String(
        allow_none=True,
        metadata={"enum": [*(kind.value for kind in AnswerKind), None], "description": "what the person did first"},
    )
    in_time = fields.Boolean(allow_none=True)
    working_s = fields.Integer(allow_none=True, metadata={"description": "working time until the answer, in seconds"})


class OwnerBody(ApiResponse):
    """The person who got the lead by turn, and why."""

    email = fields.String(allow_none=True)
    user_id = fields.Integer(allow_none=True, metadata={"description": "in Nexudus; null: not known there"})
    reason = fields.String()


class KnownBody(ApiResponse):
    """Since when the person was known when the lead arrived. Dates are days in UTC."""

    since = fields.String(metadata={"description": "the earlier of the two"})
    earlier_enquiries = fields.Integer(
        metadata={"description": "in the same account, without spam, tests and erased leads"}
    )
    first_enquiry_at = fields.String(allow_none=True, metadata=INSTANT)
    in_nexudus_since = fields.String(
        allow_none=True, metadata={"description": "null: not known there, or not looked up yet"}
    )
    is_member = fields.Boolean(
        allow_none=True, metadata={"description": "has a plan; null: the record does not show it"}
    )


def _answer_schema() -> dict[str, object]:
    return {"type": "string", "maxLength": MAX_ANSWER_LENGTH}


class CorrectionRequest(ApiRequest):
    """New answers by name; "" removes one."""

    fields_ = fields.Dict(
        keys=fields.String(),
        values=fields.String(
            validate=validate.Length(max=MAX_ANSWER_LENGTH, error=f"is longer than {MAX_ANSWER_LENGTH} characters")
        ),
        required=True,
        validate=validate.Length(min=1, error="name at least one answer"),
        attribute="fields",
        data_key="fields",
        metadata={
            "minProperties": 1,
            "properties": {
                **{name: _answer_schema() for name in CANONICAL_FIELDS},
                "email": {**_answer_schema(), "pattern": EMAIL},
            },
            "examples": [{"email": "ann@example.com"}],
        },
    )

    @validates_schema
    def check_email(self, payload: dict[str, Any], **_: Any) -> None:
        """Refuse what can never be an address."""
        if not re.search(EMAIL, payload["fields"].get("email", "")):
            raise ValidationError({"fields": {"email": "is not an e-mail address: write one such as ann@example.com"}})


class LeadBody(ApiResponse):
    """Everything known about one lead."""

    id = fields.String(validate=validate.Regexp(LEAD_ID))
    form = fields.String()
    account = fields.String(metadata={"description": "the Nexudus account that gets it"})
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
        metadata={"description": "canonical name -> answer; a list where several were given"},
    )
    extras = fields.Dict(keys=fields.String(), metadata={"description": "any other submitted name -> answer"})
    attribution = fields.Nested(AttributionBody)
    coworker_id = fields.Integer(allow_none=True)
    opportunity_id = fields.Integer(allow_none=True)
    attempts = fields.List(fields.Nested(AttemptBody))
    next_attempt_at = fields.String(allow_none=True, metadata=INSTANT)
    problem = fields.String(allow_none=True, metadata={"description": "why it needs attention, and what to do"})
    repeats = fields.Integer(metadata={"description": "number of times the same submission arrived again"})
    setup_version = fields.Integer(
        allow_none=True,
        metadata={"description": "version of the set-up that applies to it; null where that is a forms file"},
    )
    corrections = fields.List(fields.Nested(CorrectionBody))
    sent = fields.Dict(allow_none=True, metadata={"description": "the CrmOpportunity body that was last sent"})
    crm = fields.Nested(CrmBody, allow_none=True)
    known = fields.Nested(KnownBody, allow_none=True)
    answer = fields.Nested(AnswerBody, allow_none=True)
    owner = fields.Nested(OwnerBody, allow_none=True)


class LeadPage(ApiResponse):
    """Some leads and the cursor of the next page; null means there are no more, an empty page does not."""

    leads = fields.List(fields.Nested(LeadBody))
    next = fields.String(allow_none=True)


# -- people


class StrictBoolean(fields.Boolean):
    """A JSON true or false; marshmallow would accept "yes" as well."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **more)


class ForgetRequest(ApiRequest):
    """The person to forget. dry_run: only show what would be erased."""

    email = fields.String(
        required=True,
        validate=validate.Regexp(r"^[^\u0000]*@[^\u0000]*$", error="is not an e-mail address"),
        metadata={"description": "the address they wrote from, or one that was corrected since"},
    )
    dry_run = StrictBoolean(load_default=False)


class ErasedLeadBody(ApiResponse):
    """An erased lead. status: before."""

    id = fields.String(validate=validate.Regexp(LEAD_ID))
    form = fields.String()
    received_at = fields.String(metadata=INSTANT)
    status = fields.String(validate=validate.OneOf(STATUSES))


class Forgotten(ApiResponse):
    """The leads erased here, and the person's records in Nexudus, to be erased there by hand.

    doubtful: markers to search Nexudus for, because an opportunity may exist. busy: leads that are being sent right now
    and were not erased: call again in a minute. mentioned_in: leads of other people that mention the address, and keep
    it.
    """

    dry_run = fields.Boolean()
    erased = fields.List(fields.Nested(ErasedLeadBody))
    opportunities = fields.List(fields.Integer())
    coworkers = fields.List(fields.Integer())
    doubtful = fields.List(fields.String())
    busy = fields.List(fields.String())
    mentioned_in = fields.List(fields.String(validate=validate.Regexp(LEAD_ID)))


# -- previews

VISIT = {
    "fields": {"email": "ann@example.com", "message": "Desks for six?"},
    "page_url": "https://www.example.com/tour?utm_source=newsletter&utm_medium=email",
}


class OtherTouchBody(ApiResponse):
    """A visit that does not count, and the attribution it would have led to."""

    touch = fields.String(validate=validate.OneOf(["current", "last", "first"]))
    channel = fields.String()
    lead_source = fields.Integer()
    lead_source_name = fields.String()
    reason = fields.String()


class PreviewAttributionBody(AttributionBody):
    """The attribution, and the visits that do not count."""

    others = fields.List(fields.Nested(OtherTouchBody))


class PreviewRequest(ApiRequest):
    """A visitor's submission. submitted_at: Unix seconds; absent: remembered visits do not expire."""

    fields_ = fields.Dict(keys=fields.String(), load_default=dict, attribute="fields", data_key="fields")
    page_url = fields.String(load_default="", allow_none=True)
    landing_url = fields.String(load_default="", allow_none=True)
    referrer = fields.String(load_default="", allow_none=True)
    submitted_at = fields.Float(load_default=None, allow_none=True, metadata={"description": "Unix seconds"})


class FieldOriginBody(ApiResponse):
    """The reason for a value that is computed from answers, or for its absence."""

    field = fields.String(metadata={"description": "Value, DueDate, or the name of an additional or custom field"})
    reason = fields.String()


class PreviewBody(ApiResponse):
    """The result of a submission. problems: errors that the visitor would see, or that would park the lead."""

    contact = fields.Nested(ContactBody)
    attribution = fields.Nested(PreviewAttributionBody)
    coworker = fields.Dict(metadata={"description": "the body for a contact that does not exist yet"})
    opportunity = fields.Dict(metadata={"description": "the exact CrmOpportunity body"})
    redirect = fields.String(
        allow_none=True, metadata={"description": "where the visitor goes next; null: the built-in thank-you page"}
    )
    origins = fields.List(fields.Nested(FieldOriginBody))
    problems = fields.List(fields.String())
