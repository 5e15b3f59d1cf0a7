"""API keys of programs: created, shown once, revoked."""

from datetime import datetime, time, timedelta
from http import HTTPStatus

from flask import Blueprint, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from service import clock
from service.actors import Actor, Scope
from service.admin import AdminDeps
from service.admin.pages.rendering import PREFIX, Renderer
from service.admin.permissions import current_actor, requires
from service.i18n import N_, MessageTable, _
from service.operations.grants import InvalidRequest, NotAllowed
from service.operations.keys import (
    MAX_KEY_NAME,
    KeyNameTaken,
    KeyRequest,
    keys_shown_to,
    make_key,
    revoke_key,
)

SCOPE_MEANINGS = MessageTable(
    {
        Scope.READ: N_("see leads, reports, forms and alerts"),
        Scope.LEADS: N_("work on leads: send, release, discard, correct, erase"),
        Scope.SETUP: N_("change the set-up"),
        Scope.PEOPLE: N_("manage people and keys, read the record of acts"),
    }
)
"""Scope -> what a key with it may do."""

PROBLEMS = MessageTable(
    {
        "name": N_("Enter a name of at most 100 characters, on one line."),
        "scopes": N_("Choose at least one permission."),
        "accounts": N_("Choose at least one account."),
        "expires_at": N_("The last day is in the past or not a date."),
    }
)
"""Member of a request for a key -> the message about it."""

ALL = "all"


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/keys."""

    def page(status: HTTPStatus = HTTPStatus.OK, *, problem: str = "", token: str = "") -> Response:
        actor = current_actor()
        is_new = request.method == "GET" or bool(token)
        response = renderer.page(
            "keys.html",
            status,
            here="keys",
            keys=keys_shown_to(deps.store, actor),
            scopes=[(scope, SCOPE_MEANINGS[scope]) for scope in Scope if actor.may(scope)],
            accounts=[account for account in deps.accounts if actor.sees(account)],
            sees_all=actor.accounts is None,
            labels_of=lambda key: [SCOPE_MEANINGS[scope] for scope in Scope if scope in key.scopes],
            chosen={} if is_new else request.form.to_dict(flat=False),
            max_name=MAX_KEY_NAME,
            problem=problem,
            token=token,
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    @routes.get("/keys")
    @requires(Scope.PEOPLE)
    def keys() -> Response:
        return page()

    @routes.post("/keys")
    @requires(Scope.PEOPLE)
    def create_key() -> Response:
        actor = current_actor()
        try:
            made = make_key(deps.store, _request(actor, deps), actor, deps.accounts, clock.now())
        except NotAllowed:
            return page(HTTPStatus.FORBIDDEN, problem=_("A key cannot have more permissions than you have."))
        except KeyNameTaken:
            return page(HTTPStatus.CONFLICT, problem=_("A key with this name already exists for these accounts."))
        except InvalidRequest as error:
            return page(HTTPStatus.UNPROCESSABLE_ENTITY, problem=PROBLEMS[error.member])
        return page(token=made[1])

    @routes.post("/keys/<key_id>/revoke")
    @requires(Scope.PEOPLE)
    def revoke(key_id: str) -> Response:
        key = revoke_key(deps.store, key_id, current_actor(), clock.now())
        if key is None:
            raise NotFound
        return renderer.go(f"{PREFIX}/keys", _("The key %(name)s is revoked.", name=key.name))


def _request(actor: Actor, deps: AdminDeps) -> KeyRequest:
    """Return the key described by the page's form.

    Raises: InvalidRequest.
    """
    scopes = frozenset(Scope(each) for each in request.form.getlist("scope") if each in list(Scope))
    has_choice = len(deps.accounts) > 1 or actor.accounts is not None
    reach = request.form.get("reach", "" if has_choice else ALL)
    accounts = None if reach == ALL else frozenset(request.form.getlist("account"))
    return KeyRequest(request.form.get("name", ""), scopes, accounts, _end(request.form.get("last_day", ""), deps))


def _end(last_day: str, deps: AdminDeps) -> datetime | None:
    """The end of a day in the operator's zone.

    Raises: InvalidRequest.
    """
    if not last_day:
        return None
    try:
        following = datetime.strptime(last_day, "%Y-%m-%d").replace(tzinfo=deps.zone).date() + timedelta(days=1)
        return datetime.combine(following, time(), deps.zone)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest("expires_at", "this is no date") from error
