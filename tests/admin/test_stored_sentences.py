"""Sentences stored in English are shown in the reader's language, as they are really written."""

import re
from collections.abc import Iterator
from importlib.resources import files

import pytest

from service.admin.pages.stored_sentences import TEMPLATES, translated
from service.capture.accept import SENDERS_TEST
from service.capture.fields.submissions import missing_sentence
from service.delivery.messages import parked_by, problem_of
from service.delivery.missing_setup import missing_account, missing_form
from service.forms import SetupProblems
from service.forms.file import parse_setup
from service.i18n import set_language
from service.nexudus.errors import OutcomeUnknown, Refused, Rejected, Throttled, Unavailable
from service.setup.editing import write_rows
from service.store import WITHDRAWN

STORED = [
    parked_by(Unavailable("Nexudus answered 500"), 15),
    parked_by(Rejected("Email is taken"), 1),
    problem_of(Unavailable("no answer")),
    problem_of(OutcomeUnknown("a timeout")),
    problem_of(Throttled("slow down")),
    problem_of(Refused("401", kind="denied")),
    missing_form("tour"),
    missing_account("harbour"),
    missing_sentence(["email"]),
    SENDERS_TEST,
    WITHDRAWN,
]


@pytest.fixture
def _german() -> Iterator[None]:
    set_language("de")
    yield
    set_language("en")


@pytest.mark.usefixtures("_german")
@pytest.mark.parametrize("stored", STORED)
def test_a_sentence_as_it_is_stored_is_translated(stored: str) -> None:
    assert translated(stored) != stored


@pytest.mark.usefixtures("_german")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("redirect", "nowhere"),
        ("time_zone", ""),
        ("allowed_origins", ["www.example.com"]),
        ("own_domains", ["*.example.com"]),
        ("notify", ["ann@example.com"]),
        ("block", ["a"]),
        ("max_links", "many"),
        ("max_links", 100_000),
        ("same_text", 2.5),
        ("touch", "frist"),
        ("country", "England"),
        ("utm", {"source": "{name}"}),
        ("lead_source", 3),
        ("answer_within", "soon"),
        ("hours", "Mon 9-5"),
        ("holidays", ["Christmas"]),
        ("time_zone", "London"),
        ("escalate_to", "mailto://u:p@example.com"),
        ("honeypot", "email"),
        ("webhooks", {"meta": {}}),
        ("questions", [{"name": "floor", "kind": "select", "choices": []}]),
    ],
)
def test_what_is_wrong_with_a_form_is_translated(key: str, value: object) -> None:
    with pytest.raises(SetupProblems) as refused:
        parse_setup(write_rows({"forms": {"tour": {key: value}}}).encode(), "forms.toml", lambda _name: None)

    for problem in refused.value.placed:
        assert translated(problem.message) != problem.message


@pytest.mark.usefixtures("_german")
def test_what_changes_in_a_sentence_stays_and_any_other_is_left_alone() -> None:
    sentence = "Given up after 16 tries: Nexudus answered 500. Send it again once Nexudus is available."

    assert translated(sentence).startswith("Nach 16 Versuchen aufgegeben: Nexudus answered 500.")
    assert translated("Something else.") == "Something else."


def test_the_words_of_the_spam_rules_are_those_of_the_templates() -> None:
    source = (files("service.capture.spam") / "rules.py").read_text()
    spam = [template for template in TEMPLATES if "release it if it is real" in template]

    assert spam
    for template in spam:
        begin = re.split(r"%\(\w+\)s|:", template)[0]
        assert begin in source, template


def test_in_english_a_sentence_is_shown_as_it_was_stored() -> None:
    assert translated(STORED[0]) == STORED[0]
