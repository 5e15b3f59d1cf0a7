"""Power cuts: web and worker end with -9 at any moment, and no enquiry is lost or doubled."""

import os
import random
import signal
from collections import Counter
from pathlib import Path

import pytest

from service.lead import LeadId, marker_of
from tests.journey.installation import TOKEN, Installation, Nexudus, is_any_pending, leads
from tests.journey.visitors import Visitors
from tests.processes import free_port, wait_until

pytestmark = pytest.mark.journey

VICTIMS = ("web", "one web child", "the web parent", "worker", "both") * 2
LEADS_BETWEEN = (1, 8)
"""Enquiries acknowledged between a restart and the next kill: at any moment of a lead's way."""

SETTINGS = {
    "ADMIN_TOKEN": TOKEN,
    "SUBMIT_LIMIT": "off",
    "LEASE_S": "3",
    "NEXUDUS_LIMITS": "1000/s",
    "NEXUDUS_TIMEOUT_S": "2",  # so long a create that was cut off is searched for before it is repeated
    "RETRY_SCHEDULE": "1s 1s 1s 1s 1s 1s 1s 1s",
    "LOG_LEVEL": "warning",
}


class Service:
    """One web process and one worker; each is restarted after it was killed."""

    def __init__(self, installation: Installation, nexudus: Nexudus) -> None:
        self.port = free_port()
        self._installation = installation
        self._nexudus = nexudus
        self._web = installation.start_web(self.port)
        self._worker = installation.start_worker()

    def kill(self, victim: str, chance: random.Random) -> None:
        """End the victim with -9 in the middle of its work, and start it again."""
        calls = self._nexudus.calls_count()
        wait_until(lambda: self._nexudus.calls_count() > calls + 5, 20, "the worker is at work", pause_s=0.1)
        if victim in ("worker", "both"):
            self._worker.kill()
        if victim in ("web", "both"):
            self._web.kill()
        if victim == "one web child":
            os.kill(chance.choice(self._web.family()[1:]), signal.SIGKILL)  # its parent starts another
        if victim == "the web parent":
            os.kill(self._web.pid, signal.SIGKILL)  # its children notice within a second
            self._web.wait(5)
        self._start_again()

    def _start_again(self) -> None:
        if self._web.exit_code is not None:
            self._web = self._installation.start_web(self.port)
        if self._worker.exit_code is not None:
            self._worker = self._installation.start_worker()


def test_every_acknowledged_lead_becomes_one_opportunity_whoever_is_killed(
    database_url: str, tmp_path: Path, chance: random.Random
) -> None:
    with Installation(tmp_path, DATABASE_URL=database_url, **SETTINGS) as installation:
        nexudus = Nexudus.start(installation, latency_ms=[30, 80])
        service = Service(installation, nexudus)
        with Visitors(service.port, chance) as visitors:
            kill_all(service, visitors, chance)
            visitors.leave()
        wait_until(lambda: not is_any_pending(service.port), 60, "every lead is delivered")
        kept, sent = leads(service.port), nexudus.opportunities()
        coworkers = nexudus.coworkers()

    acknowledged = {ident for idents in visitors.acknowledged.values() for ident in idents}
    assert [number for number, idents in visitors.acknowledged.items() if len(idents) > 1] == []
    assert acknowledged - {lead["id"] for lead in kept} == set()
    assert {lead["status"] for lead in kept} == {"delivered"}
    assert Counter(each["SystemId"] for each in sent) == Counter(marker_of(LeadId(lead["id"])) for lead in kept)
    assert max(Counter(each["Email"] for each in coworkers).values()) == 1


def kill_all(service: Service, visitors: Visitors, chance: random.Random) -> None:
    """Kill each victim when some more leads have been taken, in any order."""
    for victim in chance.sample(VICTIMS, len(VICTIMS)):
        visitors.wait_for(chance.randint(*LEADS_BETWEEN))
        service.kill(victim, chance)
