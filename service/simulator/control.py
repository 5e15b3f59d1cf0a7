"""The control calls under /_sim/: what has happened, and what shall happen."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from service.simulator import coworkers, custom_fields
from service.simulator.faults import read_script
from service.simulator.handling import handle
from service.simulator.settings import Problems, shown
from service.simulator.world import World

USUAL = {"FullName": "Known Person", "CountryId": 1, "SimpleTimeZoneId": 2, "CoworkerType": 1}
"""The fields of an added customer that the call leaves out."""


def create_control(world: World) -> Blueprint:
    """The /_sim/ pages over one World."""
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
            raise Problems(["an object is needed"])
        with world.lock:
            said = handle(world, ident, wanted)
        return said.body, said.status, {"Content-Type": said.content_type}

    _add_settings(pages, world)
    _add_customers(pages, world)

    @pages.errorhandler(Problems)
    def refuse(problems: Problems) -> ResponseReturnValue:
        return jsonify(ok=False, problems=problems.sentences), 400

    return pages


def _add_settings(pages: Blueprint, world: World) -> None:
    """How this Nexudus behaves, and what its operator added."""

    @pages.post("/customfields")
    def add_custom_field() -> ResponseReturnValue:
        wanted = request.get_json()
        if not isinstance(wanted, Mapping):
            raise Problems(["a custom field: an object is needed"])
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
            raise Problems(["settings: an object is needed"])
        world.change_settings(wanted)
        return jsonify(ok=True, settings=shown(world.settings))


def _add_customers(pages: Blueprint, world: World) -> None:
    @pages.post("/coworkers")
    def add() -> ResponseReturnValue:
        wanted = request.get_json()
        if not isinstance(wanted, Mapping) or not wanted.get("Email"):
            raise Problems(["an object with an Email is needed"])
        with world.lock:
            made = coworkers.add(world, {**USUAL, **wanted})
        return jsonify(ok=True, id=made["Id"])


def read_state(world: World) -> dict[str, Any]:
    """All that has arrived, and how it went. Bodies of calls are left out: logins are among them."""
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
