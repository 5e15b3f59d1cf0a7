"""Nexudus is read while the service runs: changes often, everything by night, and never when the account rests."""

from datetime import UTC, datetime, timedelta

import pytest

from service import clock
from service.nexudus.opportunities import PATH
from service.reconciliation.job import ReconcileJob, night_before, resolve_for_unread
from tests.reconciliation.conftest import ReconciliationEnv

CAUSE = "ledger:default"


def step(env: ReconciliationEnv, now: datetime) -> None:
    """What a worker does at that time."""
    ReconcileJob(env.reader).step(now)


def alerts(env: ReconciliationEnv) -> dict[str, str]:
    """What is wrong now."""
    with env.delivery.store.read() as tx:
        return {alert.cause: alert.sentence for alert in tx.alerts.open()}


def test_a_step_reads_what_changed_and_compares_everything(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()

    step(env, clock.now())

    assert env.sale(lead).stage == "New enquiry"
    with env.delivery.store.read() as tx:
        assert tx.crm.last_reconciliation("default") is not None
    assert alerts(env) == {}


def test_what_does_not_agree_is_an_alert_until_it_does(env: ReconciliationEnv) -> None:
    [lead] = env.delivers()
    env.nexudus.change_opportunity(lead.opportunity_id or 0, delete=True)
    step(env, clock.now())
    sentence = alerts(env)[CAUSE]

    env.delivery.store.write(lambda tx: tx.crm.acknowledge([lead.id], clock.now()))
    step(env, clock.now() + timedelta(days=1))

    assert sentence.startswith("Leads and Nexudus do not agree: 1 delivered but no longer in Nexudus.")
    assert alerts(env) == {}


def test_an_account_that_cannot_be_read_is_an_alert(env: ReconciliationEnv) -> None:
    env.nexudus.faults([{"path": PATH, "status": 503, "times": None}])

    step(env, clock.now())

    assert "could not be read to the end" in alerts(env)[CAUSE]


def test_a_night_that_met_an_outage_is_made_up_for_an_hour_later(env: ReconciliationEnv) -> None:
    night = clock.now().replace(hour=3, minute=10)
    env.delivers()
    env.nexudus.faults([{"path": PATH, "status": 503, "times": None}])
    step(env, night)
    env.nexudus.faults([])
    step(env, night + timedelta(minutes=59))
    early = alerts(env)

    step(env, night + timedelta(minutes=61))

    assert CAUSE in early
    assert alerts(env) == {}


def test_alerts_of_an_account_that_is_no_longer_compared_are_resolved(env: ReconciliationEnv) -> None:
    for account in ("default", "harbour"):
        env.delivery.store.write(lambda tx, name=account: tx.alerts.report(f"ledger:{name}", "Two.", clock.now()))  # type: ignore[misc]

    env.delivery.store.write(lambda tx: resolve_for_unread(tx, ["default"], clock.now()))

    assert list(alerts(env)) == [CAUSE]


def test_nothing_is_read_twice_in_a_quarter_of_an_hour(env: ReconciliationEnv) -> None:
    now = clock.now().replace(hour=12)  # between the nights, before which all is read once more
    step(env, now)
    calls = len(env.nexudus.calls("GET", PATH))

    step(env, now + timedelta(minutes=14))
    assert len(env.nexudus.calls("GET", PATH)) == calls
    step(env, now + timedelta(minutes=16))

    assert len(env.nexudus.calls("GET", PATH)) > calls


def test_an_account_that_rests_is_left_alone(env: ReconciliationEnv) -> None:
    until = clock.now() + timedelta(hours=1)
    env.delivery.store.write(lambda tx: tx.accounts.pause("default", until, "unavailable"))

    step(env, clock.now())

    assert env.nexudus.calls() == []


@pytest.mark.parametrize(("hour", "day"), [(2, 24), (3, 25), (23, 25)])
def test_a_night_begins_at_three(hour: int, day: int) -> None:
    now = datetime(2026, 11, 25, hour, 30, tzinfo=UTC)

    assert night_before(now) == datetime(2026, 11, day, 3, tzinfo=UTC)
