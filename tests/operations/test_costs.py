"""Exports of what campaigns cost: read as platforms write them, matched to campaigns, replaced day by day."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from service.capture.sheets.cells import NoSheet
from service.lead import Attribution
from service.operations.cost_cells import CellStyle, amount_of, day_of, style_of
from service.operations.cost_files import read_cost_file
from service.operations.costs import CostImport, import_costs
from service.operations.outcomes import OutcomeQuery, outcomes
from service.store import Store
from tests.admin.stored_leads import keep
from tests.builders import NOON, SOMEONE, a_lead
from tests.tables import each_row

SAMPLES = Path(__file__).parent.parent / "samples" / "costs"
NOVEMBER = (NOON.replace(day=1, hour=0), NOON.replace(month=12, day=1, hour=0))


def taken(store: Store, name: str, **options: Any) -> CostImport:
    """The import of a sample."""
    return import_costs(store, SOMEONE, SAMPLES / name, NOON, **options)


def costs(store: Store, by: str = "campaign", name: str = "campaign") -> dict[str, dict[str, float]]:
    """What November's rows cost."""
    report = outcomes(store, OutcomeQuery(by, *NOVEMBER), {})
    return {row.key[name]: dict(row.cost) for row in report.rows if row.cost}


def from_campaign(store: Store, campaign: str, source: str = "google", medium: str = "cpc", **changes: Any) -> None:
    """A lead of a campaign."""
    tags = Attribution(utm_source=source, utm_medium=medium, utm_campaign=campaign, channel="Paid Search", **changes)
    keep(store, a_lead(attribution=tags))


@pytest.mark.parametrize(
    ("name", "source", "currency", "amount", "days", "totals"),
    [
        ("google-ads.csv", "google", "GBP", 2271.60, 3, 2),
        ("google-ads-de-utf16.csv", "google", "EUR", 2214.50, 2, 1),
        ("meta-ads.csv", "meta", "GBP", 431.87, 2, 1),
        ("meta-ads-de.csv", "meta", "EUR", 1210.37, 1, 0),
        ("linkedin-utf16.csv", "linkedin", "GBP", 1066.67, 2, 1),
        ("tiktok-ads.csv", "tiktok", "GBP", 40.50, 2, 1),
    ],
)
def test_an_export_is_recognised_and_its_totals_are_left_out(
    sqlite: Store, name: str, source: str, currency: str, amount: float, days: int, totals: int
) -> None:
    outcome = taken(sqlite, name)

    assert (outcome.sources, outcome.amounts, outcome.file.totals) == ([source], {currency: amount}, totals)
    assert len({day for own in outcome.file.days.values() for day in own}) == days
    assert outcome.file.problems == ()


def test_a_plain_file_names_its_sources(sqlite: Store) -> None:
    assert taken(sqlite, "plain.csv").sources == ["meta", "microsoft"]


def test_costs_stand_beside_the_leads_of_their_campaign_by_id_or_name(store: Store) -> None:
    from_campaign(store, "offices-city")
    from_campaign(store, "17290012")

    outcome = taken(store, "google-ads.csv")

    assert [(each.name, each.campaign) for each in outcome.campaigns] == [
        ("Offices – City", "offices-city"),
        ("Brand", "17290012"),
        ("Autumn display", ""),
    ]
    assert costs(store) == {
        "offices-city": {"GBP": 2214.5},
        "17290012": {"GBP": 45.1},
        "Autumn display": {"GBP": 12.0},
    }


def test_a_campaigns_cost_is_divided_among_sources_as_its_leads_are(store: Store) -> None:
    for source in ("facebook", "facebook", "instagram"):
        from_campaign(store, "summer_desks", source, "paid_social")
    from_campaign(store, "desks-this-month", "newsletter", "email")

    taken(store, "meta-ads.csv")

    assert costs(store, "source_medium", "source") == {
        "facebook": {"GBP": 14.6667},
        "instagram": {"GBP": 7.3333},
        "newsletter": {"GBP": 409.87},
    }


def test_the_cost_of_a_campaign_without_leads_stands_at_its_platform(sqlite: Store) -> None:
    taken(sqlite, "tiktok-ads.csv")

    assert costs(sqlite, "source_medium", "source_medium") == {"tiktok / paid_social": {"GBP": 40.5}}
    assert costs(sqlite, "channel", "channel") == {"Paid Social": {"GBP": 40.5}}


def test_a_second_import_replaces_its_days(store: Store) -> None:
    taken(store, "google-ads.csv")
    taken(store, "meta-ads.csv")

    again = taken(store, "google-ads.csv")

    assert again.replaced == 4
    report = outcomes(store, OutcomeQuery("channel", *NOVEMBER), {})
    assert report.total.cost == {"GBP": 2271.60 + 431.87}


def test_a_dry_run_stores_nothing(sqlite: Store) -> None:
    assert taken(sqlite, "google-ads.csv", is_dry=True).is_dry
    assert costs(sqlite) == {}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("meta-ads-whole-month.csv", "it covers the days from 2026-11-01 to 2026-11-30: export it by day"),
        ("plain-unclear-days.csv", "the day '03/04/2026' is unclear: write it like 2026-11-24"),
    ],
)
def test_a_file_with_a_line_that_cannot_be_read_is_not_stored(sqlite: Store, name: str, sentence: str) -> None:
    outcome = taken(sqlite, name)

    assert [one.sentence for one in outcome.file.problems] == [sentence]
    assert costs(sqlite) == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,email\nAnn,ann@example.com\n", "has no line that names a day and an amount"),
        ("day,campaign,cost\n2026-11-01,brand,3\n", "does not show whose costs these are"),
    ],
)
def test_another_file_is_refused_with_a_remedy(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "costs.csv"
    path.write_text(text)

    with pytest.raises(NoSheet, match=sentence):
        read_cost_file(path)


@each_row(
    ("cells", "amounts"),
    [
        (["1,234.50", "12"], [1234.5, 12]),
        (["1.234,50", "12"], [1234.5, 12]),
        (["1 234,50 €", "--"], [1234.5, 0]),
        (["£1,234", "£0.5"], [1234, 0.5]),
        (["1,234,567"], [1234567]),
        (["1'234.50"], [1234.5]),
        (["0.12345678"], [0.1235]),
        (["-3.20", "(4.00)"], [-3.2, -4]),
        (["free"], [None]),
    ],
)
def test_amounts_of_many_countries(cells: list[str], amounts: list[float | None]) -> None:
    style = style_of([], cells, is_english=True, day_first=None)

    read = [amount_of(cell, style) for cell in cells]

    assert read == [None if amount is None else round(amount * 10_000) for amount in amounts]


@each_row(
    "cell",
    ["2026-11-03", "2026/11/3", "Nov 3, 2026", "3 Nov 2026", "3. November 2026", "3 de nov. de 2026", "3 nov. 2026"],
)
def test_days_of_many_countries(cell: str) -> None:
    assert day_of(cell, CellStyle(None, ".")) == date(2026, 11, 3)


def test_the_whole_column_shows_which_number_is_the_day() -> None:
    style = style_of(["03/11/2026", "24/11/2026"], [], is_english=True, day_first=None)

    assert day_of("03/11/2026", style) == date(2026, 11, 3)
