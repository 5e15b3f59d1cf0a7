"""The invented history: one lead after another, oldest first; the same seed makes the same history.

Most leads are delivered, and there are some of every other outcome.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from service.cli.demo.people import DemoPerson, DemoVisit, all_visits, next_person
from service.cli.demo.sales import clock_of, sale_of, turn_of
from service.delivery import translate
from service.forms import Form
from service.lead import (
    CANONICAL_FIELDS,
    Attempt,
    Attribution,
    Contact,
    CoworkerId,
    Evidence,
    Lead,
    LeadId,
    OpportunityId,
    OtherTouch,
    Outcome,
    Reason,
    Status,
    Step,
    Submission,
    first_lead_id,
)
from service.nexudus.opportunities import compose
from service.store import LeadHistory

# -- the outcome of each lead


_MAX_WAITING_AGE = timedelta(hours=3)
"""Only newer leads may still be waiting."""

_MIN_ERASED_AGE = timedelta(days=30)
"""Only older leads may be erased; older spam has been discarded."""

_CORRECT = "Correct the lead or the form's settings, then send it again."
_PARKED = (
    "It arrived without a usable email: correct it, then send it again.",
    f"Nexudus refused it (field Email): Email: Must be a valid email address. {_CORRECT}",
    f"Nexudus refused it (field CrmBoardColumnId): CrmBoardColumnId: Not found. {_CORRECT}",
    "Given up after 16 tries: Nexudus answered 500. Send it again once Nexudus is available.",
)
_RELEASE = "release it if it is real"
_SUSPICIONS = (
    f"{Reason.HONEYPOT.prefix}The hidden field '_gotcha' was filled in, which people do not see: {_RELEASE}.",
    f"{Reason.LINKS.prefix}The message holds 5 links, more than `max_links` allows: {_RELEASE}.",
    f"{Reason.TOO_FAST.prefix}It was filled in within 0.4 seconds: {_RELEASE}.",
    f"{Reason.REPEATED.prefix}7 people sent the same text within a day: {_RELEASE}.",
)
_WAITS = "Nexudus asks to slow down: it is retried automatically."


@dataclass(frozen=True, slots=True)
class DemoOutcome:
    """The outcome of a lead. problem: as operators read it. has_contact: False if the e-mail address is missing."""

    status: Status
    problem: str = ""
    delivered_at: datetime | None = None
    attempts: Sequence[Attempt] = ()
    has_contact: bool = True


def outcome_of(received_at: datetime, until: datetime, *, is_site: bool, random: Random) -> DemoOutcome:
    """Draw the outcome of one lead. is_site: it came from a web page, as most spam does."""
    age = until - received_at
    odds = _OF_SITES if is_site else _OF_PLATFORMS
    (ending,) = random.choices([name for name, _ in odds], weights=[share for _, share in odds])
    unsent = _unsent(ending, age, random)
    if unsent is not None:
        return unsent
    if ending == "parked" and age < _MIN_ERASED_AGE:
        return _parked(received_at, random)
    if ending == "waiting" and age < _MAX_WAITING_AGE:
        return _waiting(received_at, random)
    return _delivered(received_at, random)


_OF_SITES = (("fine", 520), ("waiting", 400), ("spam", 50), ("discarded", 8), ("erased", 6), ("parked", 10))
_OF_PLATFORMS = (("fine", 570), ("waiting", 400), ("test", 4), ("discarded", 4), ("erased", 6), ("parked", 14))
"""Outcome and weight; an outcome that does not fit a lead's age becomes a delivery."""


def _unsent(ending: str, age: timedelta, random: Random) -> DemoOutcome | None:
    """Return an outcome without a call to Nexudus, if this is one."""
    if ending == "spam":
        return DemoOutcome(
            Status.QUARANTINED if age < _MIN_ERASED_AGE else Status.DISCARDED, random.choice(_SUSPICIONS)
        )
    if ending == "test":
        return DemoOutcome(Status.TEST, "A test from the sender: it is shown here and never sent to the CRM.")
    if ending == "erased" and age > _MIN_ERASED_AGE:
        return DemoOutcome(Status.ERASED)
    return DemoOutcome(Status.DISCARDED) if ending == "discarded" else None


def _waiting(received_at: datetime, random: Random) -> DemoOutcome:
    return DemoOutcome(Status.PENDING, _WAITS, attempts=[*_calls(received_at, random, (_THROTTLED,))])


def _delivered(received_at: datetime, random: Random) -> DemoOutcome:
    calls = [*_calls(received_at, random, _path(random))]
    last = calls[-1]
    ended_at = last.started_at + timedelta(milliseconds=last.duration_ms or 0)
    return DemoOutcome(Status.DELIVERED, delivered_at=ended_at, attempts=calls)


def _parked(received_at: datetime, random: Random) -> DemoOutcome:
    problem = random.choice(_PARKED)
    if problem.startswith("It arrived"):
        return DemoOutcome(Status.PARKED, problem, has_contact=False)
    path = (_NOBODY, _REJECTED) if "field Email" in problem else (_SOMEBODY, _REJECTED_STAGE)
    if problem.startswith("Given up"):
        path = (_BROKEN, _BROKEN)
    return DemoOutcome(Status.PARKED, problem, attempts=[*_calls(received_at, random, path)])


_Call = tuple[Step, Outcome, int, str]
_THROTTLED: _Call = (Step.FIND_COWORKER, Outcome.THROTTLED, 429, "Too many requests. Wait 12 seconds.")
_BROKEN: _Call = (Step.FIND_COWORKER, Outcome.UNAVAILABLE, 500, "Internal server error")
_NOBODY: _Call = (Step.FIND_COWORKER, Outcome.MISSING, 200, "")
_SOMEBODY: _Call = (Step.FIND_COWORKER, Outcome.DONE, 200, "")
_NEW: _Call = (Step.CREATE_COWORKER, Outcome.DONE, 200, "")
_REJECTED: _Call = (Step.CREATE_COWORKER, Outcome.REJECTED, 400, "Email: Must be a valid email address.")
_REJECTED_STAGE: _Call = (Step.CREATE_OPPORTUNITY, Outcome.REJECTED, 400, "CrmBoardColumnId: Not found.")
_UNKNOWN: _Call = (Step.CREATE_OPPORTUNITY, Outcome.UNKNOWN, 500, "Internal server error")
_NOT_YET: _Call = (Step.FIND_OPPORTUNITY, Outcome.MISSING, 200, "")
_MADE: _Call = (Step.CREATE_OPPORTUNITY, Outcome.DONE, 200, "")

_PATHS: Sequence[tuple[float, Sequence[_Call]]] = (
    (78, (_NOBODY, _NEW, _MADE)),
    (16, (_SOMEBODY, _MADE)),
    (3, (_THROTTLED, _NOBODY, _NEW, _MADE)),
    (2, (_BROKEN, _NOBODY, _NEW, _MADE)),
    (1, (_NOBODY, _NEW, _UNKNOWN, _NOT_YET, _NOT_YET, _MADE)),
)
_WAIT_S = {Outcome.THROTTLED: 12.0, Outcome.UNAVAILABLE: 30.0, Outcome.UNKNOWN: 60.0, Outcome.MISSING: 0.1}
"""Seconds until the next call, by the outcome of the last one."""


def _path(random: Random) -> Sequence[_Call]:
    return random.choices([path for _, path in _PATHS], weights=[share for share, _ in _PATHS])[0]


def _calls(received_at: datetime, random: Random, path: Sequence[_Call]) -> Iterator[Attempt]:
    at = received_at + timedelta(seconds=random.uniform(0.02, 1.5))
    for step, outcome, status, response in path:
        took_ms = random.randint(90, 900)
        yield Attempt(step, at, outcome, took_ms, status, response)
        at += timedelta(milliseconds=took_ms, seconds=_WAIT_S.get(outcome, 0.05))


# -- one lead after another


_FORMS = (("tour", 50), ("contact", 28), ("meeting-room", 12), ("day-pass", 10))
_LOCATIONS = (("London", 46), ("Manchester", 22), ("Berlin", 18), ("Amsterdam", 14))

_REPEATED_SHARE = 0.01

_SEVERAL_VISITS_SHARE = 0.35
"""Share of the people from the site who had visited it before they wrote."""


def histories(account: str, count: int, days: int, until: datetime, seed: int) -> Iterator[LeadHistory]:
    """Yield `count` leads within that many days before `until`."""
    random = Random(seed)  # noqa: S311 (nothing here is secret)
    story = Random(f"{seed}-sales")  # noqa: S311 (of its own, so that what is drawn above stays the same)
    visits, weights = all_visits()
    for number, received_at in enumerate(arrival_times(count, days, until, random)):
        (visit,) = random.choices(visits, cum_weights=weights)
        outcome = outcome_of(received_at, until, is_site=visit.sender == "browser", random=random)
        lead = _lead(account, number, received_at, visit, outcome, random)
        if visit.sender == "browser" and story.random() < _SEVERAL_VISITS_SHARE:
            lead = replace(lead, other_touch=_first_of(visit, visits, weights, story))
        sold = sale_of(lead, until, story)
        body = _body(lead) if lead.status is Status.DELIVERED else None
        changes = sold.changes if sold else ()
        clock, turn = clock_of(number, lead, changes, until), turn_of(number, lead)
        yield LeadHistory(lead, outcome.attempts, body, sold.sale if sold else None, changes, clock, turn)


def _first_of(
    visit: DemoVisit, visits: Sequence[DemoVisit], weights: Sequence[float], random: Random
) -> OtherTouch | None:
    """Draw the first visit of a person who came again; None if it has the same attribution."""
    (first,) = random.choices(visits, cum_weights=weights)
    if first.sender != visit.sender or first.attribution == visit.attribution:
        return None
    return OtherTouch("first", first.attribution)


def _body(lead: Lead) -> dict[str, Any]:
    """Return the opportunity that Nexudus would have received."""
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
        attribution = Attribution(**{name: getattr(attribution, name) for name in _KEPT_AFTER_ERASURE})
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
    *("channel", "lead_source", "rule", "reason", "origin", "landing_page"),
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
    """Return a lead id like new_lead_id, but reproducible by the seed."""
    noise = random.getrandbits(74)
    return LeadId(f"{first_lead_id(received_at)[:12]}7{noise >> 62:03x}{2 << 62 | noise & (1 << 62) - 1:016x}")


# -- when people write: mostly on weekdays, more from month to month, more during a campaign

_BY_HOUR = (2, 1, 1, 1, 1, 2, 5, 12, 28, 42, 48, 45, 38, 36, 42, 44, 38, 30, 24, 20, 17, 13, 8, 4)
_BY_WEEKDAY = (1.15, 1.25, 1.2, 1.1, 0.85, 0.35, 0.4)
_GROWTH = 0.6
"""Share by which more arrives at the end than at the beginning."""

_CAMPAIGNS = ((0.25, 0.05, 1.5), (0.6, 0.04, 1.8), (0.88, 0.05, 1.6))
"""Start and length of each campaign, as shares of the history, and the factor by which it raises the number."""

_DRAWN_TOGETHER = 100_000


def arrival_times(count: int, days: int, until: datetime, random: Random) -> Iterator[datetime]:
    """Yield `count` instants within that many days before `until`, the earliest first."""
    began = until - timedelta(days=days)
    weights = list(accumulate(_weight(began + timedelta(hours=hour), hour / (days * 24)) for hour in range(days * 24)))
    numbers: Counter[int] = Counter()
    for start in range(0, count, _DRAWN_TOGETHER):
        numbers.update(random.choices(range(days * 24), cum_weights=weights, k=min(_DRAWN_TOGETHER, count - start)))
    for hour in sorted(numbers):
        for second in sorted(random.uniform(0, 3599) for _ in range(numbers[hour])):
            yield began + timedelta(hours=hour, milliseconds=int(second * 1000))


def _weight(at: datetime, part: float) -> float:
    """Return the relative number of leads in an hour. part: share of the history that is over by then."""
    campaign = next((factor for start, length, factor in _CAMPAIGNS if start <= part < start + length), 1.0)
    return _BY_HOUR[at.hour] * _BY_WEEKDAY[at.weekday()] * (1 + _GROWTH * part) * campaign
