"""Counting in the background: by itself, in no hurry, and whatever happens."""

from datetime import timedelta
from threading import Event, Thread
from zoneinfo import ZoneInfo

import time_machine

from service.maintenance.tallying import Tallier
from service.store import DateRange, Store
from tests.admin.desk import keep, keep_many
from tests.builders import NOON, a_lead
from tests.processes import wait_until

UTC_ZONE = ZoneInfo("UTC")


def counted(store: Store) -> int:
    """How many leads the sums know."""
    with store.read() as tx:
        return sum(number for _, number, _ in tx.statistics.by_value("status", DateRange("2000-01-01", "2100-01-01")))


def test_leads_are_counted_by_themselves_until_it_is_stopped(kept: Store) -> None:
    keep_many(kept, 3)
    stop = Event()
    thread = Thread(target=Tallier(kept, UTC_ZONE, stop).run)

    thread.start()
    wait_until(lambda: counted(kept) == 3, 10, "the leads are counted")
    stop.set()
    thread.join(5)

    assert not thread.is_alive()


def test_the_newest_days_are_counted_first(kept: Store) -> None:
    for day in range(3):
        keep(kept, a_lead(received_at=NOON - timedelta(days=day)))
    with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
        Tallier(kept, UTC_ZONE, Event()).step()

    with kept.read() as tx:
        assert [day for day, *_ in tx.statistics.by_day("status", DateRange("2026-11-01", "2026-11-30"))] == [
            "2026-11-24"
        ]


def test_a_day_is_over_a_while_after_midnight(kept: Store) -> None:
    keep(kept, a_lead())
    tallier = Tallier(kept, UTC_ZONE, Event())
    midnight = NOON + timedelta(hours=12)
    for second in (-60, 30, 90):
        with time_machine.travel(midnight + timedelta(seconds=second), tick=False):
            tallier.step()
            tallier.step()
    with kept._database.reading.connect() as connection:
        until = connection.exec_driver_sql("SELECT until FROM count_days").scalar_one()

    assert until != ""


def test_a_database_that_is_away_is_waited_for() -> None:
    stop = Event()
    store = Store("postgresql://nobody@127.0.0.1:1/none")
    thread = Thread(target=Tallier(store, UTC_ZONE, stop).run)

    thread.start()
    thread.join(3)
    alive = thread.is_alive()
    stop.set()
    thread.join(5)

    assert alive
    store.close()
