"""JSON of strangers: reading it never raises, whatever it is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.capture.parsing import Unreadable
from service.capture.parsing.json_values import list_at, table_at, tables_at, text_at, texts_at, value_at
from service.capture.parsing.loose_json import read_json

LEAD: dict[str, Any] = {
    "data": {"fields": [{"label": "Name", "value": " Ann\x00 "}, None, "x"], "id": "7", "open": True}
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_text_is_found_by_its_path_and_clean() -> None:
    assert text_at(LEAD, "data", "fields", 0, "value") == "Ann"
    assert (text_at(LEAD, "data", "id"), text_at(LEAD, "data", "open")) == ("7", "true")


def test_what_is_not_there_is_empty() -> None:
    assert (text_at(LEAD, "data", "fields", 9), text_at(LEAD, "data", "id", "x")) == ("", "")
    assert (table_at(LEAD, "data", "id"), list_at(LEAD, "data")) == ({}, [])


def test_members_of_another_kind_are_left_out() -> None:
    assert tables_at(LEAD, "data", "fields") == [LEAD["data"]["fields"][0]]
    assert (texts_at(["a", "", None, "b"]), texts_at("a"), texts_at(None)) == (["a", "b"], ["a"], [])


@given(value=VALUES, path=st.lists(st.text() | st.integers()))
def test_no_value_and_no_path_is_an_error(value: object, path: list[str | int]) -> None:
    value_at(value, *path)
    text_at(value, *path)
    tables_at(value, *path)
    texts_at(value, *path)


def test_long_numbers_are_exact() -> None:
    assert read_json(b'{"id": 7412345678901234567, "size": 1.50}') == {"id": "7412345678901234567", "size": "1.50"}


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff\xfe{"])
def test_broken_json_is_told_apart(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_json(body)
