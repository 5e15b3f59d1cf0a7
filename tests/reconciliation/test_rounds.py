"""Nexudus is read while the service runs: changes often, everything by night, and never when the account rests."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from service import clock
from service.nexudus.opportunities import PATH
from service.reconciliation.rounds import Rhythm, Rounds, end_for_gone, night_before
from tests.builders import a_lead
from tests.processes import wait_until
from tests.reconciliation.conftest import Ledger

CAUSE = "ledger:default"


def rounds(ledger: Ledger) -> Rounds:
    """A worker's part."""
    return Rounds(ledger.book, threading.Event(), rhythm=Rhythm(look_s=0.02))


def concerns(ledger: Ledger) -> dict[str, str]:
    """What is wrong now."""
    with ledger.env.store.read() as tx:
        return {concern.cause: concern.sentence for concern in tx.alerts.open()}


def test_a_round_reads_what_changed_and_compares_everything(ledger: Ledger) -> None:
    [lead] = ledger.delivers()

    rounds(ledger).step(clock.now())

    assert ledger.sale(lead).stage == "New enquiry"
    with ledger.env.store.read() as tx:
        assert tx.crm.last_reconciliation("default") is not None
    assert concerns(ledger) == {}


def test_what_does_not_agree_is_a_concern_until_it_does(ledger: Ledger) -> None:
    [lead] = ledger.delivers()
    ledger.nexudus.change_opportunity(lead.opportunity_id or 0, delete=True)
    rounds(ledger).step(clock.now())
    said = concerns(ledger)[CAUSE]

    ledger.env.store.write(lambda tx: tx.crm.acknowledge([lead.id], clock.now()))
    rounds(ledger).step(clock.now() + timedelta(days=1))

    assert said.startswith("Not all agrees between leads and Nexudus: 1 delivered but not there any more.")
    assert concerns(ledger) == {}


def test_an_account_that_cannot_be_read_is_a_concern(ledger: Ledger) -> None:
    ledger.nexudus.faults([{"path": PATH, "status": 503, "times": None}])

    rounds(ledger).step(clock.now())

    assert "could not be read to the end" in concerns(ledger)[CAUSE]


def test_a_night_that_met_an_outage_is_made_up_for_an_hour_later(ledger: Ledger) -> None:
    night = clock.now().replace(hour=3, minute=10)
    ledger.delivers()
    ledger.nexudus.faults([{"path": PATH, "status": 503, "times": None}])
    rounds(ledger).step(night)
    ledger.nexudus.faults([])
    rounds(ledger).step(night + timedelta(minutes=59))
    early = concerns(ledger)

    rounds(ledger).step(night + timedelta(minutes=61))

    assert CAUSE in early
    assert concerns(ledger) == {}


def test_what_concerns_an_account_that_is_gone_is_over(ledger: Ledger) -> None:
    for account in ("default", "harbour"):
        ledger.env.store.write(lambda tx, name=account: tx.alerts.report(f"ledger:{name}", "Two.", clock.now()))  # type: ignore[misc]

    ledger.env.store.write(lambda tx: end_for_gone(tx, ["default"], clock.now()))

    assert list(concerns(ledger)) == [CAUSE]


def test_nothing_is_read_twice_in_a_quarter_of_an_hour(ledger: Ledger) -> None:
    now = clock.now()
    rounds(ledger).step(now)
    calls = len(ledger.nexudus.calls("GET", PATH))

    rounds(ledger).step(now + timedelta(minutes=14))
    assert len(ledger.nexudus.calls("GET", PATH)) == calls
    rounds(ledger).step(now + timedelta(minutes=16))

    assert len(ledger.nexudus.calls("GET", PATH)) > calls


def test_an_account_that_rests_is_left_alone(ledger: Ledger) -> None:
    until = clock.now() + timedelta(hours=1)
    ledger.env.store.write(lambda tx: tx.accounts.pause("default", until, "unavailable"))

    rounds(ledger).step(clock.now())

    assert ledger.nexudus.calls() == []


def test_a_mistake_does_not_end_the_rounds(ledger: Ledger) -> None:
    ledger.nexudus.faults([{"path": PATH, "body": {"Records": [{"Id": "no number"}]}, "times": None}])
    ledger.env.owes(a_lead())
    made = rounds(ledger)
    thread = threading.Thread(target=made.run)
    thread.start()

    wait_until(lambda: ledger.nexudus.calls("GET", PATH), 5, "a call")

    assert thread.is_alive()
    made._stop.set()
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.parametrize(("hour", "day"), [(2, 24), (3, 25), (23, 25)])
def test_a_night_begins_at_three(hour: int, day: int) -> None:
    now = datetime(2026, 11, 25, hour, 30, tzinfo=UTC)

    assert night_before(now) == datetime(2026, 11, day, 3, tzinfo=UTC)
