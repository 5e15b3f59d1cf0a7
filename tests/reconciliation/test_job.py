"""Nexudus is read while the service runs: changes often, everything by night, and never when the account rests."""

from datetime import UTC, datetime, timedelta

import pytest

from service import clock
from service.nexudus.opportunities import PATH
from service.reconciliation.job import ReconcileJob, night_before, resolve_for_unread
from tests.reconciliation.conftest import Ledger

CAUSE = "ledger:default"


def step(ledger: Ledger, now: datetime) -> None:
    """What a worker does at that time."""
    ReconcileJob(ledger.reader).step(now)


def alerts(ledger: Ledger) -> dict[str, str]:
    """What is wrong now."""
    with ledger.env.store.read() as tx:
        return {alert.cause: alert.sentence for alert in tx.alerts.open()}


def test_a_step_reads_what_changed_and_compares_everything(ledger: Ledger) -> None:
    [lead] = ledger.delivers()

    step(ledger, clock.now())

    assert ledger.sale(lead).stage == "New enquiry"
    with ledger.env.store.read() as tx:
        assert tx.crm.last_reconciliation("default") is not None
    assert alerts(ledger) == {}


def test_what_does_not_agree_is_an_alert_until_it_does(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    ledger.nexudus.change_opportunity(lead.opportunity_id or 0, delete=True)
    step(ledger, clock.now())
    said = alerts(ledger)[CAUSE]

    ledger.env.store.write(lambda tx: tx.crm.acknowledge([lead.id], clock.now()))
    step(ledger, clock.now() + timedelta(days=1))

    assert said.startswith("Leads and Nexudus do not agree: 1 delivered but no longer in Nexudus.")
    assert alerts(ledger) == {}


def test_an_account_that_cannot_be_read_is_an_alert(ledger: Ledger) -> None:
    ledger.nexudus.faults([{"path": PATH, "status": 503, "times": None}])

    step(ledger, clock.now())

    assert "could not be read to the end" in alerts(ledger)[CAUSE]


def test_a_night_that_met_an_outage_is_made_up_for_an_hour_later(ledger: Ledger) -> None:
    night = clock.now().replace(hour=3, minute=10)
    ledger.delivers()
    ledger.nexudus.faults([{"path": PATH, "status": 503, "times": None}])
    step(ledger, night)
    ledger.nexudus.faults([])
    step(ledger, night + timedelta(minutes=59))
    early = alerts(ledger)

    step(ledger, night + timedelta(minutes=61))

    assert CAUSE in early
    assert alerts(ledger) == {}


def test_alerts_of_an_account_that_is_no_longer_compared_are_resolved(ledger: Ledger) -> None:
    for account in ("default", "harbour"):
        ledger.env.store.write(lambda tx, name=account: tx.alerts.report(f"ledger:{name}", "Two.", clock.now()))  # type: ignore[misc]

    ledger.env.store.write(lambda tx: resolve_for_unread(tx, ["default"], clock.now()))

    assert list(alerts(ledger)) == [CAUSE]


def test_nothing_is_read_twice_in_a_quarter_of_an_hour(ledger: Ledger) -> None:
    now = clock.now()
    step(ledger, now)
    calls = len(ledger.nexudus.calls("GET", PATH))

    step(ledger, now + timedelta(minutes=14))
    assert len(ledger.nexudus.calls("GET", PATH)) == calls
    step(ledger, now + timedelta(minutes=16))

    assert len(ledger.nexudus.calls("GET", PATH)) > calls


def test_an_account_that_rests_is_left_alone(ledger: Ledger) -> None:
    until = clock.now() + timedelta(hours=1)
    ledger.env.store.write(lambda tx: tx.accounts.pause("default", until, "unavailable"))

    step(ledger, clock.now())

    assert ledger.nexudus.calls() == []


@pytest.mark.parametrize(("hour", "day"), [(2, 24), (3, 25), (23, 25)])
def test_a_night_begins_at_three(hour: int, day: int) -> None:
    now = datetime(2026, 11, 25, hour, 30, tzinfo=UTC)

    assert night_before(now) == datetime(2026, 11, day, 3, tzinfo=UTC)
