"""`lead-capture report outcomes` and `lead-capture costs import`."""

import json
from pathlib import Path

from service.lead import Attribution
from service.store import SaleStatus, Store
from tests.admin.stored_leads import keep
from tests.builders import NOON, a_lead
from tests.cli.conftest import Terminal
from tests.store.sales import a_change, a_sale, delivered

PERIOD = ("--since", "2026-11-01", "--until", "2026-12-01")
SAMPLES = Path(__file__).parent.parent / "samples" / "costs"
ADS = str(SAMPLES / "google-ads.csv")


def from_city(store: Store) -> None:
    """Two leads of the campaign offices-city, one of them won."""
    tags = Attribution(utm_source="google", utm_medium="cpc", utm_campaign="offices-city", channel="Paid Search")
    lead = delivered(store, a_lead(attribution=tags))
    won = a_sale(lead, status=SaleStatus.WON, value=450.0, won_at=NOON.replace(day=26))
    store.write(lambda tx: tx.crm.save_sales([won], [a_change(lead, "stage", "Toured")]))
    keep(store, a_lead(attribution=tags))


def test_the_report_is_a_table(run: Terminal, sqlite: Store) -> None:
    from_city(sqlite)
    run("costs", "import", ADS)

    result = run("report", "outcomes", "--by", "campaign", *PERIOD, "--compare")

    assert result.code == 0
    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    assert lines[0] == "2 leads from 2026-11-01T00:00 to 2026-12-01T00:00 UTC, by last touch"
    assert "offices-city 2 1 1 450 2,214 2,214" in lines
    assert "Total 2 1 1 450 2,272 2,272" in lines


def test_the_same_as_json_and_csv(run: Terminal, sqlite: Store) -> None:
    from_city(sqlite)

    as_json = json.loads(run("report", "outcomes", *PERIOD, "--json").out)
    as_csv = run("report", "outcomes", *PERIOD, "--csv").out.splitlines()

    assert as_json["total"]["value"] == {"GBP": 450.0}
    assert as_csv[0] == "channel,leads,share,delivered,Toured,won,lost,win_rate,value_GBP,time_to_win_s"
    assert as_csv[1] == "Paid Search,2,1.0000,1,1,1,0,1.0000,450.00,172800"


def test_an_empty_period_or_an_unknown_form_is_an_error(run: Terminal, sqlite: Store) -> None:
    assert "the period is empty" in run("report", "outcomes", "--since", "2026-12-01", "--until", "2026-11-01").err
    assert run("report", "outcomes", "--form", "nope").code == 1


def test_an_import_lists_campaigns_with_and_without_leads(run: Terminal, sqlite: Store) -> None:
    from_city(sqlite)

    result = run("costs", "import", ADS)

    assert result.code == 0
    assert result.out.splitlines() == [
        "google: 2,271.60 GBP from 2026-11-01 to 2026-11-03 stored",
        "  5 rows read (UTF-8, separated by commas), 2 totals skipped",
        "Campaigns with leads:",
        "      2,214.50 GBP  Offices – City -> offices-city (2 leads)",
        "Campaigns that no lead has in utm_campaign, by name or id; they stand in reports without leads:",
        "         45.10 GBP  Brand (17290012)",
        "         12.00 GBP  Autumn display (17290014)",
    ]
    assert "stored, in place of 4 amounts" in run("costs", "import", ADS).out


def test_a_dry_run_says_so(run: Terminal, sqlite: Store) -> None:
    outcome = json.loads(run("costs", "import", ADS, "--dry-run", "--json").out)

    assert (outcome["stored"], outcome["amounts"], outcome["totals_skipped"]) == (False, {"GBP": 2271.6}, 2)


def test_lines_that_cannot_be_read_are_named(run: Terminal, sqlite: Store) -> None:
    result = run("costs", "import", str(SAMPLES / "meta-ads-whole-month.csv"))

    assert result.code == 1
    assert result.out.splitlines() == [
        "line 2: it covers the days from 2026-11-01 to 2026-11-30: export it by day",
        "1 line cannot be read: nothing was stored",
    ]


def test_another_file_is_an_error(run: Terminal, sqlite: Store, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")

    assert "has no line that names a day and an amount" in run("costs", "import", str(tmp_path / "x.csv")).err
