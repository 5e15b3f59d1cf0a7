"""Earlier enquiries of a lead's person, in the index of words and beyond its cursor."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from service.lead import Contact, Lead, Status
from service.store import EarlierEnquiries, Store
from tests.builders import NOON, a_lead, a_submission
from tests.store.actions import keep

BY_PHONE = a_submission(contact=Contact(phone="+442079460142"))


def enquiry(store: Store, days_ago: int = 4, **changes: Any) -> Lead:
    """An enquiry that came so many days before noon."""
    lead = a_lead(received_at=NOON - timedelta(days=days_ago), **changes)
    keep(store, lead)
    return lead


def before(store: Store, lead: Lead) -> EarlierEnquiries:
    """What its person asked before."""
    with store.read() as tx:
        return tx.leads.earlier_enquiries([lead.id])[lead.id]


def test_they_are_counted_since_the_first(store: Store) -> None:
    for days_ago in (9, 4):
        enquiry(store, days_ago)

    assert before(store, enquiry(store, 0)) == EarlierEnquiries(2, NOON - timedelta(days=9))


def test_leads_are_read_by_their_ids_alone(store: Store) -> None:
    """Joined with the index of words, whose ids collate otherwise, PostgreSQL would read all leads: for seconds."""
    lead = enquiry(store)
    statements: list[str] = []
    event.listen(store._database.reading, "before_cursor_execute", lambda *call: statements.append(call[2]))

    before(store, lead)
    with store.read() as tx:
        tx.leads.of_person(lead.submission.contact.email)

    assert [each for each in statements if "lead_words" in each]
    assert not [each for each in statements if "lead_words" in each and "leads." in each]


@pytest.mark.parametrize(
    "changes",
    [
        *({"status": status} for status in (Status.QUARANTINED, Status.TEST, Status.DISCARDED, Status.ERASED)),
        {"account": "harbour"},
        {"submission": a_submission("other@example.com")},
    ],
    ids=["spam", "a test", "discarded", "erased", "another account", "another person"],
)
def test_what_is_no_enquiry_of_the_person_there_does_not_count(store: Store, changes: dict[str, Any]) -> None:
    enquiry(store, **changes)

    assert before(store, enquiry(store, 0)) == EarlierEnquiries()


def test_what_came_later_does_not_count(store: Store) -> None:
    lead = enquiry(store, 4)
    enquiry(store, 1)

    assert before(store, lead) == EarlierEnquiries()


@pytest.mark.parametrize("is_indexed", [True, False])
def test_the_case_of_an_address_makes_no_difference(store: Store, *, is_indexed: bool) -> None:
    enquiry(store, submission=a_submission("ADA@Example.COM"))
    if is_indexed:
        store.write(lambda tx: tx.search.fill_index("g", 100))

    assert before(store, enquiry(store, 0)).number == 1


def test_without_an_address_the_number_tells(store: Store) -> None:
    enquiry(store, submission=BY_PHONE)

    assert before(store, enquiry(store, 0, submission=BY_PHONE)).number == 1


def test_a_person_without_address_and_number_has_no_earlier_enquiries(store: Store) -> None:
    nobody = a_submission(contact=Contact())
    enquiry(store, submission=nobody)

    assert before(store, enquiry(store, 0, submission=nobody)) == EarlierEnquiries()
