"""The time of charts with a million leads: counting by day, and the pages that use the counts."""

import statistics
import time
from functools import partial
from zoneinfo import ZoneInfo

from service import clock
from service.maintenance import DailyCounter
from service.store import Store
from tests.admin.dashboard import PASSWORD
from tests.bench.growing import COUNT, TRIES, Growth, crowded, timed_ms
from tests.builders import a_form
from tests.front import Front

PAGES = {
    "reports": "/admin/reports?period=30",
    "reports, 7 days": "/admin/reports?period=7",
    "reports, 90 days": "/admin/reports?period=90",
    "reports, a year by month": "/admin/reports?period=365",
    "reports, everything": "/admin/reports?period=all",
    "reports, a year of one form": "/admin/reports?period=365&form=form3",
    "reports, a year by campaign, both touches": "/admin/reports?period=365&by=campaign&touch=both",
    "reports, a year by landing page": "/admin/reports?period=365&by=landing_page",
    "reports, CSV of campaigns": "/admin/reports/outcomes.csv?period=365&by=campaign",
    "leads of a campaign in a year": "/admin/leads?period=365&status=counted&report=campaign:last:spring",
    "forms": "/admin/setup?x",
    "forms of one form": "/admin/setup/form3?x",
}


def measure() -> None:
    """Count once on SQLite, then each page many times."""
    with crowded(Growth("SQLite", COUNT)) as store:
        _count(store)
        print(f"\nPictures beside {COUNT:,} leads on SQLite, median and worst of {TRIES}; ms\n")
        front = Front(store, *(a_form(f"form{n}") for n in range(8)), ADMIN_PASSWORD=PASSWORD)
        front.client.post("/admin/sign-in", data={"user": "admin", "password": PASSWORD})
        for name, path in PAGES.items():
            times = [timed_ms(partial(front.client.get, f"{path}&{n}")) for n in range(TRIES)]
            print(f"{name:40}{statistics.median(times):9.1f}{max(times):9.1f}", flush=True)


def _count(store: Store) -> None:
    counter, took = DailyCounter(store, ZoneInfo("UTC")), []
    more = True
    while more:
        began = time.perf_counter()
        more = counter.step(clock.now()) is not None
        took.append(time.perf_counter() - began)
    print(f"{len(took) - 1} days counted in {sum(took):.0f} s, the longest in {max(took):.2f} s")
