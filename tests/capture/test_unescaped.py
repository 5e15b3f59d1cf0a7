"""Form encoding of senders that escape nothing, or not everything: & and + that are a person's."""

import re
from typing import Any
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from service.capture.parsing.bodies import read_body
from service.capture.parsing.texts import clean
from tests.front import SCRIPT, Front
from tests.tables import each_row

FORM = "application/x-www-form-urlencoded"
PLAIN = "text/plain;charset=UTF-8"

READABLE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a company with &": ("company=Smith & Sons&email=x", FORM, {"company": "Smith & Sons", "email": "x"}),
    "a company with & at the end": ("email=x&company=Smith & Sons", FORM, {"email": "x", "company": "Smith & Sons"}),
    "several": ("m=A & B & C&e=x", FORM, {"m": "A & B & C", "e": "x"}),
    "blanks escaped": ("m=Smith%20&%20Sons&e=x", FORM, {"m": "Smith & Sons", "e": "x"}),
    "blanks as +": ("m=Smith+&+Sons&e=x", FORM, {"m": "Smith & Sons", "e": "x"}),
    "no blanks": ("m=AT&T&n=Marks&Spencer&e=x", FORM, {"m": "AT&T", "n": "Marks&Spencer", "e": "x"}),
    "a name without a value": ("a=1&newsletter&b=2", FORM, {"a": "1", "newsletter": "", "b": "2"}),
    "a name without a value first": ("Newsletter&b=2", FORM, {"Newsletter": "", "b": "2"}),
    "an entity": ("m=I&#039;d like A &amp; B&e=x", FORM, {"m": "I&#039;d like A &amp; B", "e": "x"}),
    "separators made HTML": ("a=1&amp;b=2&amp;c=3", FORM, {"a": "1", "b": "2", "c": "3"}),
    "an address with a tag": ("email=ann+tag@example.com", FORM, {"email": "ann+tag@example.com"}),
    "an address with tags": ("your-email=a+b+c@example.com", FORM, {"your-email": "a+b+c@example.com"}),
    "an escaped address with a blank": ("email=ann+lee%40example.com", FORM, {"email": "ann lee@example.com"}),
    "words with an address": ("message=ask+ann@example.com", FORM, {"message": "ask ann@example.com"}),
    "a number": ("tel=+442079460142", FORM, {"tel": "+442079460142"}),
    "a number under any name": ("q7=+442079460142", FORM, {"q7": "+442079460142"}),
    "a number in groups": ("phone=+44+20+7946+0142", FORM, {"phone": "+44 20 7946 0142"}),
    "a sum": ("message=+44+desks", FORM, {"message": "44 desks"}),
    "words that were not encoded": ("m=one + two&n=three+four", FORM, {"m": "one + two", "n": "three four"}),
    "as text": ("n=Ann One&e=a@b.example&m=Two desks", PLAIN, {"n": "Ann One", "e": "a@b.example", "m": "Two desks"}),
    "as text of two lines": ("n=Ann&e=x&m=Two\ndesks = 2", PLAIN, {"n": "Ann", "e": "x", "m": "Two\ndesks = 2"}),
    "as text with &": ("n=Ann&c=Smith & Sons&e=x", PLAIN, {"n": "Ann", "c": "Smith & Sons", "e": "x"}),
    "lines of a browser": ("n=Ann & Bob\r\nm=a+b c\r\n", PLAIN, {"n": "Ann & Bob", "m": "a+b c"}),
    "lines with a link": ("u=https://x.io/?a=1&b=2 \r\nm=a\r\n", PLAIN, {"u": "https://x.io/?a=1&b=2", "m": "a"}),
    "one line of a browser": ("m=Two desks\r\n", PLAIN, {"m": "Two desks"}),
    "as HTML": ("n=Ann One&e=x", "text/html", {"n": "Ann One", "e": "x"}),
    "as parts that it has not": ("n=Ann&e=x", "multipart/form-data", {"n": "Ann", "e": "x"}),
}  # fmt: skip


@each_row("name", READABLE)
def test_what_was_not_escaped_is_read_where_it_is_certain(name: str) -> None:
    body, kind, expected = READABLE[name]

    assert read_body(body.encode(), kind).answers == expected


def test_an_address_with_a_tag_reaches_the_contact(front: Front) -> None:
    front.post(b"email=ann+tag@example.com&phone=+442079460142", headers=SCRIPT, content_type=FORM)

    contact = front.lead().submission.contact
    assert (contact.email, contact.phone) == ("ann+tag@example.com", "+442079460142")


PAIRS = st.dictionaries(
    st.text("abcABC-", min_size=1, max_size=8), st.text(st.characters(codec="utf-8"), max_size=30), min_size=1
)


@given(PAIRS)
def test_what_is_escaped_well_comes_back_as_it_was(pairs: dict[str, str]) -> None:
    pairs = {name: value for name, value in pairs.items() if clean(value)} or {"a": "b"}

    answers = read_body(urlencode(pairs).encode(), f"{FORM}; charset=utf-8").answers

    assert answers == {name: clean(value) for name, value in pairs.items()}


@given(
    st.lists(
        st.sampled_from(["a", "=", "&", "+", " ", "@", "amp;", "#039;", "B", "%20", ".", "C", "é"]), max_size=40
    ).map("".join)
)
def test_nothing_that_was_typed_gets_lost(text: str) -> None:
    """Every word of a value stands in some name or value afterwards; a bare name that comes twice is one."""
    answers = read_body(f"x=y&m={text}".encode(), FORM).answers

    kept = "".join(name + "".join(answer) for name, answer in answers.items())
    words = re.findall("[aBCé]+", re.sub("amp;|#039;|%20", " ", text))
    assert [word for word in words if word not in kept] == []
