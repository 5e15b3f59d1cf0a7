"""Suspects from outside: answered like everybody else, held for one reason, released or discarded with one action."""

from datetime import timedelta
from typing import Any

import pytest

from service.capture.spam.rules import DuplicateTexts
from service.forms import Form
from service.lead import Contact, Reason, Status
from service.rate_limit import Counters
from service.store import Store
from tests.builders import NOON, a_form, a_submission
from tests.forms.texts import form_of
from tests.front import ANN, PERSON, SCRIPT, Front

QUICK = {"lc_key": "1-2-3-4.350"}
OFFER = "We bring your website to the top of every search: write to boost@seo.example today!"

SUSPECTS: dict[Reason, tuple[dict[str, str], dict[str, str]]] = {
    Reason.HONEYPOT: ({"_gotcha": "pills"}, {}),
    Reason.BLOCKED: ({"message": "An online casino for your members"}, {}),
    Reason.TOO_FAST: (QUICK, {}),
    Reason.FOREIGN_ORIGIN: ({}, {"Origin": "https://elsewhere.example"}),
    Reason.LINKS: ({"message": "http://a.test http://b.test http://c.test"}, {}),
}


def a_front(sqlite: Store, **changes: Any) -> Front:
    """A form with a block list and allowed origins."""
    form = form_of("allowed_origins = ['https://www.example.com']\nblock = ['casino', '198.51.100.0/24']")
    return Front(sqlite, a_form(allowed_origins=form.allowed_origins, block=form.block, **changes))


@pytest.mark.parametrize("reason", SUSPECTS)
def test_a_suspect_is_held_with_its_reason_and_looks_successful_to_a_person(sqlite: Store, reason: Reason) -> None:
    fields, headers = SUSPECTS[reason]
    front = a_front(sqlite)

    answer = front.post({**ANN, **fields}, headers={**PERSON, **headers})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/f/contact/thanks")
    assert front.lead().status is Status.QUARANTINED
    assert front.lead().problem.startswith(reason.prefix)


@pytest.mark.parametrize("reason", SUSPECTS)
def test_a_script_is_told_the_same_as_of_any_other_lead(sqlite: Store, reason: Reason) -> None:
    fields, headers = SUSPECTS[reason]
    front = a_front(sqlite)

    suspect = front.post({**ANN, **fields}, headers={**SCRIPT, **headers})
    real = front.post({**ANN, "email": "real@example.com"}, headers=SCRIPT)

    assert suspect.status_code == real.status_code == 200
    assert {**suspect.get_json(), "id": ""} == {**real.get_json(), "id": ""}


def test_an_address_of_a_blocked_network_is_held(sqlite: Store) -> None:
    front = a_front(sqlite)

    front.post(ANN, address="198.51.100.9")

    assert front.lead().problem.startswith(Reason.BLOCKED.prefix)
    assert front.lead().submission.ip == ""  # judged by, not kept


def test_the_time_behind_the_key_does_not_make_a_second_click_another_lead(sqlite: Store) -> None:
    front = a_front(sqlite)

    for key in ("1-2-3-4.5350", "1-2-3-4.5900"):
        front.post({**ANN, "lc_key": key})

    assert (front.lead().repeats, front.lead().status) == (1, Status.PENDING)


def test_a_form_that_comes_back_to_be_corrected_is_not_judged_by_the_time_of_its_first_sending(sqlite: Store) -> None:
    front = a_front(sqlite)

    page = front.post({**ANN, **QUICK, "email": "ann@"}, headers=PERSON)

    assert page.status_code == 422
    assert 'name="lc_key" value="1-2-3-4"' in page.text


# -- released and discarded


def hold(front: Front, number: int) -> list[str]:
    """Several suspects; their ids."""
    for each in range(number):
        front.post({**ANN, "email": f"ann{each}@example.com", "_gotcha": "x"})
    return [lead.id for lead in front.leads()]


def test_one_action_releases_a_suspect_and_it_is_owed_to_the_crm(sqlite: Store) -> None:
    front = a_front(sqlite)
    (suspect,) = hold(front, 1)

    answer = front.ask(f"/leads/{suspect}/release", "POST")

    assert (answer.status_code, answer.get_json()["status"], answer.get_json()["problem"]) == (200, "pending", None)
    with front.store.read() as tx:
        assert tx.queue.backlog()[0] == 1


def test_one_action_discards_a_suspect_for_good(sqlite: Store) -> None:
    front = a_front(sqlite)
    (suspect,) = hold(front, 1)

    answer = front.ask(f"/leads/{suspect}/discard", "POST")

    assert answer.get_json()["status"] == "discarded"
    with front.store.read() as tx:
        assert tx.queue.backlog()[0] == 0


def test_the_digest_counts_them_by_reason(sqlite: Store) -> None:
    front = a_front(sqlite)
    hold(front, 3)
    front.post({**ANN, **QUICK})
    front.post({**ANN, "email": "real@example.com"})

    with front.store.read() as tx:
        figures = tx.alerts.digest_figures(front.leads()[0].received_at - timedelta(minutes=1))

    assert figures.suspicions == {"honeypot": 3, "too_fast": 1}
    assert figures.received == {"contact": 1}


# -- the same text from several people


def send(front: Front, text: str, people: int, form: str = "contact") -> list[str]:
    """The same message from different people; where each lead stands."""
    for number in range(people):
        front.post({**ANN, "email": f"p{number}@example.com", "message": text}, form=form)
    return [lead.status.value for lead in reversed(front.leads()) if lead.submission.form == form]


def test_the_third_who_sends_the_same_offer_is_held(sqlite: Store) -> None:
    front = a_front(sqlite)

    assert send(front, OFFER, 4) == ["pending", "pending", "quarantined", "quarantined"]
    assert front.leads()[0].problem.startswith("Held as spam (repeated): 4 people sent the same text within a day")


def test_spaces_capitals_and_points_make_no_other_text(sqlite: Store) -> None:
    front = a_front(sqlite)
    send(front, OFFER, 2)

    front.post({**ANN, "message": OFFER.upper().replace(" ", "  ").replace("!", " !!!")})

    assert front.leads()[0].status is Status.QUARANTINED


PAGES_WORDS = "I would like to know more about private offices at your Leeds location. Please call me back."


@pytest.mark.parametrize("text", ["Please call me back.", PAGES_WORDS, PAGES_WORDS + " From 25.11.2026 18:00."])
def test_what_a_page_may_have_filled_in_is_not_held(sqlite: Store, text: str) -> None:
    assert set(send(a_front(sqlite), text, 6)) == {"pending"}


def test_the_operator_may_hold_any_text(sqlite: Store) -> None:
    front = a_front(sqlite, same_text=2)

    assert send(front, PAGES_WORDS, 2) == ["pending", "quarantined"]


def test_another_form_counts_for_itself(sqlite: Store) -> None:
    front = Front(sqlite, a_form(), a_form("tour"))
    send(front, OFFER, 2)

    assert send(front, OFFER, 2, "tour") == ["pending", "pending"]


def count(echoes: DuplicateTexts, email: str, days: float = 0, form: Form | None = None) -> int:
    """The number of people who sent this text, this person included."""
    submission = a_submission(email, fields={"message": OFFER})
    return echoes.count(submission, form or a_form(), NOON + timedelta(days=days))


def test_one_person_is_counted_once() -> None:
    echoes = DuplicateTexts(Counters())

    assert [count(echoes, email) for email in ("a@x.test", "A@x.test", "b@x.test", "a@x.test")] == [1, 1, 2, 2]


def test_a_new_day_begins_at_nought() -> None:
    echoes = DuplicateTexts(Counters())
    count(echoes, "a@x.test")

    assert count(echoes, "b@x.test", days=1) == 1


def test_nothing_is_counted_where_it_does_not_matter() -> None:
    echoes = DuplicateTexts(Counters())
    nobody = a_submission("", contact=Contact(), fields={"message": OFFER})

    assert echoes.count(nobody, a_form(), NOON) == 0
    assert count(echoes, "a@x.test", form=a_form(same_text=0)) == 0
