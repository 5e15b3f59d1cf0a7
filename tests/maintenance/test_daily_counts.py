"""Leads are counted by day in the background, in no hurry and whatever happens."""

from datetime import timedelta
from threading import Event
from zoneinfo import ZoneInfo

from service.background import Intervals, start_periodic_job
from service.maintenance import DailyCounter
from service.store import DateRange, Store
from tests.admin.stored_leads import keep, keep_many
from tests.builders import NOON, a_lead
from tests.processes import wait_until

UTC_ZONE = ZoneInfo("UTC")


def counted(store: Store) -> int:
    """How many leads the counts include."""
    with store.read() as tx:
        return sum(number for _, number, _ in tx.statistics.by_value("status", DateRange("2000-01-01", "2100-01-01")))


def test_leads_are_counted_in_the_background_until_it_is_stopped(sqlite: Store) -> None:
    keep_many(sqlite, 3)
    stop = Event()

    thread = start_periodic_job("daily-counts", DailyCounter(sqlite, UTC_ZONE).step, Intervals(0.1), stop)
    wait_until(lambda: counted(sqlite) == 3, 10, "the leads are counted")
    stop.set()
    thread.join(5)

    assert not thread.is_alive()


def test_the_newest_days_are_counted_first(sqlite: Store) -> None:
    for day in range(3):
        keep(sqlite, a_lead(received_at=NOON - timedelta(days=day)))

    DailyCounter(sqlite, UTC_ZONE).step(NOON + timedelta(minutes=5))

    with sqlite.read() as tx:
        assert [day for day, *_ in tx.statistics.by_day("status", DateRange("2026-11-01", "2026-11-30"))] == [
            "2026-11-24"
        ]


def test_a_day_is_closed_a_while_after_midnight(sqlite: Store) -> None:
    keep(sqlite, a_lead())
    counter = DailyCounter(sqlite, UTC_ZONE)
    midnight = NOON + timedelta(hours=12)
    for second in (-60, 30, 90):
        counter.step(midnight + timedelta(seconds=second))
        counter.step(midnight + timedelta(seconds=second))
    with sqlite._database.reading.connect() as connection:
        until = connection.exec_driver_sql("SELECT until FROM count_days").scalar_one()

    assert until != ""


def test_an_unavailable_database_is_waited_for() -> None:
    stop = Event()
    store = Store("postgresql://nobody@127.0.0.1:1/none")

    thread = start_periodic_job("daily-counts", DailyCounter(store, UTC_ZONE).step, Intervals(0.05), stop)
    thread.join(1)
    alive = thread.is_alive()
    stop.set()
    thread.join(5)

    assert alive
    store.close()
