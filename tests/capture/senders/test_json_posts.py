"""The sender `json`: whatever an automation posts is read, in any of its shapes."""

import json
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest

from service.lead import Lead, Status
from service.store import Store
from tests.builders import a_form
from tests.front import FORM_TYPE, Front

ANN = {"full_name": "Ann Lee", "email": "ann@example.com", "message": "Two desks."}
BOB = {"full_name": "Bob Ray", "email": "bob@example.com", "message": "A tour."}
ADDRESS = "/webhooks/json/tour"


def a_front(sqlite: Store, **table: Any) -> Front:
    """An application with a form for automations."""
    return Front(sqlite, a_form("tour", webhooks={"json": table}))


def post(front: Front, body: object, **headers: str) -> dict[str, Any]:
    """Post JSON; what was answered."""
    answer = front.client.post(ADDRESS, json=body, headers={n.replace("_", "-"): v for n, v in headers.items()})
    assert answer.status_code == 200
    answers: dict[str, Any] = answer.get_json()
    return answers


def one(sqlite: Store, body: object, **table: Any) -> Lead:
    """The only lead of a body."""
    front = a_front(sqlite, **table)
    post(front, body)
    return front.lead()


PAIRS = [{"name": name, "value": value} for name, value in ANN.items()]
SHAPES: dict[str, object] = {
    "an object": ANN,
    "an object in a list": [ANN],
    **{f"wrapped in {key}": {key: ANN} for key in ("data", "lead", "body", "payload", "Data")},
    "wrapped, as text": {"payload": json.dumps(ANN)},
    "wrapped list of one": {"data": [ANN]},
    "names joined by two underscores": {f"lead__{name}": value for name, value in ANN.items()},
    "names joined by dots": {f"data.{name}": value for name, value in ANN.items()},
    "questions and answers": {"answers": PAIRS},
    "questions and answers alone": PAIRS,
    "wrapped questions and answers": {"data": {"fields": PAIRS}},
    "lists of one": {name: [value] for name, value in ANN.items()},
    "Meta's answers": {"field_data": [{"name": name, "values": [value]} for name, value in ANN.items()]},
    "Google's answers": {
        "user_column_data": [
            {"column_id": "FULL_NAME", "column_name": "Vollständiger Name", "string_value": "Ann Lee"},
            {"column_id": "EMAIL", "string_value": "ann@example.com"},
            {"column_id": "message", "string_value": "Two desks."},
        ]
    },
    "TikTok's answers": {"changes": [{"field": name, "value": value} for name, value in ANN.items()]},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_lead_is_found_in_any_shape(sqlite: Store, shape: str) -> None:
    lead = one(sqlite, SHAPES[shape])

    assert (lead.status, lead.submission.contact.full_name) == (Status.PENDING, "Ann Lee")
    assert (lead.submission.contact.email, lead.submission.fields["message"]) == ("ann@example.com", "Two desks.")
    assert dict(lead.submission.extras) == {}


def test_forms_are_read_like_json(sqlite: Store) -> None:
    front = a_front(sqlite)

    urlencoded = urlencode({"lead__email": "ann@example.com", "lead__name": "Ann Lee"})
    front.client.post(ADDRESS, data=urlencoded, content_type=FORM_TYPE)
    front.client.post(ADDRESS, data={"payload": json.dumps(BOB)}, content_type="multipart/form-data")

    assert {lead.submission.contact.full_name for lead in front.leads()} == {"Bob Ray", "Ann Lee"}


@pytest.mark.parametrize("body", [[ANN, BOB], {"data": [ANN, BOB]}, {"leads": [ANN, BOB], "id": "batch-000001"}])
def test_a_list_of_leads_is_as_many_leads(sqlite: Store, body: object) -> None:
    front = a_front(sqlite)

    answer = post(front, body)

    assert {lead.submission.contact.email for lead in front.leads()} == {"bob@example.com", "ann@example.com"}
    assert sorted(answer["ids"]) == sorted(lead.id for lead in front.leads())


def test_what_is_no_lead_in_a_list_holds_up_none(sqlite: Store) -> None:
    front = a_front(sqlite)

    post(front, [ANN, "Bob", {}, BOB])

    problems = {lead.submission.raw: lead.status for lead in front.leads()}
    assert problems == {b"": Status.PENDING, b'"Bob"': Status.PARKED}
    assert len(front.leads()) == 3


def test_what_stands_beside_a_wrapped_lead_is_kept(sqlite: Store) -> None:
    lead = one(sqlite, {"data": ANN, "utm_source": "bing", "zap": "7", "email": "owner@example.com"})

    assert (lead.attribution.utm_source, lead.submission.contact.email) == ("bing", "ann@example.com")
    assert dict(lead.submission.extras) == {"zap": "7", "email": "owner@example.com"}


def test_a_file_is_remarked_and_not_kept(sqlite: Store) -> None:
    front = a_front(sqlite)

    front.client.post(
        ADDRESS, data={**ANN, "plan": (BytesIO(b"secret"), "plan.pdf")}, content_type="multipart/form-data"
    )

    remark = "file: plan.pdf, application/pdf, 6 bytes (content not kept)"
    assert dict(front.lead().submission.extras) == {"plan": remark}


# -- whose it is, and whether it came before


@pytest.mark.parametrize("name", ["external_id", "External ID", "lead_id", "submissionId", "id"])
def test_an_id_makes_a_later_one_its_repeat(sqlite: Store, name: str) -> None:
    front = a_front(sqlite)

    first = post(front, {**ANN, name: "zap-000017"})
    again = post(front, {**ANN, name: "zap-000017", "message": "Edited."})

    assert again == {**first, "repeat": True}
    assert front.lead().submission.external_id == "zap-000017"


@pytest.mark.parametrize("constant", ["contact-form", "7", "form1"])
def test_an_id_that_may_be_a_constant_swallows_no_lead(sqlite: Store, constant: str) -> None:
    front = a_front(sqlite)

    for person in (ANN, BOB):
        post(front, {**person, "id": constant})

    assert [lead.submission.extras["id"] for lead in front.leads()] == [constant, constant]


def test_an_idempotency_key_makes_a_later_one_of_the_same_person_its_repeat(sqlite: Store) -> None:
    front = a_front(sqlite)

    first = post(front, ANN, Idempotency_Key="run-1")

    assert post(front, ANN | {"message": "Three desks."}, Idempotency_Key="run-1") == {**first, "repeat": True}
    assert post(front, BOB, Idempotency_Key="run-1")["repeat"] is False


@pytest.mark.parametrize(
    "body",
    [
        {"form": {"title": "Tour", "reply": "ann@example.com"}},
        {"fields": [{"id": "q1", "title": "Mail?", "type": "text", "reply": "ann@example.com"}]},
        {"name": "Ann", "fields": [{"id": "q1", "title": "Mail?", "type": "text", "reply": "ann@example.com"}]},
        {"owner": {"email": "ann@example.com"}},
    ],
    ids=["in a form", "in a list that describes questions", "in one beside a name", "in an owner"],
)
def test_what_only_stands_around_a_lead_is_kept_where_nothing_else_was_said(sqlite: Store, body: object) -> None:
    front = a_front(sqlite)

    post(front, body)

    assert "ann@example.com" in str(front.lead().submission)


def test_one_key_of_a_list_is_a_key_for_each_of_it(sqlite: Store) -> None:
    front = a_front(sqlite)

    for _ in range(2):
        answer = post(front, [ANN, BOB], Idempotency_Key="run-1")

    assert (answer["repeat"], len(front.leads())) == (True, 2)


def test_a_test_is_shown_and_never_sent(sqlite: Store) -> None:
    assert one(sqlite, {**ANN, "is_test": True}).status is Status.TEST


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        ({"created_time": "2026-11-22T10:11:12+0000"}, 1795342272),
        ({"Created Time": "2026-11-22T10:11:12Z"}, 1795342272),
        ({"timestamp": 1795342272}, 1795342272),
        ({"submitted_at": "1795342272000"}, 1795342272),
        ({"created_time": "2026-11-22 10:11:12"}, None),
        ({"created_time": "yesterday"}, None),
    ],
)
def test_the_time_counts_where_it_is_told_with_its_zone(sqlite: Store, times: object, seconds: float | None) -> None:
    lead = one(sqlite, {**ANN, **times})  # type: ignore[dict-item]

    assert lead.submission.evidence.submitted_at == seconds


# -- what the operator says


DEEP = {
    "who": {"mails": ["ann@work.example", "ann@home.example"], "names": [{"is": "Ann Lee"}]},
    "lead": {"note": "Hi"},
}
FIELDS = {"email": ["who.mails.1"], "full_name": ["who.names.0.is"], "message": ["lead.note"], "location": ["gone.3.x"]}


def test_the_operator_points_at_answers_by_their_path(sqlite: Store) -> None:
    lead = one(sqlite, DEEP, fields=FIELDS)

    assert (lead.submission.contact.email, lead.submission.contact.full_name) == ("ann@home.example", "Ann Lee")
    assert lead.submission.fields["message"] == "Hi"


def test_what_the_operator_points_at_may_be_the_id_and_the_tags(sqlite: Store) -> None:
    body = {**ANN, "crm": {"ref": 7412345678901234567, "from": "bing"}}

    lead = one(sqlite, body, fields={"external_id": ["crm.ref"], "utm_source": ["crm.from"]})

    assert (lead.submission.external_id, lead.attribution.utm_source) == ("7412345678901234567", "bing")


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"Authorization": "Bearer word"}, "", 200),
        ({"X-Webhook-Token": "word"}, "", 200),
        ({"X-Form-Token": "word"}, "", 200),
        ({"X-API-Key": "word"}, "", 200),
        ({"X-Auth-Token": " word "}, "", 200),
        ({"Authorization": "Basic OndvcmQ="}, "", 200),
        ({"Authorization": "word"}, "", 200),
        ({"Authorization": "Token word"}, "", 200),
        ({"Authorization": 'Token token="word"'}, "", 200),
        ({"Authorization": "ApiKey  word"}, "", 200),
        ({}, "?token=word", 200),
        ({}, "/word", 200),
        ({}, "", 401),
        ({"Authorization": "Bearer words"}, "", 401),
        ({"Authorization": "Bearer"}, "", 401),
        ({"Authorization": "Basic word"}, "", 401),
        ({"Authorization": "words"}, "", 401),
        ({"Authorization": "wörd"}, "", 401),
        ({"X-API-Key": ""}, "", 401),
    ],
)
def test_the_token_is_taken_in_several_ways(sqlite: Store, headers: dict[str, str], query: str, status: int) -> None:
    front = a_front(sqlite, token="word")

    assert front.client.post(ADDRESS + query, json=ANN, headers=headers).status_code == status
    assert len(front.leads()) == (status == 200)


def test_without_a_token_everybody_is_let_in(sqlite: Store) -> None:
    assert one(sqlite, ANN).status is Status.PENDING


def test_half_a_character_in_a_name_or_an_answer_is_replaced(sqlite: Store) -> None:
    lead = one(sqlite, {**ANN, "te\ud800am": "s\ud800ix"})

    assert lead.submission.extras == {"te\ufffdam": "s\ufffdix"}
