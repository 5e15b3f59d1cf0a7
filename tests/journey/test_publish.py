"""A set-up in the database is published under load, while publishing processes are killed: whole, or not at all."""

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.journey.installation import TOKEN, Installation, leads
from tests.processes import Process, free_port, wait_until

pytestmark = pytest.mark.journey

SETTINGS = {"ADMIN_TOKEN": TOKEN, "SUBMIT_LIMIT": "off", "WEB_PROCESSES": "1"}
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
FOLLOWED_S = 2.0
PUBLISHED = 4
"""Versions; at every second one a process of the publisher is killed."""


def document(number: int) -> str:
    """Two keys that only fit together."""
    return f'[forms.load]\nredirect = "https://www.example.com/thanks/{number}"\nlead_source = {4 + number}\n'


def setup(port: int) -> dict[str, Any]:
    """The document in force, as one process shows it."""
    body: dict[str, Any] = requests.get(f"http://127.0.0.1:{port}/api/v1/setup", headers=AUTHORIZED, timeout=10).json()
    return body


def publish(port: int, text: str, over: int) -> int:
    """Publish over a version; the status, 0 where no answer came."""
    headers = {**AUTHORIZED, "If-Match": f'"{over}"'}
    with suppress(requests.RequestException):
        body = {"toml": text}
        return requests.put(f"http://127.0.0.1:{port}/api/v1/setup", json=body, headers=headers, timeout=10).status_code
    return 0


def publish_and_kill(port: int, text: str, over: int, web: Process, pause_s: float) -> None:
    """Publish, and kill the publisher's processes at about the moment that counts; its parent starts others."""
    publisher = threading.Thread(target=publish, args=(port, text, over))
    publisher.start()
    time.sleep(pause_s)
    for pid in web.family()[1:]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    publisher.join()
    wait_until(lambda: _answers(port), 10, "the publisher's processes are replaced")


def _answers(port: int) -> bool:
    with suppress(requests.RequestException, ValueError):
        return "version" in setup(port)
    return False


class Visitors:
    """People who send the form through the other web command, until they are stopped."""

    def __init__(self, port: int) -> None:
        self._url, self._stop = f"http://127.0.0.1:{port}/f/load", threading.Event()
        self.sent: dict[str, int] = {}
        self.faults: list[str] = []
        self._threads = [threading.Thread(target=self._visit, args=(number,)) for number in range(2)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End their visits."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _visit(self, person: int) -> None:
        count = 0
        while not self._stop.wait(0.08):
            count += 1
            enquiry = {"email": f"visitor-{person}-{count}@example.com", "message": f"Desk {count}"}
            answer = requests.post(self._url, json=enquiry, headers={"Accept": "application/json"}, timeout=10)
            if answer.ok:
                self.sent[enquiry["email"]] = int(answer.json()["next"].rpartition("/")[2])
            else:
                self.faults.append(f"{answer.status_code} {answer.text[:80]}")


def test_versions_are_published_whole_while_their_publishers_are_killed(tmp_path: Path, sqlite_url: str) -> None:
    with Installation(tmp_path, DATABASE_URL=sqlite_url, **SETTINGS) as installation:
        publishing, taking = free_port(), free_port()
        publisher = installation.start_web(publishing)
        installation.settings["WEB_PROCESSES"] = "2"
        installation.start_web(taking)
        assert publish(publishing, document(0), 0) == requests.codes.ok
        url = f"http://127.0.0.1:{taking}/f/load"
        wait_until(lambda: all(requests.get(url, timeout=5).ok for _ in range(4)), FOLLOWED_S, "the form is there")
        visitors, documents = Visitors(taking), {1: document(0)}
        for number in range(1, PUBLISHED + 1):
            over = setup(taking)["version"]
            if number % 2:
                publish_and_kill(publishing, document(number), over, publisher, 0.015 * number)
            else:
                assert publish(publishing, document(number), over) == requests.codes.ok
            standing = setup(taking)
            assert standing == setup(publishing)
            assert standing["toml"] in (document(number), documents[over])
            documents[standing["version"]] = standing["toml"]
            time.sleep(0.3)
        visitors.stop()
        kept = leads(taking)

    assert visitors.faults == []
    assert sorted(documents) == list(range(1, len(documents) + 1))
    assert {lead["contact"]["email"]: lead["attribution"]["lead_source"] - 4 for lead in kept} == visitors.sent
    taken_under = [(lead["setup_version"], document(lead["attribution"]["lead_source"] - 4)) for lead in kept]
    assert [each for each in taken_under if documents.get(each[0]) != each[1]] == []
    assert len({version for version, _ in taken_under}) > 1
