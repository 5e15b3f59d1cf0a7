"""Whatever strangers post: an answer below 500, and what could be a lead is kept."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.lead import Status
from service.store import Query, Store
from tests.builders import a_form
from tests.front import FORM_TYPE, SCRIPT, Front, sqlite_store
from tests.tables import each_row

pytestmark = pytest.mark.long

JSON = "application/json"
PLAIN = "text/plain;charset=UTF-8"
MULTIPART = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'


@dataclass(frozen=True)
class Bad:
    """A body under a content type; what is answered, and where the lead stands that was kept ("" for none)."""

    body: bytes
    content_type: str
    answer: int
    status: str = ""
    message: str | None = None  # what the lead says, where that matters


def nul_in_every_field() -> bytes:
    return json.dumps({"em\0ail": "ann\0@example.com", "mess\0age": "Two\0 desks", "\0": "\0x"}).encode()


CASES = {
    "broken JSON": Bad(b'{"email": "ann@example.com"', JSON, 400, Status.PARKED),
    "JSON after JSON": Bad(b'{"email": "ann@example.com"} {}', JSON, 400, Status.PARKED),
    "a JSON list of numbers": Bad(b"[1, 2, 3]", JSON, 400, Status.PARKED),
    "a JSON text": Bad(b'"ann@example.com"', JSON, 400, Status.PARKED),
    "a JSON null": Bad(b"null", JSON, 400, Status.PARKED),
    "an empty JSON object": Bad(b"{}", JSON, 400),
    "JSON values of wrong types": Bad(
        b'{"email": ["ann@example.com"], "name": {"first": 1}, "message": true, "phone": 7700900123, "x": null}',
        JSON,
        200,
        Status.PENDING,
        "true",
    ),
    "an address that is an object": Bad(b'{"email": {"a": {"b": "c"}}}', JSON, 422),
    "deep nesting": Bad(b'{"email":"ann@example.com","a":' + b"[" * 10_000 + b"]" * 10_000 + b"}", JSON, 400, "parked"),
    "deep brackets": Bad(b"email=ann@example.com&a" + b"[b]" * 10_000 + b"=1", FORM_TYPE, 200, Status.PENDING),
    "a huge number": Bad(
        b'{"email":"ann@example.com","message":' + b"9" * 10_000 + b"}", JSON, 200, Status.PENDING, "9" * 10_000
    ),
    "numbers that are none": Bad(b'{"email":"ann@example.com","message":NaN,"n":1e999}', JSON, 200, "pending", "NaN"),
    "binary": Bad(bytes(range(256)) * 16, "application/octet-stream", 415),
    "binary called a form": Bad(bytes(range(256)) * 16, FORM_TYPE, 400, Status.PARKED),
    "binary called JSON": Bad(b"\x00\xff\xfe{" * 99, JSON, 400, Status.PARKED),
    "10,000 fields": Bad(
        b"email=ann@example.com&" + b"&".join(b"field%d=v" % n for n in range(10_000)), FORM_TYPE, 200, Status.PENDING
    ),
    "10,000 times one field": Bad(b"email=ann@example.com" + b"&tags=a" * 10_000, FORM_TYPE, 200, Status.PENDING),
    "NUL in every field": Bad(nul_in_every_field(), JSON, 200, Status.PENDING, "Two desks"),
    "NUL in a form": Bad(b"email=ann%00@example.com&message=a%00b&%00=%00", FORM_TYPE, 200, Status.PENDING, "ab"),
    "halves of characters": Bad(
        b'{"email":"ann@example.com","message":"a\\ud83d","\\udc00":"\\udfff"}', JSON, 200, Status.PENDING, "a\ufffd"
    ),
    "halves in UTF-8": Bad(b"email=ann@example.com&message=%ED%A0%80", FORM_TYPE, 200, Status.PENDING),
    "invalid percents": Bad(b"email=ann@example.com&message=100%&a=%zz&%=%", FORM_TYPE, 200, Status.PENDING, "100%"),
    "windows-1252 called UTF-8": Bad(
        b"email=ann@example.com&message=Gr%FC%DFe", FORM_TYPE + "; charset=utf-8", 200, Status.PENDING, "Gr\xfc\xdfe"
    ),
    "an unknown charset": Bad(
        "email=ann@example.com&message=Grüße".encode(), FORM_TYPE + "; charset=klingon", 200, "pending", "Grüße"
    ),
    "UTF-16": Bad('{"email": "ann@example.com", "message": "Grüße"}'.encode("utf-16"), JSON, 200, "pending", "Grüße"),
    "an empty body": Bad(b"", FORM_TYPE, 400),
    "an empty body of no type": Bad(b"", "", 400),
    "a form of no type": Bad(b"email=ann@example.com&message=hi", "", 200, Status.PENDING, "hi"),
    "JSON of no type": Bad(b'{"email": "ann@example.com", "message": "hi"}', "", 200, Status.PENDING, "hi"),
    "JSON called a form": Bad(b'{"email": "ann@example.com", "message": "hi"}', FORM_TYPE, 200, Status.PENDING, "hi"),
    "a form called JSON": Bad(b"email=ann@example.com&message=hi", JSON, 200, Status.PENDING, "hi"),
    "a nonsense type": Bad(b"email=ann@example.com&message=hi", ";;;=\xff", 200, Status.PENDING, "hi"),
    "multipart without a boundary": Bad(
        PART % (b"email", b"ann@example.com") + b"--b--", "multipart/form-data", 200, Status.PENDING
    ),
    "multipart cut short": Bad(
        PART % (b"email", b"ann@example.com") + PART % (b"message", b"hi") + b"--b\r\nContent-Disp",
        MULTIPART,
        200,
        Status.PENDING,
        "hi",
    ),
    "multipart of nothing": Bad(b"--b--\r\n", MULTIPART, 400),
    "one field of 256 KiB": Bad(b"email=ann@example.com&message=".ljust(262_144, b"x"), FORM_TYPE, 200, "pending"),
    "one name of 256 KiB": Bad(b"email=ann@example.com&".ljust(262_142, b"x") + b"=1", FORM_TYPE, 200, "pending"),
    "separators": Bad(b"&=&" * 5_000, FORM_TYPE, 400),
    "a body of blanks": Bad(b" \r\n\t\0", PLAIN, 400),
}
HARD_ON_DATABASES = (
    "NUL in every field",
    "NUL in a form",
    "halves of characters",
    "halves in UTF-8",
    "binary called JSON",
)


FORMS = {name: f"case-{number}" for number, name in enumerate(CASES)}
"""Each case has a form of its own: one application takes them all."""


@pytest.fixture
def forms_of_cases(store: Store) -> Front:
    """An application with the form of each case, on each engine."""
    return Front(store, *map(a_form, FORMS.values()))


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The same for all cases, on SQLite."""
    with sqlite_store(tmp_path_factory.mktemp("cases")) as store:
        yield Front(store, *map(a_form, FORMS.values()))


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_answered_and_what_could_be_a_lead_is_kept(lasting: Front, name: str) -> None:
    check(lasting, name)


@each_row("name", HARD_ON_DATABASES)
def test_what_databases_choke_on_is_kept_on_every_engine(forms_of_cases: Front, name: str) -> None:
    check(forms_of_cases, name)


def check(front: Front, name: str) -> None:
    """Post it from an address of its own; see the answer, and the lead if there is one."""
    bad, form = CASES[name], FORMS[name]
    answer = front.post(
        bad.body, form, SCRIPT, address=f"192.0.2.{[*CASES].index(name)}", content_type=bad.content_type
    )

    with front.store.read() as tx:
        leads = tx.search.leads(Query(form=form), 10)
    assert answer.status_code == bad.answer, answer.text
    assert [lead.status for lead in leads] == ([bad.status] if bad.status else [])
    if bad.answer == 400 and leads:
        assert leads[0].submission.raw == bad.body
    if bad.message is not None:
        assert leads[0].submission.fields["message"] == bad.message


@pytest.mark.parametrize(
    "headers",
    [
        {"Referer": "https://\xff.example/\x80"},
        {"Idempotency-Key": "\xff" * 5000},
        {"Origin": "https://[::1"},
        {"Accept-Language": ";q=x,,\xff"},
        {"Accept": "application/json\xff"},
        {"Content-Length": "0", "Referer": "x" * 8000},
        {"User-Agent": "\x1b[2J", "Sec-Fetch-Mode": "no-cors"},
    ],
    ids=["referer", "key", "origin", "language", "accept", "length", "agent"],
)
def test_strange_headers_are_answered(store: Store, headers: dict[str, str]) -> None:
    front = Front(store)

    answers = [front.post(body, headers=headers) for body in (b"email=ann@example.com", b"email=", b"{")]

    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []


@each_row("path", ["/f/%00", "/f/%ff", "/f/" + "x" * 4000, "/f/..%2f..", "/f/contact%0a", "/f//contact"])
@each_row("method", ["GET", "POST", "OPTIONS", "DELETE"])
def test_strange_addresses_are_answered(front: Front, path: str, method: str) -> None:
    assert front.client.open(path, method=method, data={"email": "ann@example.com"}).status_code < 500


@pytest.mark.parametrize("query", ["format=json&format=xml", "a=%00&%ff=%fe", "&" * 3000, "utm_source=" + "x" * 8000])
def test_strange_queries_are_answered_and_the_lead_kept(store: Store, query: str) -> None:
    front = Front(store)

    answer = front.client.post(f"/f/contact?{query}", data={"email": "ann@example.com"})

    assert answer.status_code in {200, 303}
    assert len(front.leads()) == 1


# -- anything at all

TYPES = st.sampled_from([FORM_TYPE, JSON, PLAIN, MULTIPART, "multipart/form-data", "", "image/png"]) | st.text(
    st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=30
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(
    st.sampled_from(["email", "name", "lc_key", "_next", "_gotcha"]) | st.text(max_size=9), VALUES
)
BODIES = st.binary(max_size=300) | OBJECTS.map(lambda members: json.dumps(members).encode())


ADDRESSES = count(1)
"""One for each example: no limit on what one address may send that cannot be read answers in place of the reader."""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES, content_type=TYPES)
def test_any_bytes_of_any_type_are_answered(front: Front, body: bytes, content_type: str) -> None:
    answer = front.post(body, content_type=content_type, address=f"10.0.{next(ADDRESSES)}.1")

    assert answer.status_code < 500
    assert answer.status_code != 429


@pytest.fixture
def on_each_engine(store: Store) -> Front:
    """One application for all examples."""
    return Front(store)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.dictionaries(st.text(st.characters(), max_size=8), st.text(st.characters(), max_size=30), max_size=4))
def test_any_words_with_an_address_are_kept_on_every_engine(on_each_engine: Front, words: dict[str, str]) -> None:
    answer = on_each_engine.post_json({**words, "email": "ann@example.com"}, headers=SCRIPT)

    assert answer.status_code == 200
    with on_each_engine.store.read() as tx:
        lead = tx.leads.get(answer.get_json()["id"])
        assert lead is not None
        assert lead.submission.contact.email == "ann@example.com"
        assert tx.search.leads(Query(text="ann@"), 1)
