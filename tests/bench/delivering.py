"""Delivery at the rate that Nexudus allows: 600 leads of new people by 1, 2 and 4 workers."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from service import clock
from service.lead import new_lead_id
from service.simulator.server import Simulator
from service.store import Arrival, Store
from tests.bench.processes import running
from tests.builders import a_lead, a_submission
from tests.processes import contact_forms_file, lead_capture

LEADS = 600
FASTER = 20
"""Factor on the documented limits, a minute in three seconds: the measurement takes minutes, not half an hour."""

LIMITS = "200/s 60w/3s 120/3s 5000/180s 5000w/72min"
WRITES, WINDOW_S = 60, 3.0
"""The limit that decides: a new person takes two writes."""

WRITES_A_LEAD = 2
MAX_RUN_S = 240.0


@dataclass(frozen=True, slots=True)
class Run:
    """The result of one run. rate: writes a second after the first window, as a share of those allowed."""

    workers: int
    first_s: float
    share: float
    throttled: int
    delivered: int


def measure() -> None:
    """One run for each number of workers, on a database and a CRM of its own."""
    print(
        f"\nDelivering: {LEADS} leads of new people, SQLite; the documented limits, {FASTER} times as fast: {LIMITS}\n"
    )
    print(f"{'workers':>8}{'of the ceiling':>16}{'first after s':>15}{'throttled':>11}{'delivered':>11}")
    for workers in (1, 2, 4):
        run = _run(workers)
        print(
            f"{run.workers:8}{run.share:16.3f}{run.first_s:15.2f}{run.throttled:11}{run.delivered:11}",
            flush=True,
        )


def _run(workers: int) -> Run:
    with tempfile.TemporaryDirectory() as folder, Simulator(latency_ms=20, limits=LIMITS) as nexudus:
        url = f"sqlite:///{Path(folder) / 'leads.db'}"
        _enqueue_all(url)
        began = time.time()
        with _at_work(workers, url, nexudus, folder):
            _wait_for_all(nexudus)
        return _read(workers, nexudus, began)


def _enqueue_all(url: str) -> None:
    store = Store(url)
    store.migrate()
    for number in range(LEADS):
        email, now = f"person{number}@example.com", clock.now()
        lead = a_lead(email, now, id=new_lead_id(now), submission=a_submission(email))
        store.keep_and_enqueue([Arrival(lead, [], email)])
    store.close()


@contextmanager
def _at_work(workers: int, url: str, nexudus: Simulator, folder: str) -> Iterator[None]:
    ours = {
        "DATABASE_URL": url,
        "FORMS_FILE": contact_forms_file(folder),
        "NEXUDUS_BASE_URL": nexudus.url,
        "NEXUDUS_USERNAME": "simulator@leadcapture.example",
        "NEXUDUS_PASSWORD": "simulator",
        "NEXUDUS_LIMITS": LIMITS,
        "LOG_LEVEL": "warning",
    }
    with ExitStack() as started:
        for _ in range(workers):
            started.enter_context(running(lead_capture("worker"), ours))
        yield


def _wait_for_all(nexudus: Simulator) -> None:
    ends = time.monotonic() + MAX_RUN_S
    while len(nexudus.opportunities()) < LEADS and time.monotonic() < ends:
        time.sleep(0.2)


def _read(workers: int, nexudus: Simulator, began: float) -> Run:
    calls = nexudus.calls()
    throttled = sum(call.status in (409, 429) for call in calls)
    writes = sorted(call.at for call in calls if call.method == "POST" and call.path != "/api/token")
    made = sorted(call.at for call in calls if call.method == "POST" and call.path.endswith("crmopportunities"))
    # The first window's calls may go at once: what counts is how fast the windows after it are filled.
    steady = [at for at in writes if at > writes[0] + WINDOW_S]
    rate = (len(steady) - 1) / (steady[-1] - steady[0])
    return Run(workers, made[0] - began, rate / (WRITES / WINDOW_S), throttled, len(nexudus.opportunities()))
