"""Invented sales of the leads: stages, outcomes, answers and turns; and costs of campaigns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from service.cli.demo.people import read_visits
from service.forms.working_hours import WorkingHours, read_hours
from service.lead import Lead, Status
from service.platforms.registry import PLATFORMS
from service.store import AMOUNT_UNIT, AnswerClock, AnswerKind, Cost, OwnerTurn, Sale, SaleChange, SaleStatus

BOARD = "Sales"
STAGES = (
    (1001, "New enquiry", 1.0, 0.0),
    (1002, "Contacted", 0.86, 0.4),
    (1003, "Tour booked", 0.66, 1.5),
    (1004, "Toured", 0.8, 4.0),
    (1005, "Proposal sent", 0.68, 2.0),
)
"""Stage, name, the share of the previous stage's leads that enter it, and after how many days on average.

They are the stages of the simulated boards, so that both parts of the demo agree.
"""

WON, LOST = (1008, "Won", 0.55, 6.0), (1007, "Lost", 0.7, 14.0)
"""Last stage, name, probability and average days: of a lead that entered all other stages, of one that stopped."""

QUALITY = {"Email": 1.15, "Referral": 1.2, "Paid Search": 1.0, "Paid Social": 0.8, "AI Assistant": 1.1}
"""Channel -> factor for the shares."""

CURRENCIES = {"London": "GBP", "Manchester": "GBP", "Berlin": "EUR", "Amsterdam": "EUR"}
VALUES = {"tour": 450, "contact": 620, "meeting-room": 180, "day-pass": 25}
"""Form -> monthly value of an opportunity for one desk."""


@dataclass(frozen=True, slots=True)
class DemoSale:
    """The opportunity of a lead, and its history."""

    sale: Sale
    changes: Sequence[SaleChange]


def sale_of(lead: Lead, until: datetime, random: Random) -> DemoSale | None:
    """Draw the sale of a delivered lead by `until`; None for any other lead."""
    if lead.status is not Status.DELIVERED or lead.delivered_at is None or lead.opportunity_id is None:
        return None
    steps = list(_steps(lead, until, random))
    (stage_id, stage, at), status = steps[-1], SaleStatus.IN_PROGRESS
    if stage in (WON[1], LOST[1]):
        status = SaleStatus.WON if stage == WON[1] else SaleStatus.LOST
    changes = [SaleChange(lead.id, "stage", name, when, until) for _, name, when in steps]
    changes.append(SaleChange(lead.id, "status", SaleStatus.IN_PROGRESS, lead.delivered_at, until))
    if status is not SaleStatus.IN_PROGRESS:
        changes.append(SaleChange(lead.id, "status", status, at, until))
    location = str(lead.submission.fields.get("location", ""))
    sale = Sale(
        lead_id=lead.id,
        account=lead.account,
        opportunity_id=lead.opportunity_id,
        stage_id=stage_id,
        stage=stage,
        board=BOARD,
        status=status,
        value=float(VALUES.get(lead.submission.form, 300) * random.choice((1, 1, 2, 2, 3, 4, 6, 10))),
        currency=CURRENCIES.get(location, "GBP"),
        won_at=at if status is SaleStatus.WON else None,
        lost_at=at if status is SaleStatus.LOST else None,
        loss_reason=random.choice(("Price", "Location", "No answer", "Timing")) if status is SaleStatus.LOST else "",
        updated_at=at,
        seen_at=until,
    )
    return DemoSale(sale, changes)


def _steps(lead: Lead, until: datetime, random: Random) -> Iterator[tuple[int, str, datetime]]:
    """Yield stage, name and time of every stage that a lead had entered by then."""
    quality = QUALITY.get(lead.attribution.channel, 0.95)
    at = lead.delivered_at or lead.received_at
    end = WON
    for number, (stage_id, name, share, days) in enumerate(STAGES):
        if number and random.random() > min(0.97, share * quality):
            end = LOST
            break
        at += timedelta(days=random.expovariate(1 / days) if days else 0)
        if at > until:
            return
        yield stage_id, name, at
    stage_id, name, share, days = end
    at += timedelta(days=random.expovariate(1 / days))
    if random.random() < share and at <= until:
        yield stage_id, name, at


# -- answers


HOURS = WorkingHours(read_hours("Mo-Fr 09:00-18:00"), zone=UTC)
WITHIN_S = 2 * 3600.0

PEOPLE = (("ann@harbourdesk.example", 901, 2400.0), ("bob@harbourdesk.example", 902, 5400.0))
"""E-mail address, user, and average working time until an answer, in seconds."""


def turn_of(number: int, lead: Lead) -> OwnerTurn | None:
    """Return whose turn a delivered lead was; None for any other lead. number: of the lead in the history."""
    if lead.status is not Status.DELIVERED:
        return None
    email, user_id, _ = PEOPLE[number % len(PEOPLE)]
    return OwnerTurn(lead.id, lead.account, email, user_id, "it was their turn", lead.received_at)


def clock_of(number: int, lead: Lead, changes: Sequence[SaleChange], until: datetime) -> AnswerClock | None:
    """Draw when a delivered lead was answered by `until`; None for any other lead. changes: of its opportunity."""
    if lead.status is not Status.DELIVERED:
        return None
    random = Random(f"answer {lead.id}")  # noqa: S311 (nothing here is secret)
    due_at = HOURS.after(lead.received_at, WITHIN_S)
    clock = AnswerClock(lead.id, lead.account, lead.submission.form, lead.received_at, due_at)
    moves = sorted(change.at for change in changes if change.kind == "stage")[1:]
    called_at = HOURS.after(lead.received_at, random.expovariate(1 / PEOPLE[number % len(PEOPLE)][2]))
    answered_at = min([called_at, *moves])
    if answered_at > until:
        return replace(clock, waiting_since=lead.received_at, reminded_at=due_at if due_at <= until else None)
    return replace(
        clock,
        answered_at=answered_at,
        how=AnswerKind.STAGE if answered_at in moves else AnswerKind.CALLED,
        working_s=round(HOURS.seconds_between(lead.received_at, answered_at)),
    )


# -- costs


_NOISE = (0.7, 1.3)
_WEEKEND, _SATURDAY = 0.45, 5


def costs_of(account: str, leads: int, days: int, until: datetime, seed: int) -> Iterator[Cost]:
    """Yield the costs of the campaigns on each day of a history."""
    random = Random(f"{seed}-costs")  # noqa: S311 (nothing here is secret)
    first, campaigns = (until - timedelta(days=days)).date(), read_visits()["campaign"]
    for number in range((until.date() - first).days + 1):
        day = first + timedelta(days=number)
        for each in campaigns:
            weekend = _WEEKEND if day.weekday() >= _SATURDAY else 1.0
            amount = round(each["cost"] * leads / days * weekend * random.uniform(*_NOISE) * 100) * (AMOUNT_UNIT // 100)
            source = PLATFORMS[each["platform"]].costs.source
            yield Cost(day, source, account, each["name"], each["id"], "GBP", amount)
