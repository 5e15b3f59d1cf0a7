"""The faults of a soak test: one every few seconds, drawn at random, counted by name."""

import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import requests

from tests.journey.installation import Installation, Nexudus
from tests.processes import Process, free_port

TOKEN, COWORKERS, OPPORTUNITIES = "/api/token", "/api/spaces/coworkers", "/api/crm/crmopportunities"
CALLS = {
    "sign-in": ("POST", TOKEN),
    "find contact": ("GET", COWORKERS),
    "create contact": ("POST", COWORKERS),
    "find opportunity": ("GET", OPPORTUNITIES),
    "create opportunity": ("POST", OPPORTUNITIES),
}
KINDS: Mapping[str, Mapping[str, Any]] = {
    "connection cut": {"reset": True},
    "500": {"status": 500},
    "503": {"status": 503},
    "a web page with 502": {"status": 502, "body": "<html>Bad gateway</html>"},
    "an empty 200": {"status": 200, "body": ""},
    "no response": {"hang_s": 4},
}
REFUSALS: Mapping[str, Mapping[str, Any]] = {
    "409": {"status": 409, "headers": {"Retry-After": "2"}},
    "429": {"status": 429, "body": "Wait 2 seconds"},
    "401": {"status": 401},
    "403": {"status": 403},
}


class Crew:
    """Two web servers and two workers on one database; each is restarted after it was killed."""

    def __init__(self, installation: Installation, chance: random.Random) -> None:
        self._installation = installation
        self._chance = chance
        self.ports = [free_port(), free_port()]
        self._webs = [installation.start_web(port) for port in self.ports]
        self._workers = [installation.start_worker() for _ in range(2)]

    def kill_web(self) -> None:
        """Kill one web server with all its processes."""
        number = self._chance.randrange(2)
        self._webs[number].kill()
        self._webs[number] = self._installation.start_web(self.ports[number])

    def kill_web_child(self) -> None:
        """Kill one process of a web server, which starts another."""
        children = self._chance.choice(self._webs).family()[1:]
        if children:
            os.kill(self._chance.choice(children), signal.SIGKILL)

    def kill_worker(self) -> None:
        """Kill one worker in the middle of its work."""
        number = self._chance.randrange(2)
        self._workers[number].kill()
        self._workers[number] = self._installation.start_worker()

    def freeze_worker(self) -> Callable[[], None]:
        """Stop one worker for longer than its lease; return a function that resumes it."""
        worker: Process = self._chance.choice(self._workers)
        worker.send(signal.SIGSTOP)
        return lambda: None if worker.exit_code is not None else worker.send(signal.SIGCONT)


class Faults:
    """Draws and injects the next fault."""

    def __init__(self, nexudus: Nexudus, crew: Crew, chance: random.Random) -> None:
        self._nexudus = nexudus
        self._crew = crew
        self._chance = chance
        self._resume: list[Callable[[], None]] = []
        self.injected: Counter[str] = Counter()

    def inject(self) -> None:
        """Inject one fault."""
        for resume in self._resume:
            resume()
        self._resume.clear()
        draw = self._chance.choices(
            (self._fault, self._refusal, self._kill, self._freeze, self._settings, self._outage),
            weights=(10, 5, 4, 1, 2, 1),
        )[0]
        self.injected[draw()] += 1

    def clear(self) -> None:
        """End all faults."""
        for resume in self._resume:
            resume()
        self._post("faults", [])
        self._post("settings", {"latency_ms": 20, "coworker_quota": None, "token_ttl_s": 3600})

    def _fault(self) -> str:
        call, kind = self._chance.choice(list(CALLS)), self._chance.choice(list(KINDS))
        saved = self._chance.random() < 0.5
        method, path = CALLS[call]
        times = self._chance.randint(1, 4)
        self._post("faults", [{"method": method, "path": path, "times": times, "after_save": saved, **KINDS[kind]}])
        return f"{kind} on {call}" + (", saved" if saved and method == "POST" else "")

    def _refusal(self) -> str:
        call, kind = self._chance.choice(list(CALLS)), self._chance.choice(list(REFUSALS))
        if call == "sign-in":
            kind = "409"  # a refused sign-in waits for an operator, by design
        method, path = CALLS[call]
        self._post("faults", [{"method": method, "path": path, "times": self._chance.randint(1, 3), **REFUSALS[kind]}])
        return f"{kind} on {call}"

    def _outage(self) -> str:
        self._post("faults", [{"path": "/api/", "times": 60, "status": 503}])
        return "an outage: 60 calls with 503"

    def _kill(self) -> str:
        name, act = self._chance.choice(
            [
                ("kill -9 of a web server", self._crew.kill_web),
                ("kill -9 of a web process", self._crew.kill_web_child),
                ("kill -9 of a worker", self._crew.kill_worker),
            ]
        )
        act()
        return name

    def _freeze(self) -> str:
        self._resume.append(self._crew.freeze_worker())
        return "a worker frozen past its lease"

    def _settings(self) -> str:
        name, settings = self._chance.choice(
            [
                ("a slow Nexudus", {"latency_ms": [200, 800]}),
                ("a quick Nexudus", {"latency_ms": [5, 30]}),
                ("tokens that live 5 s", {"token_ttl_s": 5}),
                ("no new contacts left today", {"coworker_quota": 0}),
                ("new contacts again", {"coworker_quota": None}),
            ]
        )
        self._post("settings", settings)
        return name

    def _post(self, name: str, value: object) -> None:
        requests.post(f"{self._nexudus.url}/_sim/{name}", json=value, timeout=20).raise_for_status()
