"""Numbered names: lists where they are lists, and where the numbers are ids of something, what they were."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.capture.fields.layout import lay_out
from service.capture.parsing.bodies import read_body
from service.capture.parsing.pairs import collect, dotted
from tests.builders import a_form
from tests.tables import each_row

FORM = "application/x-www-form-urlencoded"

LISTS: dict[str, tuple[str, dict[str, Any]]] = {
    "two": ("services[0]=Desk&services[1]=Office", {"services": ["Desk", "Office"]}),
    "one": ("email[0]=ann@example.com", {"email": "ann@example.com"}),
    "in the order of the numbers": ("s[2]=c&s[10]=d&s[0]=a&s[1]=b", {"s": ["a", "b", "c", "d"]}),
    "gaps of boxes that are not ticked": ("s[1]=b&s[7]=h", {"s": ["b", "h"]}),
    "blanks": ("s[0]=&s[1]=b", {"s": "b"}),
    "beside a hidden blank": ("s=&s[0]=a&s[1]=b", {"s": ["a", "b"]}),
    "beside an answer": ("s[0]=a&s=z&s[1]=b", {"s": ["a", "b", "z"]}),
    "dots": ("s.0=a&s.1=b", {"s": ["a", "b"]}),
    "escaped": ("extras%5B0%5D=a&extras%5B1%5D=b", {"extras": ["a", "b"]}),
    "one level down": ("form[s][0]=a&form[s][1]=b", {"form.s": ["a", "b"]}),
    "lists in objects": ("p[0][t][0]=a&p[0][t][1]=b&p[1][t][0]=c", {"p.0.t": ["a", "b"], "p.1.t": "c"}),
    "whole under a name with a number": ("q1[0]=a&q1[1]=b", {"q1": ["a", "b"]}),
    "addresses": ("to[0]=a@example.com&to[1]=b@example.com", {"to": ["a@example.com", "b@example.com"]}),
}

NO_LISTS: dict[str, str] = {
    "objects": "people[0][name]=Ann&people[0][age]=7&people[1][name]=Bob",
    "objects of one name": "people[0][name]=Ann&people[1][name]=Bob",
    "texts and objects": "a[0]=x&a[1][b]=y",
    "a map": "a[0]=x&a[other]=y",
    "parts of a field": "input_1.3=Ann&input_1.6=Lee&1.3=Ann&1.6=Lee&3=hello",
    "numbers of questions": "wpforms[fields][0]=Ann&wpforms[fields][1]=Lee",
    "ids of questions": "item_meta[25]=Ann&item_meta[26]=Lee",
    "answers of several kinds": "a[0]=Ann&a[1]=ann@example.com",
    "ids of products": "product[1048]=2&product[2077]=1",
    "several in one place": "a[0]=x&a[0]=y&a[1]=z",
    "no places": "a[01]=x&a[-1]=y&a[1e3]=z&a[99999999999999999999]=w&a[\u0661]=v",
    "numbers alone": "0=a&1=b&.0=c",
}


@each_row("name", LISTS)
def test_numbered_names_are_a_list(name: str) -> None:
    body, expected = LISTS[name]

    assert read_body(body.encode(), FORM).answers == expected


@each_row("name", NO_LISTS)
def test_what_is_no_list_keeps_its_numbers(name: str) -> None:
    pairs = [pair.split("=") for pair in NO_LISTS[name].split("&")]

    answers = read_body(NO_LISTS[name].encode(), FORM).answers

    assert list(answers) == list(dict.fromkeys(dotted(each) for each, _ in pairs))


@pytest.mark.parametrize("kind", [FORM, "application/json", "multipart/form-data; boundary=b", "text/plain"])
def test_lists_are_lists_under_every_type(kind: str) -> None:
    written = {
        FORM: "utm_source[0]=google&s[0]=Desk&s[1]=Office",
        "text/plain": "utm_source[0]=google\r\ns[0]=Desk\r\ns[1]=Office\r\n",
        "application/json": '{"utm_source[0]":"google","s":{"0":"Desk","1":"Office"}}',
        "multipart/form-data; boundary=b": "".join(
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in (("utm_source[0]", "google"), ("s[0]", "Desk"), ("s[1]", "Office"))
        ),
    }

    assert read_body(written[kind].encode(), kind).answers == {"utm_source": "google", "s": ["Desk", "Office"]}


def test_pairs_of_jquery_may_be_numbered() -> None:
    pairs = [{"name": "tags[0]", "value": "a"}, {"name": "tags[1]", "value": "b"}, {"name": "to[]", "value": "c"}]

    assert read_body(json.dumps(pairs).encode(), "application/json").answers == {"tags": ["a", "b"], "to": "c"}


def test_what_php_makes_of_a_list_with_gaps_is_one() -> None:
    body = json.dumps({"form": {"tags": {"0": "a", "2": "b"}, "1.3": "Ann", "1.6": "Lee"}}).encode()

    assert read_body(body, "application/json").answers == {
        "form.tags": ["a", "b"],
        "form.1.3": "Ann",
        "form.1.6": "Lee",
    }


def test_an_operator_may_speak_of_a_member() -> None:
    form = a_form(fields={"email": ("q[1]",), "company": ("who[1]",), "team_size": ("who[9]",)})
    answers = read_body(b"q[0]=Ann&q[1]=ann@example.com&who[0]=Bob&who[1]=Lee Ltd&who[2]=Cy", FORM).answers

    layout = lay_out(answers, form)

    assert (layout.text("email"), layout.text("company")) == ("ann@example.com", "Lee Ltd")
    assert layout.extras["who"] == ["Bob", "Cy"]


def test_files_under_numbered_names_are_all_noted() -> None:
    head = '--b\r\nContent-Disposition: form-data; name="plan[{0}]"; filename="{0}.pdf"\r\n\r\n%PDF\r\n'
    body = "".join(head.format(number) for number in range(2)).encode()

    assert [each.filename for each in read_body(body, "multipart/form-data; boundary=b").files] == ["0.pdf", "1.pdf"]


NAMES = st.lists(st.sampled_from(["a", "b", "0", "1", "2", "7", "1.3", "", "fields"]), min_size=1, max_size=4)
PAIRS = st.lists(
    st.tuples(NAMES.map(".".join).filter(bool), st.sampled_from(["", "x", "y", "x@y.example"])), max_size=9
)


@given(PAIRS)
def test_no_word_gets_lost_and_none_is_added(pairs: list[tuple[str, str]]) -> None:
    answers = collect(pairs)

    kept = [text for answer in answers.values() for text in ([answer] if isinstance(answer, str) else answer) if text]

    assert sorted(kept) == sorted(value for _, value in pairs if value)


@given(values=st.lists(st.text("abc", min_size=1), min_size=1, max_size=20), order=st.randoms())
def test_a_list_comes_back_in_its_order(values: list[str], order: Any) -> None:
    pairs = [(f"s.{place}", value) for place, value in enumerate(values)]
    order.shuffle(pairs)

    assert collect(pairs) == {"s": values if len(values) > 1 else values[0]}
