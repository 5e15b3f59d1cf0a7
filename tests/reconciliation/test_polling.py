"""The closed loop: won, lost and moved opportunities are shown on their leads."""

from datetime import timedelta

import pytest

from service import clock
from service.nexudus.opportunities import PATH
from service.nexudus.stage_history import HISTORY_PATH
from service.store import SaleStatus
from tests.reconciliation.conftest import Ledger

LONG_AGO = "2020-01-01T00:00:00Z"


def test_a_new_opportunity_is_seen_in_its_first_stage(ledger: Ledger) -> None:
    [lead] = ledger.delivers()

    assert ledger.poll() == ""

    sale = ledger.sale(lead)
    assert (sale.opportunity_id, sale.stage, sale.status) == (lead.opportunity_id, "New enquiry", "in_progress")
    assert ledger.names(lead) == ["in_progress", "New enquiry"]
    assert ledger.changes(lead)[0].at == lead.received_at


def test_a_won_one_is_seen_with_its_time_and_worth(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    ledger.poll()

    ledger.nexudus.change_opportunity(lead.opportunity_id or 0, status="won", value=450)
    ledger.poll()

    sale = ledger.sale(lead)
    assert (sale.status, sale.value, sale.currency) == (SaleStatus.WON, 450, "GBP")
    assert sale.won_at == ledger.changes(lead)[-1].at
    assert ledger.names(lead)[-1] == "won"


def test_a_lost_one_is_seen_with_its_reason_and_may_be_opened_again(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    ledger.nexudus.change_opportunity(lead.opportunity_id or 0, status="lost", loss_reason=4)
    ledger.poll()
    lost = ledger.sale(lead)

    ledger.nexudus.change_opportunity(lead.opportunity_id or 0, status="in_progress")
    ledger.poll()

    assert (lost.status, lost.loss_reason) == (SaleStatus.LOST, "Price")
    assert ledger.names(lead) == ["in_progress", "New enquiry", "lost", "in_progress"]
    assert ledger.sale(lead).lost_at is None


def test_what_did_not_change_is_not_told_again(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    ledger.poll()
    before = ledger.changes(lead)

    ledger.poll()

    assert ledger.changes(lead) == before
    assert len(ledger.nexudus.calls("GET", HISTORY_PATH)) == 2  # one page a reading


def test_opportunities_of_others_are_none_of_ours(ledger: Ledger) -> None:
    ledger.nexudus.add_opportunities(3)

    assert ledger.poll() == ""

    with ledger.env.store._database.reading.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sales").scalar() == 0


def test_the_next_reading_begins_a_day_before_the_last_change(ledger: Ledger) -> None:
    ledger.delivers()
    ledger.poll()
    changed_at = ledger.nexudus.opportunities()[0]["UpdatedOn"]

    ledger.poll(clock.now() + timedelta(days=3))

    [(_, bound)] = [pair for pair in ledger.nexudus.calls("GET", PATH)[-1].query if pair[0].startswith("from_")]
    assert bound[:10] < changed_at[:10]
    assert bound[10:] == changed_at[10:16]


def test_where_it_was_won_is_not_told_the_change_itself_counts(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    ledger.nexudus.change_opportunity(lead.opportunity_id or 0, status="won")
    record = ledger.nexudus.world.tables["CrmOpportunity"].rows[lead.opportunity_id or 0]
    record["WonOn"] = None
    ledger.poll()
    won_at = ledger.sale(lead).won_at

    record["UpdatedOn"] = (clock.now() + timedelta(hours=1)).isoformat()
    ledger.poll(clock.now() + timedelta(hours=2))

    assert ledger.sale(lead).won_at == won_at is not None


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 401, "times": None}, "CrmOpportunity-List"),
        ({"status": 503}, "could not be read to the end"),
        ({"firewall": True}, "Something in front of Nexudus refused this request"),
        (
            {"body": {"Records": [{"Id": 1, "UpdatedOn": LONG_AGO}], "TotalPages": 1}},
            "opportunities than requested",
        ),
    ],
)
def test_what_cannot_be_read_is_told_and_begun_again(ledger: Ledger, fault: dict[str, object], said: str) -> None:
    ledger.nexudus.faults([{"path": PATH, **fault}])

    assert said in ledger.poll()

    with ledger.env.store.read() as tx:
        reading = tx.crm.read_state("default")
    assert said in reading.problem
    assert reading.read_until is None
