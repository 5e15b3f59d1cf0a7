"""The outcomes of a crowd's leads: sales, answers, turns, the other touch, and the costs of their campaigns."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from service.lead import Attribution, Lead, OpportunityId, OtherTouch, Status
from service.store import AnswerClock, AnswerKind, Cost, OwnerTurn, Sale, SaleChange, SaleStatus

STAGES = ("New enquiry", "Toured", "Proposal sent")

PEOPLE = ("ann@harbourdesk.example", "bob@harbourdesk.example", "cleo@harbourdesk.example")

WITHIN = timedelta(hours=1)
"""Time in which an answer is due."""

UNANSWERED = 0.03
"""Share of leads that nobody has answered."""

FIRST_CHANNELS = (("Paid Search", "google", "cpc"), ("Organic Search", "bing", "organic"), ("Email", "letter", "email"))

PAID_CAMPAIGNS = 60
"""Campaigns with costs, among those that leads name."""


def sale_of(chance: random.Random, lead: Lead) -> tuple[Sale, list[SaleChange]]:
    """Return the outcome of a delivered lead within a month."""
    reached = STAGES[: chance.choices((1, 2, 3), (60, 25, 15))[0]]
    days = [timedelta(days=chance.uniform(1, 9)) for _ in reached]
    times = [lead.received_at + sum(days[:number], timedelta()) for number in range(len(reached))]
    is_won, is_lost = len(reached) == len(STAGES) and chance.random() < 0.7, chance.random() < 0.3
    status = SaleStatus.WON if is_won else SaleStatus.LOST if is_lost else SaleStatus.IN_PROGRESS
    at = times[-1] + timedelta(days=chance.uniform(1, 9))
    sale = Sale(
        lead_id=lead.id,
        account=lead.account,
        opportunity_id=lead.opportunity_id or OpportunityId(0),
        stage_id=1001,
        stage=reached[-1],
        board="Sales",
        status=status,
        value=float(chance.randrange(100, 3000)),
        currency=chance.choice(("GBP", "EUR")),
        won_at=at if is_won else None,
        lost_at=at if status is SaleStatus.LOST else None,
        loss_reason="",
        updated_at=at,
        seen_at=at,
    )
    changes = [SaleChange(lead.id, "stage", name, when, at) for name, when in zip(reached, times, strict=True)]
    return sale, changes


def clock_of(chance: random.Random, lead: Lead) -> AnswerClock:
    """Return when a person first answered, mostly within two hours; one lead in thirty still waits."""
    due_at = lead.received_at + WITHIN
    clock = AnswerClock(lead.id, lead.account, lead.submission.form, lead.received_at, due_at)
    if chance.random() < UNANSWERED or lead.status is not Status.DELIVERED:
        return replace(clock, waiting_since=lead.received_at, reminded_at=due_at)
    waited_s = chance.expovariate(1 / 3000)
    answered_at = lead.received_at + timedelta(seconds=waited_s)
    return replace(
        clock,
        answered_at=answered_at,
        how=chance.choice((AnswerKind.STAGE, AnswerKind.OWNER, AnswerKind.CALLED)),
        working_s=round(waited_s / 2),
    )


def turn_of(number: int, lead: Lead) -> OwnerTurn:
    """Whose turn a lead was."""
    place = number % len(PEOPLE)
    return OwnerTurn(lead.id, lead.account, PEOPLE[place], 900 + place, "it was their turn", lead.received_at)


def touch_of(chance: random.Random, lead: Lead) -> OtherTouch | None:
    """The first touch of a third of the leads, which said something else."""
    if chance.random() > 1 / 3:
        return None
    channel, source, medium = chance.choice(FIRST_CHANNELS)
    campaign = f"c{chance.randrange(300)}"
    return OtherTouch("first", Attribution(source, medium, campaign, channel=channel, landing_page="/"))


def costs_of(until: datetime, days: int) -> Iterator[Cost]:
    """Return the cost of each campaign of an ad platform on each day, in ten-thousandths."""
    for back in range(days):
        day = (until - timedelta(days=back)).date()
        for number in range(PAID_CAMPAIGNS):
            platform, currency = ("google", "GBP") if number % 2 else ("meta", "EUR")
            yield Cost(day, platform, "", f"c{number}", "", currency, 10_000 * (5 + (number * 7 + back) % 40))
