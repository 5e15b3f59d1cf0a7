"""Which form's rules a lead follows."""

from collections.abc import Mapping

import pytest

from service.forms import Form, Route
from service.lead import Answers
from tests.builders import a_form, a_submission
from tests.tables import each_row


def routed(answers: Answers, *whens: Mapping[str, str], extras: Answers | None = None) -> str:
    """The name of the form that a lead with these answers follows; the n-th route leads to `n`."""
    routes = tuple(Route(when, Form(str(number))) for number, when in enumerate(whens, 1))
    return a_form(routes=routes).for_answers(a_submission(fields=answers, extras=extras or {})).name


@each_row(
    ("answers", "whens", "expected"),
    [
        pytest.param({"location": "london"}, [], "contact", id="no routes"),
        pytest.param({"location": "london"}, [{"location": "london"}], "1", id="the answer is the wanted one"),
        pytest.param({"location": " LONDON\n"}, [{"location": "london"}], "1", id="trimmed, in any case"),
        pytest.param({"location": "london"}, [{"location": " London "}], "1", id="the operator's space does not count"),
        pytest.param({"location": "STRASSE"}, [{"location": "straße"}], "1", id="case beyond ASCII"),
        pytest.param({"location": "paris"}, [{"location": "london"}], "contact", id="another answer"),
        pytest.param({"location": "london bridge"}, [{"location": "london"}], "contact", id="part of an answer"),
        pytest.param({}, [{"location": "london"}], "contact", id="no answer"),
        pytest.param({"location": ["paris", "london"]}, [{"location": "london"}], "1", id="one of several answers"),
        pytest.param({"location": []}, [{"location": "london"}], "contact", id="a list without answers"),
        pytest.param(
            {"location": "london", "budget": "1"}, [{"location": "london", "budget": "2"}], "contact", id="all"
        ),
        pytest.param(
            {"location": "london"}, [{"location": "rome"}, {"location": "london"}], "2", id="the second route"
        ),
        pytest.param(
            {"location": "london"}, [{"location": "london"}, {"location": "london"}], "1", id="the first wins"
        ),
        pytest.param({}, [{"location": ""}], "1", id="a route for those who did not say"),
    ],
)
def test_the_first_route_whose_answers_all_match_is_followed(
    answers: Answers, whens: list[Mapping[str, str]], expected: str
) -> None:
    assert routed(answers, *whens) == expected


def test_a_route_can_ask_for_an_extra() -> None:
    assert routed({}, {"plan": "office"}, extras={"plan": "Office"}) == "1"


def test_an_answer_counts_more_than_an_extra_of_the_same_name() -> None:
    assert routed({"plan": "desk"}, {"plan": "office"}, extras={"plan": "office"}) == "contact"
