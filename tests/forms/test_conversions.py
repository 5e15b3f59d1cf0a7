"""`conversions`: what of a lead's way through the CRM ad platforms learn of."""

import pytest

from service.forms import key_of_stage
from tests.forms.texts import form_of, problems_of
from tests.tables import each_row


def test_words_and_stages_are_read_in_any_case() -> None:
    form = form_of('conversions = { Won = "Lead won", "Tour  done" = "Tour" }')

    assert form.conversions == {"won": "Lead won", "tour done": "Tour"}


@each_row(
    ("word", "key"),
    [
        ("Won", "won"),
        ("stage:Won", "stage:won"),
        ("Stage: LOST", "stage:lost"),
        ("stage:Toured", "toured"),
        ("stage:Wonn", "wonn"),
        ("Stage: stage: Received", "stage:received"),
    ],
)
def test_a_stage_that_is_called_as_a_word_is_written_with_a_prefix(word: str, key: str) -> None:
    assert form_of(f'conversions = {{ "{word}" = "Signed" }}').conversions == {key: "Signed"}


@pytest.mark.parametrize(
    ("name", "key"),
    [("Won", "stage:won"), ("Toured", "toured"), (" Tour  Done ", "tour done"), ("Stage: Won", "stage:won")],
)
def test_a_stage_counts_under_the_key_that_the_file_gives_it(name: str, key: str) -> None:
    assert key_of_stage(name) == key


def test_a_route_may_count_other_things() -> None:
    form = form_of(
        'conversions = { won = "Lead won" }\n'
        '[[forms.tour.routes]]\nwhen = { location = "london" }\nconversions = { won = "London won" }'
    )

    assert form.routes[0].form.conversions == {"won": "London won"}


@each_row(
    ("line", "remedy"),
    [
        ('conversions = { wonn = "Lead" }', "did you mean 'won'?"),
        ('conversions = { "recieved" = "Lead" }', "did you mean 'received'?"),
        ('conversions = { won = "" }', "is empty"),
        ('conversions = { " " = "Lead" }', "needs the name of a stage"),
        ('conversions = "won"', "must be a table"),
        ('conversions = { wonn = "Lead" }', 'A stage of that name is written "stage:wonn"'),
        ('conversions = { "stage:" = "Lead" }', "needs the name of a stage"),
        ('conversions = { Toured = "A", "stage: toured" = "B" }', "means the same as 'Toured': write it once"),
    ],
)
def test_what_was_surely_meant_otherwise_is_told(line: str, remedy: str) -> None:
    [problem] = problems_of(f"[forms.tour]\n{line}")

    assert problem.startswith("forms.toml: forms.tour.conversions") or "forms.tour.conversions" in problem
    assert remedy in problem
