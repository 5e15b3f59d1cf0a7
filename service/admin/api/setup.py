"""The set-up: read, publish, list versions, revert to one. Where it is kept in a forms file, it is read-only."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint
from werkzeug.exceptions import HTTPException

from service import clock
from service.actors import Scope
from service.admin import AdminDeps
from service.admin.api.access import (
    BODY_ERRORS,
    problem_response,
    protected_blueprint,
    refuse,
    responds,
    takes,
)
from service.admin.api.setup_schemas import (
    PublishedBody,
    PublishRequest,
    RevertRequest,
    SetupBody,
    SetupVersionList,
    VersionsQuery,
)
from service.admin.permissions import Entry, current_actor, requires
from service.forms import SetupProblems
from service.operations.lead_json import instant
from service.operations.setup_effect import effect_of, proposal_json
from service.setup.publishing import ManagedByFile, Proposal, SetupRefusal, StaleVersion, UnknownVersion
from service.setup.withholding import document_without_secrets
from service.store import SetupVersion

REFUSALS: Mapping[type[SetupRefusal], HTTPStatus] = {
    ManagedByFile: HTTPStatus.CONFLICT,
    StaleVersion: HTTPStatus.PRECONDITION_FAILED,
    UnknownVersion: HTTPStatus.NOT_FOUND,
}

IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "description": "the ETag of the version that the change was made from",
    "schema": {"type": "string"},
}

WRITING = {409: "A forms file holds the set-up: change it there."}


def blueprints(deps: AdminDeps) -> Sequence[Blueprint]:
    """The calls of /setup."""
    routes = protected_blueprint("setup", deps, "The set-up: kept in the database, or read-only in a forms file.")
    routes.register_error_handler(HTTPException, _problem_with_places)
    _add_reading(routes, deps)
    _add_writing(routes, deps)
    return (routes,)


def _add_reading(routes: Blueprint, deps: AdminDeps) -> None:
    @routes.route("/setup")
    @requires(Entry.SIGNED_IN)
    @responds(routes, SetupBody)
    def show_setup() -> tuple[dict[str, Any], int, dict[str, str]]:
        """The document in force; a key that cannot change it gets it without comments and written-out secrets.

        A change must send its ETag as If-Match.
        """
        _require(Scope.SETUP, Scope.READ)
        standing = deps.publisher.standing()
        may_change = current_actor().may(Scope.SETUP)
        body = {
            "version": standing.version,
            "managed": "file" if standing.version is None else "here",
            "toml": standing.toml if may_change else document_without_secrets(standing.toml),
            "updated_at": instant(standing.updated_at),
            "updated_by": standing.updated_by or None,
            "note": standing.note or None,
        }
        return body, 200, _etag(standing.identifier)

    @routes.route("/setup/versions")
    @requires(Entry.SIGNED_IN)
    @routes.arguments(VersionsQuery, location="query", unknown=None)
    @responds(routes, SetupVersionList)
    def list_setup_versions(filters: dict[str, Any]) -> dict[str, Any]:
        """The published versions, newest first."""
        _require(Scope.SETUP, Scope.READ)
        size = filters["size"]
        versions = deps.publisher.history(size + 1, filters["before"])
        shown = versions[:size]
        return {
            "versions": [_version(each) for each in shown],
            "next": shown[-1].version if len(versions) > size else None,
        }


def _add_writing(routes: Blueprint, deps: AdminDeps) -> None:
    publisher = deps.publisher

    @routes.route("/setup", methods=["PUT"])
    @requires(Scope.SETUP)
    @takes(routes, PublishRequest, example={"toml": "[forms.contact]\n", "note": "a fresh start", "dry_run": True})
    @routes.doc(parameters=[IF_MATCH])
    @responds(routes, PublishedBody, 409, 412, 428, *BODY_ERRORS, words=WRITING)
    def publish_setup(payload: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Publish a whole document, if it is valid. It takes effect in every process within two seconds."""
        _require(Scope.SETUP)
        document, actor, now = payload["toml"], current_actor(), clock.now()

        def act(expected: int) -> Proposal:
            if payload["dry_run"]:
                return publisher.propose(document, expected)
            return publisher.publish(document, payload["note"], actor, expected, now)

        return _published(deps, act)

    @routes.route("/setup/revert", methods=["POST"])
    @requires(Scope.SETUP)
    @takes(routes, RevertRequest, example={"version": 3, "note": "the new stage was wrong", "dry_run": True})
    @routes.doc(parameters=[IF_MATCH])
    @responds(routes, PublishedBody, 404, 409, 412, 428, *BODY_ERRORS, words=WRITING)
    def revert_setup(payload: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Publish the document of an earlier version again, under a new number."""
        _require(Scope.SETUP)
        number, actor, now = payload["version"], current_actor(), clock.now()

        def act(expected: int) -> Proposal:
            if payload["dry_run"]:
                return publisher.propose(publisher.version(number).toml, expected)
            return publisher.revert(number, payload["note"], actor, expected, now)

        return _published(deps, act)


def _require(*scopes: Scope) -> None:
    """Refuse callers with none of the scopes or without all accounts, because the document names every account."""
    actor = current_actor()
    if actor.accounts is not None or not any(actor.may(scope) for scope in scopes):
        refuse(HTTPStatus.FORBIDDEN, f"this needs the scope {' or '.join(scopes)}, for all accounts")


def _published(deps: AdminDeps, act: Callable[[int], Proposal]) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Publish a document made from the version of If-Match; return the response."""
    try:
        if deps.publisher.is_managed_by_file:
            refuse(HTTPStatus.CONFLICT, "the set-up is a forms file: change it there")
        proposal = act(_expected(deps))
    except SetupRefusal as refusal:
        refuse(REFUSALS[type(refusal)], str(refusal))
    except SetupProblems as problems:
        errors = [each._asdict() for each in problems.placed]
        refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(problems.problems), errors=errors)
    effect = effect_of(deps.store, proposal.before.forms, proposal.after.forms)
    return proposal_json(proposal, effect), 200, _etag(str(proposal.version))


def _expected(deps: AdminDeps) -> int:
    """The version of If-Match; of several, the one in force. -1 for a version that never existed."""
    given = request.headers.get("If-Match", "").strip()
    if not given:
        refuse(HTTPStatus.PRECONDITION_REQUIRED, "send If-Match with the ETag of the version that you changed")
    numbers = [int(number) for number in re.findall(r'(?:W/)?"?(\d{1,9})"?(?=\s*(?:,|$))', given)]
    if given == "*" or len(numbers) > 1:
        newest = deps.publisher.standing().version
        return newest if newest is not None and (given == "*" or newest in numbers) else -1
    return numbers[0] if numbers else -1


def _etag(identifier: str) -> dict[str, str]:
    return {"ETag": f'"{identifier}"'}


def _version(version: SetupVersion) -> dict[str, Any]:
    return {
        "version": version.version,
        "updated_at": instant(version.published_at),
        "updated_by": version.published_by,
        "note": version.note,
    }


def _problem_with_places(error: HTTPException) -> Response:
    """Return the problem document; faults of the request have the shape of those of the document."""
    response = problem_response(error)
    document = json.loads(response.get_data())
    if isinstance(document.get("errors"), dict):
        places = [place for location in document["errors"].values() for place in _places("", location)]
        document["errors"] = [{"path": path, "message": message} for path, message in places]
        response.set_data(json.dumps(document))
    return response


def _places(path: str, errors: Any) -> Iterator[tuple[str, str]]:
    if isinstance(errors, Mapping):
        for name, below in errors.items():
            yield from _places(f"{path}.{name}".removeprefix("."), below)
    else:
        yield path, " ".join(map(str, errors)) if isinstance(errors, list) else str(errors)
