"""A paused form: what still arrives is stored and waits for a person; its own page asks nothing."""

from dataclasses import replace

from service.capture.accept import accept
from service.capture.repeats import PAUSED
from service.lead import Status
from service.store import Store
from tests.builders import NOON, a_form, a_submission
from tests.front import ANN, PERSON, Front


def test_a_lead_of_a_paused_form_is_stored_and_not_sent(sqlite: Store) -> None:
    front = Front(sqlite, a_form(paused=True))

    assert front.post(ANN, headers=PERSON).status_code == 303

    assert (front.lead().status, front.lead().problem) == (Status.PARKED, PAUSED)


def test_another_problem_of_the_lead_comes_first(sqlite: Store) -> None:
    accept(replace(a_submission(), problem="It has no e-mail."), a_form(paused=True), sqlite, NOON)

    assert Front(sqlite).lead().problem == "It has no e-mail."


def test_the_page_of_a_paused_form_asks_nothing(sqlite: Store) -> None:
    page = Front(sqlite, a_form(paused=True)).client.get("/f/contact", headers={"Accept-Language": "de"})

    assert page.status_code == 200
    assert "Dieses Formular ist geschlossen" in page.text
    assert "<input" not in page.text


def test_newer_words_of_a_lead_count_although_the_form_is_paused(sqlite: Store) -> None:
    first = replace(a_submission(), external_id="x-1", is_proven=True)
    accept(first, a_form(), sqlite, NOON)

    later = replace(first, fields={**first.fields, "message": "Three desks."})
    receipt = accept(later, a_form(paused=True), sqlite, NOON)

    lead = Front(sqlite).lead()
    assert (receipt.repeat, lead.status, lead.submission.fields["message"]) == (True, Status.PENDING, "Three desks.")
