""" "env:NAME" values."""

from pathlib import Path

import pytest

from service.forms import SetupProblems, read_setup
from tests.forms.texts import form_of, problems_of
from tests.tables import each_row


def test_a_variable_may_stand_for_any_value_numbers_too() -> None:
    form = form_of(
        "stage_id = 'env:STAGE'\nvalue = 'env:PRICE'\nnotify = ['env:SLACK']\nextra.Custom1 = 'env:TEXT'",
        STAGE="1001",
        PRICE="12.5",
        SLACK="slack://a",
        TEXT="hello",
    )

    assert (form.destination.stage_id, form.destination.value) == (1001, 12.5)
    assert form.notify == ("slack://a",)
    assert type(form.destination.extra["Custom1"]) is str


@each_row(
    ("line", "variables", "problem"),
    [
        pytest.param(
            "captcha = { provider = 'hcaptcha', secret = 'env:NOPE' }",
            {},
            "captcha.secret: the environment variable NOPE is not set: set it, or NOPE_FILE",
            id="missing",
        ),
        pytest.param(
            "stage_id = 'env:EMPTY'",
            {"EMPTY": ""},
            "stage_id: the environment variable EMPTY is not set: set it, or EMPTY_FILE",
            id="empty",
        ),
        pytest.param(
            "title = 'env:two words'",
            {},
            "title: 'env:two words' does not name a variable: write env: and its name, such as env:SALES_SLACK",
            id="no name",
        ),
        pytest.param(
            "stage_id = 'env:STAGE'",
            {"STAGE": "hunter2"},
            "stage_id: must be a whole number, which the variable STAGE is not",
            id="no number",
        ),
        pytest.param(
            "value = 'env:PRICE'",
            {"PRICE": "hunter2"},
            "value: must be a number, which the variable PRICE is not",
            id="no amount",
        ),
        pytest.param(
            "redirect = 'env:THANKS'",
            {"THANKS": "hunter2"},
            "redirect: 'env:THANKS' is not a web address: write one such as https://www.example.com/thanks",
            id="no address",
        ),
    ],
)
def test_a_variable_that_is_missing_or_unfit_is_named_and_its_text_never_shown(
    line: str, variables: dict[str, str], problem: str
) -> None:
    assert problems_of(f"[forms.tour]\n{line}", **variables) == [f"forms.toml: forms.tour.{problem}"]


def test_the_reason_why_a_variable_cannot_be_read_is_passed_on(tmp_path: Path) -> None:
    def lookup(name: str) -> str:
        raise ValueError(f"{name} and {name}_FILE are both set: keep one")

    path = tmp_path / "forms.toml"
    path.write_text("[forms.tour]\ntitle = 'env:A'")
    with pytest.raises(SetupProblems) as raised:
        read_setup(path, lookup)

    assert raised.value.problems == ("forms.toml: forms.tour.title: A and A_FILE are both set: keep one",)


def secret_of(text: str | None) -> dict[str, str]:
    return {} if text is None else {"secret:harbour-password-1f3a9c": text}


ACCOUNT = '[accounts.harbour]\nusername = "u@example.com"\npassword = "secret:harbour-password-1f3a9c"\n[forms.tour]\n'


def test_a_value_may_be_a_secret_of_the_database(tmp_path: Path) -> None:
    path = tmp_path / "forms.toml"
    path.write_text(ACCOUNT)

    setup = read_setup(path, secret_of("not to be seen").get)

    assert setup.accounts["harbour"].password == "not to be seen"
    assert "not to be seen" not in repr(setup)


def test_a_secret_that_is_not_there_is_a_problem_that_names_it() -> None:
    (sentence,) = problems_of(ACCOUNT)

    assert "accounts.harbour.password: the database has no secret 'harbour-password-1f3a9c'" in sentence


def test_a_secret_of_the_wrong_kind_is_not_shown() -> None:
    (sentence,) = problems_of('[forms.tour]\nstage_id = "secret:harbour-password-1f3a9c"', **secret_of("s3cret"))

    assert sentence.endswith("must be a whole number, which the secret harbour-password-1f3a9c is not")
