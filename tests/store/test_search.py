"""Searching leads: the result is the same for leads in the index and beyond its cursor."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from service.lead import Attribution, Contact, Correction, CoworkerId, Lead, LeadId, OpportunityId
from service.store import Arrival, MatchCount, Query, Store
from service.store.database.tables import lead_words
from service.store.leads.rows import to_row
from service.store.query import terms_of
from service.store.search import RARE_LIMIT
from service.store.words import text_of, words_of
from tests.builders import NOON, a_lead, a_submission
from tests.store.actions import keep
from tests.tables import each_row

pytestmark = pytest.mark.long

GRACE = Contact("g.hopper@navy.example.com", "Grace Müller-Hopper", phone="+442079460777", company="Ships & Co.")
ANSWERS = {"message": "We look for a Boardroom near the harbour", "location": "Lisbon"}


@pytest.fixture(params=["indexed", "not indexed yet"])
def grace(request: pytest.FixtureRequest, store: Store) -> Lead:
    """Hers among others', in the index or behind its mark."""
    submission = a_submission(contact=GRACE, fields=ANSWERS, sender="typeform", external_id="tok-77x")
    lead = a_lead(submission=submission, attribution=Attribution(utm_campaign="spring_sale", channel="Referral"))
    keep(store, a_lead(received_at=NOON - timedelta(minutes=1)))
    keep(store, lead)
    keep(store, a_lead(received_at=NOON + timedelta(minutes=1)))
    if request.param == "indexed":
        fill(store)
    return lead


def fill(store: Store) -> int:
    """Index all."""
    return store.write(lambda tx: tx.search.fill_index("g", 1000))


def matches(store: Store, query: Query, few: int = RARE_LIMIT) -> list[LeadId]:
    """The ids of the first page."""
    with store.read() as tx:
        tx.search.rare_limit = few
        return [lead.id for lead in tx.search.page(query, 50).leads]


@each_row(
    "text",
    [
        *("grace", "GRACE", "hop", "muller", "Müller", "müller hopper", "hopper grace"),
        *("g.hopper@navy.example.com", "G.Hopper@Navy", "navy.example.com", "<g.hopper@navy.example.com>"),
        *("+44 20 7946 0777", "020 7946 0777", "7946 0777", "442079460777", "(020) 79460777", "00442079460777"),
        *("ships", "ships & co", "boardroom", "harbour lisbon", "spring_sale", "spring", "tok-77x"),
        pytest.param(" \t grace \n", id="spaces"),
    ],
)
def test_anything_finds_the_lead_and_it_alone(store: Store, grace: Lead, text: str) -> None:
    assert matches(store, Query(text=text)) == [grace.id]


@each_row("text", ["grace lovelace", "race", "hopperx", "100%", "g_ace", "x' OR 1=1", "7946 0778"])
def test_a_search_without_matches_finds_no_lead(store: Store, grace: Lead, text: str) -> None:
    assert matches(store, Query(text=text)) == []


def test_an_id_its_end_and_its_mark_find_the_lead(store: Store, grace: Lead) -> None:
    for text in (grace.id, grace.id[-12:], f"lead-capture:{grace.id}", grace.id.upper()):
        assert matches(store, Query(text=text)) == [grace.id]


@each_row(
    "query",
    [
        Query(sender="typeform"),
        Query(channel="Referral"),
        Query(sender="typeform", channel="Referral", status="pending", form="contact", text="grace"),
        Query(channel="Referral", since=NOON, until=NOON + timedelta(seconds=1)),
    ],
)
def test_filters_choose_with_or_without_the_index(store: Store, grace: Lead, query: Query) -> None:
    assert matches(store, query) == [grace.id]


@each_row("query", [Query(sender="meta"), Query(channel="Referral", until=NOON), Query(text="grace", status="parked")])
def test_filters_without_a_common_lead_find_none(store: Store, grace: Lead, query: Query) -> None:
    assert matches(store, query) == []


def test_a_delivered_lead_is_found_by_its_number_in_nexudus(store: Store, grace: Lead) -> None:
    store.write(lambda tx: tx.leads.mark_delivered(grace.id, CoworkerId(700112), OpportunityId(900345), NOON))

    assert matches(store, Query(text="900345")) == matches(store, Query(text="700112")) == [grace.id]


def test_a_corrected_lead_is_found_by_what_it_says_now(store: Store, grace: Lead) -> None:
    became = replace(grace.submission, contact=replace(GRACE, full_name="Ida Rhodes"), fields={})
    correction = Correction(NOON, {"full_name": "Grace"}, {"full_name": "Ida Rhodes"})

    store.write(lambda tx: tx.leads.correct(grace, became, correction, "g", NOON))

    assert matches(store, Query(text="rhodes")) == [grace.id]
    assert matches(store, Query(text="boardroom")) == []


def test_a_lead_attributed_anew_is_found_in_its_new_channel(store: Store, grace: Lead) -> None:
    store.write(lambda tx: tx.leads.reattribute({grace.id: replace(grace.attribution, channel="Email")}))

    assert matches(store, Query(channel="Email")) == [grace.id]
    assert matches(store, Query(channel="Referral")) == []


def test_a_lead_that_came_with_an_older_id_is_found(store: Store, grace: Lead) -> None:
    fill(store)
    imported = a_lead("old@import.example", NOON - timedelta(days=30))

    store.keep_and_enqueue([Arrival(imported, [], "old")])

    assert matches(store, Query(text="import.example")) == [imported.id]


def test_the_last_seconds_can_be_left_out_of_the_index(store: Store) -> None:
    first = keep(store, a_lead(received_at=NOON)).lead_id
    second = keep(store, a_lead(received_at=NOON + timedelta(minutes=1))).lead_id

    assert store.write(lambda tx: tx.search.fill_index(second, 1000)) == 1
    with store._database.reading.connect() as connection:
        assert set(connection.execute(select(lead_words.c.lead_id)).scalars()) == {first}


def test_two_that_fill_index_each_lead_once(store: Store) -> None:
    for minute in range(5):
        keep(store, a_lead(received_at=NOON + timedelta(minutes=minute)))

    assert [store.write(lambda tx: tx.search.fill_index("g", 3)) for _ in range(3)] == [3, 2, 0]


# -- pages


def crowd(store: Store, number: int) -> list[Lead]:
    """Leads of two channels in turns, a minute apart, oldest first."""
    made = []
    for n in range(number):
        attribution = Attribution(channel=("Email", "Direct")[n % 2])
        made.append(a_lead(f"p{n}@x.example", NOON + timedelta(minutes=n), attribution=attribution))
        keep(store, made[-1])
    return made


@pytest.mark.parametrize("query", [Query(), Query(channel="Email"), Query(text="x.example"), Query(status="pending")])
def test_pages_turn_forwards_and_back(store: Store, query: Query) -> None:
    crowd(store, 20)
    store.write(lambda tx: tx.search.fill_index("g", 12))
    whole = matches(store, query)

    assert matches(store, replace(query, before=whole[3])) == whole[4:]
    with store.read() as tx:
        back = tx.search.page(replace(query, after=whole[6]), 3).leads
    assert [lead.id for lead in back] == whole[3:6]


def test_ids_come_oldest_first_and_go_on(store: Store) -> None:
    made = crowd(store, 9)
    fill(store)

    with store.read() as tx:
        first = tx.search.ids(Query(channel="Email"), 2)
        rest = tx.search.ids(Query(channel="Email", after=first[-1]), 10)

    assert [*first, *rest] == [lead.id for lead in made[::2]]


@pytest.mark.parametrize(
    "query", [Query(), Query(channel="Email"), Query(text="p1"), Query(form="contact", status="pending")]
)
def test_a_count_is_as_long_as_the_pages(store: Store, query: Query) -> None:
    crowd(store, 20)
    store.write(lambda tx: tx.search.fill_index("g", 12))

    with store.read() as tx:
        assert tx.search.count(query) == MatchCount(len(matches(store, query)))


def test_beyond_a_number_more_than_will_do(store: Store) -> None:
    crowd(store, 20)
    fill(store)

    with store.read() as tx:
        counts = [tx.search.count(query, limit=5) for query in (Query(), Query(channel="Email"))]

    assert counts == [MatchCount(5, is_exact=False)] * 2


@pytest.mark.parametrize(("few", "exact"), [(50, True), (1, False)])
def test_a_full_page_knows_how_many_were_met_on_its_way(store: Store, few: int, exact: bool) -> None:
    crowd(store, 20)
    fill(store)

    with store.read() as tx:
        tx.search.rare_limit = few
        met = tx.search.page(Query(text="x.example lovelace"), 5).met

    assert met == MatchCount(20, is_exact=exact)


def test_a_page_that_would_read_too_much_says_how_far_it_came(store: Store) -> None:
    made = crowd(store, 200)

    with store.read() as tx:
        page = tx.search.page(Query(text="nobody"), 50, patience=1)

    assert page.leads == []
    assert page.reached == made[200 - 64].id


WORDS = ["ann", "anna", "lee", "b", "x.example", "email", "7"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), st.integers(0, 30), st.sampled_from([1, 7, 50_000]))
def test_the_index_never_changes_what_is_found(kept_crowd: Store, words: list[str], skipped: int, few: int) -> None:
    query = Query(text=" ".join(words), before=matches(kept_crowd, Query())[skipped])

    assert matches(kept_crowd, query, few) == by_reading(kept_crowd, query)


@pytest.fixture
def kept_crowd(store: Store) -> Store:
    """Some indexed, some not."""
    for n in range(40):
        contact = Contact(f"ann{n}@x.example", ("Ann", "Anna", "Bo")[n % 3] + " Lee" * (n % 2))
        keep(
            store, a_lead(received_at=NOON + timedelta(minutes=n), submission=a_submission(contact=contact, fields={}))
        )
    store.write(lambda tx: tx.search.fill_index("g", 25))
    return store


def by_reading(store: Store, query: Query) -> list[LeadId]:
    """What a look at every lead finds."""
    terms = terms_of(query.text)
    with store.read() as tx:
        everyone = tx.search.leads(Query(before=query.before), 1000)
    words = {lead.id: words_of(SimpleNamespace(**to_row(lead))) for lead in everyone}
    return [lead_id for lead_id, theirs in words.items() if all(term.matches(theirs) for term in terms)]


TEXTS = st.text(st.sampled_from("aAbÄßçﬁΣς @.-_'7\u0301"), max_size=12)


@settings(max_examples=150)
@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_words_without_digits_are_parts_of_the_text(name: str, email: str, answer: str, former: str) -> None:
    contact = Contact(email, name, company=answer, phone="+44 20")
    correction = Correction(NOON, {"email": former, "message": former}, {"message": answer}, is_applied=False)
    lead = a_lead(submission=a_submission(contact=contact, fields={"message": answer}), corrections=(correction,))
    row = SimpleNamespace(**to_row(lead))

    assert [word for word in words_of(row) if word.isalpha() and word not in text_of(row)] == []
