"""Both touches of a lead, and the visits of leads that an earlier version has stored."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from service.capture.accept import accept
from service.forms import AttributionConfig, Form
from service.lead import Evidence, LeadId, Status, StoredTouch, Submission
from service.operations.outcomes import OutcomeQuery, outcomes
from service.operations.visits import read_visits
from service.store import Store
from tests.builders import NOON, a_form, a_submission
from tests.front import count_days

AD = "https://www.example.com/offices?utm_source=google&utm_medium=cpc&utm_campaign=city"
LETTER = "https://www.example.com/?utm_source=news&utm_medium=email"


def by_two_visits(**changes: Any) -> Submission:
    """An enquiry of a person who first came by an ad, then by a newsletter."""
    fields = {"email": "ada@example.com", "location": "Leeds"}
    evidence = Evidence(fields=fields, landing_url=LETTER, page_url=LETTER, first=StoredTouch(AD))
    return replace(replace(a_submission(), evidence=evidence, fields=fields), **changes)


def keys(store: Store, by: str, touch: str = "last") -> list[Any]:
    """What a report lists."""
    query = OutcomeQuery(by, NOON - timedelta(days=1), NOON + timedelta(days=1), touch)
    return [row.key[by] for row in outcomes(store, query, {}).rows]


def all_keys(store: Store) -> list[list[Any]]:
    """What reports list by both touches."""
    lists = [keys(store, by, touch) for by in ("source_medium", "landing_page") for touch in ("last", "first")]
    return [*lists, keys(store, "location")]


BOTH = [["news / email"], ["google / cpc"], ["/"], ["/offices"], ["Leeds"]]


def forgotten(store: Store) -> None:
    """The database as an earlier version has left it."""
    with store._database.writing.begin() as connection:
        connection.execute(text("UPDATE leads SET origin = NULL, landing_page = NULL, location = NULL"))
        connection.execute(text("DELETE FROM lead_touches"))


def test_a_lead_is_listed_by_either_touch(store: Store) -> None:
    accept(by_two_visits(), a_form(), store, NOON)

    assert all_keys(store) == BOTH


def test_a_form_that_uses_the_first_touch_keeps_the_last(store: Store) -> None:
    form: Form = a_form(attribution=AttributionConfig(touch="first"))

    accept(by_two_visits(), form, store, NOON)

    assert all_keys(store) == BOTH


def test_visits_of_an_earlier_version_are_read_once(store: Store) -> None:
    accept(by_two_visits(), a_form(), store, NOON)
    forgotten(store)

    numbers = [read_visits(store, {"contact": a_form()}) for _ in range(2)]

    assert numbers == [1, 0]
    assert all_keys(store) == BOTH


def test_an_erased_lead_of_an_earlier_version_is_listed_by_what_is_known(sqlite: Store) -> None:
    submission = by_two_visits(
        evidence=Evidence(landing_url="https://www.example.com/", referrer="https://www.google.com/")
    )
    receipt = accept(submission, a_form(), sqlite, NOON)
    erase(sqlite, receipt.lead_id)
    forgotten(sqlite)

    read_visits(sqlite, {})

    assert keys(sqlite, "source_medium") == ["google / organic"]


def erase(store: Store, *lead_ids: LeadId) -> None:
    """Erase delivered leads: they go on counting."""
    with store._database.writing.begin() as connection:
        connection.execute(
            text("UPDATE leads SET delivered_at = received_at, status = :status"), {"status": "delivered"}
        )
    store.erase(lead_ids, NOON)


def test_an_erasure_keeps_both_touches_and_a_location_that_many_named(store: Store) -> None:
    people = [f"p{number}@example.com" for number in range(3)]
    receipts = [accept(_by(person), a_form(), store, NOON) for person in people]
    rare = accept(_by("rare@example.com", "My flat in Elm Street"), a_form(), store, NOON)
    count_days(store)

    erase(store, *(receipt.lead_id for receipt in receipts), rare.lead_id)

    assert keys(store, "location") == ["Leeds", "(not set)"]
    assert keys(store, "source_medium", "first") == ["google / cpc"]
    with store.read() as tx:
        assert all(tx.leads.get(receipt.lead_id).status is Status.ERASED for receipt in receipts)  # type: ignore[union-attr]


def _by(email: str, place: str = "Leeds") -> Submission:
    whole = by_two_visits()
    contact = replace(whole.contact, email=email)
    fields = {"email": email, "location": place}
    return replace(whole, contact=contact, fields=fields)
