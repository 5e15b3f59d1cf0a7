"""POST /f/<form> from outside: every answer, and what was kept when it was given."""

from html import unescape
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from service.forms import AttributionConfig, Question
from service.lead import Status
from service.store import Query, Store
from tests.builders import a_form
from tests.front import ANN, BEACON, PERSON, SCRIPT, Front, codes

SITE = "https://www.example.com"
STRANGER = "https://elsewhere.example"


# -- what was taken


def test_a_person_goes_to_the_thank_you_page_once_the_lead_is_kept(front: Front) -> None:
    answer = front.post(ANN, headers=PERSON)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/f/contact/thanks")
    assert front.lead().status is Status.PENDING
    assert front.client.get("/f/contact/thanks").status_code == 200


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        ("", "https://www.example.com/thanks"),
        ("https://www.example.com/merci", "https://www.example.com/merci"),
        ("/merci", "https://shop.example.com/merci"),
        ("https://elsewhere.example/", "https://www.example.com/thanks"),
        ("//elsewhere.example/", "https://www.example.com/thanks"),
        ("javascript:alert(1)", "https://www.example.com/thanks"),
        ("https://www.example.com/\r\nSet-Cookie: a=b", "https://www.example.com/thanks"),
    ],
    ids=["none", "own page", "a path", "foreign", "no scheme", "script", "header"],
)
def test_a_person_is_sent_to_the_forms_own_sites_only(sqlite: Store, wanted: str, target: str) -> None:
    form = a_form(redirect=f"{SITE}/thanks", attribution=AttributionConfig(own_domains=("example.com",)))
    headers = {**PERSON, "Origin": "https://shop.example.com"}

    answer = Front(sqlite, form).post({**ANN, "_next": wanted}, headers=headers)

    assert (answer.status_code, answer.headers["Location"]) == (303, target)


def test_answers_stand_in_the_address_that_comes_next(sqlite: Store) -> None:
    form = a_form(
        redirect=f"{SITE}/thanks?size={{team_size}}&from={{How did you park?}}",
        questions=(Question("How did you park?"),),
    )
    front, answers = (
        Front(sqlite, form),
        {**ANN, "team_size": "2-5 & more", "How did you park?": "x\r\nSet-Cookie: a=b"},
    )

    person, script = front.post(answers, headers=PERSON), front.post_json(answers, headers=SCRIPT)

    address = f"{SITE}/thanks?size=2-5%20%26%20more&from=x%20Set-Cookie%3A%20a%3Db"
    assert (person.status_code, person.headers["Location"]) == (303, address)
    assert script.get_json()["next"] == address


def test_a_script_is_told_id_repeat_and_next(front: Front) -> None:
    answer = front.post_json(ANN, headers=SCRIPT)

    payload = answer.get_json()
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert payload.items() >= {"ok": True, "id": front.lead().id, "repeat": False, "next": None}.items()


def test_a_script_is_told_where_the_form_leads(sqlite: Store) -> None:
    answer = Front(sqlite, a_form(redirect=f"{SITE}/thanks")).post_json(ANN)

    assert answer.get_json()["next"] == f"{SITE}/thanks"


def test_an_address_that_ends_with_a_slash_is_the_same(front: Front) -> None:
    answer = front.post(ANN, form="contact/", headers=SCRIPT)

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert front.lead().submission.form == "contact"


# -- what came before


def receipt_of(answer: TestResponse) -> tuple[str, bool]:
    document = answer.get_json()
    return document["id"], document["repeat"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({**ANN, "lc_key": "k1"}, {**ANN, "lc_key": "k1", "message": "Three, sorry."}),
        (ANN, ANN),
        (ANN, {**ANN, "email": "ANN@Example.com", "utm_source": "google", "lc_page_url": f"{SITE}/b"}),
    ],
    ids=["one view of the form", "the same words", "the same words from another page"],
)
def test_a_repeat_gets_the_first_id(front: Front, first: dict[str, str], second: dict[str, str]) -> None:
    first_id, was_repeat = receipt_of(front.post(first, headers=SCRIPT))

    again = receipt_of(front.post(second, headers=SCRIPT))

    assert (was_repeat, again) == (False, (first_id, True))
    assert front.lead().repeats == 1


@pytest.mark.parametrize(
    "second",
    [
        {**ANN, "lc_key": "k2", "message": "Three, sorry."},
        {**ANN, "message": "Three, sorry."},
        {**ANN, "email": "bob@example.com"},
        {"email": "bob@example.com", "message": "A desk.", "lc_key": "k1"},
    ],
    ids=["another view", "other words", "another person", "another person under a page's constant key"],
)
def test_another_enquiry_is_no_repeat(front: Front, second: dict[str, str]) -> None:
    front.post({**ANN, "lc_key": "k1"}, headers=SCRIPT)

    assert receipt_of(front.post(second, headers=SCRIPT))[1] is False
    assert len(front.leads()) == 2


def test_the_idempotency_key_header_means_the_same_as_lc_key(front: Front) -> None:
    first_id, _ = receipt_of(front.post({**ANN, "lc_key": "k1"}, headers=SCRIPT))

    again = front.post_json({**ANN, "message": "Again."}, headers={"Idempotency-Key": '"k1"'})

    assert receipt_of(again) == (first_id, True)


def test_a_person_who_sends_twice_is_thanked_twice_for_one_lead(front: Front) -> None:
    answers = [front.post(ANN, headers=PERSON) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert front.lead().repeats == 1


# -- what was refused


def test_an_unknown_form_is_a_404_that_any_page_may_read(front: Front) -> None:
    answer = front.post(ANN, form="nowhere", headers=SCRIPT)

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert codes(answer) == [("", "FORM_NOT_FOUND")]
    assert answer.headers["Access-Control-Allow-Origin"] == SITE


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_form_is_told_to_a_person_in_a_page(front: Front, method: str) -> None:
    answer = front.client.open("/f/nowhere", method=method, headers=PERSON)

    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "There is no form at this address." in answer.text


@pytest.mark.parametrize("headers", [PERSON, SCRIPT], ids=["page", "json"])
def test_a_wrong_method_is_a_405_with_help(front: Front, headers: dict[str, str]) -> None:
    answer = front.client.put("/f/contact", headers=headers)

    assert answer.status_code == 405
    assert {"GET", "POST", "OPTIONS"} <= set(answer.headers["Allow"].split(", "))
    assert 'method="post"' in unescape(answer.text).replace('\\"', '"')


@pytest.mark.parametrize("extra", [-1, 0])
def test_256_kib_are_taken(front: Front, extra: int) -> None:
    body = b"email=ann@example.com&message="

    assert front.post(body.ljust(256 * 1024 + extra, b"x")).status_code == 303
    assert len(str(front.lead().submission.fields["message"])) == 256 * 1024 + extra - len(body)


def test_one_byte_more_is_a_413(front: Front) -> None:
    answer = front.post(b"email=ann@example.com&message=".ljust(256 * 1024 + 1, b"x"), headers=SCRIPT)

    assert answer.status_code == 413
    assert codes(answer) == [("", "TOO_LARGE")]
    assert front.leads() == []


@pytest.mark.parametrize("content_type", ["image/png", "application/pdf", "application/octet-stream"])
def test_what_is_no_form_is_a_415(front: Front, content_type: str) -> None:
    answer = front.post(b"\x89PNG\r\n", headers=SCRIPT, content_type=content_type)

    assert answer.status_code == 415
    assert codes(answer) == [("", "UNSUPPORTED_TYPE")]


def test_an_empty_form_is_a_400(front: Front) -> None:
    answer = front.post({"email": " ", "submit": "Send"}, headers=SCRIPT)

    assert answer.status_code == 400
    assert codes(answer) == [("", "EMPTY")]
    assert front.leads() == []


def test_a_script_is_told_field_and_code_of_each_mistake(sqlite: Store) -> None:
    front = Front(sqlite, a_form(require=("email", "consent", "message")))

    answer = front.post_json({"your-email": "ann@", "consent": ""}, headers=SCRIPT)

    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert sorted(codes(answer)) == [
        ("consent", "REQUIRED_FIELD_EMPTY"),
        ("email", "TYPE_EMAIL"),
        ("message", "REQUIRED_FIELD_MISSING"),
    ]
    assert {error["field"]: error["input"] for error in answer.get_json(force=True)["errors"]}["email"] == "your-email"
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert front.leads() == []


def test_a_person_gets_their_input_back_escaped(front: Front) -> None:
    answer = front.post({"email": "ann@", "message": "<script>alert(1)</script>"}, headers=PERSON)

    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert 'value="ann@"' in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "<script>alert" not in answer.text


def test_a_corrected_form_is_taken(front: Front) -> None:
    front.post({**ANN, "email": "ann@", "lc_key": "k"}, headers=PERSON)

    assert front.post({**ANN, "lc_key": "k"}, headers=PERSON).status_code == 303
    assert front.lead().submission.contact.email == "ann@example.com"


def test_broken_json_is_a_400_and_kept_raw_for_a_person_to_look_at(front: Front) -> None:
    answer = front.post(b'{"email": "ann@example.com", "message": ', headers=SCRIPT, content_type="application/json")

    lead = front.lead()
    assert answer.status_code == 400
    assert codes(answer) == [("", "UNREADABLE")]
    assert (lead.status, lead.submission.raw) == (Status.PARKED, b'{"email": "ann@example.com", "message": ')
    assert "The original is kept" in lead.problem


# -- posts whose response is ignored


def test_a_beacon_without_an_address_is_kept_and_parked(front: Front) -> None:
    answer = front.post(b'{"name": "Ann Lee"}', headers=BEACON, content_type="text/plain;charset=UTF-8")

    lead = front.lead()
    assert answer.status_code == 200
    assert (lead.status, lead.submission.contact.full_name) == (Status.PARKED, "Ann Lee")
    assert lead.problem == "It arrived without a usable email: correct it, then send it again."


# -- when nothing can be kept


def test_a_person_gets_back_what_could_not_be_kept(no_store: Store) -> None:
    answer = Front(no_store).post(ANN, headers=PERSON)

    assert answer.status_code == 503
    assert ANN["message"] in answer.text
    assert 'action="/f/contact"' in answer.text


@pytest.fixture
def no_store(tmp_path: Path) -> Store:
    """A store whose database file cannot be opened."""
    (tmp_path / "leads.db").mkdir()
    return Store(f"sqlite:///{tmp_path / 'leads.db'}")


@pytest.mark.parametrize("headers", [PERSON, SCRIPT, BEACON], ids=["page", "script", "beacon"])
@pytest.mark.parametrize("body", [b"email=ann@example.com", b'{"broken'], ids=["a lead", "unreadable"])
def test_no_thanks_are_sent_for_a_lead_that_is_not_on_disk(
    no_store: Store, headers: dict[str, str], body: bytes
) -> None:
    answer = Front(no_store).post(body, headers=headers)

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "Location" not in answer.headers
    assert "send it again" in answer.text


def test_the_log_says_why_it_could_not_be_kept_and_names_no_person(no_store: Store) -> None:
    front = Front(no_store, a_form(webhooks={"json": {}}))

    with capture_logs() as lines:
        front.post(ANN)
        front.client.post("/webhooks/json/contact", json=ANN)

    (form_line, webhook_line) = (line for line in lines if line["event"] == "lead_not_kept")
    assert "cannot be opened" in form_line["error"]
    assert webhook_line["error"] == form_line["error"]
    assert not any(words in str(lines) for words in ANN.values())


def test_a_script_may_read_that_the_store_is_down(no_store: Store) -> None:
    answer = Front(no_store).post(ANN, headers=SCRIPT)

    assert codes(answer) == [("", "UNAVAILABLE")]
    assert answer.headers["Access-Control-Allow-Origin"] == SITE


# -- on every engine


def test_a_lead_is_kept_whole_on_every_engine(store: Store) -> None:
    words = {**ANN, "Größe": "12 m²", "tags": ["a", "b"], "message": "Zwei Tische\n☕ \U0001f469‍\U0001f4bb"}

    answer = Front(store).post_json({**words, "utm_source": "google"}, headers=SCRIPT)

    with store.read() as tx:
        (lead,) = tx.search.leads(Query(), 10)
    assert answer.get_json()["id"] == lead.id
    assert lead.submission.fields["message"] == words["message"]
    assert dict(lead.submission.extras) == {"Größe": "12 m²", "tags": ["a", "b"]}
    assert lead.attribution.utm_source == "google"


def test_the_address_of_a_visitor_is_kept_only_where_the_operator_says_so(sqlite: Store) -> None:
    Front(sqlite, STORE_IP="true").post(ANN, address="192.0.2.7")
    Front(sqlite).post({**ANN, "email": "bob@example.com"}, address="192.0.2.8")

    assert [lead.submission.ip for lead in Front(sqlite).leads()] == ["", "192.0.2.7"]
