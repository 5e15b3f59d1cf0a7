"""Keys that speak of answers: what they take, and what is an error at start."""

import pytest

from service.forms import AmountTable, AnswerAmount, AnswerDate
from tests.forms.texts import form_of, problems_of, setup_of
from tests.tables import each_row

DECLARE_FLOR = 'write questions = ["flor"]'
NEAREST = f"unknown answer '{{flor}}': did you mean 'floor'? If the form asks for it, {DECLARE_FLOR}"

WRONG = [
    # lines in [forms.tour], place below forms.tour, sentence
    ("name = '{flor}'", "name", NEAREST),
    ("notes_prefix = '{flor}'", "notes_prefix", NEAREST),
    ("redirect = 'https://a.example/?a={flor}'", "redirect", NEAREST),
    ("extra.A = { b = ['{flor}'] }", "extra.A", NEAREST),
    ("contact.extra.Custom1 = '{flor}'", "contact.extra.Custom1", NEAREST),
    ("custom.A = '{flor}'", "custom.A", NEAREST),
    ("contact.custom.A = '{flor}'", "contact.custom.A", NEAREST),
    (
        "value = { from = 'budgt' }",
        "value.from",
        "unknown answer 'budgt': did you mean 'budget'?",
    ),
    ("value = { wombat = { 1 = 2 } }", "value.wombat", None),
    ("value = { team_size = { 1 = 300, '1-5' = 900 } }", "value.team_size", None),
    ("value = { team_size = { '2-5' = 300, '5+' = 900 } }", "value.team_size", None),
    ("value = { team_size = { Small = 300, ' small' = 900 } }", "value.team_size", None),
    ("value = { team_size = {} }", "value.team_size", None),
    ("value = { team_size = 5 }", "value.team_size", "must be a table of answers and amounts, not a whole number"),
    ("value = { team_size = { 1 = 'x' } }", "value.team_size.1", "must be a number, not text"),
    ("value = { from = 'budget', rate = 2 }", "value.rate", "cannot be combined with from: keep one of them"),
    ("value = { team_size = { 1 = 2 }, floor = { 1 = 2 } }", "value", None),
    ("due_date = { days = 2 }", "due_date", None),
    ("due_date = { from = 'title' }", "due_date.from", None),
    ("due_date = { from = 'move_in_date', days = 1.5 }", "due_date.days", None),
    ("custom.LeadCapture = 'x'", "custom.LeadCapture", None),
    ("custom = { Floor = 'x', floor = 'y' }", "custom.floor", "is the same field as 'Floor': keep one of them"),
    ("custom.A = ['x']", "custom.A", "must be text or a number, not a list"),
    ("custom.A = '{floor'", "custom.A", None),
    ("extra.CustomFields = 5", "extra.CustomFields", "CustomFields cannot be set here: write custom"),
    ("contact.extra.CustomFields = 5", "contact.extra.CustomFields", None),
    ("contact.extra.Gender = '{floor}'", "contact.extra.Gender", None),
    ("redirect = 'https://{floor}.example/'", "redirect", None),
    ("redirect = 'https://a.example{floor}'", "redirect", None),
    ("redirect = '{floor}'", "redirect", None),
    ("utm = { sorce = 'qr' }", "utm.sorce", "unknown key 'sorce': did you mean 'source'?"),
    ("utm.source = '(none)'", "utm.source", None),
    ("utm.source = '{floor}'", "utm.source", None),
]


@each_row(("lines", "place", "sentence"), WRONG, ids=[lines for lines, *_ in WRONG])
def test_a_key_that_cannot_act_is_an_error_at_its_place(lines: str, place: str, sentence: str | None) -> None:
    [problem] = problems_of(f"[forms.tour]\nquestions = ['floor']\n{lines}")

    assert problem.startswith(f"forms.toml: forms.tour.{place}: ")
    assert sentence is None or problem.endswith(f": {sentence}")


@each_row(
    "lines",
    [
        "questions = ['floor']",
        "questions = [{ name = 'floor' }]",
        "require = ['floor']",
        "fields.team_size = ['desks', 'floor']",
        "answer_field = 'floor'\nanswer_map = { Radio = 99 }",
        "[[forms.tour.routes]]\nwhen = { floor = '3' }\nname = '{floor}'\n[forms.tour.contact]",
    ],
)
def test_an_answer_is_known_by_what_the_form_says_of_it(lines: str) -> None:
    assert form_of(f"name = '{{floor}}'\n{lines}").destination.name == "{floor}"


def test_a_question_that_the_house_knows_or_that_is_misspelt_is_told() -> None:
    known, misspelt = problems_of("[forms.tour]\nquestions = ['email', 'emial']")

    assert known.endswith("forms.tour.questions[1]: 'email' is a standard answer: remove it here")
    assert misspelt.endswith("forms.tour.questions[2]: unknown answer 'emial': did you mean 'email'?")


def test_what_only_a_route_knows_is_not_known_to_the_form() -> None:
    text = "[forms.tour]\nname = '{floor}'\n[[forms.tour.routes]]\nwhen = { location = 'x' }\nrequire = ['floor']"

    [problem] = problems_of(text)

    assert problem.startswith("forms.toml: forms.tour.name: unknown answer '{floor}'")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("450", 450.0),
        ("{ from = 'budget' }", AnswerAmount("budget")),
        ("{ team_size = { 1 = 300, '2-5' = 900.5 } }", AmountTable("team_size", (("1", 300.0), ("2-5", 900.5)))),
    ],
)
def test_a_value_is_a_number_an_answer_or_a_table(value: str, read: object) -> None:
    assert form_of(f"value = {value}").destination.value == read


def test_what_says_one_thing_is_not_mixed_with_the_defaults() -> None:
    form = setup_of("""
        [defaults]
        value = { team_size = { 1 = 300 } }
        due_date = { from = "move_in_date", days = -14 }
        due_in_days = 3
        utm = { source = "web", medium = "form" }
        [forms.tour]
        value = { from = "budget" }
        due_date = { from = "move_in_date" }
        utm.source = "qr"
    """).forms["tour"]

    assert form.destination.value == AnswerAmount("budget")
    assert (form.destination.due_date, form.destination.due_in_days) == (AnswerDate("move_in_date"), 3)
    assert form.attribution.utm == {"source": "qr"}


def test_a_custom_field_may_go_by_its_id_and_hold_a_number() -> None:
    form = form_of("custom = { 1234 = 5, ' Floor ' = ' {team_size} ', Paid = true }")

    assert form.destination.custom == {"1234": "5", "Floor": "{team_size}", "Paid": "true"}


TABLE = AmountTable("team_size", (("1", 1.0), ("2-5", 2.0), ("6 – 20", 3.0), ("21+", 4.0), ("Just me", 5.0)))


@each_row(
    ("answer", "amount"),
    [
        *(("1", 1.0), (" just  ME ", 5.0), ("2-5", 2.0), ("2 - 5", 2.0), ("3", 2.0), ("3 people", 2.0), ("3-4", 2.0)),
        *(("6–20", 3.0), ("6 bis 20", 3.0), ("21+", 4.0), ("50+", 4.0), ("more than 30", 4.0), ("ab 21", 4.0)),
        *(("0", None), ("4-8", None), ("5+", None), ("3 or 4", None), ("-3", None), ("3.5", None), ("", None)),
        *(("up to 5", None), ("10000000000", None), ("five", None), ("5-2", None)),
        *(("3 desks", 2.0), ("3 Plätze", 2.0), ("3 months", None), ("5 k", None), ("2 dozen", None), ("1 year", None)),
    ],
)
def test_an_answer_is_in_one_row_or_in_none(answer: str, amount: float | None) -> None:
    row = TABLE.find(answer)

    assert (row and row[1]) == amount


@pytest.mark.parametrize(
    ("key", "inside", "outside"), [("up to 5", "5", "6"), ("<5", "4", "5"), ("bis zu 5", "0", "6")]
)
def test_a_row_may_begin_with_nothing(key: str, inside: str, outside: str) -> None:
    table = AmountTable("team_size", ((key, 1.0),))

    assert (table.find(inside), table.find(outside)) == ((key, 1.0), None)


@each_row(
    ("line", "sentence"),
    [
        ("extra = { BusinessId = '{location}' }", "extra.BusinessId: holds an id: write its number"),
        ("extra = { FutureIds = ['{location}'] }", "extra.FutureIds: holds an id: write its number"),
        ("contact.tag = 'web {location}'", "contact.tag: {location} would appear as it is"),
        ("title = 'Tour of {location}'", "title: {location} would appear as it is"),
        ("value = { team_size = { 1 = 1, '5-2' = 2 } }", "value.team_size: '5-2' goes backwards"),
    ],
)
def test_a_place_that_no_answer_or_number_can_fill_is_an_error(line: str, sentence: str) -> None:
    [problem] = problems_of(f"[forms.tour]\n{line}")

    assert problem.startswith(f"forms.toml: forms.tour.{sentence}")


QUESTIONS = [
    # a question, place below forms.tour.questions[1], sentence
    ("'email'", "", "'email' is a standard answer: remove it here"),
    ("{ label = 'Floor?' }", "", 'needs name: write { name = "floor" }, or "floor" alone'),
    ("{ name = 'floor', label = { en = 'a', xx = 'b' } }", ".label.xx", None),
    ("{ name = 'floor', label = {} }", ".label", None),
    ("{ name = 'floor', kind = 'slect' }", ".kind", "'slect' is unknown: did you mean 'select'?"),
    ("{ name = 'floor', kind = 5 }", ".kind", "must be text in quotes, not a whole number"),
    ("{ name = 'floor', kind = 'choice' }", ".kind", """needs choices: write choices = ["One", "Two"] for 'select'"""),
    ("{ name = 'floor', kind = 'radio' }", ".kind", """needs choices: write choices = ["One", "Two"] for 'radio'"""),
    ("{ name = 'floor', kind = 'date', choices = ['a'] }", ".choices", None),
    ("{ name = 'floor', choices = [] }", ".choices", "needs 1 to 100 choices, not 0"),
    ("{ name = 'floor', choices = ['a', 'A'] }", ".choices[2]", "'A' is listed twice: an answer has one meaning"),
    ("{ name = 'floor', choices = [{ label = 'a' }] }", ".choices[1]", None),
    ("{ name = 'email', kind = 'text' }", ".kind", None),
    ("{ name = 'emial', label = 'a' }", "", "unknown answer 'emial': did you mean 'email'?"),
    ("{ name = 'utm_source', label = 'a' }", ".name", None),
    ("{ name = 'desks', label = 'a' }", "", "'desks' fills 'team_size' by fields: describe that answer instead"),
    ("{ name = 'news', kind = 'consent' }", ".kind", None),
    ("{ name = 'consent', label = 'I agree' }", ".label", None),
    ("{ name = 'floor', required = 'yes' }", ".required", "must be true or false, without quotes, not text"),
]


@each_row(("question", "place", "sentence"), QUESTIONS, ids=[question for question, *_ in QUESTIONS])
def test_a_question_that_cannot_be_asked_is_an_error_at_its_place(
    question: str, place: str, sentence: str | None
) -> None:
    [problem] = problems_of(f"[forms.tour]\nfields.team_size = 'desks'\nquestions = [{question}]")

    assert problem.startswith(f"forms.toml: forms.tour.questions[1]{place}: ")
    assert sentence is None or problem.endswith(f": {sentence}")


def test_a_question_is_read_with_its_words_in_each_language() -> None:
    form = form_of(
        "questions = ['floor', { name = 'room', label = { en = 'What for?', de = 'Wofür?' }, "
        "choices = ['desk', { value = 'office', label = 'An office' }], required = true }]"
    )

    floor, room = form.questions
    assert (floor.name, floor.is_described) == ("floor", False)
    assert (room.kind, room.required) == ("select", True)
    assert [room.label.in_language(each) for each in ("de", "en", "fr")] == ["Wofür?", "What for?", "What for?"]
    assert [(each.value, each.label.in_language("de")) for each in room.choices] == [
        ("desk", ""),
        ("office", "An office"),
    ]
