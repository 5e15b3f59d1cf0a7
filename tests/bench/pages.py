"""Every page, report and call of the dashboard beside a million leads, in its usual variants.

Each is called in process, many times and each time with other words, periods and places. The cost of a call is its
processor time, PostgreSQL's included, because wall time also depends on what else the machine does. It is also shown as
a multiple of the smallest response of the same application in the same run, /healthz.
"""

import os
import re
import statistics
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from service.lead import first_lead_id
from service.store import Query, Store
from tests.admin.dashboard import PASSWORD
from tests.bench import crowd
from tests.bench.growing import BUDGET_MS, COUNT, NOW, Address, Growth, crowded
from tests.builders import a_form
from tests.front import TOKEN, Front

TRIES = int(os.environ.get("BENCH_TRIES", "9"))
"""Tries of each page; at most 10, because there are no more periods."""

YARDSTICK = "/healthz"

YARDSTICK_TRIES = 200

CONVERSIONS = {"New enquiry": "enquiry", "Toured": "tour", "Proposal sent": "proposal", "won": "won"}

CHOSEN = os.environ.get("BENCH_CHOSEN", "")
"""Expression that the names of the measured pages match: all, or some for a quick look."""

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one page, in milliseconds. wall: of each try; processor: of one try, on average."""

    wall: list[float]
    processor: float

    @property
    def median(self) -> float:
        """The wall time of half of the tries."""
        return statistics.median(self.wall)


@dataclass(slots=True)
class Processor:
    """Processor time of this process and of the PostgreSQL server, if the store has one."""

    store: Store
    server: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Look up the server."""
        if self.store._database.path is None:
            with self.store._database.reading.connect() as connection:
                folder = connection.exec_driver_sql("SHOW data_directory").scalar_one()
            self.server = [int(Path(folder, "postmaster.pid").read_text(encoding="ascii").split("\n")[0])]

    def seconds(self) -> float:
        """Return the sum so far; PostgreSQL's in steps of a hundredth."""
        return time.process_time() + sum(map(_used_by_family, self.server))


def _used_by_family(parent: int) -> float:
    """Seconds used by a process, its children, and those that have ended."""
    family = [parent]
    for entry in Path(f"/proc/{parent}/task").glob("*/children"):
        family += map(int, entry.read_text(encoding="ascii").split())
    return sum(_used_by(pid, with_ended=pid == parent) for pid in family)


def _used_by(pid: int, *, with_ended: bool) -> float:
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, words[11 : 15 if with_ended else 13])) * TICK_S


def measure() -> None:
    """Measure every page on both engines and print them side by side."""
    engines = os.environ.get("BENCH_ENGINES", "SQLite PostgreSQL").split()
    columns: list[Mapping[str, Cost]] = []
    for engine in engines:
        with crowded(Growth(engine, COUNT)) as store:
            columns.append(costs_of(store))
    show(engines, columns)


def show(engines: list[str], columns: list[Mapping[str, Cost]]) -> None:
    """Print a line for each page; a median above BUDGET_MS is marked."""
    print(f"\nPages, reports and calls beside {COUNT:,} leads, in process, {TRIES} different ones of each")
    print(
        f"ms: median and worst; CPU: processor time in ms; x: times {YARDSTICK} (CPU); ! is slower than {BUDGET_MS}\n"
    )
    print(f"{'':44}" + "".join(f"{engine:>34}" for engine in engines))
    print(f"{'':44}" + f"{'ms':>9}{'worst':>9}{'CPU':>9}{'x':>7}" * len(engines))
    for name in columns[0]:
        cells = [(column[name], column[YARDSTICK]) for column in columns]
        print(f"{name:44}" + "".join(_cell(cost, yardstick) for cost, yardstick in cells))
    for engine, column in zip(engines, columns, strict=True):
        slow = [name for name, cost in column.items() if cost.processor > BUDGET_MS]
        waited = sum(cost.median > BUDGET_MS for cost in column.values())
        print(
            f"\n{engine}: of {len(column)}, {waited} have a median above {BUDGET_MS} ms; in processor time {len(slow)}:"
        )
        print(textwrap.fill("; ".join(slow) or "none", 118))


def _cell(cost: Cost, yardstick: Cost) -> str:
    mark = "!" if cost.median > BUDGET_MS else " "
    return (
        f"{cost.median:9.1f}{max(cost.wall):9.1f}{cost.processor:9.1f}{cost.processor / yardstick.processor:6.0f}{mark}"
    )


def costs_of(store: Store) -> dict[str, Cost]:
    """Measure every page, the yardstick first."""
    forms = [a_form(f"form{number}", title=f"Form {number}", conversions=CONVERSIONS) for number in range(8)]
    front = Front(store, *forms, ADMIN_PASSWORD=PASSWORD, LOG_LEVEL="warning")
    front.client.post("/admin/sign-in", data={"user": "admin", "password": PASSWORD})
    processor = Processor(store)
    costs = {YARDSTICK: _cost(front, processor, lambda _n: YARDSTICK, YARDSTICK_TRIES)}
    wanted = {**leads_pages(), **lead_pages(store), **report_pages(), **other_pages(), **calls()}
    for name, path in wanted.items():
        if re.search(CHOSEN, name):
            costs[name] = _cost(front, processor, path, TRIES)
            print(f"{name:44}{costs[name].median:9.1f}{costs[name].processor:9.1f}", file=sys.stderr, flush=True)
    return costs


def _cost(front: Front, processor: Processor, path: Address, tries: int) -> Cost:
    """Measure one page after one call that is not counted."""
    headers = {"Authorization": f"Bearer {TOKEN}"}

    def call(n: int) -> float:
        began = time.perf_counter()
        response = front.client.get(path(n), headers=headers)
        took = (time.perf_counter() - began) * 1000
        assert response.status_code == 200, (path(n), response.status_code)
        return took

    call(tries - 1)
    used = processor.seconds()
    wall = [call(n) for n in range(tries)]
    return Cost(wall, (processor.seconds() - used) * 1000 / tries)


# -- which pages


def leads_pages() -> dict[str, Address]:
    """Name -> the list of leads of the nth try: by arrival, by words, by filters, in another order."""

    def leads(query: Callable[[int], str]) -> Address:
        return lambda n: f"/admin/leads?{query(n)}"

    first, last = crowd.FIRST, crowd.LAST
    orders = ("name", "-name", "company", "-company", "value", "-value", "won", "-won")
    sales = ("won", "lost", "in_progress")
    queries: dict[str, Callable[[int], str]] = {
        "leads": lambda n: f"{n}",
        "leads, deep": lambda n: f"before={_id(10 + 16 * n)}",
        "leads, oldest first": lambda n: f"sort=oldest&{n}",
        "leads, every column": lambda n: "&".join(f"column={each}" for each in _COLUMNS) + f"&{n}",
        "leads: q=name": lambda n: f"q={first[n % 13]}",
        "leads: q=first and last name": lambda n: f"q={first[n % 13]}+{last[n * 5]}",
        "leads: q=e-mail address": lambda n: f"q={first[n % 13].lower()}{n * 1237}@example.com",
        "leads: q=words that never meet": lambda n: f"q=lisbon+berlin+{first[n % 13]}",
        "leads: q=phone": lambda n: f"q=0{n}23+4{n}67",
        "leads: q= and period": lambda n: f"q={first[n % 13]}&period=90",
        "leads: status": lambda n: f"status={_STATUSES[n % 5]}",
        "leads: form": lambda n: f"form=form{n % 8}",
        "leads: form, sender and channel": lambda n: f"form=form{n % 8}&sender=meta&channel=Email",
        "leads: channel and status": lambda n: f"channel=Referral&status={_STATUSES[n % 5]}",
        "leads: campaign": lambda n: f"campaign=c{n * 31}",
        "leads: account": lambda n: f"account=default&{n}",
        "leads: account without leads": lambda n: f"account=nobody{n}",
        "leads: sale": lambda n: f"sale={sales[n % 3]}",
        "leads: sale and period": lambda n: f"sale={sales[n % 3]}&period={_PERIODS[n]}",
        "leads: sale, form and channel": lambda n: f"sale={sales[n % 3]}&form=form{n % 8}&channel=Email",
        "leads: sale and campaign": lambda n: f"sale={sales[n % 3]}&campaign=c{n * 31}",
        "leads: sale and q=": lambda n: f"sale={sales[n % 3]}&q={first[n % 13]}",
        "leads: sale that no status has": lambda n: f"sale=won&status=quarantined&{n}",
        "leads: period": lambda n: f"period={_PERIODS[n]}",
        "leads: period and counted": lambda n: f"period={_PERIODS[n]}&status=counted",
        "leads: problem": lambda n: f"status=parked&problem=Look+at+it%3A&{n}",
        "leads: row of a report, campaign": lambda n: _of_row(n, 90, "campaign", f"c{n * 31}"),
        "leads: row of a report, source": lambda n: _of_row(n, 90, "source_medium", "google%20/%20cpc"),
        "leads: row of a report, page": lambda n: _of_row(n, 365, "landing_page", "/offices"),
        "leads: row of a report, none": lambda n: _of_row(n, 365, "location", f"Nowhere+{n}"),
    }
    queries |= {
        f"leads, sort={order}": partial(lambda order, n: f"sort={order}&after={_place(order, n)}", order)
        for order in orders
    }
    queries |= {
        "leads, sorted, first page": lambda n: f"sort={orders[n % 8]}",
        "leads, sorted, without a key": lambda n: f'sort={("value", "won")[n % 2]}&after=["{_id(9 * n)}",null]',
        "leads, sorted, period": lambda n: f"sort={orders[n % 8]}&period={_PERIODS[n]}",
        "leads, sorted, form and channel": lambda n: f"sort={orders[n % 8]}&form=form{n % 8}&channel=Email",
        "leads, sorted, status": lambda n: f"sort={orders[n % 8]}&status={_STATUSES[n % 5]}",
        "leads, sorted, counted": lambda n: f"sort={orders[n % 8]}&status=counted",
        "leads, sorted, sale": lambda n: f"sort={orders[n % 8]}&sale={sales[n % 3]}",
        "leads, sorted, q=name": lambda n: f"sort={orders[n % 8]}&q={first[n % 13]}",
        "leads, sorted by name, q=name": lambda n: f"sort=name&q={first[n % 13]}",
        "leads, sorted, q=word of nearly all": lambda n: f"sort={orders[n % 8]}&q=harbour",
        "leads, sorted, q=rare word": lambda n: f"sort={orders[n % 8]}&q=firm{n * 31}.example",
        "leads, sorted, campaign": lambda n: f"sort={orders[n % 8]}&campaign=c{n * 31}",
    }
    return {name: leads(query) for name, query in queries.items()}


_COLUMNS = (
    *("status", "email", "phone", "company", "message", "location", "form", "channel", "source", "campaign"),
    *("stage", "value", "won", "received"),
)
_STATUSES = ("parked", "quarantined", "delivered", "test", "counted")
_PERIODS = ("today", "7", "30", "90", "this-month", "last-month", "this-quarter", "365", "this-year", "all")
_TOUCHES = ("last", "first")


def _of_row(n: int, days: int, by: str, value: str) -> str:
    """The address that a row of a report leads to."""
    return f"status=counted&from={_day(days)}&to={_day(0)}&report={by}:{_TOUCHES[n % 2]}:{value}"


def _id(days: float) -> str:
    return first_lead_id(NOW - timedelta(days=days))


def _place(order: str, n: int) -> str:
    """A place anywhere in an order, as addresses write it."""
    days = timedelta(days=15 * n + 3)
    key: str = {
        "name": f'"{crowd.FIRST[n % 13].lower()} {crowd.LAST[n * 5].lower()}"',
        "company": f'"{crowd.COMPANIES[n * 2].lower()}"',
        "value": str(200 + 300 * n),
        "won": str(int((NOW - days).timestamp() * 1e6)),
    }[order.removeprefix("-")]
    return f'["{_id(15 * n + 20)}",{key}]'


def lead_pages(store: Store) -> dict[str, Address]:
    """Pages of one lead."""
    with store.read() as tx:
        some = [lead.id for lead in tx.search.leads(Query(before=_id(60)), TRIES + 1)]
        parked = [lead.id for lead in tx.search.leads(Query(status="parked"), TRIES + 1)]
    return {
        "one lead": lambda n: f"/admin/leads/{some[n]}",
        "one lead, of a sorted list": lambda n: f"/admin/leads/{some[n]}?sort=name&status=counted",
        "one lead: correct": lambda n: f"/admin/leads/{parked[n]}/edit",
        "one lead: erase?": lambda n: f"/admin/leads/{some[n]}/erase",
    }


def report_pages() -> dict[str, Address]:
    """Reports: each period, each list, each figure as CSV."""
    groupings = ("channel", "source_medium", "campaign", "form", "location", "landing_page", "lead_source")
    figures = ("leads", "health", "channels", "speed", "coverage")

    def periods(name: str) -> Address:
        return lambda n: f"/admin/reports?period={name}&by={groupings[n % 7]}"

    return {
        **{f"reports, period={name}": periods(name) for name in ("today", "7", "30", "90", "last-month", "365", "all")},
        "reports, dates": lambda n: f"/admin/reports?from={_day(40 + 13 * n)}&to={_day(12 * n)}&by={groupings[n % 7]}",
        "reports, first touch": lambda n: f"/admin/reports?period=90&touch=first&by={groupings[n % 7]}",
        "reports, both touches": lambda n: f"/admin/reports?period=90&touch=both&by={groupings[n % 7]}",
        "reports, one form": lambda n: f"/admin/reports?period=90&form=form{n % 8}&by={groupings[n % 7]}",
        "reports, with what is left out": lambda n: f"/admin/reports?period=90&left_out=1&by={groupings[n % 7]}",
        "reports, sorted by cost": lambda n: f"/admin/reports?period=90&sort=cost_per_won&by={groupings[n % 3]}",
        "reports: table as CSV": lambda n: f"/admin/reports/outcomes.csv?period=365&by={groupings[n % 7]}",
        "reports: figures as CSV": lambda n: f"/admin/reports/{figures[n % 5]}.csv?period=90&{n}",
        "costs": lambda n: f"/admin/reports/costs?{n}",
    }


def other_pages() -> dict[str, Address]:
    """The other pages."""
    return {
        "today": lambda n: f"/admin/?{n}",
        "today: latest leads": lambda n: f"/admin/latest?{n}",
        "forms": lambda n: f"/admin/setup?{n}",
        "one form": lambda n: f"/admin/setup/form{n % 8}",
        "import": lambda n: f"/admin/leads/import?{n}",
        "metrics": lambda n: f"/metrics?{n}",
        "readyz": lambda n: f"/readyz?{n}",
    }


def calls() -> dict[str, Address]:
    """Calls of the API."""

    def report(name: str, days: int, n: int, more: str) -> str:
        shift = timedelta(hours=37 * n)
        since, until = (NOW - shift - timedelta(days=back) for back in (days, 0))
        return f"/api/v1/reports/{name}?since={since:%Y-%m-%dT%H:%MZ}&until={until:%Y-%m-%dT%H:%MZ}&{more}"

    by = ("campaign", "source_medium", "channel", "landing_page", "location", "form", "lead_source")
    periods = (7, 30, 90, 365)
    outcomes = {
        f"API: outcomes of {days} days": partial(
            lambda days, n: report(
                "outcomes", days, n, f"by={by[n % 7]}&touch={_TOUCHES[n % 2]}{'&compare=previous' if n % 3 else ''}"
            ),
            days,
        )
        for days in periods
    }
    answers = {
        f"API: answers of {days} days": partial(
            lambda days, n: report("answers", days, n, f"by={('form', 'owner')[n % 2]}"), days
        )
        for days in periods
    }
    return {
        "API: leads": lambda n: f"/api/v1/leads?size=50&cursor={_id(n)}",
        "API: leads, q=": lambda n: f"/api/v1/leads?size=50&q={crowd.FIRST[n % 13]}+{crowd.LAST[n * 5]}",
        "API: leads, status and form": lambda n: f"/api/v1/leads?size=50&status=parked&form=form{n % 8}",
        **outcomes,
        **answers,
        "API: answers of 90 days, one form": lambda n: report("answers", 90, n, f"form=form{n % 8}"),
        "API: attribution of 30 days": lambda n: report("attribution", 30, n, ""),
        "API: attribution of 365 days": lambda n: report("attribution", 365, n, ""),
        "API: alerts": lambda _n: "/api/v1/alerts",
        "API: forms": lambda _n: "/api/v1/forms",
    }


def _day(back: int) -> str:
    return (NOW - timedelta(days=back)).date().isoformat()
