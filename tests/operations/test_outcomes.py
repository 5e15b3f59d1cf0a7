"""What the leads of a period brought."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.attribution import attribute
from service.forms import AttributionConfig, Form
from service.lead import Attribution, Lead, Status
from service.operations.calendar import previous_period
from service.operations.outcomes import OutcomeQuery, OutcomeReport, OutcomeRow, outcomes
from service.store import SaleStatus, Store
from tests.admin.stored_leads import keep
from tests.attribution.visits import a_visit
from tests.builders import NOON, a_form, a_lead, a_submission
from tests.store.sales import a_change, a_sale, delivered
from tests.tables import each_row

DAY = timedelta(days=1)
FORMS = {"contact": a_form(conversions={"received": "Lead", "toured": "Tour", "proposal sent": "Proposal"})}


def report(store: Store, by: str = "channel", forms: dict[str, Form] | None = None, **changes: Any) -> OutcomeReport:
    """The report of the day of NOON."""
    query = OutcomeQuery(by, NOON - DAY / 2, NOON + DAY / 2)
    return outcomes(store, replace(query, **changes), FORMS if forms is None else forms)


def by_key(figures: OutcomeReport, name: str) -> dict[Any, OutcomeRow]:
    """The rows by one part of their keys."""
    return {row.key[name]: row for row in figures.rows}


def landed(query: str = "", referrer: str = "") -> Attribution:
    """The attribution of a visit."""
    return attribute(a_visit(query, referrer=referrer), AttributionConfig())


def sold(store: Store, lead: Lead, *stages: str, number: int = 80001, **changes: Any) -> None:
    """The opportunity of a lead has entered these stages."""
    changed = [a_change(lead, "stage", stage) for stage in stages]
    store.write(lambda tx: tx.crm.save_sales([a_sale(lead, number, **changes)], changed))


def test_no_leads_are_no_rows(sqlite: Store) -> None:
    figures = report(sqlite)

    assert (list(figures.rows), figures.total.leads) == ([], 0)
    assert figures.left_out == {"quarantined": 0, "discarded": 0, "test": 0}


def test_a_row_has_what_became_of_its_leads(store: Store) -> None:
    won, lost = (delivered(store, a_lead(), number) for number in (80001, 80002))
    keep(store, a_lead())
    sold(store, won, "New enquiry", "Toured", "Toured", status=SaleStatus.WON, value=450.5, won_at=NOON + DAY)
    sold(store, lost, "New enquiry", number=80002, status=SaleStatus.LOST)

    [row] = report(store).rows

    assert row == OutcomeRow(
        {"channel": "Paid Search"},
        leads=3,
        share=1.0,
        delivered=2,
        milestones={"Tour": 1, "Proposal": 0},
        won=1,
        lost=1,
        value={"GBP": 450.5},
        time_to_win_s=DAY.total_seconds(),
    )
    assert row.win_rate == 0.5


def test_a_forms_file_without_milestones_shows_the_stages(sqlite: Store) -> None:
    lead = delivered(sqlite, a_lead())
    sold(sqlite, lead, "New enquiry", "Toured", "Won")

    assert report(sqlite, forms={}).total.milestones == {"New enquiry": 1, "Toured": 1}


def test_visits_without_tags_are_named_as_google_analytics_does(sqlite: Store) -> None:
    for visit in (landed(), landed(referrer="https://www.google.com/"), landed(referrer="https://www.ecosia.org/")):
        keep(sqlite, a_lead(attribution=visit))
    keep(sqlite, a_lead(attribution=landed(referrer="https://www.linkedin.com/")))
    keep(sqlite, a_lead(attribution=landed("gclid=abc")))
    keep(sqlite, a_lead(attribution=landed("utm_source=newsletter&utm_campaign=may")))

    figures = report(sqlite, "source_medium")

    assert sorted(by_key(figures, "source_medium")) == [
        "(direct) / (none)",
        "ecosia / organic",
        "google / cpc",
        "google / organic",
        "linkedin.com / referral",
        "newsletter / (not set)",
    ]
    assert figures.rows[0].key == {"source_medium": "(direct) / (none)", "source": "(direct)", "medium": "(none)"}
    assert sum(row.share for row in figures.rows) == pytest.approx(1)


def test_what_is_left_out_is_counted_and_can_be_included(sqlite: Store) -> None:
    for status in (Status.QUARANTINED, Status.TEST, Status.DISCARDED, Status.DISCARDED, Status.PENDING):
        keep(sqlite, a_lead(status=status))

    figures = report(sqlite)
    whole = report(sqlite, include_left_out=True)

    assert (figures.total.leads, figures.left_out) == (1, {"quarantined": 1, "discarded": 2, "test": 1})
    assert whole.total.leads == 5


def test_only_one_form_or_account(sqlite: Store) -> None:
    keep(sqlite, a_lead())
    keep(sqlite, a_lead(account="harbour", submission=a_submission(form="tour")))

    assert list(by_key(report(sqlite, "form", form="tour"), "form")) == ["tour"]
    assert list(by_key(report(sqlite, "form", account="default"), "form")) == ["contact"]


def test_the_period_before_stands_beside(sqlite: Store) -> None:
    for at in (NOON, NOON, NOON - DAY):
        keep(sqlite, a_lead(received_at=at))
    keep(sqlite, a_lead(received_at=NOON - DAY, attribution=landed()))

    figures = report(sqlite, compare=True)

    paid, direct = figures.rows
    assert (paid.leads, paid.previous and paid.previous.leads, paid.change) == (2, 1, 1.0)
    assert (direct.leads, direct.previous and direct.previous.leads) == (0, 1)
    assert figures.total.previous is not None
    assert figures.total.previous.leads == 2


BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    """An instant in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@each_row(
    ("since", "until", "before", "end"),
    [
        ("2026-11-01", "2026-12-01", "2026-10-01", "2026-11-01"),
        ("2026-01-01", "2027-01-01", "2025-01-01", "2026-01-01"),
        ("2026-11-01", "2026-11-15T10:00", "2026-10-01", "2026-10-15T10:00"),
        ("2026-03-01", "2026-03-31T12:00", "2026-02-01", "2026-03-01"),
        ("2026-10-01", "2026-11-25", "2026-07-01", "2026-08-25"),
        ("2026-01-01", "2026-11-25", "2025-01-01", "2025-11-25"),
        ("2026-11-01", "2026-11-02", "2026-10-31", "2026-11-01"),
        ("2026-11-24", "2026-11-25", "2026-11-23", "2026-11-24"),
        ("2026-11-24", "2026-11-24T09:00", "2026-11-23", "2026-11-23T09:00"),
        ("2026-10-26", "2026-11-02", "2026-10-19", "2026-10-26"),
        ("2026-11-24T08:00", "2026-11-24T10:00", "2026-11-24T06:00", "2026-11-24T08:00"),
    ],
    ids=[
        "month",
        "year",
        "month so far",
        "short month",
        "quarter so far",
        "year so far",
        "first day",
        "day",
        "day so far",
        "summer time ends",
        "hours",
    ],
)
def test_the_period_before_follows_the_calendar(since: str, until: str, before: str, end: str) -> None:
    figures = previous_period(at(since).astimezone(UTC), at(until).astimezone(UTC), BERLIN)

    assert figures == (at(before), at(end))


@pytest.mark.parametrize("zone", [UTC, BERLIN, ZoneInfo("America/New_York")])
def test_the_ends_of_the_calendar_are_no_error(sqlite: Store, zone: Any) -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    keep(sqlite, a_lead())

    figures = outcomes(sqlite, OutcomeQuery("channel", first, last, compare=True), FORMS, zone)

    assert figures.total.leads == 1
    assert outcomes(sqlite, OutcomeQuery("channel", first, first, compare=True), FORMS, zone).total.leads == 0
