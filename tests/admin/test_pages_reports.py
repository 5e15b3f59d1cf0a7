"""Reports: charts, tables and CSV files show the stored counts."""

import csv
import io
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from service.lead import Attribution, CoworkerId, OpportunityId, Status
from service.maintenance import DailyCounter
from service.store import Store
from tests.admin.dashboard import Operator
from tests.admin.stored_leads import keep
from tests.builders import NOON, a_form, a_lead, a_submission
from tests.front import count_days

EVENING = NOON + timedelta(hours=6)


@pytest.fixture
def operator(sqlite: Store) -> Operator:
    """Somebody who is signed in."""
    return Operator(sqlite, a_form(), a_form("tour"))


def bring(store: Store, number: int = 1, day: int = 0, form: str = "contact", **verdict: object) -> None:
    """Leads of one day, delivered two seconds after they came."""
    for _ in range(number):
        at = NOON - timedelta(days=day)
        attribution = Attribution(**{"channel": "Email", "rule": "by_channel", **verdict})  # type: ignore[arg-type]
        lead = keep(store, a_lead(received_at=at, submission=a_submission(form=form), attribution=attribution))
        store.write(
            lambda tx, lead=lead: tx.leads.mark_delivered(  # type: ignore[misc]
                lead.id, CoworkerId(7), OpportunityId(9), lead.received_at + timedelta(seconds=2)
            )
        )


def count(store: Store) -> None:
    """What the worker does in the background."""
    with time_machine.travel(EVENING, tick=False):
        count_days(store)


def see(operator: Operator, query: str = "") -> str:
    """The page on that evening."""
    with time_machine.travel(EVENING, tick=False):
        assert operator.sign_in().status_code == 303
        return operator.see(f"/admin/reports{query}")


def table(operator: Operator, name: str, query: str = "") -> list[list[str]]:
    """The figures of a picture."""
    with time_machine.travel(EVENING, tick=False):
        assert operator.sign_in().status_code == 303
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

    assert rows[1:] == [["2026-11-22", "1", "1"], ["2026-11-23", "0", "0"], ["2026-11-24", "2", "2"]]


def test_the_sentence_says_how_many_and_when_the_most(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 3, day=1)
    bring(sqlite)
    count(sqlite)

    assert "4 leads in 7 days, about 0.6 a day. Busiest day: 23 Nov, with 3." in see(operator, "?period=7")


def test_one_form_may_be_asked_for(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 2)
    bring(sqlite, 1, form="tour")
    count(sqlite)

    assert table(operator, "forms", "?form=tour")[1:] == [["tour", "1", "1", "100%"]]
    assert table(operator, "forms")[1:] == [["contact", "2", "2", "67%"], ["tour", "1", "1", "33%"]]


def test_beyond_three_months_weeks_are_shown(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 1)
    bring(sqlite, 2, day=1)
    count(sqlite)

    rows = table(operator, "leads", "?from=2025-11-25")

    assert rows[0][0] == "Week"
    assert rows[-1] == ["2026-11-23", "3", "3"]
    assert len(rows) == 1 + 53


def test_channels_are_beside_each_other_on_one_scale(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 3)
    bring(sqlite, 1, channel="Direct")
    count(sqlite)

    page_text = see(operator, "?period=7")

    assert "Largest: Email 75% and Direct 25%. All charts have the same scale." in page_text
    assert table(operator, "channels", "?period=7")[0] == ["Day", "Email", "Direct"]


def test_leads_without_a_campaign_are_counted_and_not_drawn(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 3)
    bring(sqlite, 1, utm_campaign="spring")
    count(sqlite)

    assert "3 leads (75%) without a campaign." in see(operator)
    assert table(operator, "campaigns")[1:] == [["spring", "1", "1", "25%"]]


def test_what_strangers_wrote_runs_nowhere(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 1, utm_campaign="=HYPERLINK(1)")
    bring(sqlite, 1, utm_campaign="<script>alert(1)</script>")
    count(sqlite)

    names = {row[0] for row in table(operator, "campaigns")[1:]}
    with time_machine.travel(EVENING, tick=False):
        html = operator.client.get("/admin/reports").text

    assert names == {"'=HYPERLINK(1)", "<script>alert(1)</script>"}
    assert "<script>alert" not in html


def test_speed_has_a_median_and_a_95th_percentile(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 3)
    count(sqlite)

    assert "Half of the leads were in Nexudus within 2.1 s, 95% within 2.1 s." in see(operator)


def test_the_delivery_status_is_summed_up_in_words(sqlite: Store, operator: Operator) -> None:
    bring(sqlite, 3)
    keep(sqlite, a_lead(status=Status.PARKED))
    keep(sqlite, a_lead(status=Status.QUARANTINED))
    count(sqlite)

    assert "75% of the leads meant for Nexudus are there." in see(operator)
    assert table(operator, "health", "?period=7")[0] == ["Day", "Delivered", "Needs attention", "Held as spam"]


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
    with time_machine.travel(EVENING, tick=False):
        operator.sign_in()
        html = operator.client.get("/admin/reports").text

    assert html.count('role="img"') == html.count("<desc ") == 9
    assert html.count("<table") == html.count(".csv?") == 8  # no lead has a location


def test_days_that_wait_to_be_counted_are_mentioned(sqlite: Store, operator: Operator) -> None:
    bring(sqlite)
    bring(sqlite, day=1)
    with time_machine.travel(EVENING, tick=False):
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
    ],
)
def test_the_former_addresses_lead_to_the_reports(operator: Operator, former: str, address: str) -> None:
    response = operator.client.get(former)

    assert (response.status_code, response.headers["Location"]) == (301, address)
