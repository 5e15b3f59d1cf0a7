"""Two web processes and two workers on one database: they share the work and do none of it twice."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from service.lead import LeadId, marker_of
from tests.journey.installation import TOKEN, Installation, Nexudus, is_any_pending, leads
from tests.processes import free_port, wait_until

pytestmark = pytest.mark.journey

PEOPLE = 50
SETTINGS = {"ADMIN_TOKEN": TOKEN, "SUBMIT_LIMIT": "off", "NEXUDUS_LIMITS": "1000/s", "LOG_LEVEL": "warning"}


def test_people_who_write_twice_at_once_become_one_contact_with_two_opportunities(
    database_url: str, tmp_path: Path, chance: random.Random
) -> None:
    with Installation(tmp_path, DATABASE_URL=database_url, **SETTINGS) as installation:
        nexudus = Nexudus.start(installation, latency_ms=[5, 25])
        ports = [free_port(), free_port()]
        for port in ports:
            installation.start_web(port)
        installation.start_worker()
        installation.start_worker()
        ids = post_all(ports, chance)
        wait_until(lambda: not is_any_pending(ports[0]), 30, "every lead is delivered")
        sent, coworkers = nexudus.opportunities(), nexudus.coworkers()

    assert sorted(each["SystemId"] for each in sent) == sorted(marker_of(ident) for ident in ids)
    assert Counter(each["Email"] for each in coworkers) == {
        f"person{number}@example.com": 1 for number in range(PEOPLE)
    }
    assert set(Counter(each["CoworkerId"] for each in sent).values()) == {2}


def test_the_same_form_view_sent_to_both_web_processes_at_once_is_one_lead(database_url: str, tmp_path: Path) -> None:
    with Installation(tmp_path, DATABASE_URL=database_url, **SETTINGS) as installation:
        ports = [free_port(), free_port()]
        for port in ports:
            installation.start_web(port)
        with ThreadPoolExecutor(16) as pool:
            ids = list(
                pool.map(lambda number: post(ports[number % 2], "ada@example.com", "Hello", "one view"), range(64))
            )
        kept = leads(ports[0])

    assert len(set(ids)) == 1
    assert [(lead["id"], lead["repeats"]) for lead in kept] == [(ids[0], 63)]


def post_all(ports: list[int], chance: random.Random) -> list[LeadId]:
    """Each person's two enquiries, one to each web process at the same time; the lead ids."""
    enquiries = [(f"person{number}@example.com", which) for number in range(PEOPLE) for which in (0, 1)]
    with ThreadPoolExecutor(8) as pool:
        first = chance.randrange(2)
        return list(pool.map(lambda each: post(ports[each[1] ^ first], each[0], f"Enquiry {each[1]}"), enquiries))


def post(port: int, email: str, message: str, key: str = "") -> LeadId:
    """The id of the lead that an enquiry became."""
    answer = requests.post(
        f"http://127.0.0.1:{port}/f/contact",
        data={"full_name": "Ada Lovelace", "email": email, "message": message, "lc_key": key},
        headers={"Accept": "application/json"},
        timeout=20,
    )
    answer.raise_for_status()
    return LeadId(answer.json()["id"])
