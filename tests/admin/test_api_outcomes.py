"""GET /api/v1/reports/outcomes: what the leads of a period brought."""

import csv
import io
from typing import Any

from service.lead import Attribution, Status
from service.store import SaleStatus, Store
from tests.admin.stored_leads import keep
from tests.builders import NOON, a_lead
from tests.front import Front
from tests.store.sales import a_change, a_sale, delivered

DAY = "since=2026-11-24T00:00:00Z&until=2026-11-25T00:00:00Z"


def answer(front: Front, query: str = "") -> dict[str, Any]:
    """The report of the day of NOON."""
    response = front.ask(f"/reports/outcomes?{DAY}&{query}")
    assert response.status_code == 200, response.text
    figures: dict[str, Any] = response.get_json()
    return figures


def test_the_figures_are_those_of_the_contract(front: Front, sqlite: Store) -> None:
    lead = delivered(sqlite, a_lead())
    won = a_sale(lead, status=SaleStatus.WON, value=450.0, won_at=NOON)
    sqlite.write(lambda tx: tx.crm.save_sales([won], [a_change(lead, "stage", "Toured")]))
    keep(sqlite, a_lead(status=Status.TEST))

    figures = answer(front, "compare=previous")

    nothing = {"leads": 0, "delivered": 0, "milestones": {"Toured": 0}, "won": 0, "lost": 0, "value": {}, "cost": {}}
    whole = {
        "leads": 1,
        "delivered": 1,
        "milestones": {"Toured": 1},
        "won": 1,
        "lost": 0,
        "value": {"GBP": 450.0},
        "cost": {},
        "time_to_win_s": 0.0,
        "previous": {**nothing, "time_to_win_s": None},
    }
    assert figures == {
        "by": "channel",
        "touch": "last",
        "since": "2026-11-24T00:00:00Z",
        "until": "2026-11-25T00:00:00Z",
        "previous_since": "2026-11-23T00:00:00Z",
        "previous_until": "2026-11-24T00:00:00Z",
        "rows": [{"key": {"channel": "Paid Search"}, **whole}],
        "total": whole,
        "left_out": {"quarantined": 0, "discarded": 0, "test": 1},
    }


def test_spam_and_tests_can_be_included(front: Front, sqlite: Store) -> None:
    keep(sqlite, a_lead(status=Status.TEST))

    assert answer(front, "include=left_out")["total"]["leads"] == 1


def test_the_same_as_csv_which_no_spreadsheet_runs(front: Front, sqlite: Store) -> None:
    keep(sqlite, a_lead(attribution=Attribution(utm_campaign='=HYPERLINK("x")')))

    response = front.ask(f"/reports/outcomes?{DAY}&by=campaign&format=csv")

    names, row, total = csv.reader(io.StringIO(response.text))
    assert names[:4] == ["campaign", "leads", "share", "delivered"]
    assert (row[0], row[1], total[:2]) == ('\'=HYPERLINK("x")', "1", ["total", "1"])


def test_an_unknown_list_or_touch_is_refused(front: Front) -> None:
    for query in ("by=person", "touch=middle", "compare=next", "unknown=1"):
        assert front.ask(f"/reports/outcomes?{query}").status_code == 422
