"""JSON that templates, exports and people write: read where it is certain, else refused with the true reason."""

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.capture.parsing import InvalidBody, Unreadable, Unsupported
from service.capture.parsing.bodies import read_body
from service.capture.parsing.json_mending import MAX_MENDED_CHARS
from service.capture.parsing.loose_json import parse, parse_strictly, read_json
from tests.front import SCRIPT, Front
from tests.tables import each_row

JSON = "application/json"

READABLE: dict[str, tuple[str, object]] = {
    "a comma too many": ('{"a":"b","l":["c",],}', {"a": "b", "l": ["c"]}),
    "an empty place between commas": ('{"a":"b",,"c":"d"}', {"a": "b", "c": "d"}),
    "raw quotation marks": ('{"m":"Two "desks" please","e":"x"}', {"m": 'Two "desks" please', "e": "x"}),
    "raw quotation marks at both ends": ('{"m":""Two desks"","e":"x"}', {"m": '"Two desks"', "e": "x"}),
    "raw quotation marks and commas": ('{"m":"say "yes", "no".","e":"x"}', {"m": 'say "yes", "no".', "e": "x"}),
    "inches": ('{"m":"A 24" screen","e":"x"}', {"m": 'A 24" screen', "e": "x"}),
    "raw quotation marks further in": ('{"a":{"l":[{"m":"a "b" c"}]}}', {"a": {"l": [{"m": 'a "b" c'}]}}),
    "raw quotation marks and line ends": ('{"m":"a "b"\nc\td",\n "e":"x"\n}', {"m": 'a "b"\nc\td', "e": "x"}),
    "some escaped and some not": ('{"m":"a \\"b\\" "c"","e":"x"}', {"m": 'a "b" "c"', "e": "x"}),
    "a backslash that escapes nothing": (r'{"m":"C:\desks","e":"x"}', {"m": r"C:\desks", "e": "x"}),
    "a number that is none": ('{"phone":+44 20 7946 0142,"zip":01234}', {"phone": "+44 20 7946 0142", "zip": "01234"}),
    "words without quotation marks": ('{"m":Two desks, please,"e":"x"}', {"m": "Two desks, please", "e": "x"}),
    "an input left empty": ('{"size":,"e":"x","z":}', {"size": None, "e": "x", "z": None}),
    "undefined": ('{"a":undefined,"e":"x"}', {"a": None, "e": "x"}),
    "of Python": ("{'a': None, 'b': True, 'c': \"O'Brien\"}", {"a": None, "b": True, "c": "O'Brien"}),
    "of JavaScript": ("{a: 'b', $c: 3, d_1: \"e\"}", {"a": "b", "$c": "3", "d_1": "e"}),
    "an apostrophe within apostrophes": ("{'a': 'O'Brien', 'b': 'c\\'d'}", {"a": "O'Brien", "b": "c'd"}),
    "of a word processor": ("{\u201ca\u201d: \u201cb\u201d, \u201cc\u201d: \u201cd\u201d}", {"a": "b", "c": "d"}),
    "made HTML": ("{&quot;a&quot;:&quot;b &amp;amp; c&quot;}", {"a": "b &amp; c"}),
    "encoded twice": (json.dumps('{"a":"b"}'), {"a": "b"}),
    "encoded three times": (json.dumps(json.dumps('{"a":"b"}')), {"a": "b"}),
    "encoded twice and broken": (json.dumps('{"a":"b",}'), {"a": "b"}),
    "a line each": ('{"a":"b"}\n\n{"a":"c"}\r\n', [{"a": "b"}, {"a": "c"}]),
    "a line each, with commas": ('{"a":"b"},\n{"a":"c"}', [{"a": "b"}, {"a": "c"}]),
    "a line each, one of them broken": ('{"a":"b"}\n{"a":\n{"a":"c"}', [{"a": "b"}, '{"a":', {"a": "c"}]),
    "a name twice": ('{"a":"b","a":"c","d":"e","d":""}', {"a": ["b", "c"], "d": "e"}),
    "names with brackets": ('{"s[0]":"a","s[1]":"b","f[x]":"x"}', {"s": ["a", "b"], "f.x": "x"}),
    "labels with brackets": ('{"No [x]":"y","":"z"}', {"No [x]": "y", "": "z"}),
    "a semicolon at the end": ('{"a":"b",};', {"a": "b"}),
}  # fmt: skip


@each_row("name", READABLE)
def test_what_is_certain_is_read(name: str) -> None:
    text, expected = READABLE[name]

    assert read_json(text.encode()) == expected


UNCERTAIN: dict[str, tuple[str, str]] = {
    "cut in a text": ('{"email":"ann@exa', "ends in the middle"),
    "cut behind a text": ('{"email":"ann@example.com"', "ends in the middle"),
    "cut behind a comma": ('{"email":"ann@example.com",', "ends in the middle"),
    "two values": ('{"a":"b"} {"c":"d"}', "text after its end, at line 1"),
    "a text that may be two": ('{"m":"see "a", "b":"c" end","e":"x"}', "quotation mark"),
    "braces among the words": ('{"m":"use {"a":"b"}, ok","e":"x"}', "quotation mark"),
    "no comma": ('{"a":"b" "c":"d"}', "quotation mark is not escaped, or a comma is missing"),
    "no value": ('{"a":"b","c"}', "at line 1"),
    "no colon": ('{"a","b"}', "at line 1, column 5"),
    "another bracket": ('{"a":["b"}', "at line 1"),
    "a comma and nothing else": ("[,]x", "a superfluous comma at line 1"),
    "a bad escape": ('{"a":"\\d","b"}', "backslash is not escaped"),
    "the third line": ('{\n"a":"b"\n"c":"d"}', "at line 3"),
    "too deep": ("[" * 100_000, "nested too deeply"),
    "no braces": ("hello", "at line 1"),
}


@pytest.mark.parametrize(("levels", "is_read"), [(500, True), (501, False)])
def test_the_depth_that_is_read_is_ours_and_not_that_of_a_release_of_python(levels: int, is_read: bool) -> None:
    nested = "[" * levels + "]" * levels

    if is_read:
        parse_strictly(nested)
    else:
        with pytest.raises(Unreadable):
            parse_strictly(nested)


def test_brackets_in_a_text_do_not_nest() -> None:
    assert parse_strictly(f'["{"[" * 5000}"]') == ["[" * 5000]


@each_row("name", UNCERTAIN)
def test_what_is_not_certain_is_refused_with_its_reason(name: str) -> None:
    text, reason = UNCERTAIN[name]

    with pytest.raises(Unreadable) as refused:
        read_json(text.encode())

    assert reason in refused.value.sentence
    assert refused.value.sentence.startswith("The JSON is broken")
    assert "ann@" not in refused.value.sentence


@each_row("kind", ["text/html", "text/html; charset=utf-8", "image/png", "application/xml", "text/css"])
def test_sound_json_is_json_whatever_it_is_called(kind: str) -> None:
    assert read_body(b' {"email": "ann@example.com"}', kind).answers == {"email": "ann@example.com"}
    assert read_body(b'"{\\"a\\": \\"b=c\\"}"', kind).answers == {"a": "b=c"}
    with pytest.raises(Unsupported):
        read_body(b"{color: red}", kind)


@pytest.mark.parametrize("body", [b"%7B%22a%22%3A%22b+c%22%7D", b"%7b%22a%22:%22b%20c%22%7d=", b'{"a":"b c"}='])
def test_json_that_was_urlencoded_whole_is_read(body: bytes) -> None:
    assert read_body(body, "application/x-www-form-urlencoded").answers == {"a": "b c"}


def test_a_page_of_html_is_still_no_form() -> None:
    with pytest.raises(Unsupported):
        read_body(b"<html><a href='x?a=b'>", "text/html")


def test_a_template_with_a_persons_quotation_marks_is_a_lead(front: Front) -> None:
    body = b'{"email":"ann@example.com","message":"Two "desks" please"}'

    answer = front.post(body, headers=SCRIPT, content_type="text/plain")

    assert answer.status_code == 200
    assert front.lead().submission.fields["message"] == 'Two "desks" please'


def test_the_operator_reads_why_it_could_not_be_read(front: Front) -> None:
    front.post(b'{"email":"ann@example.com","mess', headers=SCRIPT, content_type=JSON)

    assert "ends in the middle" in front.lead().problem
    assert front.lead().submission.raw == b'{"email":"ann@example.com","mess'


def test_a_form_of_one_field_with_json_is_what_it_holds(front: Front) -> None:
    front.post({"payload": '{"email":"ann@example.com","tags":["a","b"]}'}, headers=SCRIPT)

    submission = front.lead().submission
    assert (submission.contact.email, submission.extras) == ("ann@example.com", {"tags": ["a", "b"]})


@pytest.mark.parametrize("text", ["{name: Ann}", '["a",]', "[see below]", '{"a":"b"}{'])
def test_a_persons_own_brackets_are_left_alone(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_strictly(text)


# -- anything at all

WORDS = st.lists(st.sampled_from(["a", "b c", '"', " ", ", ", ".\n", "\t", "é\u2028", "'", "<&"]), max_size=20).map(
    "".join
)
ODD = st.lists(
    st.sampled_from(
        ['{"a":', '"', "'", ",", "}", "{", "[", "]", ":", "\\", "a", " ", "\n", '"b":"c"', "1", "“", "&quot;"]
    ),
    max_size=40,
).map("".join)


@given(words=st.lists(WORDS, min_size=1, max_size=3))
def test_a_template_gives_a_persons_words_back_or_refuses(words: list[str]) -> None:
    """Words without colons and braces cannot look like further answers."""
    pairs = {f"name{number}": text for number, text in enumerate(words)}
    text = "{" + ",".join(f'"{name}":"{value}"' for name, value in pairs.items()) + "}"

    try:
        parsed = parse(text)
    except Unreadable:
        assert sum(value.count('"') % 2 for value in words) > 1  # two odd ones may be one that was cut
    else:
        assert parsed == pairs


@given(ODD | st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(Unreadable):
        parse(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3) | st.dictionaries(st.text("abc[", max_size=4), inner, min_size=1)
    ),
    max_leaves=9,
)


@given(value=st.dictionaries(st.text("abc", min_size=1), VALUES, min_size=1), layers=st.integers(0, 3))
def test_sound_json_comes_back_as_it_was(value: dict[str, Any], layers: int) -> None:
    text = json.dumps(value)
    for _ in range(layers):
        text = json.dumps(text)

    assert parse(text) == value


@given(st.lists(st.dictionaries(st.text("abc", min_size=1), st.text(max_size=9), min_size=1), min_size=2, max_size=6))
def test_lines_come_back_as_they_were(leads: list[dict[str, str]]) -> None:
    assert parse("\n".join(map(json.dumps, leads))) == leads


COSTLY: dict[str, Callable[[int], str]] = {
    "quotation marks": lambda size: '{"a":"' + '"' * size,
    "quotation marks and blanks": lambda size: '{"a":"' + '" ' * (size // 2),
    "ends that are none": lambda size: '{"a":"' + '", "b" ' * (size // 7),
    "commas": lambda size: '{"a":' + "," * size,
    "blanks": lambda size: '{"a":"b"' + " " * size,
    "names": lambda size: '{"a":' + '"b":' * (size // 4),
    "braces": lambda size: "{" * size,
    "brackets": lambda size: '{"a":' + "[" * size,
    "lines": lambda size: '{"a":"b"}\n' + "{\n" * (size // 2),
    "backslashes": lambda size: '{"a":"' + "\\" * size + '"b"}',
    "entities": lambda size: "{&quot;" * (size // 7),
    "the same name": lambda size: "{" + '"a":"b","a":"c",' * (size // 16) + "}",
}


@each_row("name", COSTLY)
def test_twice_the_text_costs_twice_the_steps_at_most(name: str) -> None:
    small, large = (steps(COSTLY[name](size)) for size in (MAX_MENDED_CHARS // 2, MAX_MENDED_CHARS - 10))

    assert large <= 2 * small + 50_000
    with suppress(InvalidBody):
        read_body(COSTLY[name](5 * 1024 * 1024).encode(), JSON)  # ends


def steps(text: str) -> int:
    taken = 0

    def count(*_: Any) -> None:
        nonlocal taken
        taken += 1

    sys.setprofile(count)
    try:
        read_body(text.encode(), JSON)
    except InvalidBody:
        pass
    finally:
        sys.setprofile(None)
    return taken
