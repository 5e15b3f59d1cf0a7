"""The forms file changes ten times under load: two web processes and a worker follow it, whole version by version."""

import re
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.journey.installation import START_S, TOKEN, Installation, Nexudus, is_any_pending, leads
from tests.processes import free_port, wait_until

pytestmark = pytest.mark.journey

SETTINGS = {"ADMIN_TOKEN": TOKEN, "SUBMIT_LIMIT": "off", "NEXUDUS_LIMITS": "1000/s", "WEB_PROCESSES": "2"}
WEB_PROCESSES = 2
FOLLOWED_S = 2.0
SITE = "https://www.example.com"


def version(number: int) -> str:
    """Keys that belong together, in the page, in the answer and in the opportunity."""
    return f"""
[forms.load]
title = "Title {number}"
privacy_url = "{SITE}/privacy/{number}"
redirect = "{SITE}/thanks/{number}"
allowed_origins = ["{SITE}", "https://v{number}.example.com"]
stage_id = 1001
name = "v{number} {{full_name}}"
value = {number}
lead_source = {4 + number}
contact = {{ business_id = 55, country_id = 1, time_zone_id = 2 }}

[forms.load.webhooks.json]
token = "env:TOOL"
"""


FAULTS = {3: "[forms.load", 6: version(6).replace("stage_id", "stge_id"), 9: ""}
"""Number of the change -> what is written in place of a version."""


class Visitors:
    """People who open the form and send it, each on a connection of their own, until they are stopped."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/f/load"
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(3)
        self.sent: dict[str, int] = {}
        self.faults: list[str] = []
        self._visits = [self._pool.submit(self._visit, number) for number in range(3)]

    def stop(self) -> None:
        """End their visits."""
        self._stop.set()
        for visit in self._visits:
            visit.result()
        self._pool.shutdown()

    def shown(self) -> int:
        """The version that one page shows."""
        page = requests.get(self._url, timeout=10)
        numbers = set(re.findall(r"Title (\d+)|/privacy/(\d+)", page.text))
        (number,) = {first or second for first, second in numbers}
        return int(number)

    def _visit(self, person: int) -> None:
        count = 0
        while not self._stop.wait(0.1):
            count += 1
            email = f"visitor-{person}-{count}@example.com"
            try:
                self.shown()
                answer = requests.post(
                    self._url,
                    json={"full_name": "Ada Lovelace", "email": email, "message": f"Desk {count}"},
                    headers={"Accept": "application/json", "Origin": SITE},
                    timeout=10,
                )
                answer.raise_for_status()
                self.sent[email] = int(answer.json()["next"].rpartition("/")[2])
            except (requests.RequestException, ValueError) as error:
                self.faults.append(repr(error))


class Followers:
    """The web processes and the worker of one `up`, and how often each has taken up or refused a version."""

    def __init__(self, installation: Installation, port: int, simulator_port: int) -> None:
        self.up = installation.start("up", "--port", str(port), "--simulator-port", str(simulator_port))
        self.up.wait_until(lambda: self._counts("setup_in_force") == [WEB_PROCESSES, 1], START_S, "all look")
        self.up.wait_until(lambda: "Ctrl-C stops everything" in self.up.output, START_S, "the banner")
        self._expected: Counter[str] = Counter()
        self.took_s: list[float] = []

    def follow(self, event: str) -> None:
        """Wait until each of them logs that once more."""
        began = time.monotonic()
        self._expected[event] += 1
        expected = [WEB_PROCESSES * self._expected[event], self._expected[event]]
        wait_until(lambda: self._counts(event) == expected, 5 * FOLLOWED_S, f"{event} {expected}")
        self.took_s.append(time.monotonic() - began)

    def _counts(self, event: str) -> list[int]:
        lines = [line for line in self.up.output.splitlines() if f'"event":"{event}"' in line]
        return [sum(f'"process":"{name}"' in line for line in lines) for name in ("web", "worker")]


def write_in_two_steps(file: Path, text: str) -> None:
    """As careless editors do: for a moment the file is empty, then it holds half of its text."""
    with file.open("w") as opened:
        opened.write(text[: len(text) // 2])
        opened.flush()
        time.sleep(0.05)
        opened.write(text[len(text) // 2 :])


def replace(file: Path, text: str) -> None:
    """As careful programs do."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def test_ten_changes_under_load_are_followed_as_wholes_within_two_seconds(tmp_path: Path) -> None:
    file, secret = tmp_path / "forms.toml", tmp_path / "token"
    file.write_text(version(0))
    secret.write_text("first-token")
    with Installation(tmp_path, FORMS_FILE=str(file), TOOL_FILE=str(secret), **SETTINGS) as installation:
        port, simulator_port = free_port(), free_port()
        followers = Followers(installation, port, simulator_port)
        processes = followers.up.family()
        visitors = Visitors(port)
        for number in range(1, 11):
            write = replace if number % 2 else write_in_two_steps
            write(file, FAULTS.get(number, version(number)))
            followers.follow("setup_refused" if number in FAULTS else "setup_reloaded")
            assert visitors.shown() == max(n for n in range(number + 1) if n not in FAULTS)
        secret.write_text("other-token")
        followers.up.send(signal.SIGHUP)
        followers.follow("setup_reloaded")
        visitors.stop()
        wait_until(lambda: not is_any_pending(port), 30, "every lead is delivered")
        kept, opportunities = leads(port), Nexudus(f"http://127.0.0.1:{simulator_port}").opportunities()
        assert followers.up.family() == processes, "none was started anew"

    assert min(followers.took_s) < FOLLOWED_S  # each, where other programs do not take the processor
    assert visitors.faults == []
    assert {lead["contact"]["email"]: lead["attribution"]["lead_source"] - 4 for lead in kept} == visitors.sent
    assert {lead["status"] for lead in kept} == {"delivered"}
    posted = [each for each in opportunities if each["CoworkerEmail"] in visitors.sent]
    assert sorted(each["CoworkerEmail"] for each in posted) == sorted(visitors.sent)
    assert [each["Name"] for each in posted if each["Name"] != f"v{each['Value']:.0f} Ada Lovelace"] == []
    assert len(set(visitors.sent.values())) == 1 + 10 - len(FAULTS)
