"""Which table wins: [defaults], the form, its routes; and the problems of their combination."""

import pytest

from service.forms import Destination
from tests.forms.texts import form_of, problems_of, setup_of
from tests.tables import each_row


def test_defaults_apply_to_every_form_and_a_form_s_own_keys_win() -> None:
    setup = setup_of("""
        [defaults]
        country = "GB"
        position = 3
        [forms.tour]
        [forms.visit]
        country = "DE"
    """)

    assert [(form.country, form.destination.position) for form in setup.forms.values()] == [("GB", 3), ("DE", 3)]


def test_tables_are_merged_key_by_key_and_lists_are_replaced() -> None:
    form = setup_of("""
        [defaults]
        own_domains = ["a.example"]
        contact = { business_id = 1, extra = { Custom1 = "a", Custom2 = "b" } }
        [forms.tour]
        own_domains = ["b.example"]
        contact = { country_id = 2, extra = { Custom2 = "c" } }
    """).forms["tour"]

    assert form.attribution.own_domains == ("b.example",)
    assert (form.contact.business_id, form.contact.country_id) == (1, 2)
    assert form.contact.extra == {"Custom1": "a", "Custom2": "c"}


def test_a_form_s_block_list_replaces_that_of_the_defaults() -> None:
    setup = setup_of("""
        [defaults]
        block = ["casino"]
        [forms.tour]
        [forms.visit]
        block = ["poker"]
    """)

    assert [[block.pattern for block in form.block] for form in setup.forms.values()] == [["casino"], ["poker"]]


@pytest.mark.parametrize(
    ("defaults", "own", "wanted"),
    [
        pytest.param("stage_id = 1", "board = 'B'\nstage = 'S'", Destination(board="B", stage="S"), id="names over id"),
        pytest.param("board = 'B'\nstage = 'S'", "stage_id = 1", Destination(stage_id=1), id="id over names"),
        pytest.param(
            "board = 'B'\nstage = 'S'", "board = 'C'", Destination(board="C", stage="S"), id="board over board"
        ),
        pytest.param("stage_id = 1", "position = 2", Destination(stage_id=1, position=2), id="neither"),
    ],
)
def test_the_more_particular_way_to_name_a_stage_wins(defaults: str, own: str, wanted: Destination) -> None:
    assert setup_of(f"[defaults]\n{defaults}\n[forms.tour]\n{own}").forms["tour"].destination == wanted


def test_a_fault_of_the_defaults_is_told_once_and_there() -> None:
    text = """
        [defaults]
        require = ["emial"]
        account = "nowhere"
        [forms.tour]
        [forms.visit]
    """

    assert problems_of(text) == [
        "forms.toml: defaults.require[1]: unknown answer 'emial': did you mean 'email'?",
        "forms.toml: defaults.account: there is no account 'nowhere': choose from default",
    ]


def test_a_route_is_the_whole_form_with_its_own_keys_over_it() -> None:
    form = form_of("""
        title = "Tour"
        board = "Sales"
        stage = "New"
        contact = { business_id = 1, tag = "web" }
        [[forms.tour.routes]]
        when = { location = "London", team_size = 10 }
        stage_id = 7
        contact.business_id = 2
        [[forms.tour.routes]]
        when = { "preferred desk" = "fixed" }
    """)
    london, fixed = form.routes

    assert london.when == {"location": "London", "team_size": "10"}
    assert london.form.destination == Destination(stage_id=7)
    assert (london.form.title, london.form.contact.business_id, london.form.contact.tag) == ("Tour", 2, "web")
    assert fixed.form.destination == form.destination
    assert (london.form.routes, fixed.form.routes) == ((), ())


ROUTE_FAULTS = [
    ("stage_id = 1", "when", 'is missing: write which answers lead here, such as { location = "london" }'),
    ("when = {}", "when", 'is missing: write which answers lead here, such as { location = "london" }'),
    ("when = 'london'", "when", "must be a table, not text"),
    ("when = { location = true }", "when.location", "must be text in quotes, not true or false"),
    ("when = { locaton = 'x' }", "when.locaton", "unknown answer 'locaton': did you mean 'location'?"),
    (
        "when = { location = 'x' }\nstage_id = 1\nstage = 'S'",
        "stage_id",
        "cannot be combined with board or stage: keep either stage_id, or board and stage",
    ),
    ("when = { location = 'x' }\nroutes = []", "routes", "unknown key 'routes': a route has no routes of its own"),
    ("when = { location = 'x' }\naccount = 'b'", "account", "there is no account 'b': choose from default"),
    ("when = { location = 'x' }\nstage_id = '1'", "stage_id", "must be a whole number: write it without quotes"),
]


@each_row(("lines", "place", "sentence"), ROUTE_FAULTS, ids=[lines for lines, *_ in ROUTE_FAULTS])
def test_a_faulty_route_is_told_with_its_number(lines: str, place: str, sentence: str) -> None:
    text = f"[forms.tour]\n[[forms.tour.routes]]\nwhen = {{ location = 'leeds' }}\n[[forms.tour.routes]]\n{lines}"

    assert problems_of(text) == [f"forms.toml: forms.tour.routes[2].{place}: {sentence}"]


def test_a_fault_of_the_form_is_not_repeated_for_its_routes() -> None:
    text = "[forms.tour]\nanswer_field = 'how'\n[[forms.tour.routes]]\nwhen = { location = 'x' }"

    assert problems_of(text) == ["forms.toml: forms.tour.answer_field: does nothing without answer_map: write that too"]


def test_routes_in_single_brackets_are_explained() -> None:
    assert problems_of("[forms.tour.routes]\nwhen = { location = 'x' }") == [
        "forms.toml: forms.tour.routes: must be tables in two brackets, such as [[forms.tour.routes]], not a table"
    ]


def test_a_test_lead_through_every_form_is_an_error() -> None:
    canary = "canary = { every = '6h', email = 'canary@example.com' }"

    assert problems_of(f"[defaults]\nstage_id = 1\n{canary}\n[forms.tour]") == [
        "forms.toml: defaults.canary: would send test leads through every form: write it in one form"
    ]
