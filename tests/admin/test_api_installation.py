"""/api/v1/forms, /alerts and /forget: the forms, the current problems, the erasure of people."""

from collections.abc import Mapping

import pytest
from werkzeug.test import TestResponse

from service.lead import Status
from service.store import Store
from tests.admin.stored_leads import keep, keep_as, keep_delivered
from tests.builders import NOON, a_form, a_lead
from tests.front import Front
from tests.store.actions import stored_lead


def test_the_forms_are_listed_with_their_addresses_and_without_secrets(sqlite: Store) -> None:
    tour = a_form("tour", title="Book a tour", webhooks={"json": {"token": "a-secret"}})

    response = Front(sqlite, a_form(), tour, PUBLIC_URL="https://leads.example.com").ask("/forms")

    assert [form["name"] for form in response.get_json()["forms"]] == ["contact", "tour"]
    assert response.get_json()["forms"][1] == {
        "name": "tour",
        "title": "Book a tour",
        "account": "default",
        "url": "https://leads.example.com/f/tour",
        "webhooks": {"json": "https://leads.example.com/webhooks/json/tour"},
    }
    assert "a-secret" not in response.text


def test_an_alert_says_what_is_wrong_and_what_to_do(front: Front, sqlite: Store) -> None:
    sqlite.write(lambda tx: tx.alerts.report("login:default", "Correct the password.", NOON))

    (alert,) = front.ask("/alerts").get_json()["alerts"]

    assert alert.pop("title")
    assert alert == {"cause": "login:default", "sentence": "Correct the password.", "since": "2026-11-24T12:00:00Z"}


def test_a_resolved_problem_is_no_alert(front: Front, sqlite: Store) -> None:
    sqlite.write(lambda tx: tx.alerts.report("login:default", "Correct the password.", NOON))
    sqlite.write(lambda tx: tx.alerts.resolve("login:default", NOON))

    assert front.ask("/alerts").get_json() == {"alerts": []}


# -- forgetting


def test_a_person_is_forgotten_and_their_records_in_nexudus_are_listed(store: Store) -> None:
    lead = keep_delivered(store)

    result = Front(store).ask("/forget", "POST", json={"email": "ADA@example.com"}).get_json()

    assert [each["id"] for each in result["erased"]] == [lead.id]
    assert (result["opportunities"], result["coworkers"], result["busy"]) == ([9], [7], [])
    assert stored_lead(store, lead).status is Status.ERASED


def test_a_dry_run_erases_nothing_and_tells_the_same(front: Front, sqlite: Store) -> None:
    lead = keep_as(sqlite, Status.PARKED)

    dry = front.ask("/forget", "POST", json={"email": "ada@example.com", "dry_run": True}).get_json()

    assert stored_lead(sqlite, lead).status is Status.PARKED
    real = front.ask("/forget", "POST", json={"email": "ada@example.com"}).get_json()
    assert {**dry, "dry_run": False} == real


def test_other_people_are_not_forgotten(front: Front, sqlite: Store) -> None:
    other = keep(sqlite, a_lead("bob@example.com"))

    result = front.ask("/forget", "POST", json={"email": "ada@example.com"}).get_json()

    assert result["erased"] == []
    assert stored_lead(sqlite, other).status is Status.PENDING


# -- bodies

WRONG: Mapping[str, tuple[dict[str, object], int]] = {
    "another type": ({"data": {"email": "ada@example.com"}}, 415),
    "no body": ({}, 415),
    "no JSON": ({"data": "{", "content_type": "application/json"}, 400),
    "too deep": ({"data": "[" * 100_000, "content_type": "application/json"}, 400),
    "too large": ({"json": {"email": "@" + "a" * (1 << 20)}}, 413),
    "half a character": ({"data": r'{"email": "\ud800@example.com"}', "content_type": "application/json"}, 400),
    "an unknown member": ({"json": {"email": "ada@example.com", "dryrun": True}}, 422),
    "no address": ({"json": {"email": "ada"}}, 422),
    "a word for true": ({"json": {"email": "ada@example.com", "dry_run": "yes"}}, 422),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_invalid_body_is_refused_and_erases_nothing(front: Front, sqlite: Store, name: str) -> None:
    lead = keep(sqlite, a_lead())
    more, status = WRONG[name]

    response: TestResponse = front.ask("/forget", "POST", **more)

    assert (response.status_code, response.mimetype) == (status, "application/problem+json"), response.text
    assert stored_lead(sqlite, lead).status is Status.PENDING


@pytest.mark.parametrize("character", [r"\ud800", r"\u0000", r"\ud83d\ude00"])
@pytest.mark.parametrize("call", ["preview", "correct"])
def test_no_character_is_a_mistake_of_ours(store: Store, call: str, character: str) -> None:
    lead = keep_as(store, Status.PARKED)
    path = "/preview/contact" if call == "preview" else f"/leads/{lead.id}/correct"
    body = f'{{"fields": {{"message": "A{character}"}}}}'

    response = Front(store).ask(path, "POST", data=body, content_type="application/json")

    is_half = character == r"\ud800"
    assert response.status_code == (400 if is_half and call == "correct" else 200), response.text


@pytest.mark.parametrize("email", ["\x1f@b", "a@\x1c\x85b"])
def test_what_matches_the_description_but_is_no_address_is_a_conflict(front: Front, sqlite: Store, email: str) -> None:
    lead = keep_as(sqlite, Status.PARKED)

    response = front.ask(f"/leads/{lead.id}/correct", "POST", json={"fields": {"email": email}})

    assert response.status_code == 409
    assert "not an e-mail address" in response.get_json(force=True)["errors"]["json"]["fields"]["email"]


def test_responses_stay_out_of_caches(front: Front) -> None:
    assert front.ask("/leads").headers["Cache-Control"] == "no-store"
    assert front.ask(f"/leads/{'0' * 32}").headers["Cache-Control"] == "no-store"
