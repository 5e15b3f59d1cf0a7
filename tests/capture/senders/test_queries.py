"""Answers in the query of a webhook's address: read like a body, or refused with a word; never thanked and lost."""

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.store import Store
from tests.builders import a_form
from tests.front import PERSON, Front

QUERY = "email=zoe%40client.example&full_name=Zo%C3%AB+O%27Brien&message=Two+desks"
TOKEN = {"Authorization": "Bearer tok"}


def front(store: Store, **webhooks: dict[str, Any]) -> Front:
    """A service with one form that lets these senders in."""
    return Front(store, a_form("tour", webhooks=webhooks or {"json": {"token": "tok"}}))


def ask(env: Front, query: str = QUERY, method: str = "GET", sender: str = "json", **more: Any) -> TestResponse:
    """Call the address of a sender with a query."""
    headers = more.pop("headers", TOKEN)
    return env.client.open(f"/webhooks/{sender}/tour?{query}", method=method, headers=headers, **more)


@pytest.mark.parametrize(
    ("method", "more"),
    [
        pytest.param("GET", {}, id="GET"),
        pytest.param("POST", {}, id="POST without a body"),
        pytest.param("POST", {"json": {}}, id="POST of an empty object"),
        pytest.param("POST", {"json": []}, id="POST of an empty list"),
        pytest.param("POST", {"data": "  "}, id="POST of blanks"),
    ],
)
def test_answers_in_the_query_are_read_like_a_body(sqlite: Store, method: str, more: dict[str, Any]) -> None:
    env = front(sqlite)

    answer = ask(env, method=method, **more)

    lead = env.lead()
    assert (answer.status_code, answer.get_json()["id"]) == (200, lead.id)
    assert (lead.submission.contact.email, lead.submission.contact.full_name) == ("zoe@client.example", "Zoë O'Brien")
    assert lead.submission.fields["message"] == "Two desks"


def test_the_body_of_a_get_is_read(sqlite: Store) -> None:
    env = front(sqlite)

    answer = ask(env, query="", json={"email": "zoe@client.example", "name": "Zoë"})

    assert answer.status_code == 200
    assert env.lead().submission.contact.full_name == "Zoë"


def test_a_form_tools_get_is_read_by_that_tool(sqlite: Store) -> None:
    env = front(sqlite, **{"contact-form-7": {"token": "tok"}})

    answer = ask(env, "your-email=zoe%40client.example&your-message=Two+desks", sender="contact-form-7")

    assert answer.status_code == 200
    assert env.lead().submission.fields["message"] == "Two desks"


@pytest.mark.parametrize("query", [QUERY, f"{QUERY}&token=yesterday"], ids=["none", "a wrong one"])
def test_the_same_proof_is_asked_of_a_get(sqlite: Store, query: str) -> None:
    env = front(sqlite)

    assert ask(env, query, headers={}).status_code == 401
    assert env.leads() == []


def test_a_token_in_the_query_is_no_answer(sqlite: Store) -> None:
    env = front(sqlite)

    assert ask(env, f"token=tok&{QUERY}", headers={}).status_code == 200
    assert "tok" not in json.dumps(env.lead().submission.extras)


def test_a_sender_that_signs_its_body_is_not_believed_by_its_query(sqlite: Store) -> None:
    env = front(sqlite, typeform={"secret": "s"})

    assert ask(env, sender="typeform", headers={}).status_code == 401
    assert env.leads() == []


def test_what_the_address_says_beside_the_body_belongs_to_each_lead(sqlite: Store) -> None:
    env = front(sqlite)
    people = [{"email": "ann@client.example"}, {"email": "bob@client.example", "location": "Leeds"}]

    ask(env, "location=London&utm_source=partner&v=2", "POST", json=people)

    leads = {lead.submission.contact.email: lead for lead in env.leads()}
    assert [leads[email].submission.fields["location"] for email in sorted(leads)] == ["London", "Leeds"]
    assert {lead.attribution.utm_source for lead in leads.values()} == {"partner"}
    assert all("v" not in lead.submission.extras for lead in leads.values())


def test_the_address_does_not_outvote_the_body(sqlite: Store) -> None:
    env = front(sqlite)

    ask(env, "name=zapier", "POST", json={"email": "zoe@client.example", "your-name": "Zoë O'Brien"})

    submission = env.lead().submission
    assert submission.contact.full_name == "Zoë O'Brien"
    assert submission.extras["name (in the address)"] == "zapier"


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
def test_a_get_without_answers_is_refused_with_a_word(sqlite: Store, accept: str) -> None:
    env = front(sqlite)

    answer = ask(env, "utm_source=x", headers={**TOKEN, "Accept": accept})

    assert answer.status_code == 405
    assert "redirects" in answer.get_json()["detail"]


def test_a_handshake_is_answered_as_before(sqlite: Store) -> None:
    env = front(sqlite, meta={"app_secret": "s", "verify_token": "v"})
    query = "hub.mode=subscribe&hub.challenge=1158&hub.verify_token=v&email=x%40client.example"

    assert ask(env, query, sender="meta", headers={}).text == "1158"
    assert env.leads() == []


def test_a_post_to_a_form_may_have_its_answers_in_the_query(sqlite: Store) -> None:
    env = front(sqlite)

    answer = env.client.post(f"/f/tour?format=json&{QUERY}")

    assert answer.get_json()["ok"]
    assert env.lead().submission.contact.email == "zoe@client.example"


def test_a_script_that_sends_a_form_by_get_is_told_to_post(sqlite: Store) -> None:
    env = front(sqlite)

    answer = env.client.get(f"/f/tour?{QUERY}", headers={"Accept": "application/json"})

    assert (answer.status_code, env.leads()) == (405, [])


def test_a_form_that_forgot_its_method_shows_its_answers_again(sqlite: Store) -> None:
    env = front(sqlite)

    page = env.client.get(f"/f/tour?{QUERY}", headers=PERSON)

    assert (page.status_code, env.leads()) == (200, [])
    assert 'value="zoe@client.example"' in page.text
    assert "Two desks</textarea>" in page.text


def test_one_call_of_several_people_with_one_id_of_the_delivery_makes_several_leads(sqlite: Store) -> None:
    env = front(sqlite)
    people = [{"email": "ann@client.example"}, {"email": "bob@client.example"}]

    for _ in range(2):
        env.client.post("/webhooks/json/tour", json=people, headers={**TOKEN, "webhook-id": "msg_1"})

    assert sorted(lead.repeats for lead in env.leads()) == [1, 1]


def test_a_delivery_that_was_edited_between_two_tries_changes_the_lead(sqlite: Store) -> None:
    env = front(sqlite)

    for header, message in (("webhook-id", "Two desks"), ("svix-id", "Two desks, and parking")):
        sent = {"email": "zoe@client.example", "message": message}
        env.client.post("/webhooks/json/tour", json=sent, headers={**TOKEN, header: "msg_1"})

    assert env.lead().submission.fields["message"] == "Two desks, and parking"
