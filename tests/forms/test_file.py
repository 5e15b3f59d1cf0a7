"""The forms file as a file: there, not there, not to be read, and as the contract shows it."""

from pathlib import Path

import pytest

from service.forms import Account, Form, Setup, SetupProblems, read_setup
from tests.forms.texts import CONTRACT_EXAMPLE, no_variable, problems_of, setup_of


def read_bytes(folder: Path, body: bytes) -> Setup:
    path = folder / "forms.toml"
    path.write_bytes(body)
    return read_setup(path, no_variable)


def test_without_a_forms_file_there_is_one_form_contact_with_defaults(tmp_path: Path) -> None:
    setup = read_setup(tmp_path / "forms.toml", no_variable)

    assert setup == Setup(forms={"contact": Form("contact")})


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    named = {"FORMS_FILE": "forms.toml"}

    with pytest.raises(SetupProblems) as raised:
        read_setup(tmp_path / "forms.toml", named.get)

    (sentence,) = raised.value.problems
    assert sentence == (
        f"FORMS_FILE: there is no file '{tmp_path}/forms.toml': put it there, correct the path, or unset FORMS_FILE "
        "for one form `contact` with defaults"
    )


def test_a_byte_order_mark_from_windows_is_no_fault(tmp_path: Path) -> None:
    assert list(read_bytes(tmp_path, b"\xef\xbb\xbf[forms.tour]\r\n").forms) == ["tour"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param(
            b"[forms.tour]\ntitle = Tour\n",
            "forms.toml: is not TOML: Invalid value (at line 2, column 9)",
            id="no quotes",
        ),
        pytest.param(b"title = '\xe9'", "forms.toml: is not UTF-8 text (byte 10): save it as UTF-8", id="latin-1"),
        pytest.param(b"", "forms.toml: has no form: write one, such as [forms.contact]", id="empty"),
        pytest.param(b"forms = 1", "forms.toml: forms: must be a table, not a whole number", id="no tables"),
        pytest.param(b"a = " + b"[" * 3000, "forms.toml: tables or lists are nested too deeply", id="brackets"),
        pytest.param(b"a." * 3000 + b"b = 1", "forms.toml: tables or lists are nested too deeply", id="dots"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_in_one_sentence(tmp_path: Path, body: bytes, sentence: str) -> None:
    with pytest.raises(SetupProblems) as raised:
        read_bytes(tmp_path, body)

    assert raised.value.problems == (sentence,)


def test_a_folder_in_place_of_the_file_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(SetupProblems) as raised:
        read_setup(tmp_path, no_variable)

    assert raised.value.problems == (f"{tmp_path.name}: cannot be read: Is a directory",)


def test_a_number_of_many_thousand_digits_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    with pytest.raises(SetupProblems) as raised:
        read_bytes(tmp_path, b"a = " + b"9" * 5000)

    assert raised.value.problems[0].startswith("forms.toml: is not TOML: ")


def test_the_contract_s_example_loads_whole() -> None:
    setup = read_setup(CONTRACT_EXAMPLE, lambda name: f"slack://{name}")
    tour = setup.forms["tour"]
    london = tour.routes[0]

    assert tour.fields == {"email": ("your-email",)}
    assert tour.attribution.own_domains == ("example.com",)
    assert tour.destination.name == "{full_name} - tour"
    assert tour.webhooks["typeform"] == {"secret": "slack://TYPEFORM_SECRET", "pages": ("1029384756",)}
    assert tour.webhooks["elementor"] == {}
    assert (london.when, london.form.destination.stage_id) == ({"location": "london"}, 2001)
    assert (london.form.contact.business_id, london.form.contact.country_id) == (56, 1)
    assert setup.accounts["harbour"] == Account(
        "harbour", "https://spaces.nexudus.com", "slack://HARBOUR_USER", "slack://HARBOUR_PASSWORD"
    )


def test_a_form_with_no_key_has_the_same_values_as_the_form_of_a_missing_file() -> None:
    assert setup_of("[forms.contact]").forms["contact"] == Form("contact")


def test_all_problems_are_told_at_once_and_those_of_one_form_together() -> None:
    text = """
        stage = 1
        [forms.tour]
        position = 0
        answer_field = "how"
        [forms.visit]
        touch = "frist"
        [forms.tour.contact]
        tag = 5
    """

    assert problems_of(text) == [
        "forms.toml: forms.tour.position: must be from 1 to 2147483647, not 0",
        "forms.toml: forms.tour.contact.tag: must be text in quotes, not a whole number",
        "forms.toml: forms.tour.answer_field: does nothing without answer_map: write that too",
        "forms.toml: forms.visit.touch: 'frist' is unknown: did you mean 'first'?",
        "forms.toml: stage: unknown key 'stage': choose from defaults, brand, accounts, forms",
    ]


def test_problems_stand_in_lines_of_their_own_when_printed() -> None:
    with pytest.raises(SetupProblems) as raised:
        setup_of("a = 1\nb = 2")

    assert str(raised.value).splitlines() == list(raised.value.problems)


def test_a_problem_stays_on_one_line_whatever_the_file_holds() -> None:
    text = """
        [accounts."a\\nb"]
        token = "t"
        [forms.tour]
        account = "c\\nd"
        name = "{e\\nf}"
        fields = { "g\\nh" = "x", email = "x" }
    """

    assert all(len(problem.splitlines()) == 1 for problem in problems_of(text))
