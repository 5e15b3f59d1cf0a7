"""Saying that one has called: on the lead's page, by the link in a message, by the API."""

import re

import pytest

from service.alerts.answer_links import AnswerLinks
from service.lead import Lead, Status
from service.store import AnswerClock, Store
from tests.admin.dashboard import Operator
from tests.builders import NOON, a_lead
from tests.front import PERSON, TOKEN, Front
from tests.store.actions import keep

LATER = NOON.replace(hour=14)


@pytest.fixture
def lead(sqlite: Store) -> Lead:
    """A lead that waits for an answer."""
    stored = a_lead()
    keep(sqlite, stored)
    clock = AnswerClock(stored.id, "default", "contact", NOON, due_at=LATER, waiting_since=NOON)
    sqlite.write(lambda tx: tx.answers.add([clock]))
    return stored


def is_answered(store: Store, lead: Lead) -> bool:
    """Whether an answer is recorded."""
    with store.read() as tx:
        return tx.answers.clocks_of([lead.id])[lead.id].answered_at is not None


def link(store: Store, lead: Lead) -> str:
    """The path of the link in a message."""
    return AnswerLinks("", store.secret_key).url_of(lead.id)


def test_the_link_opens_a_page_that_changes_nothing_and_shows_nobody(front: Front, sqlite: Store, lead: Lead) -> None:
    for method in ("GET", "HEAD", "GET"):
        response = front.client.open(link(sqlite, lead), method=method, headers=PERSON)

    assert response.status_code == 200
    assert "Have you called?" in response.text
    assert "Ada" not in response.text
    assert "ada@example.com" not in response.text
    assert response.headers["Cache-Control"] == "no-store"
    assert not is_answered(sqlite, lead)


def test_the_button_of_that_page_answers_the_lead(front: Front, sqlite: Store, lead: Lead) -> None:
    response = front.client.post(link(sqlite, lead), headers=PERSON, follow_redirects=True)

    assert response.status_code == 200
    assert "somebody has called" in response.text
    assert "<button" not in re.sub(r"<(header|footer).*?</\1>", "", response.text, flags=re.DOTALL)
    assert is_answered(sqlite, lead)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_was_not_signed_here_answers_nothing(front: Front, sqlite: Store, lead: Lead, method: str) -> None:
    forged = AnswerLinks("", lambda: "another key of somebody else").url_of(lead.id)

    assert front.client.open(forged, method=method, headers=PERSON).status_code == 404
    assert not is_answered(sqlite, lead)


def test_an_erased_lead_has_nothing_to_answer(front: Front, sqlite: Store, lead: Lead) -> None:
    sqlite.erase([lead.id], NOON)

    response = front.client.post(link(sqlite, lead), headers=PERSON, follow_redirects=True)

    assert "There is nothing to answer" in response.text
    assert not is_answered(sqlite, lead)


def test_the_api_answers_a_lead_and_reports(front: Front, sqlite: Store, lead: Lead) -> None:
    token = {"Authorization": f"Bearer {TOKEN}"}

    response = front.client.post(f"/api/v1/leads/{lead.id}/answered", headers=token)
    report = front.client.get("/api/v1/reports/answers?since=2026-11-01&by=owner", headers=token)

    assert response.json is not None
    assert (response.json["answer"]["how"], response.json["answer"]["due_at"]) == ("called", "2026-11-24T14:00:00Z")
    assert report.json is not None
    assert (report.json["total"]["leads"], report.json["rows"][0]["key"]) == (1, "")


def test_the_api_refuses_to_answer_spam(front: Front, sqlite: Store) -> None:
    spam = a_lead(status=Status.QUARANTINED)
    keep(sqlite, spam)

    response = front.client.post(f"/api/v1/leads/{spam.id}/answered", headers={"Authorization": f"Bearer {TOKEN}"})

    assert response.status_code == 409


def test_today_shows_who_waits_longest(sqlite: Store, lead: Lead) -> None:
    today = Operator(sqlite).see("/admin/")

    assert "1 lead is waiting for an answer. 1 should have been answered by now." in today
    assert "Ada Lovelace Overdue" in today


def test_the_leads_page_shows_the_clock_and_has_the_button(sqlite: Store, lead: Lead) -> None:
    turn = ("ann@example.com", 901, "it was their turn")
    sqlite.write(lambda tx: tx.answers.give_turn(lead.id, "default", [turn[0]], lambda _: turn, NOON))
    operator, path = Operator(sqlite), f"/admin/leads/{lead.id}"

    before = operator.see(path)
    after = operator.arrive(operator.send(f"{path}/answered"))

    assert "Overdue" in before
    assert "I have called" in before
    assert "it was their turn" in before
    assert "somebody has called" in after
    assert "I have called" not in after
