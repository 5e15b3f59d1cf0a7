"""The list in another order: each page continues the one before, in both directions, few leads or many."""

from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import pytest

from service.lead import Contact, CoworkerId, Lead, OpportunityId, Status
from service.store import Query, Sale, SaleStatus, SortOrder, SortPlace, Store, Transaction
from service.store import sorting as sorting_room
from service.store import words as words_room
from service.store.leads.rows import to_row
from service.store.query import terms_of
from tests.builders import NOON, a_lead, a_submission
from tests.store.actions import keep
from tests.tables import each_row

NAMES = ("Zoe", "ann", "Bob", "", "ann", "Carl", "", "Dora", "Eve", "bea")


WAYS: dict[str, dict[str, object]] = {
    "few": {},
    "walk": {"MAX_SHORT": 0, "SORT_STRETCHES": (3,) * 40},
    "beginnings": {"MAX_SHORT": 0, "SORT_STRETCHES": (3,) * 40, "READ_SIZES": (1,)},
    "members": {"MAX_SHORT": 0, "SORT_STRETCHES": (3,) * 40, "READ_SIZES": (1,), "MAX_ELSEWHERE": -1},
}
"""How matches are put into an order: sorted as they are few, or met on a walk and read, or by the index of words."""


def go(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every search take one way."""
    for name, value in WAYS[way].items():
        monkeypatch.setattr(sorting_room, name, value)
    if way != "few":
        monkeypatch.setattr(sorting_room.SortedSearch, "rare_limit", 0)
        monkeypatch.setattr(words_room, "MAX_WORDS", 0)


@pytest.fixture(params=["few", "walk"])
def people(request: pytest.FixtureRequest, store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Ten people, every other one with an opportunity of some value."""
    go(request.param, monkeypatch)
    for number, name in enumerate(NAMES):
        contact = Contact(f"p{number}@x.example", name, company="Navy" if number % 2 else "")
        status = Status.QUARANTINED if name == "Carl" else Status.PENDING
        lead = a_lead(
            received_at=NOON + timedelta(minutes=number), status=status, submission=a_submission(contact=contact)
        )
        keep(store, lead)
        if number % 2 == 0:
            store.write(partial(_deliver, lead=lead, number=number))
    store.write(lambda tx: tx.search.fill_index("g", 7))  # the last three are still to be indexed
    return store


def _deliver(tx: Transaction, lead: Lead, number: int) -> None:
    tx.leads.mark_delivered(lead.id, CoworkerId(1), OpportunityId(number + 1), NOON)
    won_at = NOON + timedelta(days=10 - number) if number > 4 else None
    status = SaleStatus.WON if won_at else SaleStatus.IN_PROGRESS
    sale = Sale(
        lead.id, "default", OpportunityId(number + 1), 1, "New", "Sales", status,
        100.0 * number, "GBP", won_at, None, "", None, NOON,
    )  # fmt: skip
    tx.crm.save_sales([sale], [])


def pages(store: Store, query: Query, by: str, *, is_descending: bool = False, size: int = 3) -> list[str]:
    """How each person's address begins, page by page; read backwards it is the same."""
    emails: list[str] = []
    place: SortPlace | None = None
    while True:
        with store.read() as tx:
            page = tx.search.sorted_page(query, SortOrder(by, is_descending, place), size)
        if not page.leads:
            break
        emails += [lead.submission.contact.email.partition("@")[0] for lead in page.leads]
        place = SortPlace(page.places[-1].key, page.places[-1].lead_id)
    backwards: list[str] = []
    place = None
    while True:
        with store.read() as tx:
            page = tx.search.sorted_page(query, SortOrder(by, is_descending, place, is_backwards=True), size)
        if not page.leads:
            break
        backwards = [*(lead.submission.contact.email.partition("@")[0] for lead in page.leads), *backwards]
        place = page.places[0]
    assert backwards == emails
    return emails


@each_row(
    ("by", "is_descending", "order"),
    [
        ("name", False, "p1 p4 p9 p2 p5 p7 p8 p0 p6 p3"),
        ("name", True, "p0 p8 p7 p5 p2 p9 p4 p1 p6 p3"),
        ("value", True, "p8 p6 p4 p2 p0 p9 p7 p5 p3 p1"),
        ("won", False, "p8 p6 p9 p7 p5 p4 p3 p2 p1 p0"),
    ],
)
def test_leads_are_sorted_and_those_without_a_key_come_last(
    people: Store, by: str, is_descending: bool, order: str
) -> None:
    assert pages(people, Query(), by, is_descending=is_descending) == order.split()


@each_row(
    ("query", "order"),
    [
        (Query(status="quarantined"), "p5"),
        (Query(text="navy"), "p1 p9 p5 p7 p3"),
        (Query(since=NOON + timedelta(minutes=3), until=NOON + timedelta(minutes=8)), "p4 p5 p7 p6 p3"),
        (Query(sale="won"), "p8 p6"),
        (Query(counted=True, text="navy"), "p1 p9 p7 p3"),
        (Query(channel="nothing"), ""),
    ],
)
def test_filters_hold_in_every_order(people: Store, query: Query, order: str) -> None:
    assert pages(people, query, "name") == order.split()


def test_a_walk_that_finds_nothing_for_long_says_how_far_it_came(
    people: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorting_room.SortedSearch, "rare_limit", 0)
    monkeypatch.setattr(sorting_room, "SORT_STRETCHES", (2, 2))
    with people.read() as tx:
        page = tx.search.sorted_page(Query(text="dora"), SortOrder("name"), 3)
        rest = tx.search.sorted_page(Query(text="dora"), SortOrder("name", place=page.reached), 3)

    assert (page.leads, page.reached and page.reached.key) == ([], "bob")
    assert [lead.submission.contact.full_name for lead in rest.leads] == ["Dora"]
    assert rest.reached is not None


CROWD = ("Ann Lee", "Zoe Ann", "annabel", "", "Dr. Ann", "Bo", "Änne", "", "ANN", "Lee Ann", "Ann-Sophie", "Joanna")


@pytest.fixture
def crowd(store: Store) -> Store:
    """People with a word in their name, their company, their address or their answers, some not indexed yet."""
    for number, name in enumerate(CROWD * 2):
        contact = Contact(
            f"{('ann', 'p')[number % 2]}{number}@x.example", name, company=("", "Ann & Co.", "Navy")[number % 3]
        )
        fields = {"message": "for Annika"} if number % 5 == 0 else {}
        submission = a_submission(contact=contact, fields=fields)
        keep(store, a_lead(received_at=NOON + timedelta(minutes=number), submission=submission))
    store.write(lambda tx: tx.search.fill_index("g", 20))
    return store


@pytest.mark.parametrize("way", list(WAYS)[1:])
def test_whichever_way_matches_are_met_their_order_is_that_of_all_leads_sorted(
    crowd: Store, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    go(way, monkeypatch)
    for text, by, is_descending in (
        *(("ann", "name", False), ("ann", "name", True), ("ann", "company", False)),
        *(("ann lee", "name", False), ("annika", "company", True)),
    ):
        query = Query(text=text, since=NOON + timedelta(minutes=2))

        shown = pages(crowd, query, by, is_descending=is_descending, size=6)

        assert shown == by_sorting_all(crowd, query, by, is_descending=is_descending), (text, by)


def by_sorting_all(store: Store, query: Query, by: str, *, is_descending: bool) -> list[str]:
    """What reading every lead and sorting those that match makes of a query."""
    with store.read() as tx:
        everyone = tx.search.leads(Query(since=query.since), 1000)
    terms = terms_of(query.text)
    words = {lead.id: words_room.words_of(SimpleNamespace(**to_row(lead))) for lead in everyone}
    matching = [lead for lead in everyone if all(term.matches(words[lead.id]) for term in terms)]
    keys = {lead.id: _ascii_lower(getattr(lead.submission.contact, KEYS[by])) for lead in matching}
    keyed = sorted((lead for lead in matching if keys[lead.id]), key=lambda lead: (keys[lead.id], lead.id))
    rest = [lead for lead in matching if not keys[lead.id]]
    ordered = [*(keyed[::-1] if is_descending else keyed), *rest]
    return [lead.submission.contact.email.partition("@")[0] for lead in ordered]


KEYS = {"name": "full_name", "company": "company"}


def _ascii_lower(text: str) -> str:
    """As SQLite does; PostgreSQL's other letters are not among those that decide here."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)
