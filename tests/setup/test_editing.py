"""Edits of a set-up document are exact, and leave everything else as it was."""

import re
import tomllib
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.setup.editing import (
    EditRefused,
    default_keys,
    put_form,
    put_table,
    read_tables,
    remove_form,
    same,
)
from tests.tables import each_row

DOCUMENT = """\
# Kept by the agency.
[defaults]                      # for all of them
stage_id = 1001                 # New enquiry

[forms.tour] # the first one
title = "Book a tour"           # as on the poster
require = [
  "email", # always
  "phone",
]
contact.tag = "web-lead"
questions = [
  "floor",
  { name = "room", kind = "radio", choices = ["Desk", "Office"] }, # asked by Ann
]
utm = { source = "qr" }

# London goes to London.
[[forms.tour.routes]]
when = { location = "london" }  # the answer
stage_id = 2001

[[forms.tour.routes]] # the others
when = { location = "leeds" }
stage_id = 2002

[forms.tour.webhooks.typeform]
secret = "env:TYPEFORM_SECRET"  # ours

[accounts.harbour]
token = "env:HARBOUR"

[forms.callback] # out of order
title = "Call me back"
"""


def comments(document: str) -> set[str]:
    return {match[0].strip() for match in re.finditer(r"#[^\n]*", document)}


def keys_of(name: str) -> dict[str, Any]:
    """The keys of a form's table; {} for a form that DOCUMENT has elsewhere, or not at all."""
    keys: dict[str, Any] = read_tables(DOCUMENT)["forms"].get(name, {})
    return keys


def edited(name: str, **changes: Any) -> str:
    return put_form(DOCUMENT, name, {**keys_of(name), **changes})


@each_row(
    "changes",
    [
        {"title": "See the house"},
        {"stage_id": 7},
        {"require": ["email", "phone", "company"]},
        {"require": ["email", "company", "phone"]},
        {"contact": {"tag": "other", "business_id": 55}},
        {"questions": ["floor", {"name": "room", "kind": "select", "choices": ["Desk", "Office", "Suite"]}, "parking"]},
        {"utm": {"source": "qr", "medium": "flyer"}},
        {"webhooks": {"typeform": {"secret": "env:TYPEFORM_SECRET"}, "meta": {"app_secret": "env:META"}}},
        {"webhooks": {"typeform": {"secret": "env:OTHER", "fields": {"email": ["a", "b"]}}}},
        {"value": {"team_size": {"1": 300, "2-5": 900}}},
        {"redirect": "https://www.example.com/a#b"},
        {
            "routes": [
                {"when": {"location": "london"}, "stage_id": 2001},
                {"when": {"location": "leeds"}, "stage_id": 9},
                {"when": {"location": "york"}, "responsible_id": 3},
            ]
        },
        {
            "routes": [
                {"when": {"location": "york"}, "stage_id": 1},
                {"when": {"location": "london"}, "stage_id": 2001},
                {"when": {"location": "leeds"}, "stage_id": 2002},
            ]
        },
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_change_keeps_every_comment_and_every_other_key(changes: dict[str, Any]) -> None:
    wanted = tomllib.loads(DOCUMENT)
    wanted["forms"]["tour"].update(changes)

    document = edited("tour", **changes)

    assert same(tomllib.loads(document), wanted)
    assert comments(document) >= comments(DOCUMENT)


def test_a_form_in_another_place_is_changed_there() -> None:
    document = edited("callback", require=["phone"])

    assert document == DOCUMENT + 'require = ["phone"]\n'


def test_what_is_the_same_is_not_written_anew() -> None:
    assert edited("tour") == DOCUMENT
    assert put_table(DOCUMENT, ("defaults",), default_keys(DOCUMENT)) == DOCUMENT


def test_a_key_is_taken_out_and_its_neighbours_stay_where_they_are() -> None:
    keys = keys_of("tour")
    del keys["utm"]

    assert put_form(DOCUMENT, "tour", keys) == DOCUMENT.replace('utm = { source = "qr" }\n', "")


def test_a_new_form_comes_last() -> None:
    document = put_form(DOCUMENT, "event", {"title": "Party", "routes": [{"when": {"a": "b"}, "stage_id": 3}]})

    assert document.startswith(DOCUMENT.rstrip())
    assert document.endswith(
        '[forms.event]\ntitle = "Party"\n\n[[forms.event.routes]]\nwhen = {a = "b"}\nstage_id = 3\n'
    )


def test_the_first_form_of_an_empty_document() -> None:
    assert put_form("", "tour", {"title": "Tour"}) == '[forms.tour]\ntitle = "Tour"\n'


def test_a_form_is_removed_and_the_others_stay() -> None:
    wanted = tomllib.loads(DOCUMENT)
    del wanted["forms"]["tour"]

    document = remove_form(DOCUMENT, "tour")

    assert same(tomllib.loads(document), wanted)
    assert {"# Kept by the agency.", "# out of order", "# New enquiry"} <= comments(document)


def test_line_ends_of_a_browser_do_no_harm() -> None:
    assert put_form(DOCUMENT.replace("\n", "\r\n"), "callback", {"title": "Call me back"}) == DOCUMENT


def test_an_edit_that_would_not_be_exact_is_refused() -> None:
    with pytest.raises(EditRefused):
        put_form('forms = { tour = { title = "Tour" } }\n', "other", {"title": "Other"})


@each_row(("one", "other"), [(1, True), (1, 1.0), ("1", 1), ([1], [True]), ({"a": 1}, {"a": 1.0})])
def test_values_of_another_kind_are_not_the_same(one: object, other: object) -> None:
    assert not same(one, other)


# -- any document, any edit

NAMES = st.sampled_from(["title", "stage_id", "require", "contact", "questions", "routes", "value", "a b", "ä.ö", "x"])
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-5, 5000),
    st.sampled_from([0.5, 450.0, -1.25]),
    st.text(alphabet="aé\"'\\#\n\t=[]{}, ", max_size=8),
)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=3),
    max_leaves=6,
)
TABLES = st.dictionaries(NAMES, VALUES, max_size=5)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(first=TABLES, second=TABLES, after=TABLES)
def test_the_edited_document_says_exactly_what_was_intended(
    first: dict[str, Any], second: dict[str, Any], after: dict[str, Any]
) -> None:
    document = "# at the top\n" + put_form(put_form("", "one", first), "two", second)
    document += "\n# at the end\n"
    wanted = deepcopy(read_tables(document))
    wanted["forms"]["one"] = after

    result = put_form(document, "one", after)

    assert same(read_tables(result), wanted)
    assert {"# at the top", "# at the end"} <= comments(result)


@settings(max_examples=15)
@given(changes=TABLES)
def test_an_edit_of_a_written_document_is_exact_and_keeps_what_stands_elsewhere(changes: dict[str, Any]) -> None:
    wanted = tomllib.loads(DOCUMENT)
    wanted["forms"]["tour"].update(changes)

    result = edited("tour", **changes)

    assert same(read_tables(result), wanted)
    assert comments(result) >= {"# Kept by the agency.", "# for all of them", "# New enquiry", "# out of order"}
    assert [*read_tables(result)] == [*wanted]
