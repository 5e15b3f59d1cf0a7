"""The control calls under /_sim/: the state, faults and settings, and changes as people make them."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from service.simulator import coworkers, custom_fields, opportunities
from service.simulator.entities import STATUS_LOST, STATUS_WON
from service.simulator.exchange import Record, SimulatorResponse, not_found, now_text, read_instant, text_of
from service.simulator.faults import read_script
from service.simulator.seed import OWNER_USER_ID
from service.simulator.settings import ControlProblems, shown
from service.simulator.world import World

COWORKER_DEFAULTS = {"FullName": "Known Person", "CountryId": 1, "SimpleTimeZoneId": 2, "CoworkerType": 1}
"""Fields of an added customer that the call leaves out."""

STATUSES = {"in_progress": 1, "won": STATUS_WON, "lost": STATUS_LOST}
YEARS = range(1970, 2100)
KEYS = {
    "stage_id": "CrmBoardColumnId",
    "status": "Status",
    "value": "Value",
    "loss_reason": "LossReason",
    "owner_id": "ResponsibleId",
}


def create_control(world: World) -> Blueprint:
    """Return the /_sim/ calls over one World."""
    pages = Blueprint("control", __name__, url_prefix="/_sim")

    @pages.get("/state")
    def show_state() -> ResponseReturnValue:
        return jsonify(read_state(world))

    @pages.post("/reset")
    def reset() -> ResponseReturnValue:
        world.reset()
        return jsonify(ok=True)

    @pages.post("/faults")
    def script() -> ResponseReturnValue:
        wanted = read_script(request.get_json())
        with world.lock:
            world.script = wanted
        return jsonify(ok=True, faults=len(wanted.faults))

    @pages.post("/opportunities/<int:ident>")
    def change(ident: int) -> ResponseReturnValue:
        wanted = request.get_json()
        if not isinstance(wanted, Mapping):
            raise ControlProblems(["an object is needed"])
        with world.lock:
            response = handle(world, ident, wanted)
        return response.body, response.status, {"Content-Type": response.content_type}

    _add_settings(pages, world)
    _add_customers(pages, world)

    @pages.errorhandler(ControlProblems)
    def refuse(problems: ControlProblems) -> ResponseReturnValue:
        return jsonify(ok=False, problems=problems.sentences), 400

    return pages


def _add_settings(pages: Blueprint, world: World) -> None:
    """Add the calls for settings and custom fields."""

    @pages.post("/customfields")
    def add_custom_field() -> ResponseReturnValue:
        wanted = request.get_json()
        if not isinstance(wanted, Mapping):
            raise ControlProblems(["a custom field: an object is needed"])
        with world.lock:
            added = custom_fields.add(world, wanted)
        return jsonify(ok=True, id=added["Id"])

    @pages.get("/settings")
    def show_settings() -> ResponseReturnValue:
        return jsonify(shown(world.settings))

    @pages.post("/settings")
    def settle() -> ResponseReturnValue:
        wanted = request.get_json()
        if not isinstance(wanted, Mapping):
            raise ControlProblems(["settings: an object is needed"])
        world.change_settings(wanted)
        return jsonify(ok=True, settings=shown(world.settings))


def _add_customers(pages: Blueprint, world: World) -> None:
    @pages.post("/coworkers")
    def add() -> ResponseReturnValue:
        wanted = request.get_json()
        if not isinstance(wanted, Mapping) or not wanted.get("Email"):
            raise ControlProblems(["an object with an Email is needed"])
        with world.lock:
            record = coworkers.add(world, {**COWORKER_DEFAULTS, **wanted})
        return jsonify(ok=True, id=record["Id"])


def read_state(world: World) -> dict[str, Any]:
    """Return the state. Bodies of calls are left out, because they may hold logins."""
    with world.lock:
        last = world.calls[-1] if world.calls else None
        return {
            "opportunities": list(world.tables["CrmOpportunity"].rows.values()),
            "coworkers": list(world.tables["Coworker"].rows.values()),
            "requests": {
                "count": world.calls_count,
                "last": last and {"method": last.method, "path": last.path, "status": last.status, "at": last.at},
            },
            "faults": [{"kind": fault.label, "used": fault.used} for fault in world.script.faults],
            "side_effects": list(world.side_effects),
            "ignored": dict(world.ignored),
            "settings": shown(world.settings),
        }


def handle(world: World, ident: int, wanted: Mapping[str, Any]) -> SimulatorResponse:
    """Change one opportunity as its owner does in the admin pages; `{"delete": true}` deletes it.

    wanted: any of stage_id, status (in_progress, won, lost), value, loss_reason (a number), owner_id; at: the time in
    ISO 8601, instead of now. The caller holds the lock.
    Raises: ControlProblems for unknown keys and words, and an unreadable time.
    """
    _check(wanted)
    if wanted.get("delete"):
        return opportunities.delete(world, ident)
    old = world.row("CrmOpportunity", ident)
    if old is None:
        return not_found()
    at = _time_of(wanted)
    return opportunities.replace(world, _body(old, wanted, at), OWNER_USER_ID, at)


def _check(wanted: Mapping[str, Any]) -> None:
    sentences = [
        f"unknown key {key!r}: choose from delete, at, {', '.join(KEYS)}"
        for key in wanted.keys() - {*KEYS, "delete", "at"}
    ]
    if wanted.get("status", "won") not in STATUSES:
        sentences.append(f"unknown status {wanted['status']!r}: choose from {', '.join(STATUSES)}")
    instant = read_instant(str(wanted.get("at", "")))
    if "at" in wanted and (instant is None or instant.year not in YEARS):
        sentences.append(f"{wanted['at']!r} is not a time: write one such as 2026-11-24T15:02:11Z")
    if sentences:
        raise ControlProblems(sentences)


def _time_of(wanted: Mapping[str, Any]) -> str:
    instant = read_instant(str(wanted.get("at", "")))
    return text_of(instant) if instant else now_text()


def _body(old: Record, wanted: Mapping[str, Any], at: str) -> Record:
    """Return the whole record with the changes, as a PUT needs it."""
    kept = {name: old[name] for name in opportunities.WRITABLE}
    changed = {KEYS[key]: value for key, value in wanted.items() if key in KEYS}
    if "status" in wanted:
        changed |= _closing(STATUSES[wanted["status"]], changed.get("LossReason"), at)
    return {**kept, **changed, "Id": old["Id"]}


def _closing(status: int, loss_reason: object, at: str) -> Record:
    """Return the fields that the admin pages fill in when an opportunity is closed or reopened."""
    return {
        "Status": status,
        "WonOn": at if status == STATUS_WON else None,
        "LostOn": at if status == STATUS_LOST else None,
        "LossReason": loss_reason if status == STATUS_LOST else None,
    }
