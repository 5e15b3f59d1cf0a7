"""GET /api/v1/reports/attribution: where the leads of a period came from."""

import tomllib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from service.attribution import attribute
from service.attribution.values import clean
from service.forms import AttributionConfig, Route
from service.lead import Status
from service.operations.report import _source_map_line, period_of
from service.store import Store
from tests.admin.stored_leads import keep, keep_delivered
from tests.attribution.visits import a_visit
from tests.builders import NOON, a_form, a_lead, a_submission
from tests.front import Front

EMPTY: dict[str, Any] = {
    "leads": 0,
    "delivered": 0,
    "form": None,
    "left_out": {},
    "more": {},
    **{name: [] for name in ("channels", "lead_sources", "sources", "campaigns", "defaults")},
    **{name: [] for name in ("unknown_sources", "codes", "lookalikes", "cut")},
}


def came(store: Store, query: str = "", config: AttributionConfig | None = None, **changes: Any) -> None:
    """Keep a lead that landed with this query."""
    keep(store, a_lead(attribution=attribute(a_visit(query), config or AttributionConfig()), **changes))


def report(front: Front, query: str = "since=2026-11-24T00:00:00Z&until=2026-11-25T00:00:00Z") -> dict[str, Any]:
    """What is answered."""
    response = front.ask(f"/reports/attribution?{query}")
    assert response.status_code == 200, response.text
    figures: dict[str, Any] = response.get_json()
    return figures


def test_no_leads_are_empty_lists(front: Front) -> None:
    figures = report(front)

    assert figures == {"since": "2026-11-24T00:00:00Z", "until": "2026-11-25T00:00:00Z", **EMPTY}


def test_shares_are_of_all_that_count(front: Front, sqlite: Store) -> None:
    came(sqlite, "utm_source=google&utm_medium=cpc&utm_campaign=spring")
    came(sqlite, "utm_source=google&utm_medium=cpc&utm_campaign=spring")
    came(sqlite)
    came(sqlite, status=Status.TEST)

    figures = report(front)

    assert (figures["leads"], figures["left_out"]) == (3, {"test": 1})
    assert figures["channels"] == [
        {"channel": "Paid Search", "leads": 2, "share": 0.6667, "delivered": 0},
        {"channel": "Direct", "leads": 1, "share": 0.3333, "delivered": 0},
    ]
    assert figures["lead_sources"][0] == {
        "lead_source": 19,
        "name": "GoogleSearch",
        "leads": 2,
        "share": 0.6667,
        "delivered": 0,
    }
    assert figures["sources"][1]["utm_source"] == figures["sources"][1]["utm_medium"] == ""
    assert [each["utm_campaign"] for each in figures["campaigns"]] == ["spring"]


def test_delivered_leads_are_counted_beside(front: Front, sqlite: Store) -> None:
    keep_delivered(sqlite)

    figures = report(front)

    assert (figures["leads"], figures["delivered"], figures["channels"][0]["delivered"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("query", "config", "rule"),
    [
        ("", AttributionConfig(), "direct"),
        ("utm_source=q3", AttributionConfig(), "unassigned"),
        ("utm_source=q3", AttributionConfig(default_lead_source=99), "default_lead_source"),
        ("", AttributionConfig(lead_source=2), None),
        ("utm_source=q3", AttributionConfig(source_map={"q3": 5}), None),
        ("utm_source=bing", AttributionConfig(), None),
    ],
)
def test_a_default_lead_source_is_reported_with_its_rule(
    front: Front, sqlite: Store, query: str, config: AttributionConfig, rule: str | None
) -> None:
    came(sqlite, query, config)

    assert [each["rule"] for each in report(front)["defaults"]] == ([rule] if rule else [])


@pytest.mark.parametrize("query", ["utm_source=bing", "utm_source=flyer", "utm_source=sms", "utm_source=a.example", ""])
def test_a_source_that_any_rule_knows_is_not_unknown(front: Front, sqlite: Store, query: str) -> None:
    came(sqlite, query)

    assert report(front)["unknown_sources"] == []


def test_an_unknown_source_comes_with_the_line_that_teaches_it(front: Front, sqlite: Store) -> None:
    came(sqlite, 'utm_source=q3 "fair"&utm_medium=cpc')

    assert report(front)["unknown_sources"] == [
        {"form": "contact", "utm_source": 'q3 "fair"', "leads": 1, "source_map": r'source_map = { "q3 \"fair\"" = 99 }'}
    ]


@given(st.text(max_size=40))
def test_the_line_is_toml_that_names_the_source(value: str) -> None:
    source = clean(value, lower=True).text

    assert tomllib.loads(_source_map_line(source)) == {"source_map": {source: 99}}


def test_a_source_that_a_route_knows_is_known(sqlite: Store) -> None:
    came(sqlite, "utm_source=q3-fair")
    taught = a_form(attribution=AttributionConfig(source_map={"q3-fair": 99}))

    assert report(Front(sqlite, a_form(routes=(Route({"location": "leeds"}, taught),))))["unknown_sources"] == []


def test_a_source_of_the_forms_source_map_is_known_from_now_on(sqlite: Store) -> None:
    came(sqlite, "utm_source=q3-fair")
    taught = Front(sqlite, a_form(attribution=AttributionConfig(source_map={"Q3 Fair": 99})))

    assert report(taught)["unknown_sources"] == []


def test_macros_are_reported_with_form_and_campaign(front: Front, sqlite: Store) -> None:
    came(sqlite, "utm_source=facebook&utm_campaign=spring&utm_content={{ad.name}}&utm_term=jane@example.org")

    assert report(front)["codes"] == [
        {"code": "macro", "form": "contact", "utm_campaign": "spring", "leads": 1},
        {"code": "pii", "form": "contact", "utm_campaign": "spring", "leads": 1},
    ]


def test_tags_that_differ_by_a_hair_are_found(front: Front, sqlite: Store) -> None:
    for name, value in (("campaign", "Spring"), ("campaign", "spring"), ("content", "ad a"), ("content", "AD_A")):
        came(sqlite, f"utm_source=google&utm_{name}={value}")

    assert [(each["name"], each["differ_by"]) for each in report(front)["lookalikes"]] == [
        ("utm_campaign", "case"),
        ("utm_content", "separators"),
    ]


def test_one_form_is_reported_alone(front: Front, sqlite: Store) -> None:
    came(sqlite)
    came(sqlite, submission=a_submission(form="tour"))

    figures = report(front, "since=2026-11-24T00:00:00Z&until=2026-11-25T00:00:00Z&form=tour")

    assert (figures["form"], figures["leads"]) == ("tour", 1)


def test_the_last_thirty_days_are_the_default_period(front: Front) -> None:
    with time_machine.travel(NOON, tick=False):
        figures = report(front, "")

    assert (figures["since"], figures["until"]) == ("2026-10-25T12:00:00Z", "2026-11-24T12:00:00Z")


@pytest.mark.parametrize(
    "query",
    [
        "since=2026-11-25T00:00:00Z&until=2026-11-24T00:00:00Z",
        "until=0001-01-02T00:00:00Z",
        "since=0001-01-01T00:00:00%2B14:00&until=9999-12-31T23:59:59-14:00&form=nobody",
    ],
)
def test_a_period_without_leads_is_no_mistake(front: Front, sqlite: Store, query: str) -> None:
    came(sqlite)

    assert report(front, query)["leads"] == 0


@pytest.mark.parametrize("query", ["since=yesterday", "since=2026-11-24T00:00:00", "form=%00"])
def test_what_is_no_period_is_refused(front: Front, query: str) -> None:
    assert front.ask(f"/reports/attribution?{query}").status_code == 422


def test_a_long_list_says_how_many_more_there_are(front: Front, sqlite: Store) -> None:
    for number in range(103):
        came(sqlite, f"utm_source=google&utm_campaign=c{number}")

    figures = report(front)

    assert (len(figures["campaigns"]), figures["more"]) == (100, {"campaigns": 3})


def test_a_period_in_another_zone_is_reported_in_utc() -> None:
    period = period_of(datetime.fromisoformat("2026-11-24T01:00+01:00"), NOON, "", NOON)

    assert period.since == datetime(2026, 11, 24, tzinfo=UTC)
    assert period.until - period.since == timedelta(hours=12)
