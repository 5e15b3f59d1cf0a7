"""UTM values of a form: they count where the visit has none, and never against what it brought."""

import pytest

from service.attribution import attribute, attribute_others
from service.forms import AttributionConfig
from service.lead import Attribution, Evidence, StoredTouch
from tests.tables import each_row

FLYER = AttributionConfig(utm={"source": "QR", "medium": "Flyer", "campaign": "Spring"})
PAGE = "https://www.example.com/flyer"
TAGGED = StoredTouch("https://www.example.com/?utm_source=bing&utm_medium=cpc")


def tags(result: Attribution) -> tuple[str, ...]:
    """All five values."""
    return (result.utm_source, result.utm_medium, result.utm_campaign, result.utm_content, result.utm_term)


def test_where_nothing_is_known_they_are_credited_like_a_tagged_link() -> None:
    result = attribute(Evidence(page_url=PAGE), FLYER)

    assert tags(result) == ("qr", "flyer", "Spring", "", "")
    assert (result.channel, result.lead_source) == ("Other Campaign", 6)
    assert " touch:form " in result.rule
    assert result.reason.startswith("utm_source qr and utm_medium flyer set for this form (utm): Other Campaign")


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        pytest.param(Evidence(page_url=f"{PAGE}?utm_source=bing"), ("bing", "", "", "", ""), id="a source"),
        pytest.param(Evidence(page_url=f"{PAGE}?utm_campaign=x"), ("", "", "x", "", ""), id="one other value"),
        pytest.param(Evidence(page_url=PAGE, last=TAGGED), ("bing", "cpc", "", "", ""), id="an earlier visit"),
        pytest.param(Evidence(fields={"utm_term": "desk"}), ("", "", "", "", "desk"), id="a field of the form"),
    ],
)
def test_a_visit_with_any_value_keeps_its_own_alone(evidence: Evidence, expected: tuple[str, ...]) -> None:
    result = attribute(evidence, FLYER)

    assert tags(result) == expected
    assert result == attribute(evidence, AttributionConfig())


@pytest.mark.parametrize(
    "evidence",
    [
        pytest.param(Evidence(page_url=PAGE, referrer="https://www.google.com/"), id="a referrer"),
        pytest.param(Evidence(page_url=f"{PAGE}?gclid=a1"), id="an ad's click id"),
        pytest.param(Evidence(page_url=PAGE, first=StoredTouch(f"{PAGE}?fbclid=a1")), id="an earlier link id"),
    ],
)
def test_what_a_visit_tells_decides_and_the_form_only_fills_the_values(evidence: Evidence) -> None:
    result, without = attribute(evidence, FLYER), attribute(evidence, AttributionConfig())

    assert tags(result)[:2] == ("qr", "flyer")
    assert (result.channel, result.lead_source, result.rule) == (without.channel, without.lead_source, without.rule)
    assert "the visit has no UTM values, so those of this form (utm) are shown" in result.reason


def test_the_maps_of_the_form_know_its_own_source() -> None:
    assert attribute(Evidence(), AttributionConfig(utm={"source": "fair"}, source_map={"Fair": 99})).lead_source == 99


@each_row("utm", [None, 5, {"source": True, "medium": None}, {"source": "{{x}}"}, {"wombat": "x"}])
def test_anything_else_counts_as_none(utm: object) -> None:
    assert attribute(Evidence(), AttributionConfig(utm=utm)) == attribute(Evidence(), AttributionConfig())  # type: ignore[arg-type]


def test_they_are_no_visit_that_could_be_left_out() -> None:
    assert attribute_others(Evidence(page_url=PAGE, referrer="https://www.google.com/"), FLYER) == {}
