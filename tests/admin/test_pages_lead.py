"""One lead: its journey, its answers, the body sent to Nexudus, and the possible actions."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from service.lead import SAME_ID_REMARK, Contact, Correction, Lead, Outcome, Status, Step
from service.store import Store, Transaction
from tests.admin.dashboard import Operator, words
from tests.admin.stored_leads import keep, keep_as, keep_delivered
from tests.builders import NOON, a_lead, a_submission


@pytest.fixture
def operator(sqlite: Store) -> Operator:
    """Signed in."""
    return Operator(sqlite)


def page_of(operator: Operator, lead: Lead) -> str:
    """What its page says."""
    return operator.see(f"/admin/leads/{lead.id}")


def refused(store: Store, lead: Lead, **fields: object) -> None:
    """As a worker does when Nexudus says no to a body with these fields, too."""

    def work(tx: Transaction) -> None:
        (delivery,) = tx.queue.claim("worker", NOON, 90, 1)
        number = tx.queue.begin_attempt(
            delivery, Step.CREATE_OPPORTUNITY, NOON, {"Name": "Ada Lovelace", "UtmSource": "google", **fields}
        )
        tx.queue.end_attempt(number, Outcome.REJECTED, 12, 400, "Name is too <long>")
        tx.queue.park(delivery, "Nexudus refused it: Name is too <long>. Correct it, then send it again.")

    store.write(work)


def test_the_technical_details_name_the_version_of_the_set_up(sqlite: Store, operator: Operator) -> None:
    assert "Set-up version 12" in page_of(operator, keep(sqlite, a_lead(setup_version=12)))


def test_the_journey_tells_each_step_in_its_order(sqlite: Store, operator: Operator) -> None:
    page_text = page_of(operator, keep_delivered(sqlite))

    steps = (
        "Received",
        "Attributed to Paid Search",
        "Saved",
        "Searched for the contact",
        "Created the contact",
        "opportunity 9",
    )
    places = [page_text.index(step) for step in steps]
    assert places == sorted(places)
    assert "Rule ad click" in page_text


def test_it_says_since_when_the_person_is_known(sqlite: Store, operator: Operator) -> None:
    keep(sqlite, a_lead(received_at=NOON - timedelta(days=3)))

    page_text = page_of(operator, keep(sqlite, a_lead()))

    assert "Known since 2026-11-21: 1 earlier enquiry here since 2026-11-21." in page_text


def test_it_says_nothing_of_that_where_the_person_is_new(sqlite: Store, operator: Operator) -> None:
    assert "Known since" not in page_of(operator, keep(sqlite, a_lead()))


def test_the_response_of_nexudus_and_the_body_are_shown_as_text(sqlite: Store, operator: Operator) -> None:
    lead = keep(sqlite, a_lead())
    refused(sqlite, lead)

    html = operator.client.get(f"/admin/leads/{lead.id}").text

    assert "Name is too &lt;long&gt;" in html
    assert "What to do" in html
    assert all(
        text in words(html)
        for text in ("Tried to create the opportunity", "rejected as invalid", "HTTP 400", "UtmSource")
    )


def test_a_custom_field_that_was_sent_is_shown_by_its_name(sqlite: Store, operator: Operator) -> None:
    lead = keep(sqlite, a_lead())
    refused(sqlite, lead, CustomFields={"Data": [{"Name": "Floor", "Value": "third", "Type": "string"}]})

    page_text, _, as_json = page_of(operator, lead).partition("Sent to Nexudus")[2].partition("As JSON")

    assert "custom Floor third" in page_text
    assert "CustomFields" not in page_text
    assert '"Name": "Floor"' in as_json


def test_everything_that_came_is_shown(sqlite: Store, operator: Operator) -> None:
    lead = keep(sqlite, a_lead(submission=a_submission(raw=b"\xffname=Ada")))

    page_text = page_of(operator, lead)

    assert all(text in page_text for text in ("Two desks, please.", "how_heard", "a friend", "name=Ada"))
    assert "https://www.example.com/?utm_source=google&utm_medium=cpc" in page_text


def test_a_delivered_lead_links_to_where_it_can_be_seen(sqlite: Store) -> None:
    lead = keep_delivered(sqlite)

    real = Operator(sqlite).client.get(f"/admin/leads/{lead.id}").text
    simulated = Operator(sqlite, NEXUDUS_BASE_URL="http://127.0.0.1:8010").client.get(f"/admin/leads/{lead.id}").text

    assert 'href="https://dashboard.nexudus.com/operations/coworkers/7"' in real
    assert "Opportunity 9." in real
    assert 'href="http://127.0.0.1:8010/"' in simulated


@pytest.mark.parametrize("lead_id", ["0" * 32, "x", "%00", "' OR 1=1"])
def test_an_unknown_lead_is_a_404(operator: Operator, lead_id: str) -> None:
    response = operator.client.get(f"/admin/leads/{lead_id}")

    assert response.status_code == 404
    assert "no such lead" in response.text


@pytest.mark.parametrize(
    ("status", "possible"),
    [
        (Status.PENDING, {"Send again", "Discard", "Edit and send again", "Erase this person"}),
        (Status.PARKED, {"Send again", "Discard", "Edit and send again", "Erase this person"}),
        (Status.QUARANTINED, {"Release", "Discard", "Edit and send again", "Erase this person"}),
        (Status.DELIVERED, {"Erase this person"}),
        (Status.DISCARDED, {"Erase this person"}),
        (Status.ERASED, set()),
    ],
)
def test_only_what_is_possible_is_offered(
    sqlite: Store, operator: Operator, status: Status, possible: set[str]
) -> None:
    html = operator.client.get(f"/admin/leads/{keep_as(sqlite, status).id}").text

    offered = {
        name
        for name in ("Send again", "Release", "Discard", "Edit and send again", "Erase this person")
        if f">{name}<" in html
    }

    assert offered == possible


@pytest.mark.parametrize(
    ("action", "status", "becomes"),
    [
        ("retry", Status.PARKED, "pending"),
        ("release", Status.QUARANTINED, "pending"),
        ("discard", Status.PENDING, "discarded"),
    ],
)
def test_an_action_is_done_at_once_and_can_be_undone(
    sqlite: Store, operator: Operator, action: str, status: Status, becomes: str
) -> None:
    lead = keep_as(sqlite, status)

    page = operator.client.get(operator.send(f"/admin/leads/{lead.id}/act", action=action).headers["Location"])
    assert operator.front.lead().status == becomes
    assert "1 lead" in words(page.text)
    undone = operator.arrive(operator.press_button(page, "/admin/undo"))

    assert "Undone for 1 lead." in undone
    assert operator.front.lead().status == status


def test_a_discarded_lead_is_restored(sqlite: Store, operator: Operator) -> None:
    lead = keep_as(sqlite, Status.DISCARDED)

    page_text = operator.arrive(operator.send(f"/admin/leads/{lead.id}/act", action="restore"))

    assert "The lead is restored." in page_text
    assert operator.front.lead().status is Status.PARKED


def test_what_is_not_possible_any_more_says_why(sqlite: Store, operator: Operator) -> None:
    lead = keep_delivered(sqlite)

    page_text = operator.arrive(operator.send(f"/admin/leads/{lead.id}/act", action="discard"))

    assert "Nothing was done: the lead is delivered" in page_text


# -- edit and send again


def test_an_answer_is_put_right_and_the_lead_sent(sqlite: Store, operator: Operator) -> None:
    lead = keep(sqlite, a_lead("ada@example", status=Status.PARKED))
    form = f"/admin/leads/{lead.id}/edit"

    assert 'value="ada@example"' in operator.client.get(form).text
    page_text = operator.arrive(operator.send(form, **{"answer.email": "ada@example.com"}))

    assert "on its way to Nexudus" in page_text
    assert "Corrected by an operator" in page_text
    assert operator.front.lead().submission.contact.email == "ada@example.com"
    assert operator.front.lead().status == "pending"


def test_a_wrong_answer_comes_back_with_all_that_was_typed(sqlite: Store, operator: Operator) -> None:
    lead = keep(sqlite, a_lead(status=Status.PARKED))

    response = operator.send(f"/admin/leads/{lead.id}/edit", **{"answer.email": "ann@", "answer.company": "Navy"})

    assert response.status_code == 422
    assert "E-mail is not an e-mail address" in words(response.text)
    assert 'value="ann@" aria-invalid' in response.text
    assert 'value="Navy"' in response.text
    assert operator.front.lead().corrections == ()


def test_line_ends_of_a_browser_are_no_change(sqlite: Store, operator: Operator) -> None:
    lead = keep(sqlite, a_lead(submission=a_submission(fields={"email": "ada@example.com", "message": "two\nlines"})))

    response = operator.send(f"/admin/leads/{lead.id}/edit", **{"answer.message": "two\r\nlines"})

    assert "Nothing was changed" in words(response.text)


def test_a_held_lead_stays_held(sqlite: Store, operator: Operator) -> None:
    lead = keep_as(sqlite, Status.QUARANTINED)

    page_text = operator.arrive(operator.send(f"/admin/leads/{lead.id}/edit", **{"answer.company": "Navy"}))

    assert "Still held" in page_text


def test_a_delivered_lead_is_not_changed(sqlite: Store, operator: Operator) -> None:
    lead = keep_delivered(sqlite)

    assert "can no longer be changed" in operator.arrive(operator.client.get(f"/admin/leads/{lead.id}/edit"))


# -- erase the person


def test_a_person_is_erased_after_a_question_that_names_all_that_goes(sqlite: Store, operator: Operator) -> None:
    lead = keep_delivered(sqlite)
    keep(sqlite, a_lead(received_at=NOON + timedelta(minutes=1)))
    keep(sqlite, a_lead("somebody.else@example.com"))

    confirmation = operator.client.get(f"/admin/leads/{lead.id}/erase")
    page_text = words(operator.press(confirmation).text)

    assert all(
        text in words(confirmation.text)
        for text in ("2 leads of ada@example.com", "cannot be undone", "9", "Yes, erase 2 leads")
    )
    assert "2 leads erased" in page_text
    assert "Erase the person there by hand. Opportunities: 9." in page_text
    assert sorted(each.submission.contact.email for each in operator.front.leads()) == [
        "",
        "",
        "somebody.else@example.com",
    ]


def test_an_erased_lead_shows_nothing_of_the_person(sqlite: Store, operator: Operator) -> None:
    lead = keep_delivered(sqlite)
    operator.press(operator.client.get(f"/admin/leads/{lead.id}/erase"))

    page_text = page_of(operator, lead)

    assert "Ada" not in page_text
    assert "Erased person" in page_text
    assert "opportunity 9" in page_text


def test_a_lead_without_an_address_is_erased_alone(sqlite: Store, operator: Operator) -> None:
    nameless = replace(a_submission(), contact=Contact())
    lead = keep(sqlite, a_lead(status=Status.PARKED, submission=nameless))
    keep(sqlite, a_lead(status=Status.PARKED, submission=nameless))

    confirmation = operator.client.get(f"/admin/leads/{lead.id}/erase")

    assert "Yes, erase 1 lead" in words(confirmation.text)


def test_half_a_character_does_not_break_the_page(sqlite: Store, operator: Operator) -> None:
    lead = keep(sqlite, a_lead(submission=a_submission(message="x\ud800y", extras={"\ud800": "z"})))

    assert "x?y" in page_of(operator, lead)
    assert operator.client.get(f"/admin/leads/{lead.id}/edit").status_code == 200


# -- sent again


def test_another_persons_lead_under_the_same_number_is_linked(sqlite: Store, operator: Operator) -> None:
    other = keep(sqlite, a_lead("bob@example.com"))
    lead = keep(sqlite, a_lead(submission=a_submission(extras={SAME_ID_REMARK: other.id})))

    html = operator.client.get(f"/admin/leads/{lead.id}").text

    assert f'<a href="/admin/leads/{other.id}">that lead</a>' in html
    assert SAME_ID_REMARK not in html


@pytest.mark.parametrize(
    ("is_applied", "sentence"), [(True, "The newest answers count."), (False, "enter them in Nexudus by hand")]
)
def test_other_answers_that_came_later_are_part_of_the_journey(
    sqlite: Store, operator: Operator, is_applied: bool, sentence: str
) -> None:
    change = Correction(NOON, {"message": "Two desks."}, {"message": "Three desks."}, "sender", is_applied)
    lead = keep(sqlite, a_lead(corrections=(change,)))

    page_text = page_of(operator, lead)

    assert "Sent again with other answers" in page_text
    assert sentence in page_text
    assert "Two desks. Three desks." in page_text


def test_the_words_of_a_consent_are_shown_with_the_time(sqlite: Store, operator: Operator) -> None:
    fields = {"email": "ada@example.com", "consent": "I agree to be contacted."}
    page_text = page_of(operator, keep(sqlite, a_lead(submission=a_submission(fields=fields))))

    assert "Answer Given Words shown I agree to be contacted. At" in page_text
    assert "Words shown" not in page_of(operator, keep(sqlite, a_lead()))


def test_before_a_person_is_erased_their_data_can_be_downloaded(sqlite: Store, operator: Operator) -> None:
    lead, other = keep(sqlite, a_lead()), keep(sqlite, a_lead())
    address = f"/admin/leads/{lead.id}/person.json"

    response = operator.client.get(address)

    assert address in operator.client.get(f"/admin/leads/{lead.id}/erase").text
    assert {each["id"] for each in json.loads(response.text)["leads"]} == {lead.id, other.id}
    assert "attachment" in response.headers["Content-Disposition"]
