"""The domain: frozen values that every room uses. No input or output.

A Submission is an enquiry as it arrived; its Evidence shows how the person came, and Attribution is the conclusion from
that. A Lead is a stored Submission with its Attribution; a Receipt goes back to the sender.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple, NewType

LeadId = NewType("LeadId", str)
CoworkerId = NewType("CoworkerId", int)
OpportunityId = NewType("OpportunityId", int)

Answers = Mapping[str, str | Sequence[str]]
"""Field name -> text; a list where the field was repeated."""

CANONICAL_FIELDS = (
    "email",
    "full_name",
    "first_name",
    "last_name",
    "phone",
    "company",
    "message",
    "team_size",
    "location",
    "move_in_date",
    "budget",
    "consent",
)
"""Answers with a meaning to this service; all others are kept as extras under their own names."""


CAPTCHA_REMARK = "captcha check"
"""The extra with a captcha provider's remark on a lead."""

SAME_ID_REMARK = "same id, another person"
"""The extra that names another lead with the same id."""

FURTHER_IDS_REMARK = "also sent as"
"""The extra with further ids under which the sender repeated this enquiry."""

OPERATOR_REMARKS = frozenset((CAPTCHA_REMARK, SAME_ID_REMARK, FURTHER_IDS_REMARK))
"""Extras that the service writes for operators: not the person's answers, and not sent to the CRM."""


REFUSALS = frozenset(
    {"no", "n", "false", "0", "off", "nein", "non", "nee", "não", "nao", "denied", "declined", "refused"}
)
"""Answers that refuse consent."""

CONSENT = "consent"
"""Name of the answer; boxes of platforms are extras named `consent: ...`."""


def new_lead_id(now: datetime) -> LeadId:
    """Return a new id of 32 hex digits that sorts by time of arrival (UUIDv7, RFC 9562 section 5.7)."""
    milliseconds = int(now.timestamp() * 1000)
    noise = secrets.randbits(74)
    value = (milliseconds & (1 << 48) - 1) << 80 | 7 << 76 | (noise >> 62) << 64 | 2 << 62 | noise & (1 << 62) - 1
    return LeadId(f"{value:032x}")


def first_lead_id(instant: datetime) -> LeadId:
    """Return the smallest id that a lead of this millisecond can have; later leads have larger ones."""
    milliseconds = max(0, int(instant.timestamp() * 1000))
    return LeadId(f"{milliseconds & (1 << 48) - 1:012x}{'0' * 20}")


def arrival_of(lead_id: str) -> datetime:
    """Return when the lead with an id arrived, to the millisecond."""
    return datetime.fromtimestamp(int(lead_id[:12], 16) / 1000, UTC)


class Status(StrEnum):
    """The state of a Lead."""

    ANNOUNCED = "announced"  # a platform announced it; being fetched
    PENDING = "pending"  # queued for the CRM, also during a pause
    DELIVERED = "delivered"  # the opportunity exists
    PARKED = "parked"  # an operator must act; `problem` says why and how
    QUARANTINED = "quarantined"  # suspected spam, never sent until released
    TEST = "test"  # a sender's test: shown, never sent
    DISCARDED = "discarded"  # an operator decided that it is not a lead
    ERASED = "erased"  # the person's data was erased


class Reason(StrEnum):
    """Why a Lead is quarantined as spam."""

    HONEYPOT = "honeypot"  # a field was filled in that people cannot see
    BLOCKED = "blocked"  # on the operator's block list
    TOO_FAST = "too_fast"  # sent faster than a person can fill it in
    FOREIGN_ORIGIN = "foreign_origin"  # the page of another site sent it
    LINKS = "links"  # more links than enquiries have, or in the wrong fields
    REPEATED = "repeated"  # several people sent the same text
    CAPTCHA = "captcha"  # the captcha found or suspects a robot

    @property
    def prefix(self) -> str:
        """Start of the problem of every Lead quarantined for this reason."""
        return f"Held as spam ({self.value}): "


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One reason to quarantine a Lead. sentence: what was observed and what to do."""

    reason: Reason
    sentence: str

    def __str__(self) -> str:
        """Return the Lead's problem."""
        return self.reason.prefix + self.sentence


class Step(StrEnum):
    """The calls made for a Lead, in order."""

    FETCH = "fetch_lead"  # from the platform that only announced it
    FIND_COWORKER = "find_coworker"
    CREATE_COWORKER = "create_coworker"
    FIND_OPPORTUNITY = "find_opportunity"  # only after a create with an unknown outcome
    CREATE_OPPORTUNITY = "create_opportunity"


class Outcome(StrEnum):
    """How one Attempt ended, named by what to do next."""

    OPEN = "open"  # in progress, or cut off by a crash: then it counts as UNKNOWN
    DONE = "done"  # the step is complete
    MISSING = "missing"  # a search without a match
    THROTTLED = "throttled"  # wait; uses no retry
    UNAVAILABLE = "unavailable"  # nothing was sent, or a read failed: try again
    UNKNOWN = "unknown"  # a write that may have been saved: search before repeating
    INTERCEPTED = "intercepted"  # a web page instead of the CRM's response: try again, after a create search first
    REJECTED = "rejected"  # the data is invalid: park
    REFUSED = "refused"  # credentials, role or quota: stop this kind of call


@dataclass(frozen=True, slots=True)
class StoredTouch:
    """One visit as the page's script remembered it (attribution.md section 0, `cookies`)."""

    url: str = ""
    referrer: str = ""
    at: float | None = None  # unix seconds by the visitor's clock


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything known about how the person came; strings are "" when absent."""

    fields: Answers = field(default_factory=dict)  # every answer under its canonical or own name
    landing_url: str = ""  # first page of this visit
    page_url: str = ""  # page with the form
    referrer: str = ""  # of the landing page, from the page's script, else the Referer header
    first: StoredTouch | None = None
    last: StoredTouch | None = None
    submitted_at: float | None = None  # unix seconds; None: stored touches do not expire


@dataclass(frozen=True, slots=True)
class Attribution:
    """The conclusion on the person's origin, as the opportunity will show it.

    UTM values are "" if unknown. `rule` names the rules that decided, `reason` explains them in a marketer's words.
    `codes` are log-safe remarks on repaired values (macro, pii, ...). `origin` is "source / medium" of a visit that has
    neither utm_source nor utm_medium, as in Google Analytics; `landing_page` the path of the visit's first page.
    """

    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_content: str = ""
    utm_term: str = ""
    channel: str = "Direct"
    lead_source: int = 1
    rule: str = ""
    reason: str = ""
    click_ids: Mapping[str, str] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    origin: str = ""
    landing_page: str = ""


class OtherTouch(NamedTuple):
    """The attribution by the touch that a form does not use, if it differs. touch: "first" or "last"."""

    touch: str
    attribution: Attribution


@dataclass(frozen=True, slots=True)
class Contact:
    """The person's details, "" if unknown. `phone` is E.164 if valid, else as typed.

    extension: digits to dial after an E.164 number.
    """

    email: str = ""
    full_name: str = ""
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    company: str = ""
    extension: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """One enquiry as it arrived for a form, read but not judged.

    fields: canonical name -> answer. extras: submitted name -> answer, for all other
    answers (nested names joined with dots). names: canonical name -> submitted name, where they
    differ. raw: the bytes of an unreadable body.
    """

    form: str
    sender: str  # "browser", or the name of a webhook sender
    contact: Contact
    evidence: Evidence
    fields: Answers = field(default_factory=dict)
    extras: Answers = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    external_id: str = ""  # the sender's own id of this submission
    id_of: str = ""  # owner of that id, where an automation relays a platform's leads
    earlier_id: str = ""  # the sender's id of the enquiry that this one replaces: a booking that was moved
    idempotency_key: str = ""  # lc_key or Idempotency-Key: one view of a form
    delivery_id: str = ""  # the sender's id of this call (webhook-id), shared by its retries
    is_proven: bool = False  # a signature, key or token of the sender was checked
    form_name: str = ""  # the sender's name of the form
    ip: str = ""  # only if the operator keeps it
    raw: bytes = b""
    problem: str = ""  # why an operator must act, and how; "" when it can be delivered
    is_test: bool = False  # the sender's own test: shown, never sent


@dataclass(frozen=True, slots=True)
class Correction:
    """Answers changed later, with their old values ("" for none) and new ones.

    by: "operator", or "sender" if the enquiry was sent again with other answers. is_applied: False if the change came
    too late to be sent, or from a suspicious call: then it is shown, and the lead keeps its answers.
    """

    at: datetime
    was: Answers
    became: Answers
    by: str = "operator"
    is_applied: bool = True


@dataclass(frozen=True, slots=True)
class Lead:
    """One stored enquiry."""

    id: LeadId
    account: str  # the Nexudus account for which it is queued
    status: Status
    received_at: datetime
    submission: Submission
    attribution: Attribution
    problem: str = ""  # why an operator must act, and how
    delivered_at: datetime | None = None
    coworker_id: CoworkerId | None = None
    opportunity_id: OpportunityId | None = None
    next_attempt_at: datetime | None = None
    repeats: int = 0  # times that it was sent again
    corrections: tuple[Correction, ...] = ()  # oldest first; the Submission has the new values of applied ones
    notify_pending: bool = False  # set when it is stored: recipients must be notified; not read back
    other_touch: OtherTouch | None = None  # set when it is stored or attributed again; not read back
    setup_version: int | None = None  # of the set-up that applies to it, in the database; None: a forms file's


@dataclass(frozen=True, slots=True)
class Receipt:
    """The sender's acknowledgement; a repeat gets the first lead's id."""

    lead_id: LeadId
    repeat: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call to the CRM or a platform for one Lead; stored before the call, settled after it."""

    step: Step
    started_at: datetime
    outcome: Outcome = Outcome.OPEN
    duration_ms: int | None = None
    http_status: int | None = None
    detail: str = ""  # the CRM's own words, capped
    trigger: str = "schedule"  # or "operator": requested by hand


@dataclass(frozen=True, slots=True)
class Doubt:
    """A create with an unknown outcome: it may have been saved, so search before repeating it."""

    step: Step  # CREATE_COWORKER or CREATE_OPPORTUNITY
    since: datetime  # when the call began
    verify_count: int = 0  # searches for it since then


class TraceContext(NamedTuple):
    """Joins the log lines and spans of one lead's journey; "" for absent parts.

    request_id: of the request that brought it. traceparent: the span that later ones belong to (W3C Trace Context).
    """

    request_id: str = ""
    traceparent: str = ""


NO_TRACE = TraceContext()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One Lead queued for the CRM, as a worker claimed it."""

    lead: Lead
    claimed_by: str
    tries: int = 0  # used places of the retry schedule
    trigger: str = "schedule"  # or "operator"
    coworker_id: CoworkerId | None = None  # the result of the first step
    doubt: Doubt | None = None
    blocked_by: str = ""  # the paused call that this delivery probes
    probes_until: datetime | None = None  # claimed ahead of its time to probe whether an outage is over
    trace: TraceContext = NO_TRACE


def marker_of(lead_id: LeadId) -> str:
    """Return the text that identifies a lead's opportunity; it is searched for before a create is repeated."""
    return f"lead-capture:{lead_id}"


def marked_in(text: str) -> LeadId | None:
    """Return the lead of the last marker in a text, as the marker ends our notes. None without a marker."""
    ids = re.findall(r"lead-capture:([0-9a-f]{32})(?![0-9a-f])", text)
    return LeadId(ids[-1]) if ids else None
