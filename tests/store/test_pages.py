"""Leads page by page, newest first, and filters."""

from datetime import timedelta

import pytest

from service.lead import Contact, Lead, Status
from service.store import Query, Store
from tests.builders import NOON, a_lead, a_submission
from tests.store.actions import keep
from tests.tables import each_row


def many(store: Store, number: int) -> list[Lead]:
    """Leads that arrived a minute apart, oldest first."""
    arrived = [a_lead(f"{n}@example.com", received_at=NOON + timedelta(minutes=n)) for n in range(number)]
    for lead in arrived:
        keep(store, lead)
    return arrived


def emails(store: Store, query: Query) -> list[str]:
    """The e-mail addresses of one page."""
    with store.read() as tx:
        return [lead.submission.contact.email for lead in tx.search.leads(query, 50)]


def test_the_newest_comes_first(store: Store) -> None:
    arrived = many(store, 3)

    with store.read() as tx:
        assert [lead.id for lead in tx.search.leads(Query(), 2)] == [arrived[2].id, arrived[1].id]


def test_pages_joined_by_their_cursor_hold_each_lead_once(store: Store) -> None:
    arrived = many(store, 7)
    read: list[str] = []

    with store.read() as tx:
        for _ in range(4):
            read += [lead.id for lead in tx.search.leads(Query(before=read[-1] if read else ""), 3)]

    assert read == [lead.id for lead in reversed(arrived)]


def test_a_lead_that_arrives_meanwhile_moves_no_page(store: Store) -> None:
    arrived = many(store, 4)
    keep(store, a_lead(received_at=NOON + timedelta(hours=1)))

    with store.read() as tx:
        page = tx.search.leads(Query(before=arrived[2].id), 2)

    assert [lead.id for lead in page] == [arrived[1].id, arrived[0].id]


@pytest.fixture
def two_people(store: Store) -> Store:
    """A store with an old lead and a new one."""
    hopper = Contact("old@x.example", "Grace Hopper", company="Navy")
    keep(store, a_lead(received_at=NOON - timedelta(days=1), submission=a_submission(form="tour", contact=hopper)))
    ada = Contact("new@x.example", "Ada Lovelace", phone="+442079460142")
    keep(store, a_lead(status=Status.PARKED, submission=a_submission(contact=ada)))
    return store


@each_row(
    ("query", "expected"),
    [
        pytest.param(Query(), ["new@x.example", "old@x.example"], id="nothing asked for"),
        pytest.param(Query(status="parked"), ["new@x.example"], id="status"),
        pytest.param(Query(form="tour"), ["old@x.example"], id="form"),
        pytest.param(Query(since=NOON), ["new@x.example"], id="since includes its instant"),
        pytest.param(Query(until=NOON), ["old@x.example"], id="until leaves its instant out"),
        pytest.param(Query(text="NEW@"), ["new@x.example"], id="part of the e-mail in any case"),
        pytest.param(Query(text="hopper"), ["old@x.example"], id="part of the name"),
        pytest.param(Query(text="navy"), ["old@x.example"], id="part of the company"),
        pytest.param(Query(text="4420794"), ["new@x.example"], id="part of the phone number"),
        pytest.param(Query(text="100%"), [], id="a percent sign is no wildcard"),
        pytest.param(Query(status="parked", form="tour"), [], id="all conditions hold together"),
    ],
)
def test_a_filter_chooses(two_people: Store, query: Query, expected: list[str]) -> None:
    assert emails(two_people, query) == expected


def test_a_lead_is_found_by_the_end_of_its_id(store: Store) -> None:
    lead = many(store, 2)[1]

    assert emails(store, Query(text=lead.id[-12:])) == ["1@example.com"]


def test_ids_come_oldest_first(store: Store) -> None:
    arrived = many(store, 3)

    with store.read() as tx:
        assert tx.search.ids(Query(), 2) == [lead.id for lead in arrived[:2]]


def test_leads_are_counted_by_status(store: Store) -> None:
    for status in (Status.PENDING, Status.PENDING, Status.QUARANTINED):
        keep(store, a_lead(status=status))

    with store.read() as tx:
        assert tx.statistics.leads_by_status() == {"pending": 2, "quarantined": 1}
