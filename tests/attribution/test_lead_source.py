"""The rules of the LeadSource, one by one and in their order."""

from typing import Any

from service.attribution import lead_source
from service.attribution.policy import LEAD_SOURCES
from service.attribution.tables import NUMBERS, ROWS
from service.forms import AttributionConfig
from tests.attribution.visits import attributed, rule_of
from tests.tables import each_row

TAGGED = "utm_source=Valve_Team&utm_medium=email"

RULES: dict[str, tuple[str, str, dict[str, Any], str, int]] = {
    "fixed": (TAGGED, "", {"lead_source": 2, "source_map": {"valve team": 26}}, "fixed", 2),
    "source map by label": (TAGGED, "", {"source_map": {"Valve+Team": 26}}, "mapped", 26),
    "source map by host": ("", "https://list.a.example/", {"source_map": {"https://www.A.example/": 11}}, "mapped", 11),
    "source map, longest host": (
        "",
        "https://list.a.example/",
        {"source_map": {"a.example": 11, "list.a.example": 12}},
        "mapped",
        12,
    ),
    "source map, label before host": (
        "utm_source=q3",
        "https://a.example/",
        {"source_map": {"a.example": 11, "Q3": 12}},
        "mapped",
        12,
    ),
    "source map, first of two that read alike": (
        TAGGED,
        "",
        {"source_map": {"valve team": 26, "valve-team": 5}},
        "mapped",
        26,
    ),
    "source map, name that reads as nothing": ("", "", {"source_map": {"--": 26}}, "by_channel", 1),
    "source map, number Nexudus does not know": (TAGGED, "", {"source_map": {"valve team": 3}}, "by_channel", 10),
    "ad id": ("utm_source=newsletter&utm_medium=email&gclid=a1", "", {}, "known_source", 19),
    "ad id without a row": ("utm_source=facebook&obclid=a1", "", {}, "by_channel", 1),
    "google ad outside search": ("gclid=a1", "https://www.youtube.com/", {}, "by_channel", 98),
    "google ad and an off-line word": ("utm_medium=display&utm_source=flyer&gclid=a1", "", {}, "by_channel", 1),
    "source before its channel": ("utm_source=hubblehq&utm_medium=partner", "", {}, "known_source", 17),
    "google outside search": ("utm_source=google&utm_medium=social", "", {}, "by_channel", 98),
    "google in a cross-network campaign": ("utm_source=google&utm_campaign=cross-network", "", {}, "known_source", 19),
    "referrer that fits": (
        "utm_source=hootsuite&utm_medium=social",
        "https://www.linkedin.com/",
        {},
        "known_source",
        14,
    ),
    "referrer that does not fit": ("utm_medium=social", "https://www.google.com/", {}, "by_channel", 98),
    "link id that fits": ("utm_medium=social&igshid=a1", "https://www.google.com/", {}, "known_source", 15),
    "link id that does not fit": ("utm_medium=organic&igshid=a1", "", {}, "by_channel", 1),
    "word of the medium": ("utm_source=webinar&utm_medium=qr+code", "", {}, "by_word", 6),
    "word of the source": ("utm_source=word_of_mouth", "", {}, "by_word", 8),
    "word of the source behind a paid medium": ("utm_source=flyer&utm_medium=cpc", "", {}, "by_word", 6),
    "word where the campaign decided": ("utm_source=flyer&utm_campaign=cross-network", "", {}, "by_channel", 19),
    "site as source, word as medium": ("utm_source=a.example&utm_medium=broker", "", {}, "by_word", 11),
    "tagged mail": ("utm_medium=email", "", {}, "by_channel", 10),
    "mail by a link id": ("mc_cid=a1", "", {}, "by_channel", 10),
    "webmail": ("", "https://outlook.live.com/", {}, "by_channel", 9),
    "site": ("", "https://a.example/", {}, "by_channel", 5),
    "default for nothing known": ("", "", {"default_lead_source": 99}, "form_default", 99),
    "default for unknown tags": ("utm_source=q3", "", {"default_lead_source": 99}, "form_default", 99),
    "default not for a known channel": ("", "https://www.bing.com/", {"default_lead_source": 99}, "known_source", 1),
    "nothing known": ("", "", {}, "by_channel", 1),
}


@each_row(("query", "referrer", "wishes", "rule", "number"), RULES.values(), ids=RULES)
def test_a_rule_decides_the_lead_source(
    query: str, referrer: str, wishes: dict[str, Any], rule: str, number: int
) -> None:
    result = attributed(query, referrer, AttributionConfig(**wishes))

    assert (rule_of(result, "lead_source"), result.lead_source) == (rule, number)


ANSWERS: dict[str, tuple[object, int]] = {
    "as written": ("A friend", 8),
    "any case and spaces": ("  a FRIEND ", 8),
    "first of a list": (["a friend", "magazine"], 8),
    "not the second of a list": (["", "a friend"], 1),
    "number": (4, 4),
    "unknown": ("cannot remember", 1),
    "number Nexudus does not know": ("radio", 1),
    "empty list": ([], 1),
    "object": ({"a friend": 1}, 1),
}


@each_row(("answer", "number"), ANSWERS.values(), ids=ANSWERS)
def test_the_persons_own_answer_counts(answer: object, number: int) -> None:
    wishes = AttributionConfig(answer_field="how", answer_map={"A Friend": 8, "magazine": 6, "radio": 3, "4": 4})

    assert attributed(fields={"how": answer}, config=wishes).lead_source == number


def test_an_answer_needs_a_field_to_be_asked_in() -> None:
    assert attributed(fields={"": "a friend"}, config=AttributionConfig(answer_map={"a friend": 8})).lead_source == 1


def test_the_answer_counts_for_a_remembered_visit_too() -> None:
    wishes = AttributionConfig(touch="first", answer_field="how", answer_map={"a friend": 8})

    assert attributed(fields={"how": "a friend"}, config=wishes).lead_source == 8


@each_row("number", [0, 3, 27, 97, -1, True, 2.0, "2", None])
def test_a_number_nexudus_does_not_know_counts_as_absent(number: Any) -> None:
    assert attributed(config=AttributionConfig(lead_source=number, default_lead_source=number)).lead_source == 1


@each_row(("word", "number"), sorted(NUMBERS.items()))
def test_every_numbered_word_works_as_medium(word: str, number: int) -> None:
    assert attributed(f"utm_medium={word}").lead_source == number


GROUPS = {"social", "video", "search", "shop", "ai", "ads", "broker", "agent"}  # their names are no sources
NUMBERED_ROWS = {row.name: row.lead_source for row in ROWS.values() if row.name not in GROUPS and row.lead_source}


@each_row(("name", "number"), NUMBERED_ROWS.items(), ids=NUMBERED_ROWS)
def test_every_source_with_a_number_of_its_own_gets_it(name: str, number: int) -> None:
    assert attributed(f"utm_source={name}").lead_source == number


def test_every_rule_has_a_case() -> None:
    tried = {rule for _, _, _, rule, _ in RULES.values()} | {"answer"}

    assert tried == {rule.__name__ for rule in lead_source.RULES}


def test_the_valid_numbers_are_those_of_nexudus() -> None:
    assert len(LEAD_SOURCES) == 27
    assert 3 not in LEAD_SOURCES
