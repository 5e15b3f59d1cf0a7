"""Text with places for answers: how it is read, and how it is filled."""

import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.forms.templates import fill_address, fill_line, fill_lines, list_slots
from tests.tables import each_row

ANSWERS = {"company": "Acme", "title": "Tour", "message": "two\nlines", "size": "4"}


def find(name: str) -> str:
    return ANSWERS.get(name, "")


@each_row(
    ("template", "filled"),
    [
        pytest.param("{company} - {title}", "Acme - Tour", id="two answers"),
        pytest.param("{company} - {floor} - {title}", "Acme - Tour", id="nothing between two marks"),
        pytest.param("{company} - {floor} | {room} · {title}", "Acme - Tour", id="two gaps"),
        pytest.param("{company} ({floor})", "Acme", id="nothing in brackets"),
        pytest.param("{floor}, {company}", "Acme", id="nothing in front"),
        pytest.param("{company} {{vip}}", "Acme {vip}", id="braces that are meant"),
        pytest.param("{ company }", "Acme", id="space within the braces"),
        pytest.param("{message}", "two lines", id="one line"),
    ],
)
def test_a_line_without_gaps(template: str, filled: str) -> None:
    assert fill_line(template, find) == filled


@each_row(
    ("template", "filled"),
    [
        pytest.param("Floor: {floor}", "", id="no answer at all"),
        pytest.param("Size: {size}\nFloor: {floor}\nAsap", "Size: 4\nAsap", id="a line without its answer"),
        pytest.param("Size: {size}, floor {floor}", "Size: 4, floor", id="a gap at the end"),
        pytest.param("{message}", "two\nlines", id="an answer keeps its lines"),
        pytest.param("as {{it}} is, - ", "as {it} is, - ", id="nothing to fill"),
    ],
)
def test_lines_without_gaps(template: str, filled: str) -> None:
    assert fill_lines(template, find) == filled


def test_a_stranger_s_braces_stay_as_they_are() -> None:
    assert fill_lines("{message}", {"message": "{title} {"}.__getitem__) == "{title} {"


def test_answers_are_found_at_any_depth() -> None:
    value = {"a": ["{one} and {two}", 5], "b": {"c": "{three} {{four}}"}, "d": "{broken"}

    assert list(list_slots(value)) == ["one", "two", "three"]


ADDRESS = "https://www.example.com/thanks/{path}?a={query}#{fragment}"
HOSTILE: Mapping[str, str] = {
    "a new host": "//evil.example",
    "a header": "x\r\nSet-Cookie: a=b",
    "a query": "x&admin=1#y?z",
    "a way up": "..",
    "a scheme": "javascript:alert(1)",
    "half a character": "\ud800",
}


@each_row("answer", HOSTILE.values(), ids=HOSTILE)
def test_an_answer_cannot_leave_its_place_in_an_address(answer: str) -> None:
    parts = urlsplit(fill_address(ADDRESS, lambda _: answer))

    assert (parts.scheme, parts.netloc) == ("https", "www.example.com")
    assert parts.path.count("/") == 2
    assert parts.query.count("=") == 1
    assert "\n" not in parts.geturl()


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=300))
def test_any_answer_makes_an_address_of_plain_characters(answer: str) -> None:
    address = fill_address("https://www.example.com/?a={a}", lambda _: answer)

    assert address.isascii()
    assert address.isprintable()
    assert urlsplit(address).netloc == "www.example.com"


@pytest.mark.parametrize("fill", [fill_line, fill_lines])
def test_an_answer_full_of_space_takes_no_time(fill: Callable[[str, Callable[[str], str]], str]) -> None:
    began = time.thread_time()

    assert fill("{message} - {floor}", {"message": "a" + " " * 200_000 + "b", "floor": ""}.__getitem__) == "a b"
    assert time.thread_time() - began < 1
