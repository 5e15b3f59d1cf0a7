"""Bodies with far more answers than a form has: refused unread while they are counted, and kept as they came."""

import json
import time
import tracemalloc
from collections.abc import Callable

import pytest

from service.capture.http.webhook_items import MAX_BODY_BYTES
from service.capture.parsing import Unreadable
from service.capture.parsing.bodies import read_body
from service.capture.parsing.loose_json import MAX_MEMBERS
from service.capture.parsing.pairs import MAX_PAIRS
from service.capture.tools.any_json.levels import MAX_NAMES
from service.lead import Status
from service.store import Store
from tests.builders import a_form
from tests.front import ANN, FORM_TYPE, Front
from tests.tables import each_row

JSON, TEXT = "application/json", "text/plain"
ANN_JSON = b'{"email":"ann@example.com"'
ANN_FORM = b"email=ann@example.com"


def filled(start: bytes, unit: bytes, end: bytes = b"") -> bytes:
    """A body of just under the size limit: as many units as fit, each with its number where it has a place for one."""
    is_numbered = b"%" in unit
    number = (MAX_BODY_BYTES - len(start) - len(end)) // len(unit % 10**6 if is_numbered else unit)
    return start + (unit * number % tuple(range(number)) if is_numbered else unit * number) + end


COSTLY: dict[str, tuple[Callable[[], bytes], str]] = {
    "550,000 names": (lambda: filled(ANN_FORM, b"&n%x=1"), FORM_TYPE),
    "a million pairs": (lambda: filled(ANN_FORM, b"&a=1"), FORM_TYPE),
    "names without values": (lambda: filled(ANN_FORM, b"&n%x"), FORM_TYPE),
    "numbered names": (lambda: filled(ANN_FORM, b"&a[%d]=1"), FORM_TYPE),
    "lines": (lambda: filled(ANN_FORM, b"\r\nn%x=1"), TEXT),
    "pairs in one line": (lambda: filled(b"email=ann", b"&a=1"), TEXT),
    "names in JSON": (lambda: filled(ANN_JSON, b',"n%x":1', b"}"), JSON),
    "one name in JSON": (lambda: filled(ANN_JSON, b',"a":1', b"}"), JSON),
    "brackets in JSON": (lambda: filled(ANN_JSON, b',"a[%d]":1', b"}"), JSON),
    "a list of numbers": (lambda: filled(ANN_JSON + b',"a":[1', b",1", b"]}"), JSON),
    "a list of empty objects": (lambda: filled(ANN_JSON + b',"a":[1', b",{}", b"]}"), JSON),
    "a list of objects alone": (lambda: filled(b"[{}", b",{}", b"]"), JSON),
    "900 leads of 400 answers": (lambda: json.dumps([dict.fromkeys(map(str, range(400)), "x")] * 900).encode(), JSON),
    "JSON in JSON": (lambda: filled(ANN_JSON + b',"a":"{', b'\\"n%x\\":1,', b'\\"z\\":1}"}'), JSON),
    "lines of JSON": (lambda: filled(ANN_JSON + b"}", b'\n{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6}'), JSON),
}


@each_row("name", COSTLY)
def test_a_body_of_countless_answers_costs_next_to_nothing(name: str) -> None:
    body, kind = COSTLY[name][0](), COSTLY[name][1]
    tracemalloc.start()
    began = time.thread_time()

    with pytest.raises(Unreadable, match="more than"):
        read_body(body, kind)

    took_s, (_, peak) = time.thread_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took_s < 1  # a tenth of it as a rule; it was 2 to 9 seconds, and minutes for objects
    assert peak < 5 * MAX_BODY_BYTES  # the decoded text and its copies; it was up to 500 MB


@pytest.mark.parametrize("sender", ["json", "elementor"])
@pytest.mark.parametrize("name", ["550,000 names", "a list of empty objects"])
def test_it_is_kept_as_it_came_and_parked(sqlite: Store, sender: str, name: str) -> None:
    body, kind = COSTLY[name][0](), COSTLY[name][1]
    front = Front(sqlite, a_form(webhooks={sender: {}}))

    response = front.client.post(f"/webhooks/{sender}/contact", data=body, content_type=kind)

    assert response.status_code == 200
    assert (front.lead().status, front.lead().submission.raw) == (Status.PARKED, body)


def test_a_lead_of_too_many_answers_is_kept_once_and_as_it_came(sqlite: Store) -> None:
    front = Front(sqlite, a_form(webhooks={"json": {}}))
    body = json.dumps({**ANN, **{f"q{n}": "x" for n in range(MAX_NAMES)}}).encode()

    front.client.post("/webhooks/json/contact", data=body, content_type=JSON)

    submission = front.lead().submission
    assert (submission.raw, dict(submission.extras), submission.contact.email) == (body, {}, "")


def test_the_other_leads_of_such_a_call_are_read(sqlite: Store) -> None:
    front = Front(sqlite, a_form(webhooks={"json": {}}))
    body = [ANN, {f"q{n}": "x" for n in range(MAX_NAMES + 1)}]

    front.client.post("/webhooks/json/contact", json=body)

    assert sorted(lead.status for lead in front.leads()) == sorted([Status.PENDING, Status.PARKED])


@each_row(
    ("body", "kind"),
    [
        pytest.param(b"&".join(b"a[]=1" for _ in range(MAX_PAIRS)), FORM_TYPE, id="pairs"),
        pytest.param(b"m=" + b"tea%26toast,%20" * 300_000, FORM_TYPE, id="prose in a form"),
        pytest.param(b"m=x\n" + b"and more\n" * 500_000, TEXT, id="prose in lines"),
        pytest.param(json.dumps({"m": "tea, toast, {jam} [and] " * 200_000}).encode(), JSON, id="prose in JSON"),
        pytest.param(json.dumps({"m": [1] * (MAX_MEMBERS - 2)}).encode(), JSON, id="values in JSON"),
    ],
)
def test_long_texts_and_as_many_answers_as_allowed_are_read(body: bytes, kind: str) -> None:
    [answer] = read_body(body, kind).answers.values()

    assert answer


@each_row("end", ['"', "\\", '\\"', '"\\"', ""])
def test_counting_ends_whatever_the_quotation_marks(end: str) -> None:
    text = '{"a":"' + '\\"' * 1_000_000 + "," * 300_000 + end
    began = time.thread_time()

    with pytest.raises(Unreadable):
        read_body(text.encode(), JSON)

    assert time.thread_time() - began < 1
