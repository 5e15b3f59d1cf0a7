"""One history: what happens to an installation, drawn from a seed, one action after the other."""

import hashlib
import hmac
import json
import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from service import clock
from service.lead import Status
from tests.fetching.platforms import event
from tests.storm.installation import ADDRESSES, FORMS, NOON, SECRET, TOKEN, Installation
from tests.storm.network import COWORKERS, OPPORTUNITIES, TIMEOUT_S, Delay
from tests.storm.processes import DeliveryWorker
from tests.storm.simulated_time import SimulatedTime
from tests.storm.verdict import Enquiry, Verdict, judge

ACTIONS = (2, 14)
"""The least and the most actions of a history."""

HOSTS = ("web host", "worker host")
PEOPLE = ("ada@example.com", "grace@example.com", "mary@example.com")

NEXUDUS: Mapping[str, Mapping[str, Any]] = {
    "keeps every marker": {},
    "keeps markers in notes only": {"systemid_round_trips": False, "systemid_filters": False},
    "keeps markers in SystemId only": {"type_template": "overwrite"},
}
CALLS: Mapping[str, Mapping[str, str]] = {
    "sign-in": {"method": "POST", "path": "/api/token"},
    "own user": {"method": "GET", "path": "/api/auth/me"},
    "stage": {"method": "GET", "path": "/api/crm/crmboardcolumns"},
    "find contact": {"method": "GET", "path": COWORKERS},
    "create contact": {"method": "POST", "path": COWORKERS},
    "find opportunity": {"method": "GET", "path": OPPORTUNITIES},
    "create opportunity": {"method": "POST", "path": OPPORTUNITIES},
}
LOSSES: Mapping[str, Mapping[str, Any]] = {
    "connection cut": {"reset": True},
    "no response": {"hang_s": TIMEOUT_S},
    "500": {"status": 500},
    "503": {"status": 503},
    "a web page with 502": {"status": 502, "body": "<html>Bad gateway</html>"},
    "a web page with 200": {"status": 200, "body": "<html>Welcome</html>"},
    "a firewall's page": {"firewall": True},
    "an empty 200": {"status": 200, "body": ""},
}
"""Responses that do not say whether the call was carried out."""

REFUSALS: Mapping[str, Mapping[str, Any]] = {
    "401": {"status": 401},
    "403": {"status": 403},
    "409": {"status": 409, "headers": {"Retry-After": "7"}},
    "429": {"status": 429, "body": "Wait 20 seconds"},
    "400": {"status": 400},
    "no success": {"status": 200, "body": {"WasSuccessful": False, "Message": "Team: is a required field"}},
}
"""Responses that say that nothing was carried out."""

LIMITS: tuple[Mapping[str, Any], ...] = (
    {"coworker_quota": 0},
    {"token_ttl_s": 60},
    {"limits": "3w/min"},
    {"limits": ""},
)
EMPTY = {"Records": [], "CurrentPage": 1, "TotalItems": 0, "TotalPages": 0, "HasNextPage": False}
ANSWERED_S = 4.0
"""Seconds within which Nexudus carries out a call that something in front of it has answered."""

SETTLED_S = 2 * TIMEOUT_S
"""Seconds after which no call is under way any more."""

WAITS_S = (1, 5, 30, 90, 600, 3600, 6 * 3600)
JUMPS_S = (-613.7, -61.3, 59.1, 3607.9, 18_011.3)
"""Not whole seconds: no two leads have the same time, by which they are ordered."""

OPERATORS_TURNS, MAX_ROUNDS = 3, 150
MAX_WAIT_S = timedelta(days=1).total_seconds()


class History:
    """The events of one history, all drawn from the seed, so that the same seed repeats them."""

    def __init__(self, seed: int, folder: Path, actions: int | None = None) -> None:
        """folder: with an empty, migrated database. actions: how many; None: as the seed decides."""
        self._chance = random.Random(seed)  # noqa: S311
        random.seed(seed)  # the service's own jitter
        self._actions = actions or self._chance.randint(*ACTIONS)
        crm = self._chance.choice(list(NEXUDUS))
        self.lines = [f"Nexudus {crm}"]
        self._time = SimulatedTime(NOON)
        self.installation = Installation(folder, self._time, self._chance, NEXUDUS[crm])
        self._network = self.installation.network
        self._enquiries: list[Enquiry] = []
        self._is_backed_up = self._is_restored = False
        self._gone: set[str] = set()
        self._still: set[str] = set()

    def run(self) -> Verdict:
        """Run the history, end all faults, and judge the outcome of every lead."""
        with self._time, self._network:
            try:
                self._begin()
                for _ in range(self._actions):
                    self._act()
                self._come_to_rest()
                return self.judge()
            finally:
                self.installation.close()

    def judge(self) -> Verdict:
        """Judge the present outcome of every lead."""
        return judge(self.installation, self._enquiries, self._gone, is_restored=self._is_restored)

    def _note(self, text: str) -> None:
        seconds = self._time.elapsed_s()
        self.lines.append(f"{timedelta(seconds=int(seconds))!s:>16}.{int(seconds * 10) % 10}  {text}")

    def _begin(self) -> None:
        for host in HOSTS:
            if self._chance.random() < 0.3:
                self._jump(host, round(self._chance.uniform(-300, 300)))
        self._post()

    def _act(self) -> None:
        actions: Mapping[Callable[[], None], float] = {
            self._post: 18,
            self._repeat: 6,
            self._announce: 6,
            self._operate: 7,
            self._work: 22,
            self._lose: 12,
            self._refuse: 6,
            self._delay: 5,
            self._hide: 3,
            self._cut_off: 3,
            self._revoke: 2,
            self._limit: 2,
            self._kill_worker: 10,
            self._kill_web: 4,
            self._pause_worker: 5,
            self._back_up: 4,
            self._restore: 4,
            self._reload: 5,
            self._wait: 8,
            self._set_clock: 4,
        }
        self._chance.choices(list(actions), list(actions.values()))[0]()

    # -- people, and Meta

    def _post(self) -> None:
        number = len(self._enquiries) + 1
        answers = {"location": "harbour"} if self._chance.random() < 0.2 else {}
        if self._chance.random() < 0.1:
            answers["_honeypot"] = "https://casino.example"
        key = f"key-{number}" if self._chance.random() < 0.6 else ""
        enquiry = Enquiry(f"enquiry {number}", self._chance.choice(PEOPLE), key=key, answers=answers)
        self._enquiries.append(enquiry)
        self._send(enquiry)
        if not enquiry.ids and self._chance.random() < 0.7:
            self._send(enquiry)

    def _repeat(self) -> None:
        self._send(self._chance.choice(self._enquiries))

    def _announce(self) -> None:
        number = len(self._enquiries) + 1
        enquiry = Enquiry(f"enquiry {number}", self._chance.choice(PEOPLE), form="tour", key=f"9000{number}")
        self._enquiries.append(enquiry)
        self._network.meta_leads[enquiry.key] = enquiry.email
        self._send(enquiry)

    def _send(self, enquiry: Enquiry) -> None:
        self.installation.web.start()
        response = self._send_notice(enquiry) if enquiry.form == "tour" else self._send_form(enquiry)
        lead_id = response.get_json()["id"] if response is not None and response.status_code == 200 else ""
        if lead_id:
            enquiry.ids.append(lead_id)
        outcome = "no response" if response is None else f"{response.status_code} {lead_id}".strip()
        answers = f" with {', '.join(enquiry.answers)}" if enquiry.answers else ""
        self._note(f"{enquiry.name} of {enquiry.email}{answers}, key {enquiry.key or 'none'}: {outcome}")

    def _send_form(self, enquiry: Enquiry) -> TestResponse | None:
        body = {"full_name": "Ada Lovelace", "email": enquiry.email, "message": f"This is {enquiry.name}."}
        headers = {"Accept": "application/json", "Origin": "https://www.example.com"}
        if enquiry.key:
            headers["Idempotency-Key"] = enquiry.key
        return self.installation.web.post("/f/contact", body | enquiry.answers, headers)

    def _send_notice(self, enquiry: Enquiry) -> TestResponse | None:
        body = json.dumps(event(enquiry.key)).encode()
        proof = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": f"sha256={proof}", "Content-Type": "application/json"}
        return self.installation.web.post("/webhooks/meta/tour", body, headers)

    # -- an operator

    def _operate(self) -> None:
        known = [enquiry for enquiry in self._enquiries if enquiry.ids]
        if not known:
            return
        enquiry = self._chance.choice(known)
        action = self._chance.choices(("retry", "release", "correct", "discard"), (4, 3, 4, 1))[0]
        body: dict[str, Any] = {}
        if action == "correct":
            email = self._chance.choice(PEOPLE)
            is_person = not self._is_backed_up and self._chance.random() < 0.5
            body = {"fields": {"email": email} if is_person else {"message": f"{enquiry.name}, corrected."}}
        response = self._order(enquiry.ids[-1], action, body)
        outcome = "no response" if response is None else response.status_code
        self._note(f"an operator: {action} {enquiry.name} {body or ''}: {outcome}")

    def _order(self, lead_id: str, action: str, body: Mapping[str, Any] | None = None) -> TestResponse | None:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        path = f"/api/v1/leads/{lead_id}/{action}"
        self.installation.web.start()
        return self.installation.web.post(path, json.dumps(body) if body else None, headers)

    # -- workers

    def _work(self) -> None:
        for worker in self._some_workers():
            self._let_work(worker)

    def _let_work(self, worker: DeliveryWorker, fate: str = "") -> None:
        self._note(f"{worker.name} works{fate}")
        worker.round()
        if not worker.is_up:
            self._note(f"{worker.name} is down")

    def _some_workers(self) -> list[DeliveryWorker]:
        workers = self._chance.sample(self.installation.workers, self._chance.choice((1, 1, 2)))
        return [worker for worker in workers if worker.start()]

    def _kill_worker(self) -> None:
        if self._chance.random() < 0.6:
            self._post()
        for worker in self._some_workers():
            if self._chance.random() < 0.5:
                call = self._chance.choice(("create contact", "create opportunity", "create opportunity"))
                worker.fate.kill_during(" ".join(CALLS[call].values()))
                self._let_work(worker, f", and is killed during the next {call}")
            else:
                edges = self._chance.randint(0, 40)
                worker.fate.kill_after(edges)
                self._let_work(worker, f", and is killed after {edges} edges")

    def _pause_worker(self) -> None:
        one, other = self._chance.sample(self.installation.workers, 2)
        pause_s = self._chance.choice((1.0, 40.0, 200.0))

        def meanwhile() -> None:
            self._note(f"{one.name} stands still for {pause_s:g} s")
            self._still.add(one.name)
            self._time.sleep(pause_s)
            if other.name not in self._still:  # its own pause may have been due, with this one within it
                self._let_work(other, " meanwhile")
            self._still.discard(one.name)

        if one.start() and other.start():
            one.fate.pause_after(self._chance.randint(0, 12), meanwhile)
            self._let_work(one)

    # -- faults

    def _lose(self) -> None:
        call, loss = self._chance.choice(list(CALLS)), self._chance.choice(list(LOSSES))
        is_saved, times = self._chance.random() < 0.5, self._chance.randint(1, 4)
        self._fail({**CALLS[call], **LOSSES[loss], "times": times, "after_save": is_saved})
        self._note(f"fault: {loss} on {call}, {times} times{', after it was carried out' if is_saved else ''}")

    def _refuse(self) -> None:
        call, refusal = self._chance.choice(list(CALLS)[1:]), self._chance.choice(list(REFUSALS))
        times = self._chance.randint(1, 3)
        self._fail({**CALLS[call], **REFUSALS[refusal], "times": times})
        self._note(f"fault: {refusal} on {call}, {times} times")

    def _fail(self, fault: Mapping[str, Any]) -> None:
        for address in [ADDRESSES["default"]] if self._chance.random() < 0.7 else ADDRESSES.values():
            self._network.fail(address, fault)

    def _delay(self) -> None:
        is_timeout = self._chance.random() < 0.6
        late_s = self._chance.uniform(0, TIMEOUT_S if is_timeout else ANSWERED_S)
        path = self._chance.choice((OPPORTUNITIES, OPPORTUNITIES, COWORKERS))
        self._network.delays.append(Delay(path, late_s, is_timeout=is_timeout))
        answer = "a time-out" if is_timeout else "a 504"
        self._note(f"fault: the next POST {path} is carried out {late_s:.1f} s after {answer}")

    def _hide(self) -> None:
        if not self._is_restored:
            self._fail({**CALLS["find opportunity"], "status": 200, "body": EMPTY})
            self._note("fault: one search for opportunities shows nothing")

    def _cut_off(self) -> None:
        self._network.unreachable = self._chance.randint(1, 5)
        self._network.meta_failures = self._chance.randint(0, 3)
        self._note("fault: Nexudus and Meta cannot be reached for some calls")

    def _revoke(self) -> None:
        for world in self._network.worlds.values():
            world.tokens.revoke()
        self._note("fault: all tokens are revoked")

    def _limit(self) -> None:
        wanted = self._chance.choice(LIMITS)
        for world in self._network.worlds.values():
            world.change_settings(wanted)
        self._note(f"Nexudus: {dict(wanted)}")

    def _kill_web(self) -> None:
        self.installation.web.fate.kill_after(self._chance.randint(0, 2))
        self._note("the web process is killed at its next work")
        self._post()

    # -- the installation

    def _back_up(self) -> None:
        self.installation.back_up()
        self._is_backed_up = True
        self._note("a backup")

    def _restore(self) -> None:
        if not self._is_backed_up:
            return
        self._time.sleep(SETTLED_S)
        self._network.hide_nothing()
        before = {lead.id for lead in self.installation.leads()}
        self.installation.restore()
        self._gone |= before - {lead.id for lead in self.installation.leads()}
        self._is_restored = True
        if self.installation.forms_version == "without the harbour":
            self.installation.write_forms("as ever")
        self._note("the backup is put back")

    def _reload(self) -> None:
        name = self._chance.choice(list(FORMS))
        if name != "without the harbour" or not self._is_restored:
            self.installation.write_forms(name)
            self._note(f"the forms file is saved {name}")

    def _wait(self) -> None:
        seconds = self._chance.choice(WAITS_S)
        self._time.sleep(seconds)
        self._note(f"{seconds} s have passed")

    def _set_clock(self) -> None:
        self._time.sleep(SETTLED_S)
        self._jump(self._chance.choice(HOSTS), self._chance.choice(JUMPS_S))

    def _jump(self, host: str, seconds: float) -> None:
        self._time.jump(host, seconds)
        self._note(f"the clock of the {host} jumps by {seconds} s")

    # -- the end

    def _come_to_rest(self) -> None:
        """End all faults, let time pass, let an operator retry what is parked, and let time pass again."""
        self._note("the storm is over")
        self._network.heal()
        self.installation.write_forms("as ever")
        self._time.sleep(SETTLED_S)
        for enquiry in self._enquiries:
            while not enquiry.ids:
                self._send(enquiry)
        for _ in range(OPERATORS_TURNS):
            self._deliver_all()
            if not self._retry_all():
                return

    def _deliver_all(self) -> None:
        worker = self.installation.workers[0]
        for _ in range(MAX_ROUNDS):
            worker.start()
            worker.round()
            if all(lead.status not in (Status.PENDING, Status.ANNOUNCED) for lead in self.installation.leads()):
                return
            self._time.sleep(self._wait_s())

    def _wait_s(self) -> float:
        with self._time.of("", "worker host"), self.installation.reader.read() as tx:
            due = tx.queue.next_due(clock.now())
            return MAX_WAIT_S / 24 if due is None else min(max(2.0, (due - clock.now()).total_seconds()), MAX_WAIT_S)

    def _retry_all(self) -> bool:
        """Let an operator retry or release what is parked or quarantined; return whether anything was."""
        held = [lead for lead in self.installation.leads() if lead.status in (Status.PARKED, Status.QUARANTINED)]
        for lead in held:
            self._order(lead.id, "retry" if lead.status is Status.PARKED else "release")
        return bool(held)
