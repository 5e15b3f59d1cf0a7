"""What is typed on a form's page becomes exactly the keys that were meant; what is not touched stays as it is."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.admin.pages.form_editing.keys import FIELDS, OWN_EDITORS
from service.admin.pages.form_editing.questions import make_name, read_questions, show_questions
from service.admin.pages.form_editing.reading import TypedForm, read_form, rows_of_keys, show_form
from service.admin.pages.form_editing.target import choices_of
from service.admin.pages.form_editing.widgets import TOML
from service.forms.schema import CANARY_KEYS, CAPTCHA_KEYS, CONTACT_KEYS, FORM_KEYS, UTM_KEYS
from service.setup.editing import read_tables, same
from service.setup.withholding import restored, with_references, withheld
from service.store import CrmLook
from tests.tables import each_row

TABLES = {"captcha": CAPTCHA_KEYS, "canary": CANARY_KEYS, "contact": CONTACT_KEYS, "utm": UTM_KEYS}
EXAMPLE = read_tables((Path(__file__).parents[1] / "forms" / "contract-example.toml").read_text())


def as_typed(keys: dict[str, Any]) -> dict[str, str]:
    """The inputs of the page of a form, as a browser sends them."""
    questions, routes = rows_of_keys(keys)
    form = {"rows": "1", **show_form(keys)}
    for number, row in enumerate(questions):
        parts = {"name": row.name, "label": row.label, "kind": row.kind, "choices": row.choices, "toml": row.toml}
        form |= {f"question.{number}.{part}": text.replace("\n", "\r\n") for part, text in parts.items()}
        form |= {f"question.{number}.required": "yes"} if row.required else {}
    for number, route in enumerate(routes):
        parts = {"when": route.when, "account": route.account, "more": route.more, "of": route.of}
        parts |= {**route.target, **route.texts}
        form |= {f"route.{number}.{part}": text.replace("\n", "\r\n") for part, text in parts.items()}
    return form


def test_every_key_of_the_schema_can_be_changed() -> None:
    keys: set[tuple[str, ...]] = {(key,) for key in FORM_KEYS.keys() - TABLES.keys() - OWN_EDITORS}
    keys |= {(table, key) for table, below in TABLES.items() for key in below}

    assert {each.path for each in FIELDS} == keys
    assert len({each.path for each in FIELDS}) == len(FIELDS)


@each_row("each", FIELDS, ids=lambda each: each.name)
def test_every_key_has_its_words(each: Any) -> None:
    assert each.label
    assert not each.help[:1].islower()


@pytest.mark.parametrize("name", EXAMPLE["forms"])
def test_a_page_that_is_sent_back_untouched_changes_nothing(name: str) -> None:
    keys = EXAMPLE["forms"][name]

    assert read_form(as_typed(keys), keys) == TypedForm(keys)


@each_row(
    ("name", "text", "expected"),
    [
        ("title", " Book a tour ", {"title": "Book a tour"}),
        ("require", "email\r\n\r\nphone\r\n", {"require": ["email", "phone"]}),
        ("max_links", "5", {"max_links": 5}),
        ("min_fill_seconds", "2.5", {"min_fill_seconds": 2.5}),
        ("lead_source", "19", {"lead_source": 19}),
        ("max_links", "many", {"max_links": "many"}),
        ("retention_days", "env:DAYS", {"retention_days": "env:DAYS"}),
        ("paused", "yes", {"paused": True}),
        ("contact.tag", "web", {"contact": {"tag": "web"}}),
        ("answer_map", "A friend = 8\nGoogle = 19", {"answer_map": {"A friend": 8, "Google": 19}}),
        (
            "fields",
            "email = your-email\nteam_size = a | b",
            {"fields": {"email": "your-email", "team_size": ["a", "b"]}},
        ),
        ("days_off", "ann@example.com = Fr", {"days_off": {"ann@example.com": ["Fr"]}}),
        ("value", "450", {"value": 450}),
        ("value", '{ from = "budget" }', {"value": {"from": "budget"}}),
        ("extra", "BusinessId = 55\nTop = true", {"extra": {"BusinessId": 55, "Top": True}}),
        ("notes_prefix", "One\r\nTwo", {"notes_prefix": "One\nTwo"}),
        ("stage", "1002", {"stage_id": 1002}),
        ("owner", "9", {"responsible_id": 9}),
        ("owners", "ann@example.com\nbob@example.com", {"responsible": ["ann@example.com", "bob@example.com"]}),
        ("account", "harbour", {"account": "harbour"}),
    ],
)
def test_what_is_typed_becomes_a_key(name: str, text: str, expected: dict[str, Any]) -> None:
    typed = read_form({name: text}, {})

    assert same(typed.keys, expected)
    assert not typed.problems


@pytest.mark.parametrize(
    ("ticked", "more", "before", "expected"),
    [
        (["email"], "", {}, {}),
        (["email", "phone"], "", {}, {"require": ["email", "phone"]}),
        ([], "", {}, {"require": []}),
        (["email"], "desk type, start", {}, {"require": ["email", "desk type", "start"]}),
        (["phone", "email"], "", {"require": ["phone", "email"]}, {"require": ["phone", "email"]}),
        (["email"], "", {"require": ["email"]}, {"require": ["email"]}),
    ],
)
def test_required_answers_are_ticked(
    ticked: list[str], more: str, before: dict[str, Any], expected: dict[str, Any]
) -> None:
    boxes = {f"require:{name}": "yes" for name in ticked}

    assert read_form({"require.usual": "email", **boxes, "require.more": more}, before).keys == expected


@pytest.mark.parametrize("name", ["extra", "answer_map"])
def test_what_cannot_be_a_value_is_said_beside_its_input(name: str) -> None:
    assert read_form({name: "no row = = ="[:6]}, {}).problems.keys() == {name}


def test_an_emptied_input_takes_its_key_out_and_a_table_that_would_be_empty() -> None:
    keys = {"title": "Tour", "contact": {"tag": "web"}, "board": "Sales", "stage": "New"}

    assert read_form({"title": "", "contact.tag": " ", "stage": ""}, keys).keys == {}


def test_a_stage_that_is_chosen_replaces_board_and_stage() -> None:
    assert read_form({"stage": "7"}, {"board": "Sales", "stage": "New"}).keys == {"stage_id": 7}
    assert read_form({"stage": "as-written"}, {"board": "Sales"}).keys == {"board": "Sales"}


def test_a_value_that_its_input_cannot_show_is_shown_as_toml() -> None:
    keys = {"answer_map": {"a = b": 8}, "fields": {"email": ["x | y"]}}

    assert read_form(as_typed(keys), keys).keys == keys
    assert show_form(keys)["answer_map"] == '"a = b" = 8'


QUESTIONS = [
    "floor",
    {"name": "room", "label": {"en": "What?", "de": "Was?"}, "kind": "radio", "choices": ["Desk", "Office"]},
    {
        "name": "size",
        "choices": [{"value": "s", "label": {"en": "Small", "de": "Klein"}}, {"value": "m", "label": "M"}],
    },
    {"name": "agree", "kind": "consent", "label": "I agree to everything here.", "required": True},
    {"name": "odd", "label": "a | b: c", "choices": ["x = y"]},
]


def test_questions_are_rows_and_rows_are_questions() -> None:
    rows = show_questions(QUESTIONS)

    assert read_questions(rows, []) == QUESTIONS
    assert [bool(row.toml) for row in rows] == [False, False, False, False, True]
    assert rows[1].label == "en: What? | de: Was?"


def test_a_question_needs_no_name_of_its_own() -> None:
    typed = read_form({"rows": "1", "question.0.label": "Welche Größe? Bitte wählen Sie aus!"}, {})

    assert typed.keys == {
        "questions": [{"name": "welche_grosse_bitte_wahlen", "label": "Welche Größe? Bitte wählen Sie aus!"}]
    }
    assert make_name("de: Wie groß? | en: How large?") == "wie_gross"


def test_a_row_is_removed_and_the_others_stay() -> None:
    keys: dict[str, Any] = {
        "questions": QUESTIONS[:3],
        "routes": [{"when": {"a": "b"}, "stage_id": 1}, {"when": {"a": "c"}, "stage_id": 2}],
    }
    form = {**as_typed(keys), "question.1.remove": "yes", "route.0.remove": "yes"}

    typed = read_form(form, keys)

    assert typed.keys == {"questions": [QUESTIONS[0], QUESTIONS[2]], "routes": [keys["routes"][1]]}


def test_a_route_that_moved_keeps_what_its_inputs_cannot_show() -> None:
    first = {"when": {"a": "b"}, "board": "Sales", "stage": "New", "account": "harbour"}
    keys: dict[str, Any] = {"routes": [first, {"when": {"a": "c"}, "stage_id": 2}, {"when": {"a": "d"}, "value": 3}]}

    up = read_form({**as_typed(keys), "action": "route.1.up", "route.1.account": "north"}, keys).keys["routes"]
    last = read_form({**as_typed(keys), "action": "route.2.down"}, keys).keys["routes"]

    assert up == [{"when": {"a": "c"}, "stage_id": 2, "account": "north"}, first, keys["routes"][2]]
    assert last == keys["routes"]


def test_a_route_is_added() -> None:
    keys: dict[str, Any] = {
        "routes": [{"when": {"size": 3}, "account": "harbour", "stage_id": 3001, "notify": ["env:A"]}]
    }
    form = {**as_typed(keys), "route.1.when": "location = york", "route.1.stage": "5", "route.1.more": "value = 3"}

    assert read_form(form, keys).keys["routes"] == [
        *keys["routes"],
        {"when": {"location": "york"}, "stage_id": 5, "value": 3},
    ]


def test_stages_that_harm_cannot_be_chosen() -> None:
    stages = [
        {"id": 1, "name": "New", "checked": True, "refused": False, "dangers": [], "actions": []},
        {"id": 2, "name": "Gone", "checked": True, "refused": True, "dangers": ["deletes the customer"], "actions": []},
    ]
    place = {"name": "Harbour", "boards": [{"id": 5, "name": "Sales", "stages": stages}]}
    place |= {"opportunity_types": [{"id": 7, "name": "Desk"}], "owners": [{"id": 9, "name": "Ann"}]}

    choices = choices_of(CrmLook("default", contents={"locations": [place, {**place, "boards": []}]}))

    assert [(each.text, each.why_not) for each in choices.stages["Sales"]] == [
        ("New", ""),
        ("Gone", "deletes the customer"),
    ]
    assert [each.text for each in (*choices.types, *choices.owners)] == ["Desk", "Ann"]
    assert not choices_of(CrmLook("default")).is_known


WRITTEN: dict[str, Any] = {
    "title": "Tour",
    "notify": ["json://a:one@example.com", "env:SLACK", "json://b:two@example.com"],
    "captcha": {"provider": "turnstile", "secret": "three"},
    "routes": [{"when": {"token": "x"}, "notify": ["json://b:two@example.com"]}],
    "webhooks": {"meta": {"page_tokens": {"1": "four"}, "app_secret": "secret:meta", "app_id": "5"}},
}


def test_secrets_that_are_written_out_are_numbered_and_come_back() -> None:
    hidden = withheld(WRITTEN)

    assert hidden["notify"] == ["kept:0", "env:SLACK", "kept:1"]
    assert not any(secret in str(hidden) for secret in ("one", "two", "three", "four"))
    assert (hidden["title"], hidden["webhooks"]["meta"]["app_secret"]) == ("Tour", "secret:meta")
    assert restored(hidden, WRITTEN) == WRITTEN
    assert restored({"notify": ["kept:1", "kept:99"]}, WRITTEN) == {"notify": [WRITTEN["notify"][2], "kept:99"]}


def test_secrets_that_are_typed_become_references_and_others_stay() -> None:
    kept: dict[str, str] = {}

    def keep(purpose: str, text: str) -> str:
        kept[purpose] = text
        return purpose

    keys = with_references({"notify": ["kept:1", "json://new"], "captcha": {"secret": "typed"}}, "tour", keep)

    assert keys == {"notify": ["kept:1", "secret:tour-notify"], "captcha": {"secret": "secret:tour-captcha-secret"}}
    assert kept == {"tour-notify": "json://new", "tour-captcha-secret": "typed"}


VALUES = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.sampled_from([0.5, 2.0]) | st.text(alphabet="ab=|#\n\" '", max_size=6),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(["a", "b=c", "d|e"]), below, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=20)
@given(
    values=st.dictionaries(st.sampled_from([each.name for each in FIELDS if "." not in each.name]), VALUES, max_size=4)
)
def test_any_value_survives_a_page_that_is_sent_back_untouched(values: dict[str, Any]) -> None:
    assert same(read_form(as_typed(values), values).keys, values)


@settings(max_examples=20)
@given(value=VALUES)
def test_any_value_can_be_typed_as_toml(value: Any) -> None:
    assert same(TOML.read(TOML.show(value)), value)
