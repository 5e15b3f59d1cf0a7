"""Reports: one table of outcomes, charts and CSV files; the address says which leads, and how they are sorted."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
import time_machine

from service.admin.pages.lead_filters import read_filters as read_lead_filters
from service.admin.pages.reports.filters import GROUPINGS
from service.lead import Attribution, CoworkerId, Lead, OpportunityId, OtherTouch, Status
from service.maintenance import DailyCounter
from service.store import AMOUNT_UNIT, AnswerClock, Cost, OwnerTurn, SaleStatus, Store
from tests.admin.dashboard import Operator
from tests.admin.stored_leads import keep
from tests.builders import NOON, a_form, a_lead, a_submission
from tests.front import count_days
from tests.store.sales import a_change, a_sale

EVENING = NOON + timedelta(hours=6)


@pytest.fixture
def operator(sqlite: Store) -> Iterator[Operator]:
    """Somebody who is signed in on that evening."""
    with time_machine.travel(EVENING, tick=False):
        yield Operator(sqlite, a_form(), a_form("tour", title="Book a tour"))


def bring(store: Store, number: int = 1, day: int = 0, form: str = "contact", **verdict: object) -> Lead:
    """Leads of one day, delivered two seconds after they came; the last of them."""
    for _ in range(number):
        at = NOON - timedelta(days=day)
        attribution = Attribution(**{"channel": "Email", "rule": "by_channel", **verdict})  # type: ignore[arg-type]
        lead = keep(store, a_lead(received_at=at, submission=a_submission(form=form), attribution=attribution))
        store.write(
            lambda tx, lead=lead: tx.leads.mark_delivered(  # type: ignore[misc]
                lead.id, CoworkerId(7), OpportunityId(9), lead.received_at + timedelta(seconds=2)
            )
        )
    return lead


def sell(store: Store, lead: Lead, status: SaleStatus, value: float | None = None) -> None:
    """The opportunity of a lead toured, and ended a day after the lead had come."""
    ended = NOON + timedelta(days=1)
    sale = a_sale(lead, status=status, value=value, won_at=ended if status is SaleStatus.WON else None)
    store.write(lambda tx: tx.crm.save_sales([sale], [a_change(lead, "stage", "Toured")]))


def count(store: Store) -> None:
    """What the worker does in the background."""
    count_days(store)


def see(operator: Operator, query: str = "") -> str:
    """The page as text."""
    return operator.see(f"/admin/reports{query}")


def table(operator: Operator, name: str, query: str = "") -> list[list[str]]:
    """The figures of a picture."""
    response = operator.client.get(f"/admin/reports/{name}.csv{query}")
    assert response.status_code == 200
    return list(csv.reader(io.StringIO(response.data.decode("utf-8-sig"))))


def test_before_anything_is_counted_the_page_says_when(operator: Operator) -> None:
    assert "Nothing is counted yet" in see(operator)


def test_a_day_without_leads_stands_in_the_table_as_none(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 2)
    bring(sqlite, 1, day=2)
    count(sqlite)

    rows = table(operator, "leads", "?from=2026-11-22&to=2026-11-24")

    assert rows == [
        ["Day", "Leads", "Delivered", "Period before"],
        ["2026-11-22", "1", "1", "0"],
        ["2026-11-23", "0", "0", "0"],
        ["2026-11-24", "2", "2", "0"],
    ]


def test_the_sentence_compares_with_the_period_before(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 3, day=1)
    bring(sqlite, 1, day=9)
    count(sqlite)

    page_text = see(operator, "?period=7")

    assert "3 leads in 7 days, about 0.4 a day. 200% more than in the period before (1)." in page_text
    assert "18 Nov 2026 to 24 Nov 2026, compared with 11 Nov 2026 to 17 Nov 2026" in page_text


def test_answers_are_shown_by_form_and_by_whose_turn_it_was(sqlite: Store, operator: Operator) -> None:
    clocks = []
    for number, (form, minutes) in enumerate((("contact", 10), ("contact", 30), ("tour", 200), ("tour", None))):
        lead = bring(sqlite, form=form)
        due_at = lead.received_at + timedelta(hours=2)
        answered_at = None if minutes is None else lead.received_at + timedelta(minutes=minutes)
        clocks.append(
            AnswerClock(lead.id, lead.account, form, lead.received_at, due_at, answered_at=answered_at, working_s=60)
        )
        if number == 0:
            turn = OwnerTurn(lead.id, lead.account, "ann@example.com", 901, "", lead.received_at)
            sqlite.write(lambda tx, turn=turn: tx.answers.add_turns([turn]))  # type: ignore[misc]
    sqlite.write(lambda tx: tx.answers.add(clocks))
    count(sqlite)

    page_text = see(operator)

    assert "Half of the answers came within 30 min. 50% of those that were due came on time." in page_text
    assert "Book a tour 2 1 0% 3.3 h 1 min" in page_text
    assert "ann@example.com 1 1 100% 10 min 1 min" in page_text


def test_beyond_a_month_weeks_are_shown(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 1)
    bring(sqlite, 2, day=1)
    count(sqlite)

    rows = table(operator, "leads", "?from=2026-08-25&compare=no")

    assert rows[0] == ["Week", "Leads", "Delivered"]
    assert rows[-1] == ["2026-11-23", "3", "3"]
    assert len(rows) == 1 + 14


def test_channels_are_beside_each_other_on_one_scale(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 3)
    bring(sqlite, 1, channel="Direct")
    count(sqlite)

    assert "Leads by day. All charts have the same scale." in see(operator, "?period=7")
    assert table(operator, "channels", "?period=7")[0] == ["Day", "Email", "Direct"]


# -- the table


def outcomes_of(operator: Operator, query: str = "") -> dict[str, dict[str, str]]:
    """The table: row -> column -> cell."""
    head, *rows = table(operator, "outcomes", query)
    return {name: dict(zip(head[1:], cells, strict=True)) for name, *cells in rows}


def test_rows_share_all_leads_and_change_against_the_period_before(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 3)
    bring(sqlite, 1, channel="Direct")
    bring(sqlite, 2, day=8)
    bring(sqlite, 1, day=8, channel="Referral")

    rows = outcomes_of(operator, "?period=7")

    assert {name: (row["Leads"], row["Share"], row["Change"]) for name, row in rows.items()} == {
        "Email": ("3", "0.75", "0.5"),
        "Direct": ("1", "0.25", ""),
        "Referral": ("0", "0.0", "-1.0"),
        "Total": ("4", "1.0", "0.3333"),
    }


def test_leads_without_tags_are_rows_as_everyone_writes_them(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 3, channel="Direct")
    bring(sqlite, 1, utm_source="google", utm_medium="cpc")

    rows = outcomes_of(operator, "?by=source_medium")

    assert [(name, row["Leads"]) for name, row in rows.items()] == [
        ("(direct) / (none)", "3"),
        ("google / cpc", "1"),
        ("Total", "4"),
    ]


def test_rows_are_sorted_and_filtered_as_the_address_says(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 2)
    bring(sqlite, 1, form="tour")
    by_leads, by_name = ["Contact us", "Book a tour", "Total"], ["Book a tour", "Contact us", "Total"]

    for query, names in {
        "?by=form": by_leads,
        "?by=form&order=asc": by_name,
        "?by=form&sort=name": by_leads,
        "?by=form&sort=name&order=asc": by_name,
        "?by=form&sort=value": by_leads,
        "?by=form&sort=nothing": by_leads,
        "?by=form&form=tour": ["Book a tour", "Total"],
    }.items():
        assert list(outcomes_of(operator, query)) == names, query


def test_a_click_on_a_column_sorts_by_it_and_a_second_one_turns_it(sqlite: Store, operator: Operator) -> None:
    bring(sqlite)
    count(sqlite)

    html = page(operator, "?period=7&by=form&sort=won")

    assert '<th scope="col" aria-sort="descending"><a href="/admin/reports?period=7&amp;by=form&amp;sort=won' in html
    assert 'href="/admin/reports?period=7&amp;by=form&amp;sort=won&amp;order=asc#outcomes"' in html
    assert 'href="/admin/reports?period=7&amp;by=form&amp;sort=name&amp;order=asc#outcomes"' in html


def page(operator: Operator, query: str) -> str:
    """The page as HTML."""
    return operator.client.get(f"/admin/reports{query}").text


def test_what_became_of_leads_stands_in_their_row(sqlite: Store, operator: Operator) -> None:
    first, second = (bring(sqlite, utm_campaign="spring") for _ in range(2))
    sell(sqlite, first, SaleStatus.WON, 450.5)
    sell(sqlite, second, SaleStatus.LOST)
    count(sqlite)

    row = outcomes_of(operator, "?by=campaign")["spring"]

    assert {name: row[name] for name in ("Delivered", "Won", "Lost", "Win rate", "Value won", "Time to win")} == {
        "Delivered": "2",
        "Won": "1",
        "Lost": "1",
        "Win rate": "0.5",
        "Value won": "450.50 GBP",
        "Time to win": "86400.0",
    }
    assert "Received 2 100% Delivered 2 100% Toured 2 100% Won 1 50%" in see(operator)


def test_costs_have_columns_where_there_are_any(sqlite: Store, operator: Operator) -> None:
    sell(sqlite, bring(sqlite, utm_campaign="spring"), SaleStatus.WON, 450)
    bring(sqlite, utm_campaign="spring")
    assert "Cost" not in outcomes_of(operator, "?by=campaign")["spring"]
    day = EVENING.date()
    cost = Cost(day, "google", "", "Spring", "17", "GBP", 35 * AMOUNT_UNIT)
    sqlite.write(lambda tx: tx.statistics.replace_costs([cost], {("google", ""): {day}}, NOON))

    row = outcomes_of(operator, "?by=campaign")["spring"]

    assert [row[name] for name in ("Cost", "Cost per lead", "Cost per won")] == ["35.00 GBP", "17.50 GBP", "35.00 GBP"]


def test_first_and_last_touch_stand_side_by_side(sqlite: Store, operator: Operator) -> None:
    came_first = OtherTouch("first", Attribution(channel="Paid Social", rule="by_channel"))
    keep(sqlite, replace(a_lead(attribution=Attribution(channel="Email", rule="by_channel")), other_touch=came_first))

    rows = outcomes_of(operator, "?touch=both")

    assert {name: (row["Leads, last touch"], row["Leads, first touch"]) for name, row in rows.items()} == {
        "Email": ("1", "0"),
        "Paid Social": ("0", "1"),
        "Total": ("1", "1"),
    }
    assert list(outcomes_of(operator, "?touch=first")) == ["Paid Social", "Total"]


def test_each_row_leads_to_as_many_leads_as_it_counts(sqlite: Store, operator: Operator) -> None:
    came_first = OtherTouch("first", Attribution(channel="Paid Social", rule="by_channel", landing_page="/offices"))
    bring(sqlite, 2, utm_source="google", utm_medium="cpc", utm_campaign="spring & sun: 1")
    bring(sqlite, 1, form="tour", channel="Direct")
    keep(sqlite, replace(a_lead(attribution=Attribution(channel="Email", rule="by_channel")), other_touch=came_first))
    keep(sqlite, a_lead(status=Status.QUARANTINED))
    count(sqlite)

    for query in (f"?period=7&by={by}&touch={touch}{more}" for by in GROUPINGS for touch, more in VARIANTS):
        rows = re.findall(
            r'<tr><th scope="row"><a href="([^"]+)">[^<]*</a></th><td>([\d,]+)</td>', page(operator, query)
        )
        assert rows, query
        for link, number in rows:
            filters = read_lead_filters(dict(parse_qsl(unescape(link).partition("?")[2])))
            with sqlite.read() as tx:
                matches = tx.search.count(filters.query(EVENING, ZoneInfo("UTC")))
            assert (matches.number, matches.is_exact) == (int(number), True), link
    listed = operator.see(unescape(rows[0][0]))
    assert "Report: Lead source" in listed


VARIANTS = (("last", ""), ("first", ""), ("both", ""), ("last", "&left_out=1"))


def test_what_is_not_counted_is_said_and_counted_on_request(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 2)
    keep(sqlite, a_lead(status=Status.QUARANTINED))
    count(sqlite)

    page_text = see(operator, "?period=7")

    assert "Not counted: Held as spam: 1 ." in page_text
    assert "2 leads in 7 days" in page_text
    assert "3 leads in 7 days" in see(operator, "?period=7&left_out=1")
    assert outcomes_of(operator, "?left_out=1")["Total"]["Leads"] == "3"


def test_what_strangers_wrote_runs_nowhere(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 1, utm_campaign="=HYPERLINK(1)")
    bring(sqlite, 1, utm_campaign="<script>alert(1)</script>")
    count(sqlite)

    names = set(outcomes_of(operator, "?by=campaign"))

    assert names == {"'=HYPERLINK(1)", "<script>alert(1)</script>", "Total"}
    assert "<script>alert" not in page(operator, "?by=campaign")


# -- the other figures


def test_speed_has_a_median_and_a_95th_percentile(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 3)
    count(sqlite)

    assert "Half of the leads were in Nexudus within 2 s, 95% within 2 s." in see(operator)


def test_the_delivery_status_is_summed_up_in_words(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 3)
    keep(sqlite, a_lead(status=Status.PARKED))
    keep(sqlite, a_lead(status=Status.QUARANTINED))
    count(sqlite)

    assert "75% of the leads meant for Nexudus are there." in see(operator)
    assert table(operator, "health", "?period=7")[1:] == [
        ["Delivered", "3", "60%"],
        ["Needs attention", "1", "20%"],
        ["Held as spam", "1", "20%"],
    ]


def test_coverage_tells_what_nothing_knows(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 3, utm_source="google", utm_medium="cpc")
    bring(sqlite, 1, channel="Direct")
    bring(sqlite, 1, channel="Unassigned", utm_source="blimp", codes=("macro",))
    count(sqlite)

    page_text = see(operator)

    assert "The origin of 60% is known." in page_text
    assert "Sources that no rule knows: blimp (1)." in page_text
    assert "Tags that were repaired or left out: macro (1)." in page_text


def test_every_drawing_is_named_and_is_a_table_as_well(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 3, utm_source="google", utm_medium="cpc", utm_campaign="spring")
    count(sqlite)

    html = page(operator, "")

    assert html.count('role="img"') == html.count("<desc ") == 3
    assert html.count("<table") == 7
    assert html.count(".csv?") == 6


def test_days_that_wait_to_be_counted_are_mentioned(sqlite: Store, operator: Operator) -> None:
    bring(sqlite)
    bring(sqlite, day=1)
    DailyCounter(sqlite, ZoneInfo("UTC")).step(EVENING)

    assert "1 day is still being counted" in see(operator)


@pytest.mark.parametrize(
    "query", ["?from=0001-01-01", "?from=2026-12-31&to=0001-01-01", "?period=x&form=%00", "?to=9999-12-31"]
)
def test_odd_periods_are_answered(sqlite: Store, operator: Operator, query: str) -> None:
    bring(sqlite)
    count(sqlite)

    assert "Leads over time" in see(operator, query)


def test_a_figure_that_does_not_exist_is_a_404(operator: Operator) -> None:
    assert operator.client.get("/admin/reports/nothing.csv").status_code == 404


@pytest.mark.parametrize(
    ("former", "address"),
    [
        ("/admin/pictures?period=7&form=tour", "/admin/reports?period=7&form=tour"),
        ("/admin/pictures", "/admin/reports"),
        ("/admin/pictures/leads.csv?period=7", "/admin/reports/leads.csv?period=7"),
        ("/admin/reports/sources.csv?period=7", "/admin/reports/outcomes.csv?period=7&by=source_medium"),
    ],
)
def test_the_former_addresses_lead_to_the_reports(operator: Operator, former: str, address: str) -> None:
    response = operator.client.get(former)

    assert (response.status_code, response.headers["Location"]) == (301, address)
