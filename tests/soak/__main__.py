"""`make soak`: web servers, workers and a CRM while faults are injected, then the outcome of every enquiry.

Arguments: minutes (30), and the database: by default SQLite; `postgresql` for a server of its own, which is restarted
meanwhile; or the URL of another server.

In a checkout of git, the processes begin with the program as it was before its newest migration, and are upgraded one
after the other while the faults go on.
"""

import random
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests

from service.lead import LeadId, marker_of
from tests.journey.installation import TOKEN, Installation, Nexudus, leads
from tests.soak.crew import NUMBER, Crew
from tests.soak.databases import opened
from tests.soak.faults import Faults, write_forms

PEOPLE = 400
VISITORS = 6
SETTINGS = {
    "ADMIN_TOKEN": TOKEN,
    "SUBMIT_LIMIT": "off",
    "LEASE_S": "5",
    "NEXUDUS_LIMITS": "200/s 1200w/min",
    "NEXUDUS_TIMEOUT_S": "3",
    "RETRY_SCHEDULE": "1s 2s 5s 10s 20s 30s 30s 30s 30s 30s 30s 30s 30s 30s 30s 30s 30s 30s 30s 30s",
    "LOG_LEVEL": "error",
}
MAX_SETTLING_S = 900.0
UPGRADE_STEPS = 1 + 2 * NUMBER
"""The migration, then each process."""


class Visitors:
    """Send enquiries continuously, each again under the same key until it is acknowledged."""

    def __init__(self, ports: Sequence[int], chance: random.Random) -> None:
        self.acknowledged: defaultdict[str, set[str]] = defaultdict(set)
        self._ports = ports
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._visit, args=(number, random.Random(chance.random())))  # noqa: S311
            for number in range(VISITORS)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop after every enquiry under way is acknowledged."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _visit(self, visitor: int, chance: random.Random) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            key = f"{visitor}-{number}"
            while not self._send(key, chance):
                time.sleep(0.3)
            self._stop.wait(chance.uniform(0.5, 4))

    def _send(self, key: str, chance: random.Random) -> bool:
        email = f"person{int(random.Random(key).random() * PEOPLE)}@example.com"  # noqa: S311 (the same for a key)
        try:
            answer = requests.post(
                f"http://127.0.0.1:{chance.choice(self._ports)}/f/contact",
                data={"full_name": "Ada Lovelace", "email": email, "message": f"Enquiry {key}"},
                headers={"Accept": "application/json", "Idempotency-Key": key},
                timeout=10,
            )
        except requests.RequestException:
            return False
        if answer.status_code == requests.codes.ok:
            self.acknowledged[key].add(answer.json()["id"])
        return bool(answer.status_code == requests.codes.ok)


def main(minutes: float, wanted: str) -> int:
    """Inject faults, wait until all is delivered, report; 1 if an enquiry was lost or duplicated."""
    seed = random.randrange(10**9)  # noqa: S311
    chance = random.Random(seed)  # noqa: S311
    print(f"seed {seed}, {minutes:g} minutes", flush=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, opened(wanted, Path(name)) as database:
        folder = Path(name)
        write_forms(folder / "forms.toml")
        with Installation(folder, DATABASE_URL=database.url, **SETTINGS) as installation:
            nexudus = Nexudus.start(installation, latency_ms=20)
            crew = Crew(installation, chance)
            faults = Faults(nexudus, crew, database, folder / "forms.toml", chance)
            visitors = Visitors(crew.ports, chance)
            _inject_for(minutes * 60, faults, chance)
            faults.clear()
            visitors.stop()
            settling_s = _settle(crew)
            return _report(minutes, visitors, faults, crew, nexudus, settling_s)


def _inject_for(seconds: float, faults: Faults, chance: random.Random) -> None:
    """Inject faults, and take the steps of the upgrade in the middle half of the time."""
    began = time.monotonic()
    steps = [seconds * (0.25 + 0.5 * step / UPGRADE_STEPS) for step in range(UPGRADE_STEPS)]
    while (passed_s := time.monotonic() - began) < seconds:
        if steps and passed_s > steps[0]:
            steps.pop(0)
            faults.upgrade()
        faults.inject()
        time.sleep(chance.uniform(0.5, 4))


def _settle(crew: Crew) -> float:
    """Seconds until every lead is delivered; parked leads are retried, as an operator would."""
    began = time.monotonic()
    port = crew.ports[0]
    while time.monotonic() - began < MAX_SETTLING_S:
        waiting, parked = enquiries(port, "pending"), enquiries(port, "parked")
        if not waiting and not parked:
            break
        for lead in parked or waiting[:1]:
            requests.post(
                f"http://127.0.0.1:{port}/api/v1/leads/{lead['id']}/retry",
                headers={"Authorization": f"Bearer {TOKEN}"},
                timeout=10,
            )
        time.sleep(3)
    return time.monotonic() - began


def enquiries(port: int, status: str = "") -> list[dict[str, Any]]:
    """Return the leads of the visitors. Half a form of the slow crowd is kept, too, and parked."""
    return [lead for lead in leads(port, **({"status": status} if status else {})) if lead["contact"].get("email")]


def _report(minutes: float, visitors: Visitors, faults: Faults, crew: Crew, nexudus: Nexudus, settling_s: float) -> int:
    """Print the two tables; 1 if an enquiry was lost or doubled."""
    kept, sent = enquiries(crew.ports[0]), nexudus.opportunities()
    acknowledged = {ident for idents in visitors.acknowledged.values() for ident in idents}
    marks = Counter(each["SystemId"] for each in sent)
    contacts = Counter(each["Email"] for each in nexudus.coworkers())
    wrong = {
        "acknowledged, but not kept": len(acknowledged - {lead["id"] for lead in kept}),
        "acknowledged under two ids": sum(len(idents) > 1 for idents in visitors.acknowledged.values()),
        "kept, but without an opportunity": sum(not marks[marker_of(LeadId(lead["id"]))] for lead in kept),
        "with more than one opportunity": sum(count > 1 for count in marks.values()),
        "people with more than one contact": sum(count > 1 for count in contacts.values()),
    }
    outcomes = Counter(attempt["outcome"] for lead in kept for attempt in lead["attempts"])
    print(f"\n| Faults injected in {minutes:g} minutes | times |\n|---|---|")
    for fault, times in sorted(faults.injected.items()):
        print(f"| {fault} | {times} |")
    print(f"| **all** | **{faults.injected.total()}** |")
    print("\n| Outcome | |\n|---|---|")
    for name, count in {
        "enquiries acknowledged": len(acknowledged),
        "leads kept": len(kept),
        "half forms of slow clients, kept and parked": len(leads(crew.ports[0], status="parked")),
        "opportunities in the CRM": len(sent),
        "contacts in the CRM": contacts.total(),
        **wrong,
        **{f"calls that ended {outcome}": count for outcome, count in sorted(outcomes.items())},
        "seconds from the last fault until all was delivered": round(settling_s),
    }.items():
        print(f"| {name} | {count:,} |")
    return int(any(wrong.values()))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main(float(arguments[0]) if arguments else 30, arguments[1] if len(arguments) > 1 else ""))
