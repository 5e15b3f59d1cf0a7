"""Remembered visits, decoded from whatever the form sent."""

import json
from urllib.parse import quote

import pytest

from service.attribution import stored_touch
from service.lead import StoredTouch
from tests.tables import each_row

OBJECT = {"u": "https://a.example/?utm_source=caf%C3%A9", "r": "https://b.example/", "t": 1790000000}
TOUCH = StoredTouch(url=OBJECT["u"], referrer=OBJECT["r"], at=1790000000.0)  # type: ignore[arg-type]
JSON = json.dumps(OBJECT)


@each_row(
    "value",
    [
        pytest.param(OBJECT, id="object"),
        pytest.param(JSON, id="JSON"),
        pytest.param(quote(JSON), id="percent-encoded"),
        pytest.param(quote(quote(JSON)), id="percent-encoded twice"),
        pytest.param(TOUCH, id="decoded before"),
    ],
)
def test_a_visit_is_decoded(value: object) -> None:
    assert stored_touch(value) == TOUCH


@each_row(
    "value",
    [None, "", "text", "{", "[]", '"text"', "null", 1, b"{}", [OBJECT], "%", "%ff", "[" * 20_000, " " * 40_000 + JSON],
    ids=lambda value: repr(value)[:12],
)
def test_anything_else_is_none(value: object) -> None:
    assert stored_touch(value) is None


@each_row(
    "text",
    ['{"t":NaN}', '{"t":Infinity}', '{"t":"1790000000"}', '{"t":true}', '{"t":1' + "0" * 400 + "}", '{"u":1,"r":[]}'],
    ids=lambda text: str(text)[:18],
)
def test_members_of_a_wrong_type_count_as_absent(text: str) -> None:
    assert stored_touch(text) == StoredTouch()


def test_numbers_too_long_to_read_make_it_none() -> None:
    assert stored_touch('{"t":1' + "0" * 5000 + "}") is None
