"""From the answer that a visitor gets to the opportunity in Nexudus, with nothing else to do."""

import statistics
import tempfile
import time
from pathlib import Path

import requests

from service.simulator.server import Simulator
from tests.bench.processes import cpu_s, running
from tests.processes import contact_forms_file, free_port, lead_capture

LEADS = 30
LATENCY_MS = 20
CALLS = 3  # find the contact, make it, make the opportunity
SETTLE_S = 60.0  # in its first minute a worker checks its accounts, and counts and files what came
IDLE_S = 20.0


def measure() -> None:
    """One lead after another, each when the one before has arrived; then the idle worker's processor time."""
    with tempfile.TemporaryDirectory() as folder, Simulator(latency_ms=LATENCY_MS) as nexudus:
        waits, idle = _run(Path(folder), nexudus)
    own = [wait - CALLS * LATENCY_MS / 1000 for wait in waits]
    print(f"\nFrom answer to opportunity: {LEADS} single leads, SQLite; the CRM takes {CALLS} x {LATENCY_MS} ms\n")
    print(f"  over the CRM's own time: median {statistics.median(own) * 1000:.0f} ms, worst {max(own) * 1000:.0f} ms")
    print(f"  idle worker: {idle * 100:.2f} % of one core")


def _run(folder: Path, nexudus: Simulator) -> tuple[list[float], float]:
    port = free_port()
    ours = {
        "DATABASE_URL": f"sqlite:///{folder / 'leads.db'}",
        "FORMS_FILE": contact_forms_file(folder),
        "SUBMIT_LIMIT": "off",
        "NEXUDUS_BASE_URL": nexudus.url,
        "NEXUDUS_USERNAME": "simulator@leadcapture.example",
        "NEXUDUS_PASSWORD": "simulator",
        "NEXUDUS_LIMITS": "1000/s",
    }
    with running(lead_capture("migrate"), ours) as migration:
        migration.wait(30)
    with running(lead_capture("web", "--port", str(port)), ours, port), running(lead_capture("worker"), ours) as worker:
        _wait_for_lead(nexudus, port, "first@example.com")
        waits = [_wait_for_lead(nexudus, port, f"lead{number}@example.com") for number in range(LEADS)]
        time.sleep(SETTLE_S)
        before = cpu_s(worker.pid)
        time.sleep(IDLE_S)
        return waits, (cpu_s(worker.pid) - before) / IDLE_S


def _wait_for_lead(nexudus: Simulator, port: int, email: str) -> float:
    answer = requests.post(
        f"http://127.0.0.1:{port}/f/contact",
        data={"email": email, "name": "Ada Lovelace", "message": f"Desks for {email}"},
        headers={"Accept": "application/json"},
        timeout=10,
    )
    answered_at = time.perf_counter()
    answer.raise_for_status()
    while not nexudus.opportunities_of(email):
        if time.perf_counter() - answered_at > 20:
            raise TimeoutError(email)
        time.sleep(0.001)
    return time.perf_counter() - answered_at
