"""Erasure: nothing personal stays, the figures do."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from service.lead import (
    Attribution,
    Contact,
    Correction,
    CoworkerId,
    Doubt,
    Evidence,
    Lead,
    OpportunityId,
    Outcome,
    Status,
    Step,
    Submission,
    TraceContext,
    new_lead_id,
)
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
    trace = TraceContext("request-of-ada", "span-of-ada")
    store.keep_and_enqueue([Arrival(lead, [DedupKey("same:contact:digest")], "ada@example.com", trace=trace)])
    deliver(store, lead)
    index(store)
    assert all(each in everything(store) for each in trace)
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


# -- bodies that could not be read, addresses in other answers


BODIES = {
    "plain": b"lead,ada@example.com,\xff",
    "capitals": b"From: ADA@Example.COM;",
    "a form": b"m=1&mail=ada%40example.com&x",
    "encoded twice": b"data=mail%3Dada%2540example.com",
    "JSON": rb'{"mail": "ada\u0040example.com"',
    "JSON in JSON": rb'"{\"mail\": \"ada\\u0040example.com\"',
    "HTML": b"<td>ada&#64;example.com</td>",
    "UTF-16": "ada@example.com".encode("utf-16"),
}


def an_unread_lead(body: bytes) -> Lead:
    """A call that could not be read: nothing but its body."""
    submission = Submission("contact", "json", Contact(), Evidence(), raw=body, problem="Cannot be read.")
    return a_lead(submission=submission, status=Status.PARKED, problem="Cannot be read.")


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_person_is_found_in_a_body_that_could_not_be_read(store: Store, body: bytes) -> None:
    lead = enqueue(store, an_unread_lead(body))
    index(store)

    with store.read() as tx:
        assert tx.leads.of_person("Ada@example.com") == [lead.id]
    store.erase([lead.id], NOON)
    assert stored_lead(store, lead).submission.raw == b""


@pytest.mark.parametrize("body", [b"nada@example.com", b"x.ada@example.com", b"ada@example.com.au", b"ada example.com"])
def test_a_body_with_a_longer_address_is_another_persons(store: Store, body: bytes) -> None:
    enqueue(store, an_unread_lead(body))

    with store.read() as tx:
        assert tx.leads.of_person("ada@example.com") == []


def test_a_person_is_found_by_an_answer_whose_question_was_not_understood(store: Store) -> None:
    answers = replace(a_submission(""), extras={"where do we write to": "Ada@example.com"})
    lead = enqueue(store, a_lead(submission=answers), person="1")
    index(store)

    with store.read() as tx:
        assert tx.leads.of_person("ada@example.com") == [lead.id]


def test_a_lead_that_mentions_someone_else_is_its_senders_and_is_named(store: Store) -> None:
    answers = replace(a_submission("bob@example.com"), extras={"who sent you": "ada@example.com did"})
    lead = enqueue(store, a_lead(submission=answers))
    index(store)

    with store.read() as tx:
        assert tx.leads.of_person("ada@example.com") == []
        assert tx.leads.mentioning("ada@example.com") == [lead.id]
        assert tx.leads.mentioning("bob@example.com") == []


# -- the files


FAR_FROM_CHANCE = ("ada@example.com", "lovelace", "2079460142", "gclid-of-ada", "192.0.2.7", "her-id", "two desks")


def bytes_of(path: Path) -> bytes:
    """Return the file of a database with the files beside it, in lower case."""
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*")).lower()


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    """A path for a database."""
    return tmp_path / "leads.db"


def test_no_byte_of_the_person_is_left_in_the_files(own_file: Path) -> None:
    store = Store(f"sqlite:///{own_file}")
    store.migrate()
    # Enough neighbours that pages of the tables and of the index of words are split and merged around hers.
    others = [a_lead(f"person-{n}@example.org", NOON + timedelta(seconds=n)) for n in range(300)]
    plain = [replace(lead.submission, contact=Contact(f"person-{n}@example.org")) for n, lead in enumerate(others)]
    plain = [replace(each, fields={"message": "Hello there. " * 9}, extras={}) for each in plain]
    others = [
        replace(lead, submission=replace(each, evidence=Evidence()), attribution=Attribution())
        for lead, each in zip(others, plain, strict=True)
    ]
    store.keep_and_enqueue([Arrival(lead, [], lead.id) for lead in others[:150]])
    hers = [a_telling_lead(received_at=NOON + timedelta(seconds=200 + n)) for n in range(5)]
    hers = [replace(lead, id=new_lead_id(lead.received_at)) for lead in hers]
    for n, lead in enumerate(hers):
        store.keep_and_enqueue([Arrival(lead, [DedupKey(f"same:contact:{n}")], "ada@example.com")])
    store.keep_and_enqueue([Arrival(lead, [], lead.id) for lead in others[150:]])
    index(store)
    deliver(store, hers[0])
    assert all(secret.encode() in bytes_of(own_file) for secret in FAR_FROM_CHANCE)

    with store.read() as tx:
        theirs = tx.leads.of_person("ada@example.com")
    assert store.erase(theirs, NOON).done == tuple(lead.id for lead in hers)

    left = bytes_of(own_file)  # while the store is open: closing it would empty the log
    assert [secret for secret in FAR_FROM_CHANCE if secret.encode() in left] == []
    assert b"person-299@example.org" in left
    store.close()


def test_erased_rows_are_overwritten_whatever_the_build_of_sqlite(sqlite: Store) -> None:
    with sqlite._database.writing.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1


def test_a_reader_keeps_the_log_and_it_is_emptied_after_it(own_file: Path) -> None:
    store = Store(f"sqlite:///{own_file}")
    store.migrate()
    lead = enqueue(store, a_telling_lead())
    with store.read() as tx:
        assert tx.leads.get(lead.id)
        store.erase([lead.id], NOON)
        assert not store.clear_log()

    assert store.clear_log()
    assert b"gclid-of-ada" not in bytes_of(own_file)
    store.close()
