"""Sales on the pages of leads, and the last reconciliation on Today."""

from datetime import timedelta
from typing import Any

import pytest

from service import clock
from service.store import Reconciliation, SaleStatus, Store
from tests.admin.dashboard import Operator
from tests.builders import NOON, a_lead
from tests.store.sales import a_change, a_sale, delivered

HOUR = timedelta(hours=1)


@pytest.fixture
def operator(sqlite: Store) -> Operator:
    """Signed in."""
    return Operator(sqlite)


def compared(store: Store, **result: Any) -> None:
    """Note what the last night brought."""
    whole = {"is_right": True, "number": 0, "nexudus": {"found": 1200}, "findings": [], "remarks": [], **result}
    now = clock.now()
    store.write(lambda tx: tx.crm.save_reconciliation(Reconciliation("default", now, now - 5 * HOUR, None, whole)))


def test_the_journey_goes_on_in_nexudus(sqlite: Store, operator: Operator) -> None:
    lead = delivered(sqlite, a_lead())
    won = a_sale(lead, status=SaleStatus.WON, stage="Toured")
    toured, closed = a_change(lead, "stage", "Toured", at=NOON + HOUR), a_change(lead, name="won", at=NOON + 2 * HOUR)
    sqlite.write(lambda tx: tx.crm.save_sales([won], [a_change(lead), toured, closed]))

    top, _, page_text = operator.see(f"/admin/leads/{lead.id}").partition("Technical details")

    places = [page_text.index(words) for words in ("Delivered", "Moved to the stage Toured", "Won")]
    assert places == sorted(places)
    assert "In Nexudus Stage Toured Board Sales Status Won Value £450" in top


def test_a_lost_one_says_why_and_may_be_opened_again(sqlite: Store, operator: Operator) -> None:
    lead = delivered(sqlite, a_lead())
    lost = a_sale(lead, status=SaleStatus.LOST, loss_reason="Price")
    changes = [a_change(lead, name="lost", at=NOON + HOUR), a_change(lead, at=NOON + 2 * HOUR)]
    sqlite.write(lambda tx: tx.crm.save_sales([lost], [a_change(lead), *changes]))

    page_text = operator.see(f"/admin/leads/{lead.id}")

    assert "Status Lost: Price" in page_text
    assert page_text.count("Reopened") == 1


def test_a_deleted_one_says_so(sqlite: Store, operator: Operator) -> None:
    lead = delivered(sqlite, a_lead())
    sqlite.write(lambda tx: tx.crm.mark_missing([a_sale(lead, missing_since=NOON)]))

    assert "No longer in Nexudus since 2026-11-24" in operator.see(f"/admin/leads/{lead.id}")


def test_an_opportunity_that_was_not_read_yet_is_not_shown(sqlite: Store, operator: Operator) -> None:
    lead = delivered(sqlite, a_lead())

    assert "In Nexudus Stage" not in operator.see(f"/admin/leads/{lead.id}")


def test_the_first_page_tells_why_nexudus_is_not_read(sqlite: Store, operator: Operator) -> None:
    compared(sqlite)
    sqlite.write(lambda tx: tx.crm.record_read("default", None, "Nexudus does not show its opportunities."))

    assert "Leads and Nexudus Not compared Nexudus does not show its opportunities." in operator.see("/admin/")


@pytest.mark.parametrize(
    ("result", "page_text"),
    [
        ({}, "Leads and Nexudus In sync Compared 5 hours ago: 1,200 opportunities found in Nexudus."),
        ({"is_right": False, "number": 2}, "Leads and Nexudus 2 differences"),
        (
            {"is_right": False, "remarks": ["It could not be read."]},
            "Leads and Nexudus Not compared It could not be read.",
        ),
    ],
)
def test_the_first_page_tells_whether_all_agrees(
    sqlite: Store, operator: Operator, result: dict[str, Any], page_text: str
) -> None:
    compared(sqlite, **result)

    assert page_text in operator.see("/admin/")


def test_a_stage_called_won_is_not_shown_beside_the_outcome(sqlite: Store, operator: Operator) -> None:
    lead = delivered(sqlite, a_lead())
    won = a_sale(lead, status=SaleStatus.WON, stage="Won")
    closed = [a_change(lead, "stage", "Won", at=NOON + HOUR), a_change(lead, name="won", at=NOON + HOUR)]
    sqlite.write(lambda tx: tx.crm.save_sales([won], closed))

    top, _, _ = operator.see(f"/admin/leads/{lead.id}").partition("Where they came from")

    rail = top.partition("Received")[2]
    assert rail.count("Won") == 1
