"""`conversions`: what of a lead's way through the CRM ad platforms learn of."""

import pytest

from tests.forms.texts import form_of, problems_of


def test_words_and_stages_are_read_in_any_case() -> None:
    form = form_of('conversions = { Won = "Lead won", "Tour  done" = "Tour" }')

    assert form.conversions == {"won": "Lead won", "tour done": "Tour"}


def test_a_route_may_count_other_things() -> None:
    form = form_of(
        'conversions = { won = "Lead won" }\n'
        '[[forms.tour.routes]]\nwhen = { location = "london" }\nconversions = { won = "London won" }'
    )

    assert form.routes[0].form.conversions == {"won": "London won"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('conversions = { wonn = "Lead" }', "did you mean 'won'?"),
        ('conversions = { "recieved" = "Lead" }', "did you mean 'received'?"),
        ('conversions = { won = "" }', "is empty"),
        ('conversions = { " " = "Lead" }', "needs the name of a stage"),
        ('conversions = "won"', "must be a table"),
    ],
)
def test_what_was_surely_meant_otherwise_is_told(line: str, said: str) -> None:
    [problem] = problems_of(f"[forms.tour]\n{line}")

    assert problem.startswith("forms.toml: forms.tour.conversions") or "forms.tour.conversions" in problem
    assert said in problem
