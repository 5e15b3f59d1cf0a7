"""A set-up in the database is published under load, and its publishers are killed, stopped and set against each other.

Every version is whole or not there at all: for each request, each lead, the history and the record of acts.
JOURNEY_PUBLISHES makes it longer, JOURNEY_SEED repeats it.
"""

import os
import random
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests

from service.store import Act, Store
from service.store.acts.act_search import ActQuery
from tests.journey.installation import TOKEN, Installation, leads
from tests.processes import free_port, wait_until

pytestmark = pytest.mark.journey

SETTINGS = {"ADMIN_TOKEN": TOKEN, "SUBMIT_LIMIT": "off", "WEB_PROCESSES": "1"}
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
PROCESSES = {"sqlite": 2, "postgresql": 4}
"""Web processes that take leads, by engine; those that publish are others."""

FOLLOWED_S = 2.0
STOPPED_S = 0.5
VISITORS = 3
THINKS_S = 0.07
PUBLISHES = int(os.environ.get("JOURNEY_PUBLISHES", "10"))

MANY = 100
"""Publishes of which some are killed before their commit and some after it, as good as certainly."""

ALL_AT_ONCE = 14
"""Requests that are answered by every process, as good as certainly."""


def document(mark: str) -> str:
    """A whole version: its mark is in the page, in the answer, and in the lead; one form is in every second only."""
    number = int(re.search(r"\d+", mark)[0])  # type: ignore[index]
    forms = ["load", *(["second"] if number % 2 else []), *(f"other-{each}" for each in range(4))]
    return "\n".join(
        f'[forms.{name}]\ntitle = "Desk {mark}"\nredirect = "https://www.example.com/thanks/{mark}"\n'
        f'questions = [{{ name = "team_size", label = "Team {mark}" }}]\nutm = {{ source = "{mark}" }}\n'
        for name in forms
    )


@dataclass
class Visits:
    """What visitors have sent and seen. sent: address -> mark of the answer. pages: the marks of each page."""

    sent: dict[str, str] = field(default_factory=dict)
    pages: list[set[str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@contextmanager
def visitors(port: int, name: str, count: int, *, may_break: bool = False) -> Iterator[Visits]:
    """People who open the form and send it until the block ends. may_break: their process may be killed."""
    visits, stop = Visits(), threading.Event()
    threads = [
        threading.Thread(target=_visit, args=(port, f"{name}-{each}", visits, stop), kwargs={"may_break": may_break})
        for each in range(count)
    ]
    for thread in threads:
        thread.start()
    try:
        yield visits
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _visit(port: int, name: str, visits: Visits, stop: threading.Event, *, may_break: bool) -> None:
    number = 0
    while not stop.wait(THINKS_S):
        number += 1
        try:
            if number % 5 == 0:
                page = requests.get(f"http://127.0.0.1:{port}/f/load", timeout=20)
                visits.pages.append({*re.findall(r"\bv\d+[a-z]?\b", page.text)})
            else:
                _send(port, f"{name}-{number}@example.com", "second" if number % 3 == 0 else "load", visits)
        except requests.RequestException as error:
            visits.faults += [] if may_break else [repr(error)]


def _send(port: int, email: str, form: str, visits: Visits) -> None:
    enquiry = {"email": email, "message": "A desk, please."}
    answer = requests.post(
        f"http://127.0.0.1:{port}/f/{form}", json=enquiry, headers={"Accept": "application/json"}, timeout=20
    )
    if answer.ok:
        visits.sent[email] = answer.json()["next"].rpartition("/")[2]
    elif (form, answer.status_code) != ("second", HTTPStatus.NOT_FOUND):
        visits.faults.append(f"{answer.status_code} {answer.text[:200]}")


class Office:
    """Two web commands: one that publishes, alone, and one whose processes take leads."""

    def __init__(self, installation: Installation, processes: int, chance: random.Random) -> None:
        self.publishing, self.taking, self._chance = free_port(), free_port(), chance
        self._publisher = installation.start_web(self.publishing)
        installation.settings["WEB_PROCESSES"] = str(processes)
        self._taker = installation.start_web(self.taking)
        wait_until(lambda: len(self._taker.family()) == processes + 1, 20, "every process")
        self.followed_by: dict[int, float] = {}
        """Version -> when every process must have it at the latest, in seconds since the epoch."""
        self.documents: dict[int, str] = {}
        self.results: list[str] = []
        """What became of each version whose publisher was killed."""
        self._publish_s = 0.5
        self._stopped_s = 0.0

    def publish(self, number: int, how: Callable[["Office", int], None]) -> None:
        """Publish a version in some way, and note what stands then."""
        self._stopped_s = 0.0
        how(self, number)
        standing = self.standing()
        assert standing == self.standing(self.publishing)
        version = standing["version"]
        assert self.documents.setdefault(version, standing["toml"]) == standing["toml"]
        self.followed_by.setdefault(version, time.time() + FOLLOWED_S + self._stopped_s)

    def standing(self, port: int = 0) -> dict[str, Any]:
        """The newest document, as a process shows it."""
        url = f"http://127.0.0.1:{port or self.taking}/api/v1/setup"
        body: dict[str, Any] = requests.get(url, headers=AUTHORIZED, timeout=20).json()
        return body

    def put(self, mark: str, over: int, port: int = 0) -> int:
        """Publish over a version; return the status, 0 where no answer came."""
        headers = {**AUTHORIZED, "If-Match": f'"{over}"'}
        url = f"http://127.0.0.1:{port or self.publishing}/api/v1/setup"
        with suppress(requests.RequestException):
            return requests.put(url, json={"toml": document(mark)}, headers=headers, timeout=20).status_code
        return 0

    def alone(self, number: int) -> None:
        """Publish, and be answered."""
        began = time.monotonic()
        assert self.put(f"v{number}", self._newest()) == HTTPStatus.OK
        self._publish_s = time.monotonic() - began

    def killed(self, number: int) -> None:
        """Publish, and be killed at any moment of it; the next process then publishes what is not there."""
        over = self._newest()
        publisher = threading.Thread(target=self.put, args=(f"v{number}", over))
        publisher.start()
        time.sleep(self._publish_s * self._chance.uniform(0, 1.1))
        for pid in self._publisher.family()[1:]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        publisher.join()
        wait_until(self._is_replaced, 20, "the publisher's process is replaced")
        is_published = self.standing()["version"] > over
        self.results.append("published" if is_published else "lost")
        if not is_published:
            assert self.put(f"v{number}", over) == HTTPStatus.OK

    def against_another(self, number: int) -> None:
        """Publish at the same moment as somebody else, over the same version."""
        over, begin = self._newest(), threading.Barrier(2)
        statuses: dict[str, int] = {}

        def put(mark: str, port: int) -> None:
            begin.wait()
            statuses[mark] = self.put(mark, over, port)

        threads = [
            threading.Thread(target=put, args=each)
            for each in ((f"v{number}a", self.publishing), (f"v{number}b", self.taking))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses.values()) == [HTTPStatus.OK, HTTPStatus.PRECONDITION_FAILED]
        winner = next(mark for mark, status in statuses.items() if status == HTTPStatus.OK)
        assert self.standing()["toml"] == document(winner)

    def beside_a_stopped_process(self, number: int) -> None:
        """Publish while a process that takes leads stands still, wherever it is; it goes on later."""
        stopped = self._chance.choice(self._taker.family()[1:])
        os.kill(stopped, signal.SIGSTOP)
        publisher = threading.Thread(target=self.alone, args=(number,))
        publisher.start()
        time.sleep(STOPPED_S)
        os.kill(stopped, signal.SIGCONT)
        publisher.join()
        self._stopped_s = STOPPED_S

    def _newest(self) -> int:
        return int(self.standing()["version"])

    def _is_replaced(self) -> bool:
        with suppress(requests.RequestException, ValueError):
            return "version" in self.standing(self.publishing)
        return False


WAYS = (Office.killed, Office.alone, Office.against_another, Office.killed, Office.beside_a_stopped_process)


def test_versions_are_whole_whatever_happens_to_their_publishers(
    tmp_path: Path, database_url: str, chance: random.Random
) -> None:
    processes = PROCESSES[database_url.partition(":")[0].partition("+")[0]]
    with Installation(tmp_path, DATABASE_URL=database_url, **SETTINGS) as installation:
        office = Office(installation, processes, chance)
        office.publish(1, Office.alone)
        wait_until(lambda: all(shown(office.taking) for _ in range(ALL_AT_ONCE)), 20, "the form is there")
        with (
            visitors(office.taking, "visitor", VISITORS) as many,
            visitors(office.publishing, "unlucky", 1, may_break=True) as unlucky,
        ):
            for number in range(2, PUBLISHES + 2):
                office.publish(number, WAYS[number % len(WAYS)])
                time.sleep(chance.uniform(0, 0.4))
            time.sleep(max(0.0, max(office.followed_by.values()) - time.time()))
            last = [shown(office.taking) for _ in range(ALL_AT_ONCE)]
        kept = leads(office.taking)

    assert many.faults + unlucky.faults == []
    assert [len(marks) for marks in many.pages + unlucky.pages if len(marks) != 1] == []
    assert {*last} == {mark_in(office.documents[max(office.documents)])}
    check_history(database_url, office)
    assert PUBLISHES < MANY or {*office.results} == {"published", "lost"}
    check_leads(kept, {**many.sent, **unlucky.sent}, office)


def shown(port: int) -> str:
    """The mark of the form's page, "" where it is not there yet."""
    return mark_in(requests.get(f"http://127.0.0.1:{port}/f/load", timeout=20).text)


def mark_in(text: str) -> str:
    """The mark in a document or a page."""
    mark = re.search(r"\bDesk (v\d+[a-z]?)\b", text)
    return mark[1] if mark else ""


def check_history(database_url: str, office: Office) -> None:
    """No version is missing or half, and each is on record once."""
    store = Store(database_url)
    with store.read() as tx:
        versions = [tx.setups.get(number) for number in range(tx.setups.newest_number() + 1)]
        acts = [act for act in tx.acts.page(ActQuery(), PUBLISHES + 99).acts if act.act == Act.PUBLISH]
        chain = tx.acts.verify_chain()
    store.close()

    stored = {each.version: each.toml for each in versions if each}
    assert stored == office.documents
    assert [*stored] == [*range(1, PUBLISHES + 2)]
    assert {toml: document(mark_in(toml)) for toml in stored.values()} == {toml: toml for toml in stored.values()}
    assert chain.problem == ""
    assert sorted(act.after["version"] for act in acts if act.after) == [*stored]


def check_leads(kept: list[dict[str, Any]], sent: dict[str, str], office: Office) -> None:
    """Each lead is there once, and goes wholly by the version whose number it bears, which was not an old one."""
    marks = {version: mark_in(toml) for version, toml in office.documents.items()}
    by_email = {lead["contact"]["email"]: lead for lead in kept}
    taken = [(lead["setup_version"], lead["attribution"]["utm_source"], lead["form"]) for lead in kept]
    late = [
        (lead["setup_version"], version, received_at(lead) - latest)
        for version, latest in office.followed_by.items()
        for lead in kept
        if lead["setup_version"] < version and received_at(lead) > latest
    ]

    assert len(by_email) == len(kept)
    assert {email: by_email[email]["attribution"]["utm_source"] for email in sent} == sent
    assert [each for each in taken if each[1] != marks.get(each[0])] == []
    assert [each for each in taken if f"[forms.{each[2]}]" not in office.documents[each[0]]] == []
    assert late == []
    assert len({version for version, *_ in taken}) > len(marks) // 2


def received_at(lead: dict[str, Any]) -> float:
    """In seconds since the epoch."""
    return datetime.fromisoformat(lead["received_at"]).timestamp()
