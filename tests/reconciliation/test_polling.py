"""The closed loop: won, lost and moved opportunities are shown on their leads."""

from datetime import timedelta

import pytest

from service import clock
from service.nexudus.opportunities import PATH
from service.nexudus.pipeline import HISTORY_PATH
from service.store import SaleStatus
from tests.reconciliation.conftest import ReconciliationEnv

LONG_AGO = "2020-01-01T00:00:00Z"


def test_a_new_opportunity_is_seen_in_its_first_stage(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()

    assert env.poll() == ""

    sale = env.sale(lead)
    assert (sale.opportunity_id, sale.stage, sale.status) == (lead.opportunity_id, "New enquiry", "in_progress")
    assert env.names(lead) == ["in_progress", "New enquiry"]
    assert env.changes(lead)[0].at == lead.received_at


def test_a_won_one_is_seen_with_its_time_and_worth(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    env.poll()

    env.nexudus.change_opportunity(lead.opportunity_id or 0, status="won", value=450)
    env.poll()

    sale = env.sale(lead)
    assert (sale.status, sale.value, sale.currency) == (SaleStatus.WON, 450, "GBP")
    assert sale.won_at == env.changes(lead)[-1].at
    assert env.names(lead)[-1] == "won"


def test_a_lost_one_is_seen_with_its_reason_and_may_be_opened_again(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    env.nexudus.change_opportunity(lead.opportunity_id or 0, status="lost", loss_reason=4)
    env.poll()
    lost = env.sale(lead)

    env.nexudus.change_opportunity(lead.opportunity_id or 0, status="in_progress")
    env.poll()

    assert (lost.status, lost.loss_reason) == (SaleStatus.LOST, "Price")
    assert env.names(lead) == ["in_progress", "New enquiry", "lost", "in_progress"]
    assert env.sale(lead).lost_at is None


def test_what_did_not_change_is_not_recorded_again(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    env.poll()
    before = env.changes(lead)

    env.poll()

    assert env.changes(lead) == before
    assert len(env.nexudus.calls("GET", HISTORY_PATH)) == 2  # one page a reading


def test_other_opportunities_are_ignored(env: ReconciliationEnv) -> None:
    env.nexudus.add_opportunities(3)

    assert env.poll() == ""

    with env.delivery.store._database.reading.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sales").scalar() == 0


def test_the_next_reading_begins_a_day_before_the_last_change(env: ReconciliationEnv) -> None:
    env.delivers()
    env.poll()
    changed_at = env.nexudus.opportunities()[0]["UpdatedOn"]

    env.poll(clock.now() + timedelta(days=3))

    [(_, bound)] = [pair for pair in env.nexudus.calls("GET", PATH)[-1].query if pair[0].startswith("from_")]
    assert bound[:10] < changed_at[:10]
    assert bound[10:] == changed_at[10:16]


def test_without_a_closing_date_the_change_dates_the_win(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    env.nexudus.change_opportunity(lead.opportunity_id or 0, status="won")
    record = env.nexudus.world.tables["CrmOpportunity"].rows[lead.opportunity_id or 0]
    record["WonOn"] = None
    env.poll()
    won_at = env.sale(lead).won_at

    record["UpdatedOn"] = (clock.now() + timedelta(hours=1)).isoformat()
    env.poll(clock.now() + timedelta(hours=2))

    assert env.sale(lead).won_at == won_at is not None


@pytest.mark.parametrize(
    ("fault", "explanation"),
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
def test_a_failed_reading_is_explained_and_starts_again(
    env: ReconciliationEnv, fault: dict[str, object], explanation: str
) -> None:
    env.nexudus.faults([{"path": PATH, **fault}])

    assert explanation in env.poll()

    with env.delivery.store.read() as tx:
        reading = tx.crm.read_state("default")
    assert explanation in reading.problem
    assert reading.read_until is None
