"""The Monday report: once a week for each address, late after a downtime, with the figures of the Reports page."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.alerts.channels import SENT, Message
from service.forms import Brand, Form
from service.lead import Status
from service.operations.outcomes import OutcomeQuery, outcomes
from service.store import SaleStatus, Store
from service.weekly.job import SEND_AT, WeeklyReports, last_monday, readers_of
from tests.admin.stored_leads import keep
from tests.builders import NOON, a_form, a_lead, a_submission
from tests.store.sales import a_sale, delivered
from tests.tables import each_row

MONDAY = datetime(2026, 11, 30, SEND_AT.hour, tzinfo=UTC)
ANN, BOB = "mailto://ann.example", "mailto://bob.example"
TOUR = a_form("tour", title="Book a tour", report_to=(ANN,), brand=Brand("Harbour Works", "#0b1f5c"))
CONTACT = a_form(report_to=(ANN, BOB))


@dataclass
class Letters:
    """Receives what is sent. broken: addresses that take nothing."""

    sent: list[tuple[str, Message]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    def send(self, addresses: Sequence[str], message: Message, _stop: threading.Event) -> list[str]:
        """Take a message, or not."""
        [address] = addresses
        if address in self.broken:
            return ["it answered with error 500"]
        self.sent.append((address, message))
        return [SENT]


@pytest.fixture
def letters() -> Letters:
    """A mailbox."""
    return Letters()


def a_job(store: Store, letters: Letters, *forms: Form, zone: str = "UTC") -> WeeklyReports:
    """The job of one worker."""
    named = {form.name: form for form in forms or (TOUR, CONTACT)}
    url = "https://leads.example.com/"
    return WeeklyReports(store, named, ZoneInfo(zone), url, threading.Event(), letters.send)


@each_row(
    ("zone", "now", "monday"),
    [
        ("UTC", "2026-11-30T07:00", "2026-11-30"),
        ("UTC", "2026-11-30T06:59", "2026-11-23"),
        ("UTC", "2026-12-06T23:59", "2026-11-30"),
        ("Europe/Berlin", "2026-11-30T06:00", "2026-11-30"),
        ("Europe/Berlin", "2026-07-06T05:00", "2026-07-06"),  # summer time
        ("America/Los_Angeles", "2026-11-30T14:59", "2026-11-23"),
        ("Pacific/Auckland", "2026-11-29T18:00", "2026-11-30"),
    ],
)
def test_a_report_is_due_on_monday_morning_where_the_operator_is(zone: str, now: str, monday: str) -> None:
    instant = datetime.fromisoformat(now).replace(tzinfo=UTC)

    assert last_monday(instant, ZoneInfo(zone)).isoformat() == monday


def test_each_address_hears_of_all_forms_that_name_it_and_is_told_by_no_secret() -> None:
    ann, bob = readers_of({"tour": TOUR, "contact": CONTACT})

    assert (ann.forms, ann.place, bob.forms, bob.place) == (
        ("tour", "contact"),
        "tour, address 1",
        ("contact",),
        "contact, address 2",
    )
    assert "example" not in repr(ann) + ann.flag + ann.cause


def test_a_new_installation_waits_for_its_first_monday_and_gets_one_report_a_week(
    store: Store, letters: Letters
) -> None:
    for hour in range(0, 15 * 24, 12):
        job = a_job(store, letters)  # as after a restart
        job.step(NOON + timedelta(hours=hour))

    assert [address for address, _ in letters.sent] == [ANN, BOB, ANN, BOB]


def test_after_a_downtime_it_comes_once_and_late(sqlite: Store, letters: Letters) -> None:
    a_job(sqlite, letters).step(NOON)

    for day in (16, 17):
        a_job(sqlite, letters).step(NOON + timedelta(days=day))

    assert [message.title for _, message in letters.sent] == [
        "Harbour Works: 0 leads last week",
        "Lead Capture: 0 leads last week",
    ]


def test_two_workers_send_it_once_even_at_the_same_moment(store: Store, letters: Letters) -> None:
    other = a_job(store, letters)

    class Both(Letters):
        def send(self, addresses: Sequence[str], message: Message, stop: threading.Event) -> list[str]:
            other.step(MONDAY)
            return letters.send(addresses, message, stop)

    job = a_job(store, Both())
    job.step(NOON)
    job.step(MONDAY)

    assert sorted(address for address, _ in letters.sent) == [ANN, BOB]


def test_an_address_that_fails_is_tried_again_and_reported_without_bothering_others(
    sqlite: Store, letters: Letters
) -> None:
    job = a_job(sqlite, letters)
    job.step(NOON)
    letters.broken.add(ANN)

    for minutes in range(60):
        job.step(MONDAY + timedelta(minutes=minutes))
    with sqlite.read() as tx:
        [alert] = tx.alerts.open()
    letters.broken.clear()
    job.step(MONDAY + timedelta(hours=3))
    job.step(MONDAY + timedelta(hours=9))

    assert alert.cause == "report:tour, address 1"
    assert "it answered with error 500" in alert.sentence
    assert "ann.example" not in alert.sentence
    assert [address for address, _ in letters.sent] == [BOB, ANN]
    with sqlite.read() as tx:
        assert tx.alerts.open() == []


@pytest.fixture
def week(sqlite: Store) -> Store:
    """Leads of the week, and one of the week before."""
    tour = a_submission(form="tour")
    won = delivered(sqlite, a_lead(submission=tour), 80001)
    sqlite.write(
        lambda tx: tx.crm.save_sales([a_sale(won, 80001, status=SaleStatus.WON, value=4500.0, won_at=NOON)], [])
    )
    odd = replace(a_lead().attribution, utm_source="evil.example/<b>", utm_medium="cpc")
    keep(sqlite, a_lead("b@example.com", submission=tour, attribution=odd))
    keep(sqlite, a_lead("c@example.com"))
    keep(sqlite, a_lead("d@example.com", NOON - timedelta(days=7), submission=tour))
    keep(sqlite, a_lead("e@example.com", status=Status.QUARANTINED, submission=tour))
    return sqlite


def reports(store: Store, letters: Letters, *forms: Form) -> list[Message]:
    job = a_job(store, letters, *forms)
    job.step(NOON)
    job.step(MONDAY)
    return [message for _, message in letters.sent]


def test_it_says_what_came_what_it_brought_and_from_where(week: Store, letters: Letters) -> None:
    ann, bob = reports(week, letters)

    assert ann.title == "Harbour Works: 3 leads, 1 won last week"
    assert ann.body.splitlines() == [
        "23 to 29 November 2026, compared with the week before.",
        "",
        "Leads: 3 (1 the week before, +200%)",
        "Delivered to Nexudus: 1",
        "Won: 1 (0 the week before)",
        "Value won: GBP 4,500",
        "",
        "By form:",
        "- Book a tour: 2 leads, 1 won, GBP 4,500",
        "- Contact us: 1 lead",
        "",
        "Where they came from:",
        "- google / cpc: 2 leads, 1 won, GBP 4,500",
        "- evil. example/<b> / cpc: 1 lead",
        "",
        "Not counted: 1 held as spam.",
        "",
        "All figures: https://leads.example.com/admin/reports?from=2026-11-23&to=2026-11-29",
    ]
    assert bob.title == "Lead Capture: 1 lead last week"
    assert bob.body.endswith("/admin/reports?from=2026-11-23&to=2026-11-29&form=contact")
    assert "Book a tour" not in bob.body + bob.html


def test_its_html_says_the_same_in_the_brands_colour_and_runs_nothing(week: Store, letters: Letters) -> None:
    ann = reports(week, letters)[0]

    assert "background:#0b1f5c;color:#ffffff" in ann.html
    assert "evil. example/&lt;b&gt; / cpc" in ann.html
    for words in ("Harbour Works", "23 to 29 November 2026", "GBP 4,500", "+200%", "1 held as spam", "Book a tour"):
        assert words in ann.html
    assert "<script" not in ann.html
    assert "<img" not in ann.html


def test_its_figures_are_those_of_the_reports_page(week: Store, letters: Letters) -> None:
    ann = reports(week, letters)[0]

    since = datetime(2026, 11, 23, tzinfo=UTC)
    total = outcomes(
        week, OutcomeQuery("form", since, since + timedelta(days=7)), {"tour": TOUR, "contact": CONTACT}
    ).total
    assert f"Leads: {total.leads} " in ann.body
    assert f"Won: {total.won} " in ann.body


def test_some_forms_of_many_are_added_up(week: Store, letters: Letters) -> None:
    third = a_form("third", title="Third")
    tour, contact = replace(TOUR, report_to=(ANN,)), replace(CONTACT, report_to=(ANN,))

    [ann] = reports(week, letters, tour, contact, third)

    assert "Leads: 3 (1 the week before, +200%)" in ann.body
    assert "Where they came from, Book a tour:" in ann.body
    assert "Where they came from, Contact us:" in ann.body


def test_who_reads_of_all_forms_that_are_left_reads_nothing_of_an_account_whose_forms_are_gone(
    week: Store, letters: Letters
) -> None:
    keep(week, a_lead("gone@example.com", submission=a_submission(form="gone")))
    keep(week, a_lead("f@harbour.example", account="harbour", submission=a_submission(form="berth")))

    ann = reports(week, letters)[0]

    assert "Leads: 4 (1 the week before, +300%)" in ann.body
    assert "gone: 1 lead" in ann.body
    assert "berth" not in ann.body
