"""Whatever strangers send: an answer or one of three refusals, and never anything a database chokes on."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.capture.fields.names import fold, meaning_of
from service.capture.fields.reading import Incoming, read
from service.capture.pages.rendering import error_page
from service.capture.parsing import Empty, InvalidBody, Unreadable, Unsupported
from service.capture.parsing.bodies import read_body
from service.capture.parsing.texts import clean
from service.forms import Form
from service.lead import Submission
from tests.tables import each_row

TYPES = st.sampled_from(
    [
        "application/x-www-form-urlencoded",
        "application/json",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "text/plain;charset=UTF-8",
        "text/plain; charset=utf-16",
        "",
        "application/octet-stream",
        "image/png",
    ]
)
NAMES = st.sampled_from(
    [
        "email",
        "name",
        "nom",
        "prénom",
        "phone",
        "message",
        "lc_first",
        "lc_key",
        "utm_source",
        "_next",
        "tags[]",
        "a[b]",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.emails(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | NAMES, inner, max_size=3),
    max_leaves=8,
)
JSON_BODIES = st.dictionaries(st.text(max_size=8) | NAMES, VALUES, max_size=6).map(
    lambda value: json.dumps(value).encode()
)
PARTS = st.lists(st.tuples(st.binary(max_size=30), st.binary(max_size=30)), max_size=4).map(
    lambda parts: b"".join(
        b'--b\r\ncontent-disposition: form-data; name="' + n + b'"\r\n\r\n' + v + b"\r\n" for n, v in parts
    )
)
BODIES = st.binary(max_size=200) | JSON_BODIES | PARTS | st.text(max_size=100).map(lambda text: f"a={text}".encode())


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from texts_in(member)
    elif isinstance(value, (list, tuple)):
        for member in value:
            yield from texts_in(member)


def texts_of(submission: Submission) -> list[str]:
    evidence, contact = submission.evidence, submission.contact
    plain = (evidence.landing_url, evidence.page_url, submission.idempotency_key, submission.external_id)
    details = (contact.email, contact.full_name, contact.phone, contact.company)
    return list(texts_in([dict(submission.fields), dict(submission.extras), dict(evidence.fields), plain, details]))


@given(body=BODIES, content_type=TYPES | st.text(max_size=40))
def test_any_body_is_read_or_refused_by_name(body: bytes, content_type: str) -> None:
    try:
        result = read_body(body, content_type)
    except (Empty, Unreadable, Unsupported):
        return
    assert result.files or any(result.answers.values())


@given(body=BODIES, content_type=TYPES, query=st.text(max_size=40))
def test_nothing_that_is_kept_holds_what_a_database_refuses(body: bytes, content_type: str, query: str) -> None:
    try:
        reading = read(Incoming(body, content_type, query=query), Form("tour", country="GB"))
    except InvalidBody:
        return
    texts = texts_of(reading.submission)
    assert not any("\0" in text for text in texts)
    assert all(text.encode("utf-8") is not None for text in texts)
    error_page(Form("tour"), reading, reading.errors)


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(max_size=400))
def test_any_name_has_a_meaning_or_none(name: str) -> None:
    meaning = meaning_of(name)

    assert fold(name) == fold(name.strip())
    assert meaning is None or meaning.target


@each_row(
    "body",
    [
        "&".join(f"field{n}=value+{n}" for n in range(10_000)).encode(),
        b"a&" * 130_000 + b"a=1",
        b"x" + b"[a]" * 80_000 + b"=1",
        b'{"a":' + b"[" * 900 + b"]" * 900 + b',"b":1}',
        b"=" * 250_000,
        b"a=" + b"%" * 250_000,
        b"phone=" + b"0" * 250_000,
        b"email=" + b"a@" * 120_000,
        b"email=" + b"a." * 120_000 + b"@example.com",
        b"who=" + b"1 " * 120_000,
    ],
    ids=[
        "many fields",
        "many repeats",
        "deep brackets",
        "deep json",
        "equals",
        "percents",
        "phone",
        "ats",
        "dots",
        "digits",
    ],
)
def test_the_largest_bodies_are_read_in_bounded_time(body: bytes) -> None:
    started = time.process_time()

    with suppress(InvalidBody):
        read(Incoming(body, "application/x-www-form-urlencoded"), Form("tour", country="GB"))

    assert time.process_time() - started < 2.0


def test_only_the_first_thousand_names_are_matched_and_all_are_kept() -> None:
    body = "&".join(f"field{n}=v{n}" for n in range(1000)) + "&email=ann@example.com"

    reading = read(Incoming(body.encode()), Form("tour", require=()))

    assert len(reading.submission.extras) == 1001
    assert reading.submission.extras["email"] == "ann@example.com"
