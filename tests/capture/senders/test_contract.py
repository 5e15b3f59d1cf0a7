"""What holds for every sender: proven calls only, nothing lost, nothing doubled, no stumbling."""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from service import clock
from service.capture.fields.enquiries import Enquiry, Item
from service.capture.fields.submissions import submit
from service.capture.parsing import InvalidBody
from service.capture.tools.registry import SENDERS
from service.capture.tools.sender import WebhookCall
from service.forms.senders import SENDERS as IN_THE_FILE
from service.lead import Status
from service.store import Store
from tests.builders import a_form
from tests.capture.senders.recorded import recorded
from tests.capture.senders.signing import SECRET, SIGNATURES, TIMED, URL, sign, table_of
from tests.front import Front, sqlite_store
from tests.tables import each_row

pytestmark = pytest.mark.long

PLAIN_BODY = json.dumps({"name": "Ann Lee", "email": "ann@example.com", "message": "Two desks, please."}).encode()
WITHOUT_SAMPLE = ("instapage", "leadpages", "squarespace")
STALE_S, AHEAD_S = 3600, 3600
FORM = a_form("tour", webhooks={})


def body_of(sender: str) -> tuple[bytes, str]:
    """A recorded body of a real lead, and its type."""
    for each in recorded(sender):
        if each.method == "POST" and "test" not in each.name and each.expected.get("leads") != []:
            body = each.body.replace(b"fixture-google-key-91c2", SECRET.encode())
            return body, next((v for k, v in each.headers.items() if k.lower() == "content-type"), "application/json")
    assert sender in WITHOUT_SAMPLE
    return PLAIN_BODY, "application/json"


def front_of(store: Store, *senders: str) -> Front:
    """An application with a form that these senders may send to."""
    return Front(store, a_form("tour", require=(), webhooks={each: table_of(each) for each in senders}), PUBLIC_URL=URL)


class Wire:
    """One sender's line to an application."""

    def __init__(self, front: Front, sender: str) -> None:
        self.sender = sender
        self.path = f"/webhooks/{sender}/tour"
        self.front = front
        self.body, self.type = body_of(sender)

    def send(self, body: bytes | None = None, signed: bytes | None = None, age_s: float = 0.0) -> TestResponse:
        """Post `body` with the proof of `signed`."""
        body = self.body if body is None else body
        at = clock.now().timestamp() - age_s
        proof = sign(self.sender, body if signed is None else signed, self.path, at).headers
        return self.post(body, proof)

    def post(self, body: bytes, headers: dict[str, str]) -> TestResponse:
        """Post as it is."""
        return self.front.app.test_client().post(self.path, data=body, content_type=self.type, headers=headers)


@pytest.fixture(params=SENDERS)
def wire(sqlite: Store, request: pytest.FixtureRequest) -> Wire:
    """Each sender."""
    return Wire(front_of(sqlite, request.param), request.param)


@pytest.fixture(scope="module", params=SENDERS)
def refusing(memory_folder: Path | None, request: pytest.FixtureRequest) -> Iterator[Wire]:
    """Each sender, for calls that leave nothing behind: one application takes them all."""
    yield from _lasting_wire(memory_folder, request.param)


@pytest.fixture(scope="module", params=SENDERS)
def parking(memory_folder: Path | None, request: pytest.FixtureRequest) -> Iterator[Wire]:
    """Each sender, for calls of which whatever is kept is parked: one application takes them all."""
    yield from _lasting_wire(memory_folder, request.param)


def _lasting_wire(memory_folder: Path | None, sender: str) -> Iterator[Wire]:
    with TemporaryDirectory(dir=memory_folder) as folder, sqlite_store(Path(folder)) as store:
        yield Wire(front_of(store, sender), sender)


def test_every_sender_of_the_forms_file_has_a_reader() -> None:
    assert list(SENDERS) == list(IN_THE_FILE)


def test_a_proven_call_is_kept_and_answered_with_200(wire: Wire) -> None:
    answer = wire.send()

    assert answer.status_code == 200
    assert wire.front.leads() != []


def test_a_forged_call_is_refused_and_nothing_is_kept(refusing: Wire) -> None:
    if refusing.sender in SIGNATURES:
        answer = refusing.send(refusing.body + b" ", signed=refusing.body)
    elif refusing.sender == "google-ads":
        answer = refusing.send(refusing.body.replace(SECRET.encode(), b"another"))
    else:
        answer = refusing.post(refusing.body, {"Authorization": "Bearer another"})

    assert (answer.status_code, refusing.front.leads()) == (401, [])
    assert "message" in answer.get_json(force=True)


@each_row("proof", ["", "x", "sha256=", "t=,v1=", "é" * 9, "0" * 9000])
def test_a_proof_of_another_shape_is_a_wrong_one(refusing: Wire, proof: str) -> None:
    names = [*SIGNATURES[refusing.sender](b"", "", 0.0)] if refusing.sender in SIGNATURES else ["X-Webhook-Token"]
    body = refusing.body.replace(SECRET.encode(), proof.encode())

    answer = refusing.post(body, {name: proof.encode().decode("latin-1") for name in names})

    assert (answer.status_code, refusing.front.leads()) == (401, [])


@pytest.mark.parametrize("refusing", TIMED, indirect=True, scope="module")
@each_row("age_s", [STALE_S, -AHEAD_S], ids=["stale", "future"])
def test_an_old_or_future_proof_is_refused(refusing: Wire, age_s: float) -> None:
    answer = refusing.send(age_s=age_s)

    assert (answer.status_code, refusing.front.leads()) == (401, [])


def test_a_sender_that_the_form_does_not_name_is_not_let_in(sqlite: Store) -> None:
    front = Front(sqlite, a_form("tour"))

    answers = {name: front.client.post(f"/webhooks/{name}/tour", data=b"{}").status_code for name in SENDERS}

    assert set(answers.values()) == {401}


def test_a_form_that_is_not_there_is_asked_for_again(refusing: Wire) -> None:
    answer = refusing.front.client.post(f"/webhooks/{refusing.sender}/gone", data=refusing.body)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


def test_opening_the_address_in_a_browser_explains_it(refusing: Wire) -> None:
    get = refusing.front.client.get(refusing.path, headers={"Accept": "text/html,*/*;q=0.8"})
    head = refusing.front.client.head(refusing.path)

    expected = 403 if refusing.sender == "meta" else 200
    assert (get.status_code, head.status_code, head.data) == (expected, expected, b"")


@each_row(
    "garbage",
    [b"{", b"[[[[", b"\x00\xff\xfe", b"null", b"7", b'"text"', b"[]", b"{}", b"\xef\xbb\xbf{}", b"<xml/>", b"a" * 300],
    ids=repr,
)
def test_garbage_that_is_proven_is_kept_or_holds_nothing(parking: Wire, garbage: bytes) -> None:
    with capture_logs() as lines:
        answer = parking.send(garbage)

    if parking.sender == "google-ads":  # its proof is inside
        assert answer.status_code in (400, 401)
        return
    assert answer.status_code == 200
    assert all(lead.status is Status.PARKED for lead in parking.front.leads())
    assert [line for line in lines if line["event"] == "webhook_not_understood"] == []


def test_broken_bytes_are_kept_raw_and_parked(wire: Wire) -> None:
    answer = wire.send(b'{"broken": "half')

    if wire.sender != "google-ads":
        assert answer.status_code == 200
        assert (wire.front.lead().status, wire.front.lead().submission.raw) == (Status.PARKED, b'{"broken": "half')


def test_nothing_at_all_is_no_lead(refusing: Wire) -> None:
    answer = refusing.send(b"")

    assert (answer.status_code, refusing.front.leads()) == (400 if refusing.sender == "google-ads" else 200, [])


def test_more_than_five_mebibytes_are_refused(refusing: Wire) -> None:
    answer = refusing.send(b"x" * (5 * 1024 * 1024 + 1))

    assert (answer.status_code, refusing.front.leads()) == (413, [])


def test_another_charset_loses_no_lead(wire: Wire) -> None:
    body = wire.body.replace(b"Ann", "Änn".encode("latin-1")).replace(b"example.", "exämple.".encode("latin-1"))

    answer = wire.send(body)

    assert answer.status_code in (200, 400)
    assert (answer.status_code == 200) == (wire.front.leads() != [])


def test_the_same_call_many_times_at_once_makes_it_one_lead(wire: Wire) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: wire.send().status_code, range(8)))

    external_ids = [lead.submission.external_id for lead in wire.front.leads()]
    assert answers == [200] * 8
    assert len(external_ids) == len(set(external_ids)) > 0


def _mutations(value: Any) -> Iterator[Any]:
    """The same JSON with one part of it missing, or of another kind."""
    yield from (None, "x", 7, [None], {"": []})
    if isinstance(value, dict):
        for key, below in value.items():
            yield {name: member for name, member in value.items() if name != key}
            yield from ({**value, key: mutated} for mutated in _mutations(below))
    if isinstance(value, list):
        for index, below in enumerate(value):
            yield [*value[:index], *value[index + 1 :]]
            yield from ([*value[:index], mutated, *value[index + 1 :]] for mutated in _mutations(below))


@each_row("sender", SENDERS)
def test_no_shape_makes_a_reader_stumble(sender: str) -> None:
    bodies = [each for each in recorded(sender) if each.method == "POST"]
    reader, call_of = SENDERS[sender].read, _call
    for each in bodies:
        try:
            value = json.loads(each.body)
        except ValueError:
            continue
        for mutated in _mutations(value):
            _read_quietly(reader, call_of(json.dumps(mutated).encode(), each.headers), each.table)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(body=st.binary(max_size=200))
@each_row("sender", SENDERS)
def test_no_bytes_make_a_reader_stumble(body: bytes, sender: str) -> None:
    _read_quietly(SENDERS[sender].read, _call(body, {}), table_of(sender))


def _call(body: bytes, headers: dict[str, str]) -> WebhookCall:
    lowered = {name.lower(): value for name, value in headers.items()}
    return WebhookCall(
        body, {"content-type": "application/json", **lowered}, url=f"{URL}/webhooks/x/tour", received_at=1.8e9
    )


def _read_quietly(read: Callable[[WebhookCall, Any], Iterable[Item]], call: WebhookCall, table: dict[str, Any]) -> None:
    try:
        items = list(read(call, table))
    except InvalidBody:
        return
    for item in items:
        if isinstance(item, Enquiry):
            submit(item, FORM, "any", table)


def test_more_leads_than_any_platform_sends_at_once_are_kept_raw(sqlite: Store) -> None:
    wire = Wire(front_of(sqlite, "json"), "json")
    leads = [{"email": f"a{number}@example.com"} for number in range(1001)]

    answer = wire.send(json.dumps(leads).encode())

    assert (answer.status_code, wire.front.lead().status) == (200, Status.PARKED)
    assert "import" in wire.front.lead().problem


def test_more_answers_than_any_form_has_are_kept_raw(sqlite: Store) -> None:
    wire = Wire(front_of(sqlite, "json"), "json")
    answers = {f"question {number}": "x" for number in range(1001)}

    answer = wire.send(json.dumps({"email": "ann@example.com", **answers}).encode())

    assert (answer.status_code, wire.front.lead().status) == (200, Status.PARKED)
    assert b"ann@example.com" in wire.front.lead().submission.raw


@pytest.fixture
def no_store(tmp_path: Path) -> Store:
    """A store whose database file cannot be opened."""
    (tmp_path / "leads.db").mkdir()
    return Store(f"sqlite:///{tmp_path / 'leads.db'}")


def test_a_sender_is_asked_to_repeat_what_cannot_be_kept(no_store: Store) -> None:
    front = front_of(no_store, *SENDERS)

    answers = {sender: Wire(front, sender).send() for sender in SENDERS}

    refusals = {sender: (answer.status_code, answer.headers.get("Retry-After")) for sender, answer in answers.items()}
    assert refusals == dict.fromkeys(SENDERS, (503, "60"))


def test_the_check_of_linkedin_is_answered_while_the_database_is_away(no_store: Store) -> None:
    wire = Wire(front_of(no_store, "linkedin"), "linkedin")

    answer = wire.front.client.get(f"{wire.path}?challengeCode=890e4665-4dfe-4ab1")

    assert (answer.status_code, answer.get_json()["challengeCode"]) == (200, "890e4665-4dfe-4ab1")
