"""The faults of a soak test: one every few seconds, drawn at random, counted by name."""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests

from tests.journey.installation import Nexudus
from tests.soak.crew import Crew
from tests.soak.databases import SoakedDatabase

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


FORMS: Mapping[str, str] = {
    "as before": "[forms.contact]\nstage_id = 1001\n",
    "another stage": '[forms.contact]\nstage_id = 1002\nname = "{full_name}"\n',
    "a stage by its name": '[forms.contact]\nboard = "Sales"\n',
    "faulty": "[forms.contact]\nstge_id = 1001\n",
}
"""Versions of the forms file."""


class Faults:
    """Draws and injects the next fault."""

    def __init__(
        self, nexudus: Nexudus, crew: Crew, database: SoakedDatabase, forms_file: Path, chance: random.Random
    ) -> None:
        self._nexudus = nexudus
        self._crew = crew
        self._database = database
        self._forms_file = forms_file
        self._chance = chance
        self._lasting: list[Callable[[], None]] = []
        self.injected: Counter[str] = Counter()

    def inject(self) -> None:
        """Inject one fault."""
        self._end_lasting()
        draws = {
            self._fault: 10,
            self._refusal: 5,
            self._kill: 4,
            self._freeze: 1,
            self._settings: 2,
            self._outage: 1,
            self._reload: 2,
            self._crowd: 1,
            self._fill_disk: 1 if self._database.is_file else 0,
            self._restart: 1 if self._database.server else 0,
        }
        draw = self._chance.choices(list(draws), list(draws.values()))[0]
        self.injected[draw()] += 1

    def upgrade(self) -> None:
        """Take the next step of the rolling upgrade, with no process frozen and room on the disk."""
        self._end_lasting()
        if step := self._crew.upgrade():
            self.injected[step] += 1

    def clear(self) -> None:
        """End all faults."""
        self._end_lasting()
        self._post("faults", [])
        write_forms(self._forms_file)
        self._post("settings", {"latency_ms": 20, "coworker_quota": None, "token_ttl_s": 3600})

    def _end_lasting(self) -> None:
        for end in self._lasting:
            end()
        self._lasting.clear()
        for kind in self._crew.restart_ended():
            self.injected[f"no fault of ours: a {kind} had ended by itself"] += 1

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
        self._lasting.append(self._crew.freeze_worker())
        return "a worker frozen past its lease"

    def _crowd(self) -> str:
        self._lasting.append(self._crew.crowd())
        return "a crowd of slow clients"

    def _fill_disk(self) -> str:
        self._lasting.append(self._crew.fill_disk())
        return "a full disk"

    def _restart(self) -> str:
        mode = self._chance.choice(("fast", "immediate"))
        self._database.restart(mode)
        return "PostgreSQL restarted" if mode == "fast" else "PostgreSQL crashed and restarted"

    def _reload(self) -> str:
        name = self._chance.choice(list(FORMS))
        self._forms_file.write_text(FORMS[name])
        if name == "faulty":  # no process could start with it
            self._lasting.append(lambda: write_forms(self._forms_file))
        return f"forms file changed: {name}"

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


def write_forms(file: Path) -> None:
    """Write the forms file as it is without faults."""
    file.write_text(FORMS["as before"])
