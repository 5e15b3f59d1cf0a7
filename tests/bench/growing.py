"""The time of pages, calls and claims with a million leads or ten: each many times, with other words and places."""

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import or_, select

from service.lead import first_lead_id
from service.maintenance import OutcomeCounter
from service.store import Query, Store
from service.store.database.tables import leads
from tests.admin.dashboard import PASSWORD
from tests.bench import crowd
from tests.bench.claiming import claim_times
from tests.bench.databases import kept_database
from tests.front import ANN, SCRIPT, TOKEN, Front, count_days

COUNT = int(os.environ.get("BENCH_LEADS", "1000000"))
TRIES = 15
NOW = datetime.now(UTC) - timedelta(minutes=1)
BUDGET_MS = 150
OUTCOMES = {"API: outcomes of a month": 30, "API: outcomes of a quarter": 91, "API: outcomes of half a year": 182}
"""Name -> days of the period."""
MAX_READ_ALL = 1_000_000
"""Leads beyond which the comparison with reading all of them is left out: each try would take minutes."""


@dataclass(frozen=True, slots=True)
class Growth:
    """A grown database. days: since the first lead. whole_days: older leads are erased."""

    engine: str
    leads: int
    days: int = crowd.DAYS
    whole_days: int = crowd.DAYS


def measure() -> None:
    """Measure the same database on both engines."""
    show([Growth("SQLite", COUNT), Growth("PostgreSQL", COUNT)])


def show(databases: list[Growth]) -> None:
    """Measure one database after the other, and print them side by side; slower than BUDGET_MS is marked."""
    columns, sizes = [], []
    for growth in databases:
        with crowded(growth) as store:
            sizes.append(f"{crowd.size_bytes(store) / 1e9:.1f} GB")
            columns.append(_times(store, growth.leads))
    print(f"\nPages, calls and claims, median and worst of {TRIES}, ms; ! is slower than {BUDGET_MS} ms\n")
    print(f"{'':44}" + "".join(f"{f'{each.engine}, {each.leads:,}':>24}" for each in databases))
    print(f"{'on the disk':44}" + "".join(f"{size:>24}" for size in sizes))
    for name in columns[0]:
        cells = [(statistics.median(column[name]), max(column[name])) for column in columns]
        print(f"{name:44}" + "".join(f"{m:15.1f}{w:8.1f}{'!' if m > BUDGET_MS else ' '}" for m, w in cells))


def _times(store: Store, number: int) -> Mapping[str, list[float]]:
    """Name of a measurement -> milliseconds of each try."""
    front = Front(store, ADMIN_PASSWORD=PASSWORD, LOG_LEVEL="warning")
    front.client.post("/admin/sign-in", data={"user": "admin", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {TOKEN}"}
    times = {}
    for name, path in {**_pages(store), **_calls()}.items():
        times[name] = [timed_ms(partial(front.client.get, path(n), headers=headers)) for n in range(TRIES)]
    if number <= MAX_READ_ALL:
        times["a search by reading all, for comparison"] = [timed_ms(partial(_read_all, store)) for _ in range(3)]
    times["a form post"] = [
        timed_ms(partial(front.post, {**ANN, "email": f"{time.time_ns()}@example.com"}, headers=SCRIPT))
        for _ in range(TRIES)
    ]
    times["a worker's claim"] = [seconds * 1000 for seconds in claim_times(store)]
    return times


@contextmanager
def crowded(growth: Growth) -> Iterator[Store]:
    """A store with so many leads; with BENCH_FOLDER set, it is kept there for the next time."""
    with kept_database(growth.engine, f"leads_{growth.leads}") as url:
        store = Store(url)
        store.migrate()
        with store.read() as tx:
            is_empty = not tx.search.leads(Query(), 1)
        if is_empty:
            began = time.monotonic()
            crowd.fill(store, growth.leads, NOW, growth.days, growth.whole_days)
            count_outcomes(store)
            count_days(store)
            print(f"{growth.engine}: {growth.leads:,} leads filled in {time.monotonic() - began:.0f} s", flush=True)
        yield store
        store.close()


def count_outcomes(store: Store) -> None:
    """Count all blocks of leads, as the worker does in the minutes after they came."""
    counter = OutcomeCounter(store)
    for minutes in (0, 2, 4):
        while counter.step(NOW + timedelta(minutes=minutes)) is not None:
            pass


def timed_ms(act: Callable[[], object]) -> float:
    """Milliseconds of one try, which must succeed."""
    began = time.perf_counter()
    answer = act()
    took = (time.perf_counter() - began) * 1000
    assert getattr(answer, "status_code", 200) == 200, answer
    return took


Address = Callable[[int], str]


def _pages(store: Store) -> dict[str, Address]:
    """Name -> the page of the nth try."""
    first = crowd.FIRST

    def deep(n: int) -> str:
        return first_lead_id(NOW - timedelta(days=10 + 11 * n))

    with store.read() as tx:
        some = [lead.id for lead in tx.search.leads(Query(before=deep(5)), TRIES)]
    return {
        "today": lambda n: f"/admin/?{n}",
        "leads": lambda n: f"/admin/leads?{n}",
        "leads, deep": lambda n: f"/admin/leads?before={deep(n)}",
        "leads, deep, backwards": lambda n: f"/admin/leads?after={deep(n)}",
        "search: a whole e-mail address": lambda n: f"/admin/leads?q={first[n % 13].lower()}{n * 1237}@example.com",
        "search: a rare word": lambda n: f"/admin/leads?q=firm{n * 31}.example",
        "search: a first name": lambda n: f"/admin/leads?q={first[n % 13]}",
        "search: first and last name": lambda n: f"/admin/leads?q={first[n % 13]}+{crowd.LAST[n * 3]}",
        "search: three letters": lambda n: f"/admin/leads?q={first[n % 13][:3]}",
        "search: a word of nearly all": lambda n: f"/admin/leads?q=harbour+{n}",
        "search: the end of a phone number": lambda n: f"/admin/leads?q=0{n}23+4{n}67",
        "search: an opportunity's number": lambda n: f"/admin/leads?q={80_000 + n * 999}",
        "search: words that never meet": lambda n: f"/admin/leads?q=lisbon+berlin+{first[n % 13]}",
        "search, deep": lambda n: f"/admin/leads?q={first[n % 13]}&before={deep(n)}",
        "search within a status": lambda n: f"/admin/leads?q={first[n % 13]}&status=parked",
        "status": lambda n: f"/admin/leads?status={('parked', 'quarantined', 'delivered', 'test')[n % 4]}",
        "status, deep": lambda n: f"/admin/leads?status=quarantined&before={deep(n)}",
        "form, sender and channel": lambda n: f"/admin/leads?form=form{n % 8}&sender=meta&channel=Email",
        "channel and a rare status": lambda n: f"/admin/leads?channel=Referral&status=test&{n}",
        "period": lambda n: f"/admin/leads?period={('today', '7', '30', '90')[n % 4]}",
        "period and channel": lambda n: f"/admin/leads?from={_day(30 + n * 9)}&to={_day(25 + n * 9)}&channel=Email",
        "one lead": lambda n: f"/admin/leads/{some[n]}",
        "one lead: erase?": lambda n: f"/admin/leads/{some[n]}/erase",
    }


def _calls() -> dict[str, Address]:
    """Name -> the call of the API of the nth try."""
    return {
        "API: list": lambda n: f"/api/v1/leads?size=50&cursor={first_lead_id(NOW - timedelta(days=n))}",
        **{name: partial(_outcomes, days) for name, days in OUTCOMES.items()},
        "API: q=": lambda n: f"/api/v1/leads?size=50&q={crowd.FIRST[n % 13]}+{crowd.LAST[n * 3]}",
    }


def _outcomes(days: int, n: int) -> str:
    """The report of the nth try: another list by another touch, of a period that begins and ends anywhere."""
    shift = timedelta(hours=37 * n)
    since, until = (NOW - shift - timedelta(days=back) for back in (days, 0))
    by = ("campaign", "source_medium", "channel", "landing_page", "location")[n % 5]
    touch, more = ("last", "first")[n % 2], "&compare=previous" if n % 3 else ""
    period = f"since={since:%Y-%m-%dT%H:%MZ}&until={until:%Y-%m-%dT%H:%MZ}"
    return f"/api/v1/reports/outcomes?by={by}&touch={touch}&{period}{more}"


def _day(back: int) -> str:
    return (NOW - timedelta(days=back)).date().isoformat()


def _read_all(store: Store) -> None:
    """Search as before there was an index of words, for a person who is not there."""
    searched = (leads.c.email, leads.c.full_name, leads.c.company, leads.c.phone, leads.c.id)
    text = or_(*(column.icontains("nobody.example", autoescape=True) for column in searched))
    with store._database.reading.connect() as connection:
        connection.execute(select(leads).where(text).order_by(leads.c.id.desc()).limit(50)).all()
