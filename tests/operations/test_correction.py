"""Answers corrected by an operator: read like a visitor's, sent again, and the former answers kept."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from service import clock
from service.attribution import attribute
from service.capture.accept import accept
from service.forms import AttributionConfig, Route
from service.lead import Contact, Doubt, Lead, Status, Step, Submission
from service.operations.correction import InvalidAnswers, correct, corrected
from service.operations.leads import ActionNotAllowed
from service.store import Arrival, Store
from tests.builders import NOON, SOMEONE, a_form, a_lead, a_submission
from tests.store.actions import claim, enqueue, stored_lead
from tests.tables import each_row

FORM = a_form(country="GB")


def put_right(store: Store, lead: Lead, **answers: str) -> Lead:
    """Correct a lead at noon; the lead as it stands then."""
    corrected_lead = correct(store, SOMEONE, lead.id, answers, {FORM.name: FORM}, NOON)
    assert corrected_lead is not None
    return corrected_lead


@pytest.fixture
def parked(store: Store) -> Lead:
    """A lead with a misspelt address, parked."""
    submission = a_submission("ada@example", contact=Contact(full_name="Ada Lovelace"))
    lead = enqueue(store, a_lead(submission=submission), person="nobody")
    (delivery,) = claim(store)
    store.write(lambda tx: tx.queue.park(delivery, "there is no usable e-mail address"))
    return lead


# -- reading


def test_a_corrected_address_and_number_are_read_like_a_visitors() -> None:
    became = corrected(a_lead(), {"email": " Ann@Example.COM ", "phone": "020 7946 0142"}, FORM, NOON)

    assert (became.submission.contact.email, became.submission.contact.phone) == ("ann@example.com", "+442079460142")
    assert became.person == "ann@example.com"
    assert became.submission.fields["email"] == "ann@example.com"


@each_row(
    ("answers", "named", "wrong"),
    [
        ({"email": "ann@"}, "email", "not an e-mail address"),
        ({"shoe_size": "38"}, "shoe_size", "not a field of this lead"),
        ({"message": "x" * 10_001}, "message", "longer than"),
        ({"email": "ada@example.com"}, "email", "says already"),
        ({}, "fields", "at least one"),
    ],
)
def test_invalid_answers_are_named(answers: Mapping[str, str], named: str, wrong: str) -> None:
    with pytest.raises(InvalidAnswers) as caught:
        corrected(a_lead(), answers, FORM, NOON)

    assert wrong in caught.value.errors[named]


def test_an_empty_answer_takes_one_out() -> None:
    became = corrected(a_lead(), {"message": "", "how_heard": ""}, FORM, NOON)

    assert "message" not in became.submission.fields
    assert "how_heard" not in became.submission.extras
    assert dict(became.correction.was) == {"message": "Two desks, please.", "how_heard": "a friend"}


# -- keeping


def test_a_corrected_lead_is_queued_at_once_with_its_whole_schedule(store: Store, parked: Lead) -> None:
    lead = put_right(store, parked, email="ada@example.com")

    assert (lead.status, lead.problem, lead.next_attempt_at) == (Status.PENDING, "", NOON)
    assert lead.submission.contact.email == "ada@example.com"


def test_the_former_answers_stay(store: Store, parked: Lead) -> None:
    put_right(store, parked, email="adda@example.com")
    lead = put_right(store, parked, email="ada@example.com")

    assert [(dict(one.was), dict(one.became)) for one in lead.corrections] == [
        ({"email": "ada@example"}, {"email": "adda@example.com"}),
        ({"email": "adda@example.com"}, {"email": "ada@example.com"}),
    ]


def test_the_evidence_of_where_the_person_came_from_stays_as_it_came(store: Store) -> None:
    submission = Submission("contact", "browser", Contact(), a_submission().evidence, fields={}, problem="no address")
    receipt = accept(submission, FORM, store, NOON)
    before = stored_lead(store, replace(a_lead(), id=receipt.lead_id))

    lead = put_right(store, before, email="ada@example.com", full_name="Ada")

    assert lead.submission.evidence == before.submission.evidence
    assert attribute(lead.submission.evidence, FORM.attribution) == lead.attribution


def test_an_answer_that_chooses_another_route_is_credited_as_that_route_says() -> None:
    leeds = replace(FORM, account="harbour", attribution=AttributionConfig(lead_source=11))
    form = replace(FORM, routes=(Route({"location": "leeds"}, leeds),))

    became = corrected(a_lead(), {"location": "Leeds"}, form, NOON)

    assert (became.account, became.attribution.lead_source) == ("harbour", 11)


@pytest.mark.parametrize(
    ("answers", "doubt"),
    [
        ({"message": "Four desks."}, Doubt(Step.CREATE_COWORKER, NOON)),
        ({"email": "ada@example.org"}, None),
    ],
    ids=["other words", "another person"],
)
def test_a_contact_that_may_exist_is_still_searched_for_while_the_person_is_the_same(
    store: Store, answers: Mapping[str, str], doubt: Doubt | None
) -> None:
    lead = enqueue(store, person="ada@example.com")
    (delivery,) = claim(store)
    store.write(lambda tx: tx.queue.mark_unknown(delivery, Doubt(Step.CREATE_COWORKER, NOON, verify_count=1)))
    store.write(lambda tx: tx.queue.postpone(delivery, NOON, 0))

    put_right(store, stored_lead(store, lead), **answers)

    (again,) = claim(store, now=NOON + timedelta(minutes=1))
    assert again.doubt == doubt


def test_a_contact_that_may_exist_is_waited_for_after_a_correction_there_and_back(store: Store) -> None:
    lead = enqueue(store, person="ada@example.com")
    (delivery,) = claim(store)
    store.write(lambda tx: tx.queue.begin_attempt(delivery, Step.CREATE_COWORKER, NOON))
    (again,) = claim(store, "new", NOON + timedelta(minutes=2))
    store.write(lambda tx: tx.queue.postpone(again, NOON, 0))

    for email in ("ada@example.org", "ada@example.com"):
        put_right(store, stored_lead(store, lead), email=email)

    (corrected_delivery,) = claim(store, now=NOON + timedelta(minutes=1))
    with store.read() as tx:
        assert tx.queue.contact_in_doubt(corrected_delivery, NOON) == (NOON, None)


def test_a_quarantined_lead_is_corrected_and_still_waits_to_be_released(store: Store) -> None:
    held = a_lead(status=Status.QUARANTINED, problem="a trap")
    store.keep_and_enqueue([Arrival(held, [], "ada@example.com")])

    lead = put_right(store, held, message="Four desks.")

    assert (lead.status, lead.submission.fields["message"]) == (Status.QUARANTINED, "Four desks.")
    assert claim(store) == []


# -- when not


def test_a_lead_that_is_being_sent_cannot_be_corrected(store: Store) -> None:
    lead = enqueue(store)
    claim(store)

    with pytest.raises(ActionNotAllowed, match="at this moment"):
        put_right(store, lead, message="Four desks.")


def test_a_lead_that_nexudus_may_have_is_looked_for_first(store: Store) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store)
    store.write(lambda tx: tx.queue.begin_attempt(delivery, Step.CREATE_OPPORTUNITY, NOON))
    store.write(lambda tx: tx.queue.free_leases(lambda _: True))
    (again,) = claim(store, now=NOON + timedelta(minutes=5))
    store.write(lambda tx: tx.queue.park(again, "given up"))

    with pytest.raises(ActionNotAllowed, match="may have saved it"):
        put_right(store, lead, email="other@example.com")


def test_nor_is_a_lead_corrected_whose_worker_ended_while_it_was_created(store: Store) -> None:
    lead = enqueue(store)
    (delivery,) = claim(store)
    store.write(lambda tx: tx.queue.begin_attempt(delivery, Step.CREATE_OPPORTUNITY, NOON))
    store.write(lambda tx: tx.queue.free_leases(lambda _: True))

    with pytest.raises(ActionNotAllowed, match="may have saved it"):
        put_right(store, lead, email="other@example.com")


@pytest.mark.parametrize("status", [Status.DELIVERED, Status.DISCARDED, Status.TEST, Status.ERASED])
def test_a_finished_lead_cannot_be_corrected(store: Store, status: Status) -> None:
    lead = a_lead(status=status)
    store.keep_and_enqueue([Arrival(lead, [], "ada@example.com")])

    with pytest.raises(ActionNotAllowed, match=status.value):
        put_right(store, lead, message="Four desks.")


def test_there_is_no_correcting_of_a_lead_that_is_not_there(store: Store) -> None:
    assert correct(store, SOMEONE, "0" * 32, {"message": "x"}, {}, clock.now()) is None
