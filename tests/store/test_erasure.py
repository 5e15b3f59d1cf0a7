"""Erasure: nothing personal stays, the figures do."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from service.lead import Correction, CoworkerId, Doubt, Lead, OpportunityId, Outcome, Status, Step
from service.store import Arrival, DedupKey, ErasureResult, Store, Transaction
from service.store.database.tables import lead_words, metadata
from tests.builders import NOON, a_lead, a_submission
from tests.store.actions import claim, enqueue, stored_lead

SECRETS = ("ada", "lovelace", "2079460142", "desks", "friend", "gclid-of-ada", "192.0.2.7", "her-id", "hers")


def a_telling_lead(**changes: object) -> Lead:
    """A lead whose every part says something of its person."""
    lead = a_lead(submission=a_submission(external_id="her-id", ip="192.0.2.7", raw=b"ada raw"))
    attribution = replace(lead.attribution, click_ids={"gclid": "gclid-of-ada"})
    page = replace(lead.submission.evidence, page_url="https://www.example.com/contact?name=ada#lovelace")
    submission = replace(lead.submission, evidence=page)
    corrected = (Correction(NOON, {"email": "ada@old.example"}, {"email": "ada@example.com"}),)
    return replace(lead, attribution=attribution, submission=submission, corrections=corrected, **changes)  # type: ignore[arg-type]


def deliver(store: Store, lead: Lead) -> None:
    """As a worker does, with the CRM's words about the person."""

    def work(tx: Transaction) -> None:
        (delivery,) = tx.queue.claim("worker", NOON, 90, 1)
        tx.queue.end_attempt(
            tx.queue.begin_attempt(delivery, Step.CREATE_OPPORTUNITY, NOON), Outcome.DONE, 12, 200, "made for ada"
        )
        tx.leads.mark_delivered(lead.id, CoworkerId(7), OpportunityId(9), NOON)
        tx.queue.complete(delivery)

    store.write(work)


def index(store: Store) -> None:
    """As a worker does behind the leads' backs."""
    store.write(lambda tx: tx.search.fill_index("g", 1000))


def everything(store: Store) -> str:
    """All that the database holds, as text."""
    with store._database.reading.connect() as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
    return repr(rows).lower()


def test_nothing_of_the_person_is_left_in_any_table(store: Store) -> None:
    lead = a_telling_lead()
    store.keep_and_enqueue([Arrival(lead, [DedupKey("same:contact:digest")], "ada@example.com")])
    deliver(store, lead)
    index(store)
    assert all(secret in everything(store) for secret in SECRETS[:5])

    store.erase([lead.id], NOON)

    left = everything(store).replace(lead.id, "")  # whose hex digits may be "ada" by chance
    assert [secret for secret in (*SECRETS, "digest") if secret in left] == []


def test_an_erased_lead_still_counts(store: Store) -> None:
    lead = enqueue(store)
    deliver(store, lead)

    result = store.erase([lead.id], NOON)

    left = stored_lead(store, lead)
    assert result == ErasureResult(done=(lead.id,), opportunities=(OpportunityId(9),))
    assert (left.status, left.opportunity_id, left.delivered_at) == (Status.ERASED, 9, NOON)
    assert (left.attribution.utm_source, left.attribution.channel) == ("google", "Paid Search")


def test_a_page_keeps_its_address_without_what_was_typed(store: Store) -> None:
    lead = enqueue(store, a_telling_lead())

    store.erase([lead.id], NOON)

    assert stored_lead(store, lead).submission.evidence.page_url == "https://www.example.com/contact"


def test_an_erased_lead_is_not_delivered(store: Store) -> None:
    lead = enqueue(store)

    store.erase([lead.id], NOON)

    assert claim(store) == []


def test_a_lead_that_is_being_sent_is_left_until_that_is_over(store: Store) -> None:
    lead = enqueue(store)
    claim(store)

    result = store.erase([lead.id], NOON)

    assert result == ErasureResult(busy=(lead.id,))
    assert store.erase([lead.id], NOON + timedelta(seconds=91)).done == (lead.id,)


def test_a_lead_that_nexudus_may_have_is_named(store: Store) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store)
    store.write(lambda tx: tx.queue.mark_unknown(delivery, Doubt(Step.CREATE_OPPORTUNITY, NOON)))
    store.write(lambda tx: tx.queue.park(delivery, "look"))

    assert store.erase([lead.id], NOON).doubtful == (lead.id,)


def test_a_person_is_found_by_address_in_any_case_indexed_or_not(store: Store) -> None:
    first = enqueue(store, a_lead("Ada@Example.com"), person="1")
    index(store)
    second = enqueue(store, a_lead("ada@example.com", NOON + timedelta(seconds=1)), person="2")
    enqueue(store, a_lead("ada@example.com.au"), person="3")

    with store.read() as tx:
        assert tx.leads.of_person(" ADA@example.com ") == [first.id, second.id]


def test_a_person_is_found_by_an_address_that_was_corrected(store: Store) -> None:
    lead = enqueue(store, a_telling_lead())
    index(store)

    with store.read() as tx:
        assert tx.leads.of_person("ada@old.example") == [lead.id]


def test_no_lead_of_a_person_is_found_twice(store: Store) -> None:
    lead = enqueue(store)
    store.erase([lead.id], NOON)

    with store.read() as tx:
        assert tx.leads.of_person("ada@example.com") == []
    assert store.erase([lead.id], NOON) == ErasureResult()


def test_many_are_erased_a_few_at_a_time(store: Store) -> None:
    many = [enqueue(store, a_lead(f"{n}@example.com"), person=str(n)) for n in range(150)]

    assert len(store.erase([lead.id for lead in many], NOON).done) == 150


def test_an_erased_lead_is_found_by_no_word_of_its_person(store: Store) -> None:
    lead = enqueue(store)
    index(store)

    store.erase([lead.id], NOON)

    with store._database.reading.connect() as connection:
        words = set(connection.execute(select(lead_words.c.word)).scalars())
    assert words == {lead.id[-12:], "=sender:browser", "=channel:Paid Search", "google", "cpc"}


def test_an_erased_lead_owes_nothing_that_could_be_retried(store: Store) -> None:
    lead = enqueue(store)
    store.erase([lead.id], NOON)

    assert not store.write(lambda tx: tx.queue.retry([lead.id], NOON))


def test_what_a_sender_brings_again_stays_forgotten(store: Store) -> None:
    lead = a_lead()
    by_id = [DedupKey("id:meta:default:0123")]
    store.keep_and_enqueue([Arrival(lead, [*by_id, DedupKey("id:browser:contact:4567")], "ada@example.com")])
    store.erase([lead.id], NOON)

    [receipt] = store.keep_and_enqueue(
        [Arrival(a_lead(received_at=NOON + timedelta(days=9)), by_id, "ada@example.com")]
    )

    assert (receipt.lead_id, receipt.repeat) == (lead.id, True)
    assert "id:browser" not in everything(store)
