"""Any order of faults, kills and clock jumps: no lead is lost or duplicated, and no contact is created twice."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service import clock
from service.delivery.context import DatabaseTokenStore
from service.delivery.deliver import deliver
from service.lead import Lead, LeadId, Status
from service.nexudus.client import Nexudus
from service.nexudus.tokens import Login
from service.nexudus.transport import NexudusResponse
from service.simulator.server import Simulator
from service.store import LeaseLost, Store
from tests.builders import a_form, a_lead
from tests.delivery.conftest import Env, a_context

pytestmark = pytest.mark.long

PEOPLE = ("ada", "grace", "mary")
CALLS = ("/api/token", "/api/spaces/coworkers", "/api/crm/crmopportunities", "/api/crm/crmboardcolumns")


class Killed(BaseException):
    """The worker ends here, without another word."""


@dataclass
class Fate:
    """After how many more calls, and on which side of the CRM's answer, the worker is killed."""

    left: int = -1
    after_answer: bool = False

    def strike(self, *, after_answer: bool) -> None:
        """Kill the worker if it is its time."""
        if self.left < 0 or after_answer != self.after_answer:
            return
        self.left -= 1
        if self.left < 0:
            raise Killed


class MortalNexudus(Nexudus):
    """The client of a worker that can be killed before a call is sent, or when its answer has come."""

    fate: Fate

    def _send(self, method: str, path: str, query: str, body: bytes | None, token: str) -> NexudusResponse:
        self.fate.strike(after_answer=False)
        answer = super()._send(method, path, query, body, token)
        self.fate.strike(after_answer=True)
        return answer


faults = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "*"]),
        "path": st.sampled_from(CALLS),
        "times": st.integers(1, 3),
        "after_save": st.booleans(),
    },
).flatmap(
    lambda script: st.sampled_from(
        [
            {**script, "reset": True},
            {**script, "status": 500},
            {**script, "status": 502, "body": "<html>Bad gateway</html>"},
            {**script, "status": 200, "body": ""},
            {**script, "hang_s": 0.4},
            {**script, "firewall": True},
            {**script, "firewall": True, "status": 401},
            {**script, "status": 401, "after_save": False},
            {**script, "status": 409, "after_save": False, "headers": {"Retry-After": "3"}},
            {**script, "status": 429, "after_save": False, "body": "Wait 2 seconds"},
        ]
    )
)
moves = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("fault"), faults),
        st.tuples(st.just("work"), st.none()),
        st.tuples(st.just("kill"), st.tuples(st.integers(0, 6), st.booleans())),
        st.tuples(st.just("jump"), st.integers(-600, 1800)),  # minutes
    ),
    min_size=3,
    max_size=14,
)


@dataclass
class Clock:
    """A clock that jumps, ours and the CRM's; the jumps add up."""

    travels: ExitStack
    ahead: timedelta = timedelta(0)

    def jump(self, minutes: float) -> None:
        """Jump so many minutes from where it stands, back where they are negative."""
        self.travels.close()
        self.ahead += timedelta(minutes=minutes)
        self.travels.enter_context(time_machine.travel(clock.now() + self.ahead))


@dataclass
class Storm:
    """One installation under faults."""

    env: Env
    fate: Fate
    travel: Callable[[float], None]
    leads: list[Lead] = field(default_factory=list)

    def move(self, what: str, how: Any) -> None:
        """Let one thing happen."""
        if what == "arrive":
            self.leads.append(self.env.owes(a_lead(f"{how}@example.com")))
        elif what == "fault":
            self.env.nexudus.faults([how])
        elif what == "jump":
            self.travel(how)
        elif what == "kill":
            self.fate.left, self.fate.after_answer = how
            self.work()
            self.fate.left = -1
        else:
            self.work()

    def work(self, days: int = 1) -> None:
        """A worker claims what is due by then and works until it is done, or killed; another one follows."""
        store = self.env.store
        now = clock.now() + timedelta(days=days)
        claimed = store.write(lambda tx: tx.queue.claim("a worker", now, 90, 4))
        try:
            for delivery in claimed:
                deliver(delivery, self.env.context)
        except (Killed, LeaseLost):
            pass
        store.write(lambda tx: tx.queue.free_leases(lambda _: True))

    def clear(self) -> None:
        """End all faults; an operator then retries parked leads."""
        self.env.nexudus.faults([])
        store = self.env.store
        store.write(lambda tx: tx.accounts.resume("default"))
        store.write(lambda tx: tx.accounts.resume_calls("default"))
        store.write(lambda tx: tx.accounts.forget_tokens("default"))
        for lead in self.leads:
            if self.stands(lead) is Status.PARKED:  # its schedule was used up
                store.write(lambda tx, lead_id=lead.id: tx.queue.retry([lead_id], clock.now()))  # type: ignore[misc]
        for _ in range(60):
            self.work(days=30)
            if all(self.stands(lead) is Status.DELIVERED for lead in self.leads):
                return

    def stands(self, lead: Lead) -> Status:
        """Where a lead stands."""
        return self.env.kept(lead).status


def opportunities_of(nexudus: Simulator, lead_id: LeadId) -> int:
    """How many opportunities carry a lead's mark."""
    return sum(row["SystemId"] == f"lead-capture:{lead_id}" for row in nexudus.opportunities())


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(moves=moves)
def test_whatever_happens_each_lead_becomes_one_opportunity(store: Store, moves: list[tuple[str, Any]]) -> None:
    with Simulator() as nexudus, ExitStack() as travels:
        fate = Fate()
        context = a_context(store, nexudus, {"contact": a_form()}, timeout_s=0.25)
        login = Login("simulator@leadcapture.example", "simulator")
        mortal = MortalNexudus(nexudus.url, login, DatabaseTokenStore(store, "default", "a worker"), timeout_s=0.25)
        mortal.fate = fate
        env = Env(store, nexudus, replace(context, nexudus=mortal, schedule_s=(5.0,) * 8))

        storm = Storm(env, fate, Clock(travels).jump)
        for what, how in moves:
            storm.move(what, how)
        storm.clear()

        assert {lead.id: storm.stands(lead) for lead in storm.leads} == {
            lead.id: Status.DELIVERED for lead in storm.leads
        }
        assert [opportunities_of(nexudus, lead.id) for lead in storm.leads] == [1] * len(storm.leads)
        assert all(len(nexudus.coworkers_of(f"{person}@example.com")) <= 1 for person in PEOPLE)
        travels.close()
        store.write(lambda tx: tx.accounts.resume("default"))
