"""One call to the API, from arrival to answer: note it, dawdle, misbehave if the script says so, let in, pass on."""

import random
import time
from dataclasses import replace

from service.simulator import coworkers, opportunities
from service.simulator.access import holds, signs_in
from service.simulator.entities import BY_PATH, COWORKER, OPPORTUNITY, Entity
from service.simulator.enums import ENUMS
from service.simulator.exchange import (
    Answer,
    Call,
    Cut,
    Flaw,
    declined,
    denied,
    found,
    invalid,
    missing,
    read_whole,
    unsupported,
)
from service.simulator.faults import Fault
from service.simulator.listing import answer_list, shown
from service.simulator.pace import throttled
from service.simulator.seed import CREDENTIALS, SERVICE_USER_ID
from service.simulator.world import World

TOKEN, ME, ENUM_LIST = "/api/token", "/api/auth/me", "/api/utils/enums"
WRITERS = {
    COWORKER.name: (coworkers.create, coworkers.replace),
    OPPORTUNITY.name: (opportunities.create, opportunities.replace),
}
VERBS = {"GET": "Read", "POST": "Create", "PUT": "Edit", "DELETE": "Delete"}


def answer(world: World, call: Call) -> Answer:
    """Answer one call.

    Raises: Cut when the connection is to be cut instead.
    """
    with world.lock:
        world.note(call)
        fault = world.script.next_for(call, _email_of(world, call)) if world.script.faults else None
    _dawdle(world)
    answered = _serve(world, call) if fault is None else _misbehave(world, call, fault)
    call.status = answered.status
    return _with_limits(world, answered) if world.settings.limit_headers else answered


def _with_limits(world: World, answered: Answer) -> Answer:
    """The answer with a header that states the limits. Whether and how the real Nexudus does so is not known."""
    limits = {"X-RateLimit-Limit": world.settings.limits or "none"}
    return replace(answered, headers={**answered.headers, **limits})


def _dawdle(world: World) -> None:
    latency = world.settings.latency_ms
    if latency:
        wait_ms = random.uniform(*latency) if isinstance(latency, tuple) else latency  # noqa: S311 - no secret hangs on it
        world.wait(wait_ms / 1000)


def _misbehave(world: World, call: Call, fault: Fault) -> Answer:
    call.fault = fault.label
    if fault.after_save:
        honest = _serve(world, call)
        if call.writes and call.path != TOKEN and not honest.saved:
            return honest  # nothing was saved, so there is nothing to hide
    if fault.hang_s is not None:
        world.wait(fault.hang_s)
    if fault.reset or fault.hang_s is not None:
        raise Cut(f"{call.method} {call.path}: {fault.label}")
    return fault.answer()


def _serve(world: World, call: Call) -> Answer:
    """The true answer."""
    with world.lock:
        if call.path == TOKEN:
            return world.tokens.answer(call, world.settings) if call.method == "POST" else unsupported(call.method)
        wait_s = world.pace.wait_s(time.monotonic(), writes=call.writes)
        if wait_s:
            return throttled(world.settings.throttle_status, wait_s)
        if not signs_in(call, world.settings, world.tokens):
            return denied()
        return _pass_on(world, call)


def _pass_on(world: World, call: Call) -> Answer:
    path = call.path.rstrip("/")
    collection, _, last = path.rpartition("/")
    if path in (ME, ENUM_LIST):
        return _answer_fixed(world, call, path)
    if path in BY_PATH:
        return _on_collection(world, BY_PATH[path], call)
    ident = read_whole(last)
    if collection in BY_PATH and ident is not None:
        return _on_record(world, BY_PATH[collection], ident, call)
    return missing()


def _answer_fixed(world: World, call: Call, path: str) -> Answer:
    """Who signs in, and the numbered words."""
    if not holds("", world.settings):
        return denied()
    if path == ME:
        user = world.tables["User"].rows[SERVICE_USER_ID]
        return found({key: value for key, value in user.items() if key not in CREDENTIALS})
    names = [text for name, text in call.query if name.lower() == "name"]
    words = ENUMS.get(names[0]) if names else None
    return missing() if words is None else found([{"Id": number, "Name": word} for number, word in words.items()])


def _on_collection(world: World, entity: Entity, call: Call) -> Answer:
    is_batch = any(name.lower() == "id" for name, _ in call.query)
    verb = "List" if call.method == "GET" and not is_batch else VERBS.get(call.method, "Edit")
    if not holds(f"{entity.name}-{verb}", world.settings):
        return denied()
    if call.method == "GET":
        return answer_list(world, entity, call)
    if call.method not in ("POST", "PUT"):
        return unsupported(call.method)
    if entity.name not in WRITERS:
        return denied()  # the operator's set-up is not for a service user to change
    if not isinstance(call.body, dict) or call.content_type != "application/json":
        return invalid([Flaw(entity.name, "is not a JSON object")])
    create, replace = WRITERS[entity.name]
    return create(world, call.body) if call.method == "POST" else replace(world, call.body)


def _on_record(world: World, entity: Entity, ident: int, call: Call) -> Answer:
    if not holds(f"{entity.name}-{VERBS.get(call.method, 'Edit')}", world.settings):
        return denied()
    if call.method == "GET":
        record = world.row(entity.name, ident)
        return missing() if record is None else found(shown(world, entity, record))
    if call.method != "DELETE":
        return unsupported(call.method)
    if entity is OPPORTUNITY:
        return opportunities.delete(world, ident)
    return coworkers.refuse_deletion() if entity is COWORKER else declined("The record could not be deleted.")


def _email_of(world: World, call: Call) -> str:
    """The e-mail address that a call is about, in lower case; "" where it is about none."""
    if isinstance(call.body, dict) and isinstance(call.body.get("Email"), str):
        return str(call.body["Email"]).lower()
    idents: list[object] = [call.body.get("CoworkerId")] if isinstance(call.body, dict) else []
    for name, text in call.query:
        if name.lower() in ("coworker_email", "crmopportunity_coworker_email"):
            return text.strip().lower()
        if name.lower() == "crmopportunity_coworker":
            idents.append(read_whole(text))
    if call.path.startswith(f"{COWORKER.path}/"):
        idents.append(read_whole(call.path.rpartition("/")[2]))
    known = [coworker for coworker in (world.row("Coworker", ident) for ident in idents) if coworker]
    return str(known[0]["Email"]).lower() if known else ""
