"""The hall: the words that every room speaks. Frozen values, no input or output.

A Submission is what arrived; its Evidence says how the person came; the Attribution is the
verdict on that; a Lead is Submission + Attribution, kept; a Receipt is what the sender gets.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

LeadId = NewType("LeadId", str)
CoworkerId = NewType("CoworkerId", int)
OpportunityId = NewType("OpportunityId", int)

Answers = Mapping[str, str | Sequence[str]]
"""Field name -> what was typed; a list where the field was repeated."""

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
"""The answers this house understands; anything else is kept as an extra under its own name."""


CAPTCHA_REMARK = "captcha check"
"""The extra that says what a captcha's provider told of a lead."""

SAME_ID_REMARK = "same id, another person"
"""The extra that names another lead that came under the same id."""

FURTHER_IDS_REMARK = "also sent as"
"""The extra with the other ids under which the sender sent this enquiry again."""

OPERATOR_REMARKS = frozenset((CAPTCHA_REMARK, SAME_ID_REMARK, FURTHER_IDS_REMARK))
"""Extras written by the service for operators: no part of what the person said, and not sent to the CRM."""


def new_lead_id(now: datetime) -> LeadId:
    """A new id of 32 hex digits that sorts by time of arrival (UUIDv7, RFC 9562 section 5.7)."""
    milliseconds = int(now.timestamp() * 1000)
    noise = secrets.randbits(74)
    value = (milliseconds & (1 << 48) - 1) << 80 | 7 << 76 | (noise >> 62) << 64 | 2 << 62 | noise & (1 << 62) - 1
    return LeadId(f"{value:032x}")


def first_lead_id(instant: datetime) -> LeadId:
    """The smallest id that a lead of this millisecond can have: what arrived since then has a larger one."""
    milliseconds = max(0, int(instant.timestamp() * 1000))
    return LeadId(f"{milliseconds & (1 << 48) - 1:012x}{'0' * 20}")


class Status(StrEnum):
    """Where a Lead stands."""

    ANNOUNCED = "announced"  # a platform has a lead for us; being fetched
    PENDING = "pending"  # owed to the CRM, also while held for a quota or a pause
    DELIVERED = "delivered"  # the opportunity exists
    PARKED = "parked"  # a person must look; `problem` says why and what to do
    QUARANTINED = "quarantined"  # suspected spam, never sent until released
    TEST = "test"  # a platform's test lead: shown, never sent
    DISCARDED = "discarded"  # an operator decided it is no lead
    ERASED = "erased"  # the person was forgotten


class Reason(StrEnum):
    """Why a Lead is held as spam."""

    HONEYPOT = "honeypot"  # a field was filled in that people do not see
    BLOCKED = "blocked"  # the operator's block list names it
    TOO_FAST = "too_fast"  # sent sooner than a person can fill it in
    FOREIGN_ORIGIN = "foreign_origin"  # the page of another site sent it
    LINKS = "links"  # more links than enquiries have, or in places where none belong
    REPEATED = "repeated"  # several people sent the same text
    CAPTCHA = "captcha"  # the captcha says or suggests that it was a robot

    @property
    def prefix(self) -> str:
        """How the problem of every Lead begins that is held for this."""
        return f"Held as spam ({self.value}): "


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One reason to hold a Lead. sentence: what was seen and what to do."""

    reason: Reason
    sentence: str

    def __str__(self) -> str:
        """As the Lead's problem."""
        return self.reason.prefix + self.sentence


class Step(StrEnum):
    """The calls that are made for a Lead, in order."""

    FETCH = "fetch_lead"  # from the platform that only announced it
    FIND_COWORKER = "find_coworker"
    CREATE_COWORKER = "create_coworker"
    FIND_OPPORTUNITY = "find_opportunity"  # only after a create whose outcome is unknown
    CREATE_OPPORTUNITY = "create_opportunity"


class Outcome(StrEnum):
    """How one Attempt ended, named by what to do next."""

    OPEN = "open"  # under way, or cut off by a crash: then it counts as UNKNOWN
    DONE = "done"  # the step is finished
    MISSING = "missing"  # a search that answered: nothing there
    THROTTLED = "throttled"  # wait; spends no retry
    UNAVAILABLE = "unavailable"  # nothing was sent, or a read failed: try again
    UNKNOWN = "unknown"  # a write that may have been saved: look before repeating
    INTERCEPTED = "intercepted"  # a web page came, no word of the CRM: try again, after a create look before repeating
    REJECTED = "rejected"  # the data is wrong: park
    REFUSED = "refused"  # credentials, role or quota: stop this kind of call


@dataclass(frozen=True, slots=True)
class StoredTouch:
    """One remembered visit, as the page's script kept it (attribution.md section 0, `cookies`)."""

    url: str = ""
    referrer: str = ""
    at: float | None = None  # unix seconds by the visitor's clock


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of how the person came; strings are "" when absent."""

    fields: Answers = field(default_factory=dict)  # every answer under its canonical or own name
    landing_url: str = ""  # first page of this visit
    page_url: str = ""  # page with the form
    referrer: str = ""  # of the landing page as told by the page, else the Referer header
    first: StoredTouch | None = None
    last: StoredTouch | None = None
    submitted_at: float | None = None  # unix seconds; None: stored touches do not expire


@dataclass(frozen=True, slots=True)
class Attribution:
    """The verdict: what the opportunity will say about where the person came from.

    Utm values are "" when unknown. `rule` names the rule that decided, `reason` says it in a
    marketer's words. `codes` are log-safe remarks on repaired values (macro, pii, ...).
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


@dataclass(frozen=True, slots=True)
class Contact:
    """The person's details. `phone` is E.164 where it is valid, else as typed; "" unknown.

    extension: digits behind an E.164 number, which is then a switchboard's.
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
    """What arrived for one form, read but not judged.

    fields: canonical name -> answer. extras: submitted name -> answer, for all that is not
    canonical (nested names joined with dots). names: what an answer means -> the name that it was
    submitted by, where that is another. raw: the body's bytes where it could not be read.
    """

    form: str
    sender: str  # "browser", or the name of a webhook sender
    contact: Contact
    evidence: Evidence
    fields: Answers = field(default_factory=dict)
    extras: Answers = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    external_id: str = ""  # the sender's own id of this submission
    id_of: str = ""  # whose id that is, where an automation relays the leads of a platform
    earlier_id: str = ""  # the sender's id of the one that this takes the place of: a booking that was moved
    idempotency_key: str = ""  # lc_key or Idempotency-Key: one view of a form
    delivery_id: str = ""  # the sender's id of this call (webhook-id): the same on each of its tries
    is_proven: bool = False  # a signature, key or token of the sender was checked
    form_name: str = ""  # the sender's name of the form
    ip: str = ""  # only where the operator keeps it
    raw: bytes = b""
    problem: str = ""  # why a person must look at it, and what to do; "" when it can be delivered
    is_test: bool = False  # the sender's own test: shown, never sent


@dataclass(frozen=True, slots=True)
class Correction:
    """Answers that were changed later: what they were ("" where there was none) and what they became.

    by: "operator", or "sender" where the same enquiry came again with other words. is_applied: False where the
    change came too late to be sent, or from a suspect call: then it is shown, and the lead keeps its answers.
    """

    at: datetime
    was: Answers
    became: Answers
    by: str = "operator"
    is_applied: bool = True


@dataclass(frozen=True, slots=True)
class Lead:
    """One kept enquiry."""

    id: LeadId
    account: str  # the Nexudus account that it is owed to
    status: Status
    received_at: datetime
    submission: Submission
    attribution: Attribution
    problem: str = ""  # why a person must look, and what to do
    delivered_at: datetime | None = None
    coworker_id: CoworkerId | None = None
    opportunity_id: OpportunityId | None = None
    next_attempt_at: datetime | None = None
    repeats: int = 0  # how often the same was sent again
    corrections: tuple[Correction, ...] = ()  # oldest first; the Submission holds what applied ones became
    notify_pending: bool = False  # when it is stored: recipients are to be notified of it; not read back


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender gets back; a repeat gets the first one's id."""

    lead_id: LeadId
    repeat: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call to the CRM, or to a platform, for one Lead; written before the call, settled after it."""

    step: Step
    started_at: datetime
    outcome: Outcome = Outcome.OPEN
    duration_ms: int | None = None
    http_status: int | None = None
    detail: str = ""  # the CRM's own words, capped
    trigger: str = "schedule"  # or "operator": somebody asked for this try


@dataclass(frozen=True, slots=True)
class Doubt:
    """A create whose outcome is unknown: it may have been saved, so look before repeating it."""

    step: Step  # CREATE_COWORKER or CREATE_OPPORTUNITY
    since: datetime  # when the call began
    verify_count: int = 0  # searches for it since then


@dataclass(frozen=True, slots=True)
class Delivery:
    """The debt of one Lead to the CRM, as a worker claimed it."""

    lead: Lead
    claimed_by: str
    tries: int = 0  # places spent in the retry schedule
    trigger: str = "schedule"  # or "operator"
    coworker_id: CoworkerId | None = None  # the first step's finished work
    doubt: Doubt | None = None
    blocked_by: str = ""  # the paused call that this delivery probes
    probes_until: datetime | None = None  # called ahead of this time, to find out whether an outage is over


def marker_of(lead_id: LeadId) -> str:
    """What we write into an opportunity and search for before repeating a create."""
    return f"lead-capture:{lead_id}"


def marked_in(text: str) -> LeadId | None:
    """The lead whose marker stands in a text, the last one where there are several: it ends our notes."""
    found = re.findall(r"lead-capture:([0-9a-f]{32})(?![0-9a-f])", text)
    return LeadId(found[-1]) if found else None
