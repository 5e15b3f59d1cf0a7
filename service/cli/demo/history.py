"""The invented history: one lead after another, oldest first; the same seed makes the same history."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from service.cli.demo.outcomes import DemoOutcome, outcome_of
from service.cli.demo.people import DemoPerson, DemoVisit, all_visits, next_person
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

_FORMS = (("tour", 50), ("contact", 28), ("meeting-room", 12), ("day-pass", 10))
_LOCATIONS = (("London", 46), ("Manchester", 22), ("Berlin", 18), ("Amsterdam", 14))

_REPEATED_SHARE = 0.01


def histories(account: str, count: int, days: int, until: datetime, seed: int) -> Iterator[LeadHistory]:
    """`count` leads within so many days before `until`."""
    random = Random(seed)  # noqa: S311 (nothing here is secret)
    visits, weights = all_visits()
    for number, received_at in enumerate(arrival_times(count, days, until, random)):
        (visit,) = random.choices(visits, cum_weights=weights)
        outcome = outcome_of(received_at, until, is_site=visit.sender == "browser", random=random)
        lead = _lead(account, number, received_at, visit, outcome, random)
        yield LeadHistory(lead, outcome.attempts, _body(lead) if lead.status is Status.DELIVERED else None)


def _body(lead: Lead) -> dict[str, Any]:
    """The opportunity that Nexudus would have received."""
    form = Form(lead.submission.form, title=lead.submission.form.replace("-", " ").capitalize())
    target = translate.Target(stage_id=1001, business_id=55, country_id=1, time_zone_id=2)
    return compose(translate.opportunity(lead, form, target, lead.coworker_id or CoworkerId(0)))


def _lead(
    account: str, number: int, received_at: datetime, visit: DemoVisit, outcome: DemoOutcome, random: Random
) -> Lead:
    is_delivered = outcome.status is Status.DELIVERED
    form = _draw(_FORMS, random)
    submission = _submission(next_person(number, random), form, number, visit, random)
    attribution = visit.attribution
    if outcome.status is Status.ERASED:
        submission = Submission(form, visit.sender, Contact(), Evidence())
        attribution = Attribution(*(getattr(attribution, name) for name in _KEPT_AFTER_ERASURE))
    elif not outcome.has_contact:
        fields = {name: answer for name, answer in submission.fields.items() if name != "email"}
        contact = replace(submission.contact, email="")
        submission = replace(submission, contact=contact, fields=fields, form_name="")
    return Lead(
        id=_lead_id(received_at, random),
        account=account,
        status=outcome.status,
        received_at=received_at,
        submission=submission,
        attribution=attribution,
        problem=outcome.problem,
        delivered_at=outcome.delivered_at,
        coworker_id=CoworkerId(500_000 + number) if is_delivered else None,
        opportunity_id=OpportunityId(900_000 + number) if is_delivered else None,
        repeats=int(random.random() < _REPEATED_SHARE),
    )


_KEPT_AFTER_ERASURE = (
    *("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"),
    *("channel", "lead_source", "rule", "reason"),
)
"""The values of an attribution that remain when the person is erased."""


def _submission(person: DemoPerson, form: str, number: int, visit: DemoVisit, random: Random) -> Submission:
    contact = person.contact
    answers = {
        "email": contact.email,
        "full_name": contact.full_name,
        "phone": contact.phone,
        "company": contact.company,
        "message": person.message,
        "team_size": person.team_size,
        "location": _draw(_LOCATIONS, random),
    }
    fields = {name: answers[name] for name in CANONICAL_FIELDS if answers.get(name)}
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


def _draw(shares: tuple[tuple[str, int], ...], random: Random) -> str:
    return random.choices([name for name, _ in shares], weights=[share for _, share in shares])[0]


def _lead_id(received_at: datetime, random: Random) -> LeadId:
    """Like new_lead_id, but the same for the same seed."""
    noise = random.getrandbits(74)
    return LeadId(f"{first_lead_id(received_at)[:12]}7{noise >> 62:03x}{2 << 62 | noise & (1 << 62) - 1:016x}")


# -- when people write: mostly on weekdays, more from month to month, more during a campaign

_BY_HOUR = (2, 1, 1, 1, 1, 2, 5, 12, 28, 42, 48, 45, 38, 36, 42, 44, 38, 30, 24, 20, 17, 13, 8, 4)
_BY_WEEKDAY = (1.15, 1.25, 1.2, 1.1, 0.85, 0.35, 0.4)
_GROWTH = 0.6
"""How much more arrives at the end than at the beginning."""

_CAMPAIGNS = ((0.25, 0.05, 1.5), (0.6, 0.04, 1.8), (0.88, 0.05, 1.6))
"""Start and length of each campaign, as parts of the history, and the factor by which it raises the number of leads."""

_DRAWN_TOGETHER = 100_000


def arrival_times(count: int, days: int, until: datetime, random: Random) -> Iterator[datetime]:
    """`count` instants within so many days before `until`, the earliest first."""
    began = until - timedelta(days=days)
    weights = list(accumulate(_weight(began + timedelta(hours=hour), hour / (days * 24)) for hour in range(days * 24)))
    numbers: Counter[int] = Counter()
    for start in range(0, count, _DRAWN_TOGETHER):
        numbers.update(random.choices(range(days * 24), cum_weights=weights, k=min(_DRAWN_TOGETHER, count - start)))
    for hour in sorted(numbers):
        for second in sorted(random.uniform(0, 3599) for _ in range(numbers[hour])):
            yield began + timedelta(hours=hour, milliseconds=int(second * 1000))


def _weight(at: datetime, part: float) -> float:
    """The relative number of leads in an hour. part: how much of the history is over by then."""
    campaign = next((factor for start, length, factor in _CAMPAIGNS if start <= part < start + length), 1.0)
    return _BY_HOUR[at.hour] * _BY_WEEKDAY[at.weekday()] * (1 + _GROWTH * part) * campaign
