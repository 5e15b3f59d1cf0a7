"""Calls to Nexudus and Meta without a network, and their faults."""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from requests.structures import CaseInsensitiveDict

from service.http import HttpClient, HttpResponse, NoResponse
from service.platforms import reader
from service.simulator import app as simulator
from service.simulator.exchange import ApiCall, ConnectionCut, SimulatorResponse
from service.simulator.faults import Script, read_script
from service.simulator.settings import SimulatorSettings, change
from service.simulator.world import World
from tests.fetching.platforms import meta_error, meta_lead
from tests.storm.simulated_time import SimulatedTime

TIMEOUT_S = 30.0
"""NEXUDUS_TIMEOUT_S of the installation."""

COWORKERS, OPPORTUNITIES = "/api/spaces/coworkers", "/api/crm/crmopportunities"
META = "graph.storm.example"
UNKNOWN_LEAD = meta_error(100, 33)


class Killed(BaseException):
    """The process is killed here."""


class Fate:
    """When a process is killed, or loses its turn to another one: at the edges of calls and commits.

    Only there does it matter: in between, a process changes nothing but its own memory.
    """

    def __init__(self) -> None:
        self.dead = False
        self._edges_left = self._pauses_left = -1
        self._fatal_call = ""
        self._meanwhile: Callable[[], None] | None = None

    def kill_after(self, edges: int) -> None:
        """Let the process be killed at the edge that comes after so many others."""
        self._edges_left = edges

    def kill_during(self, call: str) -> None:
        """Let the process be killed while a call is under way. call: method and path."""
        self._fatal_call = call

    def pause_after(self, edges: int, meanwhile: Callable[[], None]) -> None:
        """Let the process pause once, while something else happens."""
        self._pauses_left, self._meanwhile = edges, meanwhile

    def reach_edge(self, call: str = "", *, may_pause: bool = False) -> None:
        """Raise Killed where the process ends here or has ended: then nothing that it still does has any effect.

        call: that is under way.
        """
        if self.dead:
            raise Killed
        if self._edges_left == 0 or (call and call == self._fatal_call):
            self.dead = True
            raise Killed
        self._edges_left -= self._edges_left > 0
        if may_pause and self._meanwhile is not None:
            self._pauses_left -= 1
            if self._pauses_left < 0:
                meanwhile, self._meanwhile = self._meanwhile, None
                meanwhile()


@dataclass(frozen=True)
class Delay:
    """A create that Nexudus carries out only after the client has stopped waiting.

    late_s: how long after that. is_timeout: nobody answered; else something in front of Nexudus did.
    """

    path: str
    late_s: float
    is_timeout: bool


class StormWorld(World):
    """A Nexudus that waits in simulated time."""

    simulated: SimulatedTime

    def wait(self, seconds: float) -> None:
        """Let the time pass."""
        self.simulated.sleep(seconds)


class Network(HttpClient):
    """The one way of every process to every server."""

    def __init__(self, simulated: SimulatedTime, chance: random.Random, crms: Mapping[str, Mapping[str, Any]]) -> None:
        """crms: how the Nexudus at each address behaves."""
        super().__init__(timeout_s=TIMEOUT_S, connect_timeout_s=5, max_bytes=1 << 20)
        self._simulated, self._chance = simulated, chance
        self.worlds = {address: StormWorld(change(SimulatorSettings(), settings)) for address, settings in crms.items()}
        for world in self.worlds.values():
            world.simulated = simulated
        self.fates: dict[str, Fate] = {}
        self.ended: set[str] = set()  # names of workers
        self.meta_leads: dict[str, str] = {}
        self.delays: list[Delay] = []
        self.unreachable = 0
        self.meta_failures = 0

    def __enter__(self) -> Self:
        self._real = reader._CLIENT  # one for all connections of a process
        reader._CLIENT = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        reader._CLIENT = self._real

    # -- faults

    def fail(self, address: str, fault: Mapping[str, Any]) -> None:
        """Add one scripted fault of a Nexudus (keys: service/simulator/faults.py)."""
        self.worlds[address].script.faults += read_script([dict(fault)]).faults

    def hide_nothing(self) -> None:
        """Let searches be truthful from now on."""
        for world in self.worlds.values():
            world.script.faults = [fault for fault in world.script.faults if not isinstance(fault.body, dict)]

    def heal(self) -> None:
        """End all faults; what is carried out late still is."""
        for world in self.worlds.values():
            world.script = Script()
            world.change_settings({"coworker_quota": None, "denied": (), "search_lag_s": 0})
        self.delays.clear()
        self.unreachable = self.meta_failures = 0

    # -- calls

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        query: Mapping[str, str] | str = "",
        timeout_s: float | None = None,  # noqa: ARG002 (a call that hangs does so for TIMEOUT_S)
    ) -> HttpResponse:
        """See HttpClient."""
        fate = self.fates[self._simulated.process]
        fate.reach_edge()
        if self.unreachable:
            self.unreachable -= 1
            self._simulated.sleep(self._chance.uniform(0.1, 5))
            raise NoResponse(was_sent=False)
        self._simulated.sleep(self._chance.uniform(0.02, 0.4))
        parts = urlsplit(url)
        if parts.hostname == META:
            response = self._meta(parts.path.rpartition("/")[2])
        else:
            text = query if isinstance(query, str) else urlencode(query)
            call = _read_call(method, parts.path, parts.query or text, headers, body)
            response = self._nexudus(self.worlds[str(parts.hostname)], call, fate)
        self._simulated.sleep(self._chance.uniform(0.02, 0.4))
        fate.reach_edge(may_pause=response.is_ok and not parts.path.startswith("/api/token"))
        return response

    def _nexudus(self, world: StormWorld, call: ApiCall, fate: Fate) -> HttpResponse:
        try:
            fate.reach_edge(f"{call.method} {call.path}")
        except Killed:  # under way: Nexudus carries it out all the same
            self._carry_out_later(world, call, self._chance.uniform(0, TIMEOUT_S))
            raise
        delay = next((each for each in self.delays if call.writes and call.path == each.path), None)
        if delay is not None:
            self.delays.remove(delay)
            return self._delay(world, call, delay)
        with self._simulated.of(""):
            try:
                answer = simulator.answer(world, call)
            except ConnectionCut:
                answer = None
        if answer is None:
            raise NoResponse(was_sent=True)
        return _response(answer)

    def _delay(self, world: StormWorld, call: ApiCall, delay: Delay) -> HttpResponse:
        self._simulated.sleep(TIMEOUT_S if delay.is_timeout else 1.0)
        self._carry_out_later(world, call, delay.late_s)
        if delay.is_timeout:
            raise NoResponse(was_sent=True)
        return HttpResponse(504, CaseInsensitiveDict({"Content-Type": "text/html"}), b"<html>Gateway time-out</html>")

    def _carry_out_later(self, world: StormWorld, call: ApiCall, late_s: float) -> None:
        def carry_out() -> None:
            script, world.script = world.script, Script()
            simulator.answer(world, call)
            world.script = script

        self._simulated.after(late_s, carry_out)

    def _meta(self, lead_id: str) -> HttpResponse:
        if self.meta_failures:
            self.meta_failures -= 1
            raise NoResponse(was_sent=True)
        if lead_id not in self.meta_leads:
            return _json(UNKNOWN_LEAD.status, UNKNOWN_LEAD.body)
        return _json(200, meta_lead(lead_id, self.meta_leads[lead_id]))


def _read_call(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes | None) -> ApiCall:
    named = CaseInsensitiveDict(headers)
    content_type = named.get("Content-Type", "").partition(";")[0]
    call = ApiCall(
        method,
        path,
        tuple(parse_qsl(query, keep_blank_values=True)),
        named.get("Authorization", ""),
        named.get("client_id", ""),
        content_type,
    )
    if body is None:
        return call
    is_form = content_type == "application/x-www-form-urlencoded"
    return replace(call, body=dict(parse_qsl(body.decode())) if is_form else json.loads(body))


def _response(answer: SimulatorResponse) -> HttpResponse:
    headers = CaseInsensitiveDict({**answer.headers, "Content-Type": answer.content_type})
    return HttpResponse(answer.status, headers, answer.body)


def _json(status: int, value: object) -> HttpResponse:
    headers = CaseInsensitiveDict({"Content-Type": "application/json"})
    return HttpResponse(status, headers, json.dumps(value).encode())
