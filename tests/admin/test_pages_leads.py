"""The list of leads: found, filtered, turned page by page, and acted on after a question that says how many."""

import csv
import re
from datetime import timedelta
from html import unescape
from io import StringIO

import pytest
from flask import Flask

from service import clock
from service.admin import AdminDeps
from service.admin.pages import register
from service.lead import Attribution, Contact, Status
from service.store import Arrival, Store
from tests.admin.dashboard import PASSWORD, Operator, words
from tests.admin.stored_leads import keep, keep_as, keep_delivered, keep_many
from tests.builders import NOON, a_form, a_lead, a_publisher, a_submission, in_force


@pytest.fixture
def operator(sqlite: Store) -> Operator:
    """Signed in, with two forms."""
    return Operator(sqlite, a_form(), a_form("tour"))


def standing(store: Store) -> dict[str, int]:
    """How many leads stand where."""
    with store.read() as tx:
        return tx.statistics.leads_by_status()


def test_an_empty_list_says_what_to_do(operator: Operator) -> None:
    assert "No leads yet" in operator.see("/admin/leads")


def test_leads_come_newest_first_with_what_tells_them_apart(sqlite: Store, operator: Operator) -> None:
    keep_many(sqlite, 2)

    page = operator.see("/admin/leads")

    assert "2 leads" in page
    assert page.index("person1@example.com") < page.index("person0@example.com")
    assert all(text in page for text in ("Ada Lovelace", "Waiting", "Contact us", "Paid Search"))


@pytest.mark.parametrize(
    "query",
    [
        "q=hopper",
        "q=navy+hopper",
        "status=parked",
        "form=tour",
        "sender=typeform",
        "channel=Email",
        "from=2026-11-23&to=2026-11-23",
    ],
)
def test_every_filter_chooses(sqlite: Store, operator: Operator, query: str) -> None:
    keep_many(sqlite, 1)
    submission = a_submission(form="tour", sender="typeform", contact=Contact("g@navy.example", "Grace Hopper"))
    verdict = Attribution(channel="Email")
    keep(
        sqlite,
        a_lead(received_at=NOON - timedelta(days=1), status=Status.PARKED, submission=submission, attribution=verdict),
    )

    page = operator.see(f"/admin/leads?{query}")

    assert "1 lead matches" in page
    assert "Grace Hopper" in page
    assert "person0" not in page


def test_a_period_counts_days_back_from_today(sqlite: Store, operator: Operator) -> None:
    now = clock.now()
    keep(sqlite, a_lead("old@example.com", now - timedelta(days=8)))
    keep(sqlite, a_lead("new@example.com", now - timedelta(hours=1)))

    page = operator.see("/admin/leads?period=7")

    assert "new@example.com" in page
    assert "old@example.com" not in page


@pytest.mark.parametrize(
    "query", ["status=lost", "period=x", "from=tomorrow", "from=9999-12-31&to=9999-12-31", "before=x", "q=%00%F0"]
)
def test_what_makes_no_sense_is_no_mistake_of_ours(operator: Operator, query: str) -> None:
    operator.see(f"/admin/leads?{query}")


def test_pages_turn_both_ways(sqlite: Store, operator: Operator) -> None:
    leads = keep_many(sqlite, 120)

    first = operator.client.get("/admin/leads").text
    second = operator.client.get(f"/admin/leads?before={leads[70].id}").text
    back = operator.client.get(f"/admin/leads?after={leads[69].id}").text

    assert f"before={leads[70].id}" in first
    assert "Newer" not in words(first)
    assert f"after={leads[69].id}" in second
    assert f"before={leads[20].id}" in second
    assert "person119@" in back
    assert "person69@" not in back


def test_what_was_typed_is_shown_as_text(sqlite: Store, operator: Operator) -> None:
    keep(sqlite, a_lead(submission=a_submission(contact=Contact("x@x.example", "<script>alert(1)</script>"))))

    page = operator.client.get("/admin/leads?q=<b>").text + operator.client.get("/admin/leads").text

    assert "<script>alert" not in page
    assert "<b>" not in page


# -- actions


def test_selected_leads_are_released_after_a_question_that_says_how_many(sqlite: Store, operator: Operator) -> None:
    held = [keep_as(sqlite, Status.QUARANTINED) for _ in range(3)]

    confirmation = operator.send("/admin/leads/confirm", action="release", id=[held[0].id, held[1].id])

    assert "Release 2 leads?" in words(confirmation.text)
    assert standing(sqlite) == {"quarantined": 3}
    assert "2 leads released." in operator.arrive(operator.press(confirmation))
    assert standing(sqlite) == {"pending": 2, "quarantined": 1}


def test_what_cannot_be_done_is_counted_apart(sqlite: Store, operator: Operator) -> None:
    ids = [keep_as(sqlite, status).id for status in (Status.PARKED, Status.QUARANTINED, Status.DISCARDED)]
    ids.append(keep_delivered(sqlite).id)

    page_text = words(operator.send("/admin/leads/confirm", action="retry", id=ids).text)

    assert "Send 1 lead again?" in page_text
    assert all(f"1 lead: {name}" in page_text for name in ("held as spam", "discarded", "delivered"))


def test_all_that_match_are_discarded_and_no_others(sqlite: Store, operator: Operator) -> None:
    for _ in range(3):
        keep_as(sqlite, Status.QUARANTINED)
    keep_many(sqlite, 2)

    confirmation = operator.send("/admin/leads/confirm", action="discard", scope="all", status="quarantined")

    assert "Discard 3 leads?" in words(confirmation.text)
    assert "3 leads discarded." in operator.arrive(operator.press(confirmation))
    assert standing(sqlite) == {"discarded": 3, "pending": 2}


def test_all_that_match_words_are_sent_again(sqlite: Store, operator: Operator) -> None:
    submission = a_submission(contact=Contact("g@navy.example", "Grace Hopper"))
    keep(sqlite, a_lead(status=Status.PARKED, submission=submission))
    keep_as(sqlite, Status.PARKED)

    confirmation = operator.send("/admin/leads/confirm", action="retry", scope="all", q="hopper")
    operator.press(confirmation)

    assert "Send 1 lead again?" in words(confirmation.text)
    assert standing(sqlite) == {"pending": 1, "parked": 1}


def test_who_came_after_the_question_is_left_alone(sqlite: Store, operator: Operator) -> None:
    keep_as(sqlite, Status.QUARANTINED)
    confirmation = operator.send("/admin/leads/confirm", action="discard", scope="all", status="quarantined")
    keep(sqlite, a_lead(received_at=NOON + timedelta(minutes=5), status=Status.QUARANTINED))

    operator.press(confirmation)

    assert standing(sqlite) == {"discarded": 1, "quarantined": 1}


def test_without_a_selection_nothing_is_done(sqlite: Store, operator: Operator) -> None:
    keep_many(sqlite, 1)

    page_text = words(operator.send("/admin/leads/confirm", action="discard", scope="selected").text)

    assert "No lead is selected" in page_text
    assert "Yes," not in page_text


@pytest.mark.parametrize("fields", [{"action": "sell"}, {}, {"action": "retry", "id": "x' OR 1=1"}])
def test_a_form_that_was_tampered_with_does_nothing(sqlite: Store, operator: Operator, fields: dict[str, str]) -> None:
    keep_many(sqlite, 1)

    responses = [operator.send(f"/admin/leads/{name}", **fields) for name in ("confirm", "act")]

    assert {response.status_code for response in responses} <= {200, 303, 400}
    assert standing(sqlite) == {"pending": 1}


def test_very_many_are_done_in_parts_that_are_counted_together(sqlite: Store, operator: Operator) -> None:
    held = [a_lead(f"{n}@x.example", NOON + timedelta(seconds=n), status=Status.QUARANTINED) for n in range(300)]
    sqlite.keep_and_enqueue([Arrival(lead, person=lead.id) for lead in held])
    hasty, current = Flask("hasty"), in_force()
    register(
        hasty,
        AdminDeps(sqlite, current.get, lambda: current.state, a_publisher(sqlite), password=PASSWORD, time_limit_s=0),
    )
    operator.client = hasty.test_client()
    operator.sign_in()

    part = operator.press(operator.send("/admin/leads/confirm", action="discard", scope="all"))

    assert "250 leads discarded so far" in words(part.text)
    assert "300 leads discarded so far" in words(operator.press(part).text)
    assert standing(sqlite) == {"discarded": 300}


def test_leads_far_apart_are_all_reached(sqlite: Store, operator: Operator) -> None:
    sqlite.keep_and_enqueue(
        [
            Arrival(a_lead(f"{n}@x.example", NOON + timedelta(seconds=n), status=Status.QUARANTINED), person=str(n))
            for n in range(600)
        ]
    )

    operator.press(operator.send("/admin/leads/confirm", action="discard", scope="all", status="quarantined"))

    assert standing(sqlite) == {"discarded": 600}


# -- order, columns, views


def test_the_list_is_sorted_turned_and_left_through_a_lead_that_leads_back(sqlite: Store, operator: Operator) -> None:
    people = [Contact(f"{name}@x.example", name.title()) for name in ("dora", "ann", "carl", "bea")]
    for number, person in enumerate(people):
        keep(sqlite, a_lead(received_at=NOON + timedelta(minutes=number), submission=a_submission(contact=person)))

    page = operator.see("/admin/leads?sort=name")
    order = [page.index(person.full_name) for person in sorted(people, key=lambda person: person.full_name)]
    assert order == sorted(order)

    ann = next(lead for lead in operator.front.leads() if lead.submission.contact.full_name == "Ann")
    html = operator.client.get(f"/admin/leads/{ann.id}?q=x.example&sort=name").text
    following = re.search(r'rel="next" href="([^"]+)"', html)
    assert following is not None
    assert "Bea" in operator.see(unescape(following[1]))
    assert f'href="/admin/leads?q=x.example&amp;sort=name#lead-{ann.id}"' in html
    assert 'rel="prev"' not in html


def test_columns_are_chosen_and_remembered(sqlite: Store, operator: Operator) -> None:
    contact = Contact("g@navy.example", "Grace Hopper", company="Navy", phone="+442079460777")
    keep(sqlite, a_lead(submission=a_submission(contact=contact, message="A quiet room")))

    operator.see("/admin/leads?column=&column=phone&column=message")
    page = operator.see("/admin/leads")

    assert all(text in page for text in ("+442079460777", "A quiet room"))
    assert "g@navy.example" not in page


def test_a_view_is_saved_under_a_name_and_removed(sqlite: Store, operator: Operator) -> None:
    saved = operator.send("/admin/leads/views", name="Spam by name", status="quarantined", sort="name", column="phone")
    page = operator.client.get(saved.headers["Location"]).text
    address = "/admin/leads?status=quarantined&amp;sort=name&amp;column=phone"
    assert f'<a class="chip" href="{address}">Spam by name</a>' in page

    removed = operator.send("/admin/leads/views/remove", name="Spam by name")

    assert "Spam by name" not in operator.see(removed.headers["Location"]).replace("Removed Spam by name.", "")


def test_a_form_that_is_no_longer_set_up_can_be_chosen(sqlite: Store, operator: Operator) -> None:
    keep(sqlite, a_lead(submission=a_submission(form="meeting-room")))

    page = operator.see("/admin/leads?form=meeting-room")

    assert "meeting-room (no longer set up)" in page
    assert "1 lead matches" in page


def test_leads_that_reports_count_are_those_that_are_not_spam(sqlite: Store, operator: Operator) -> None:
    for status in (Status.PENDING, Status.PARKED, Status.QUARANTINED, Status.TEST, Status.DISCARDED):
        keep_as(sqlite, status)

    assert "2 leads match" in operator.see("/admin/leads?status=counted")


# -- as a file


def test_exactly_what_is_filtered_is_exported_safely(sqlite: Store, operator: Operator) -> None:
    formula = a_submission(contact=Contact("g@navy.example", "=cmd|' /C calc'!A0"))
    keep(sqlite, a_lead(status=Status.QUARANTINED, submission=formula))
    keep_many(sqlite, 3)

    response = operator.client.get("/admin/leads/export?status=quarantined")
    rows = list(csv.DictReader(StringIO(response.data.decode("utf-8-sig"), newline="")))

    assert [row["email"] for row in rows] == ["g@navy.example"]
    assert rows[0]["full_name"].startswith("'=")
    assert "attachment" in response.headers["Content-Disposition"]


# -- taking back


def test_an_action_on_many_names_them_and_is_undone(sqlite: Store, operator: Operator) -> None:
    keep_delivered(sqlite)
    for status in (Status.QUARANTINED, Status.PARKED, Status.PENDING):
        keep_as(sqlite, status)

    question = operator.send("/admin/leads/confirm", action="discard", scope="all")
    page_text = words(question.text)
    named = ("Discard 3 leads?", "1 lead: held as spam", "1 lead: waiting", "Ada Lovelace")
    assert all(text in page_text for text in named)

    page = operator.client.get(operator.press(question).headers["Location"])
    assert "3 leads discarded." in words(page.text)
    assert "Undone for 3 leads." in operator.arrive(operator.press_button(page, "/admin/undo"))
    assert standing(sqlite) == {"quarantined": 1, "parked": 1, "pending": 1, "delivered": 1}
