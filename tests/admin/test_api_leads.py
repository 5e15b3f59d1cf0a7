"""/api/v1/leads: filters, pages, one lead as the contract has it."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from service.lead import Attribution, Contact, CoworkerId, Evidence, Lead, Status, Step, StoredTouch
from service.store import SaleStatus, Store
from tests.admin.stored_leads import keep, keep_as, keep_delivered, keep_many
from tests.builders import NOON, a_lead, a_submission
from tests.front import Front
from tests.store.sales import a_change, a_sale
from tests.tables import each_row

CONTRACT = (
    *("id", "form", "account", "sender", "external_id", "form_name", "page_url", "status", "received_at"),
    *("delivered_at", "contact", "fields", "extras", "attribution", "coworker_id", "opportunity_id", "attempts"),
    *("next_attempt_at", "problem", "repeats", "setup_version", "corrections", "sent", "crm", "known"),
    *("answer", "owner"),
)
ATTRIBUTION = {
    *("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "channel", "lead_source"),
    *("lead_source_name", "rule", "first", "last", "click_ids"),
}
ATTEMPT = {"started_at", "duration_ms", "step", "outcome", "http_status", "detail"}


def listed(front: Front, query: str = "") -> list[str]:
    """The ids that a query finds on its first page."""
    response = front.ask(f"/leads?{query}")
    assert response.status_code == 200, response.text
    return [lead["id"] for lead in response.get_json()["leads"]]


# -- pages


def test_no_leads_are_an_empty_page(front: Front) -> None:
    assert front.ask("/leads").get_json() == {"leads": [], "next": None}


def test_the_newest_comes_first(front: Front, sqlite: Store) -> None:
    leads = keep_many(sqlite, 3)

    assert listed(front) == [lead.id for lead in reversed(leads)]


def test_all_of_120_leads_are_reached_by_the_cursor_and_none_twice(store: Store) -> None:
    front, leads = Front(store), keep_many(store, 120)

    pages, cursor = [], ""
    while cursor is not None:
        page = front.ask("/leads", query_string={"cursor": cursor}).get_json()
        pages.append([lead["id"] for lead in page["leads"]])
        cursor = page["next"]

    assert [len(page) for page in pages] == [50, 50, 20]
    assert [lead_id for page in pages for lead_id in page] == [lead.id for lead in reversed(leads)]


def test_leads_that_arrive_meanwhile_do_not_shift_the_pages(front: Front, sqlite: Store) -> None:
    leads = keep_many(sqlite, 4)
    first = front.ask("/leads?size=2").get_json()
    keep(sqlite, a_lead(received_at=NOON + timedelta(days=1)))

    assert listed(front, f"size=2&cursor={first['next']}") == [leads[1].id, leads[0].id]


def test_a_full_last_page_leads_nowhere(front: Front, sqlite: Store) -> None:
    keep_many(sqlite, 2)

    assert front.ask("/leads?size=2").get_json()["next"] is None


# -- filters


@pytest.mark.parametrize("status", Status)
def test_leads_are_found_by_status(front: Front, sqlite: Store, status: Status) -> None:
    leads = {each: keep_as(sqlite, each) for each in Status}

    assert listed(front, f"status={status}") == [leads[status].id]


def test_leads_are_found_by_form(front: Front, sqlite: Store) -> None:
    keep(sqlite, a_lead())
    tour = keep(sqlite, a_lead(submission=a_submission(form="tour")))

    assert listed(front, "form=tour") == [tour.id]


@pytest.mark.parametrize(
    ("query", "minutes"),
    [
        ("since=2026-11-24T12:01:00Z", [2, 1]),
        ("until=2026-11-24T12:01:00Z", [0]),
        ("since=2026-11-24T13:01:00%2B01:00&until=2026-11-24T12:02:00Z", [1]),
        ("since=2026-11-25T00:00:00Z", []),
        ("since=2026-11-24T12:01:00+00:00", [2, 1]),
        ("since=2026-11-24&until=2026-11-25", [2, 1, 0]),
        ("status=&form=&since=&until=&q=&cursor=", [2, 1, 0]),
        ("since=0001-01-01T00:00:00%2B14:00", [2, 1, 0]),
        ("until=9999-12-31T23:59:59-12:00", [2, 1, 0]),
    ],
    ids=[
        *("since is included", "until is not", "time zones", "none", "a plus that became a space", "days", "empty"),
        *("long ago", "far ahead"),
    ],
)
def test_leads_are_found_by_time(front: Front, sqlite: Store, query: str, minutes: list[int]) -> None:
    leads = keep_many(sqlite, 3)

    assert listed(front, query) == [leads[minute].id for minute in minutes]


SEARCHES = {
    **dict.fromkeys(("BOB@", "lovelace", "acme", "7946 0142", "bob love"), True),
    **dict.fromkeys(("Zoë", "%", "_", "\\", "'--", "😀"), False),
}


def test_leads_are_found_by_a_part_of_who_it_is(store: Store) -> None:
    front = Front(store)
    contact = Contact("bob@example.com", "Bob Lovelace", phone="+442079460142", company="Acme Ltd")
    keep(store, a_lead(submission=a_submission(contact=contact)))

    assert {text: bool(listed(front, f"q={quote(text)}")) for text in SEARCHES} == SEARCHES


def test_a_lead_is_found_by_its_id(front: Front, sqlite: Store) -> None:
    leads = keep_many(sqlite, 2)

    assert listed(front, f"q={leads[0].id}") == [leads[0].id]


@pytest.mark.parametrize("query", ["sender=meta", "channel=Paid%20Social"])
def test_leads_are_found_by_sender_and_channel(store: Store, query: str) -> None:
    keep(store, a_lead())
    paid = Attribution(channel="Paid Social")
    wanted = keep(store, a_lead(submission=a_submission(sender="meta"), attribution=paid))

    assert listed(Front(store), query) == [wanted.id]


def test_filters_are_all_meant_at_once(front: Front, sqlite: Store) -> None:
    wanted = keep(sqlite, a_lead("bob@example.com", status=Status.PARKED))
    keep(sqlite, a_lead("bob@example.com"))
    keep(sqlite, a_lead("ann@example.com", status=Status.PARKED))

    assert listed(front, "status=parked&q=bob&form=contact") == [wanted.id]


@each_row(
    "query",
    [
        *("status=lost", "since=yesterday", "since=2026-11-24T12:00:00", "size=0", "size=201", "size=many"),
        *("q=%00", "form=%00", "cursor=%00", "cursor=%21", "cursor=%ff", "since=2026-13-01", "since=20261101"),
        *("stauts=parked", "status=parked&status=pending"),
    ],
)
def test_a_filter_that_makes_no_sense_is_a_422_that_names_it(front: Front, query: str) -> None:
    response = front.ask(f"/leads?{query}")

    assert (response.status_code, response.mimetype) == (422, "application/problem+json")
    assert [*response.get_json(force=True)["errors"]["query"]] == [query.partition("=")[0]]


def test_an_invalid_query_is_explained_in_a_sentence(front: Front) -> None:
    detail = front.ask("/leads?stauts=parked&since=soon").get_json(force=True)["detail"]

    assert "stauts: is unknown" in detail
    assert "since: write it like 2026-11-01" in detail


def test_a_filter_that_finds_nothing_is_no_error(store: Store) -> None:
    front = Front(store)
    keep_many(store, 1)

    for query in (f"cursor={'0' * 32}", "q=%ff", "form=%F0%9F%98%80", "since=9999-12-31T23:59:59-12:00"):
        assert listed(front, query) == [], query


# -- one lead


def a_full_lead() -> Lead:
    first = StoredTouch("https://www.example.com/?utm_source=x", "https://t.co/", 1_790_000_000.0)
    return a_lead(submission=a_submission(evidence=Evidence(page_url="https://www.example.com/contact", first=first)))


def shown(front: Front, lead_id: str) -> dict[str, Any]:
    """One lead."""
    response = front.ask(f"/leads/{lead_id}")
    assert response.status_code == 200
    body: dict[str, Any] = response.get_json()
    return body


def test_a_lead_has_the_members_of_the_contract_and_those_that_explain_it(front: Front, sqlite: Store) -> None:
    lead = shown(front, keep_delivered(sqlite).id)

    assert tuple(lead) == CONTRACT
    assert [*lead["contact"]] == ["email", "full_name", "phone", "company"]
    assert {*lead["attribution"]} == ATTRIBUTION | {"reason"}
    assert [{*attempt} for attempt in lead["attempts"]] == [ATTEMPT | {"trigger"}] * 3


def test_a_new_lead_is_shown_whole(front: Front, sqlite: Store) -> None:
    kept_lead = keep(sqlite, a_full_lead())

    lead = shown(front, kept_lead.id)

    attribution = lead.pop("attribution")
    assert lead == {
        "id": kept_lead.id,
        "form": "contact",
        "account": "default",
        "sender": "browser",
        "external_id": None,
        "form_name": None,
        "page_url": "https://www.example.com/contact",
        "status": "pending",
        "received_at": "2026-11-24T12:00:00Z",
        "delivered_at": None,
        "contact": {
            "email": "ada@example.com", "full_name": "Ada Lovelace", "phone": "+442079460142", "company": None,
        },
        "fields": {"email": "ada@example.com", "full_name": "Ada Lovelace", "message": "Two desks, please."},
        "extras": {"how_heard": "a friend"},
        "coworker_id": None,
        "opportunity_id": None,
        "attempts": [],
        "next_attempt_at": "2026-11-24T12:00:00Z",
        "problem": None,
        "repeats": 0,
        "setup_version": None,
        "corrections": [],
        "sent": None,
        "crm": None,
        "known": None,
        "answer": None,
        "owner": None,
    }  # fmt: skip
    assert (attribution["channel"], attribution["lead_source"]) == ("Paid Search", 19)
    assert attribution["lead_source_name"] == "GoogleSearch"
    assert attribution["first"] == {
        "url": "https://www.example.com/?utm_source=x",
        "referrer": "https://t.co/",
        "at": 1_790_000_000.0,
    }
    assert attribution["last"] is None


def test_a_delivered_lead_tells_what_was_made_and_how(front: Front, sqlite: Store) -> None:
    lead = shown(front, keep_delivered(sqlite).id)

    assert (lead["status"], lead["coworker_id"], lead["opportunity_id"]) == ("delivered", 7, 9)
    assert (lead["delivered_at"], lead["next_attempt_at"]) == ("2026-11-24T12:00:01Z", None)
    assert [(attempt["step"], attempt["outcome"]) for attempt in lead["attempts"]] == [
        ("find_coworker", "missing"),
        ("create_coworker", "done"),
        ("create_opportunity", "done"),
    ]
    assert lead["attempts"][0] == {
        "started_at": "2026-11-24T12:00:00Z",
        "duration_ms": 12,
        "step": "find_coworker",
        "outcome": "missing",
        "http_status": 200,
        "detail": None,
        "trigger": "schedule",
    }


def test_a_lead_tells_since_when_its_person_is_known(front: Front, sqlite: Store) -> None:
    keep(sqlite, a_lead(received_at=NOON - timedelta(days=3)))
    lead = keep(sqlite, a_lead())

    assert shown(front, lead.id)["known"] == {
        "since": "2026-11-21",
        "earlier_enquiries": 1,
        "first_enquiry_at": "2026-11-21T12:00:00Z",
        "in_nexudus_since": None,
        "is_member": None,
    }


def test_a_lead_tells_what_was_sent_and_how_the_crm_has_it(front: Front, sqlite: Store) -> None:
    lead = keep(sqlite, a_lead())
    (delivery,) = sqlite.write(lambda tx: tx.queue.claim("worker", NOON, 90, 1))
    sqlite.write(lambda tx: tx.queue.begin_attempt(delivery, Step.CREATE_OPPORTUNITY, NOON, {"Name": "Ada"}))
    won = a_sale(lead, status=SaleStatus.WON, won_at=NOON)
    sqlite.write(lambda tx: tx.leads.mark_delivered(lead.id, CoworkerId(7), won.opportunity_id, NOON))
    sqlite.write(lambda tx: tx.crm.save_sales([won], [a_change(lead, name="won")]))

    body = shown(front, lead.id)

    assert body["sent"] == {"Name": "Ada"}
    assert (body["crm"]["status"], body["crm"]["won_at"], body["crm"]["value"]) == (
        "won",
        "2026-11-24T12:00:00Z",
        450.0,
    )
    assert body["crm"]["changes"] == [{"kind": "status", "name": "won", "at": "2026-11-24T12:00:00Z"}]


def test_a_list_tells_as_much_of_a_lead_as_the_lead_itself(front: Front, sqlite: Store) -> None:
    lead = keep_delivered(sqlite)

    assert front.ask("/leads").get_json()["leads"] == [shown(front, lead.id)]


def test_no_such_lead_is_a_404_on_every_engine(store: Store) -> None:
    front = Front(store)

    for lead_id in ("0" * 32, "7", "%00", "%ff", "0" * 5000, "..%2fleads"):
        response = front.ask(f"/leads/{lead_id}")
        assert (response.status_code, response.mimetype) == (404, "application/problem+json"), lead_id
