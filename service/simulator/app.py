"""The simulator as a Flask application, and one call to its API: log, delay, fault, sign-in, response."""

import random
import time
from dataclasses import replace

from flask import Flask, Request, Response, request

from service.simulator import coworkers, opportunities
from service.simulator.authentication import holds, signs_in
from service.simulator.board import create_board
from service.simulator.control import create_control
from service.simulator.entities import BY_PATH, COWORKER, ENUMS, OPPORTUNITY, Entity
from service.simulator.exchange import (
    ApiCall,
    ConnectionCut,
    Flaw,
    SimulatorResponse,
    declined,
    denied,
    invalid,
    not_found,
    ok,
    read_whole_number,
    unsupported,
)
from service.simulator.faults import Fault
from service.simulator.listing import answer_list, shown
from service.simulator.seed import CREDENTIALS, SERVICE_USER_ID
from service.simulator.settings import throttled
from service.simulator.world import World

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]
TOKEN, ME, ENUM_LIST = "/api/token", "/api/auth/me", "/api/utils/enums"
WRITERS = {
    COWORKER.name: (coworkers.create, coworkers.replace),
    OPPORTUNITY.name: (opportunities.create, opportunities.replace),
}
VERBS = {"GET": "Read", "POST": "Create", "PUT": "Edit", "DELETE": "Delete"}


def create_app(world: World | None = None) -> Flask:
    """Return a simulator on `world`, or on a new one. There are no globals."""
    world = world or World()
    app = Flask(__name__, static_url_path="/_sim/static")
    app.config["PROPAGATE_EXCEPTIONS"] = True  # a ConnectionCut must reach the connection
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it

    @app.route("/api/<path:rest>", methods=METHODS, provide_automatic_options=False)
    def api(rest: str) -> Response:  # noqa: ARG001 - the whole path is read from the request
        result = answer(world, _read_call(request))
        response = Response(result.body, result.status, result.headers, content_type=result.content_type)
        if result.reason:
            response.status = f"{result.status} {result.reason}"
        return response

    app.register_blueprint(create_control(world))
    app.register_blueprint(create_board(world))
    return app


def _read_call(incoming: Request) -> ApiCall:
    return ApiCall(
        method=incoming.method,
        path=incoming.path,
        query=tuple(incoming.args.items(multi=True)),
        authorization=incoming.headers.get("Authorization", ""),
        client_id=incoming.headers.get("client_id", ""),
        content_type=incoming.mimetype,
        body=_read_body(incoming),
    )


def _read_body(incoming: Request) -> object:
    if incoming.mimetype == "application/x-www-form-urlencoded":
        return incoming.form.to_dict()
    return incoming.get_json(force=True, silent=True) if incoming.content_length else None


def answer(world: World, call: ApiCall) -> SimulatorResponse:
    """Answer one call. Raises: ConnectionCut where the script cuts the connection instead."""
    with world.lock:
        world.log_call(call)
        fault = world.script.next_for(call, _email_of(world, call)) if world.script.faults else None
    _delay(world)
    response = _serve(world, call) if fault is None else _apply_fault(world, call, fault)
    call.status = response.status
    return _with_limits(world, response) if world.settings.limit_headers else response


def _with_limits(world: World, response: SimulatorResponse) -> SimulatorResponse:
    """Return the response with a header that states the limits; the real form is not documented."""
    limits = {"X-RateLimit-Limit": world.settings.limits or "none"}
    return replace(response, headers={**response.headers, **limits})


def _delay(world: World) -> None:
    latency = world.settings.latency_ms
    if latency:
        wait_ms = random.uniform(*latency) if isinstance(latency, tuple) else latency  # noqa: S311 - not a secret
        world.wait(wait_ms / 1000)


def _apply_fault(world: World, call: ApiCall, fault: Fault) -> SimulatorResponse:
    call.fault = fault.label
    if fault.after_save:
        response = _serve(world, call)
        if call.writes and call.path != TOKEN and not response.saved:
            return response  # nothing was saved
    if fault.hang_s is not None:
        world.wait(fault.hang_s)
    if fault.reset or fault.hang_s is not None:
        raise ConnectionCut(f"{call.method} {call.path}: {fault.label}")
    return fault.answer()


def _serve(world: World, call: ApiCall) -> SimulatorResponse:
    """Return the response without faults."""
    with world.lock:
        if call.path == TOKEN:
            return world.tokens.answer(call, world.settings) if call.method == "POST" else unsupported(call.method)
        wait_s = world.pace.wait_s(time.monotonic(), writes=call.writes)
        if wait_s:
            return throttled(world.settings.throttle_status, wait_s)
        if not signs_in(call, world.settings, world.tokens):
            return denied()
        return _dispatch(world, call)


def _dispatch(world: World, call: ApiCall) -> SimulatorResponse:
    path = call.path.rstrip("/")
    collection, _, last = path.rpartition("/")
    if path in (ME, ENUM_LIST):
        return _answer_fixed(world, call, path)
    if path in BY_PATH:
        return _on_collection(world, BY_PATH[path], call)
    ident = read_whole_number(last)
    if collection in BY_PATH and ident is not None:
        return _on_record(world, BY_PATH[collection], ident, call)
    return not_found()


def _answer_fixed(world: World, call: ApiCall, path: str) -> SimulatorResponse:
    """Answer the own user, or an enumeration."""
    if not holds("", world.settings):
        return denied()
    if path == ME:
        user = world.tables["User"].rows[SERVICE_USER_ID]
        return ok({key: value for key, value in user.items() if key not in CREDENTIALS})
    names = [text for name, text in call.query if name.lower() == "name"]
    words = ENUMS.get(names[0]) if names else None
    return not_found() if words is None else ok([{"Id": number, "Name": word} for number, word in words.items()])


def _on_collection(world: World, entity: Entity, call: ApiCall) -> SimulatorResponse:
    is_batch = any(name.lower() == "id" for name, _ in call.query)
    verb = "List" if call.method == "GET" and not is_batch else VERBS.get(call.method, "Edit")
    if not holds(f"{entity.name}-{verb}", world.settings):
        return denied()
    if call.method == "GET":
        return answer_list(world, entity, call)
    if call.method not in ("POST", "PUT"):
        return unsupported(call.method)
    if entity.name not in WRITERS:
        return denied()  # a service user may not change the operator's set-up
    if not isinstance(call.body, dict) or call.content_type != "application/json":
        return invalid([Flaw(entity.name, "is not a JSON object")])
    create, replace = WRITERS[entity.name]
    return create(world, call.body) if call.method == "POST" else replace(world, call.body)


def _on_record(world: World, entity: Entity, ident: int, call: ApiCall) -> SimulatorResponse:
    if not holds(f"{entity.name}-{VERBS.get(call.method, 'Edit')}", world.settings):
        return denied()
    if call.method == "GET":
        record = world.row(entity.name, ident)
        return not_found() if record is None else ok(shown(world, entity, record))
    if call.method != "DELETE":
        return unsupported(call.method)
    if entity is OPPORTUNITY:
        return opportunities.delete(world, ident)
    return coworkers.refuse_deletion() if entity is COWORKER else declined("The record could not be deleted.")


def _email_of(world: World, call: ApiCall) -> str:
    """Return the e-mail address that a call concerns, in lower case; "" if none."""
    if isinstance(call.body, dict) and isinstance(call.body.get("Email"), str):
        return str(call.body["Email"]).lower()
    idents: list[object] = [call.body.get("CoworkerId")] if isinstance(call.body, dict) else []
    for name, text in call.query:
        if name.lower() in ("coworker_email", "crmopportunity_coworker_email"):
            return text.strip().lower()
        if name.lower() == "crmopportunity_coworker":
            idents.append(read_whole_number(text))
    if call.path.startswith(f"{COWORKER.path}/"):
        idents.append(read_whole_number(call.path.rpartition("/")[2]))
    matches = [coworker for coworker in (world.row("Coworker", ident) for ident in idents) if coworker]
    return str(matches[0]["Email"]).lower() if matches else ""
