"""The history itself: one lead after another, oldest first; the same seed tells the same story."""

from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Any

from service.cli.demo.cast import Person, somebody
from service.cli.demo.fates import Fate, fate_of
from service.cli.demo.hours import arrivals
from service.cli.demo.visits import Visit, all_visits
from service.delivery import translate
from service.forms import Form
from service.lead import (
    CANONICAL_FIELDS,
    Attribution,
    Contact,
    CoworkerId,
    Evidence,
    Lead,
    LeadId,
    OpportunityId,
    Status,
    Submission,
    first_lead_id,
)
from service.nexudus.opportunities import compose
from service.store import LeadHistory

ACCOUNT = "demo"
"""Whose leads these are. The forms file must have no account of this name."""

_FORMS = (("tour", 50), ("contact", 28), ("meeting-room", 12), ("day-pass", 10))
_PLACES = (("London", 46), ("Manchester", 22), ("Berlin", 18), ("Amsterdam", 14))

_SENT_TWICE = 0.01


def tell(count: int, days: int, until: datetime, seed: int) -> Iterator[LeadHistory]:
    """So many leads within so many days before `until`."""
    random = Random(seed)  # noqa: S311 (a story, no secret)
    visits = all_visits()
    for number, received_at in enumerate(arrivals(count, days, until, random)):
        visit = visits.pick(random)
        fate = fate_of(received_at, until, is_site=visit.sender == "browser", random=random)
        lead = _lead(number, received_at, visit, fate, random)
        yield LeadHistory(lead, fate.attempts, _body(lead) if lead.status is Status.DELIVERED else None)


def _body(lead: Lead) -> dict[str, Any]:
    """What Nexudus would have got for it."""
    form = Form(lead.submission.form, title=lead.submission.form.replace("-", " ").capitalize())
    target = translate.Target(stage_id=1001, business_id=55, country_id=1, time_zone_id=2)
    return compose(translate.opportunity(lead, form, target, lead.coworker_id or CoworkerId(0)))


def _lead(number: int, received_at: datetime, visit: Visit, fate: Fate, random: Random) -> Lead:
    is_delivered = fate.status is Status.DELIVERED
    form = _draw(_FORMS, random)
    submission = _submission(somebody(number, random), form, number, visit, random)
    if fate.status is Status.ERASED:
        submission = Submission(form, visit.sender, Contact(), Evidence())
    elif not fate.has_contact:
        submission = _without_address(submission)
    return Lead(
        id=_lead_id(received_at, random),
        account=ACCOUNT,
        status=fate.status,
        received_at=received_at,
        submission=submission,
        attribution=_credit(visit, fate),
        problem=fate.problem,
        delivered_at=fate.delivered_at,
        coworker_id=CoworkerId(500_000 + number) if is_delivered else None,
        opportunity_id=OpportunityId(900_000 + number) if is_delivered else None,
        repeats=int(random.random() < _SENT_TWICE),
    )


def _submission(person: Person, form: str, number: int, visit: Visit, random: Random) -> Submission:
    contact = person.contact
    said = {
        "email": contact.email,
        "full_name": contact.full_name,
        "phone": contact.phone,
        "company": contact.company,
        "message": person.message,
        "team_size": person.team_size,
        "location": _draw(_PLACES, random),
    }
    fields = {name: said[name] for name in CANONICAL_FIELDS if said.get(name)}
    evidence = visit.evidence
    return Submission(
        form,
        visit.sender,
        contact,
        Evidence({**fields, **evidence.fields}, evidence.landing_url, evidence.page_url, evidence.referrer),
        fields,
        external_id="" if visit.sender == "browser" else f"demo-{number}",
        form_name=visit.form_name,
    )


def _without_address(submission: Submission) -> Submission:
    contact = submission.contact
    fields = {name: answer for name, answer in submission.fields.items() if name != "email"}
    nobody = Contact("", contact.full_name, contact.first_name, contact.last_name, contact.phone, contact.company)
    return Submission(
        submission.form, submission.sender, nobody, submission.evidence, fields, external_id=submission.external_id
    )


def _credit(visit: Visit, fate: Fate) -> Attribution:
    verdict = visit.verdict
    if fate.status is not Status.ERASED:
        return verdict
    return Attribution(*(getattr(verdict, name) for name in _FIGURES))


_FIGURES = (
    *(
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "utm_content",
        "utm_term",
        "channel",
        "lead_source",
        "rule",
        "reason",
    ),
)
"""What is kept of the verdict of a lead whose person was forgotten."""


def _draw(shares: tuple[tuple[str, int], ...], random: Random) -> str:
    return random.choices([name for name, _ in shares], weights=[share for _, share in shares])[0]


def _lead_id(received_at: datetime, random: Random) -> LeadId:
    """As new_lead_id makes them, but the same for the same seed."""
    noise = random.getrandbits(74)
    return LeadId(f"{first_lead_id(received_at)[:12]}7{noise >> 62:03x}{2 << 62 | noise & (1 << 62) - 1:016x}")
