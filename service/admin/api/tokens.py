"""API keys: list, create, revoke."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask_smorest import Blueprint
from marshmallow import fields, validate

from service import clock
from service.actors import Scope
from service.admin import AdminDeps
from service.admin.api.access import (
    BODY_ERRORS,
    protected_blueprint,
    refuse,
    responds,
    takes,
)
from service.admin.api.grants import ACCOUNTS, AccountsField, is_of_account, refusals
from service.admin.api.schemas import INSTANT, NO_NUL, ApiRequest, ApiResponse, InstantOrDayField
from service.admin.permissions import current_actor, requires
from service.operations.keys import (
    KEY_NAME,
    MAX_KEY_NAME,
    KeyRequest,
    key_json,
    keys_shown_to,
    make_key,
    revoke_key,
)

ONE_LINE = "write one line that is not empty"

SCOPE_NAMES = [scope.value for scope in Scope]

KEY_ID = {"in": "path", "name": "token_id", "description": "the key's id", "schema": {"type": "string"}}


class TokenQuery(ApiRequest):
    """A filter of keys; an empty one means all."""

    account = fields.String(load_default="", validate=NO_NUL, metadata={"description": "keys that reach this account"})


class TokenRequest(ApiRequest):
    """A new key. accounts: by default those of its creator; expires_at: by default never."""

    name = fields.String(
        required=True, validate=[validate.Length(min=1, max=MAX_KEY_NAME), validate.Regexp(KEY_NAME, error=ONE_LINE)]
    )
    scopes = fields.List(
        fields.String(validate=validate.OneOf(SCOPE_NAMES)), required=True, validate=validate.Length(min=1)
    )
    accounts = AccountsField(f"{ACCOUNTS}; by default what its maker sees")
    expires_at = InstantOrDayField("when it ends; by default never", allow_none=True)


class TokenBody(ApiResponse):
    """A key, without its token. made_by: an e-mail address, "key NAME", "admin" or "terminal"."""

    id = fields.String()
    name = fields.String()
    scopes = fields.List(fields.String(validate=validate.OneOf(SCOPE_NAMES)))
    accounts = AccountsField()
    made_at = fields.String(metadata=INSTANT)
    made_by = fields.String()
    expires_at = fields.String(allow_none=True, metadata=INSTANT)
    used_at = fields.String(allow_none=True, metadata={**INSTANT, "description": "last use, to the minute"})


class TokenList(ApiResponse):
    """The keys that the caller sees, newest first."""

    tokens = fields.List(fields.Nested(TokenBody))


class NewToken(ApiResponse):
    """A new key. token: shown only now."""

    id = fields.String()
    token = fields.String()


def blueprints(deps: AdminDeps) -> Sequence[Blueprint]:
    """The calls of /tokens."""
    routes = protected_blueprint("tokens", deps, "Keys of this API.")
    _add_listing(routes, deps)
    _add_making(routes, deps)
    return (routes,)


def _add_listing(routes: Blueprint, deps: AdminDeps) -> None:
    @routes.route("/tokens")
    @routes.arguments(TokenQuery, location="query", unknown=None)
    @responds(routes, TokenList)
    @requires(Scope.PEOPLE)
    def list_tokens(filters: dict[str, Any]) -> dict[str, Any]:
        """The keys all of whose accounts the caller sees."""
        keys = keys_shown_to(deps.store, current_actor())
        return {"tokens": [key_json(key) for key in keys if is_of_account(filters["account"], key.accounts, deps)]}

    @routes.route("/tokens/<token_id>", methods=["DELETE"], parameters=[KEY_ID])
    @responds(routes, TokenBody, 404)
    @requires(Scope.PEOPLE)
    def revoke_token(token_id: str) -> dict[str, Any]:
        """Revoke a key; its token is refused from now on."""
        key = revoke_key(deps.store, token_id, current_actor(), clock.now())
        if key is None:
            refuse(HTTPStatus.NOT_FOUND, "there is no such key")
        return key_json(key)


def _add_making(routes: Blueprint, deps: AdminDeps) -> None:
    @routes.route("/tokens", methods=["POST"])
    @takes(routes, TokenRequest, example={"name": "Zapier", "scopes": ["read"], "accounts": "all"})
    @responds(routes, NewToken, 404, 409, *BODY_ERRORS)
    @requires(Scope.PEOPLE)
    def create_token(payload: dict[str, Any]) -> dict[str, Any]:
        """Create a key. It cannot have a scope or an account that its creator lacks.

        An unknown account gets a 404, a name in use or a last day in the past a 409.
        """
        actor = current_actor()
        wanted = KeyRequest(
            payload["name"],
            frozenset(map(Scope, payload["scopes"])),
            payload.get("accounts", actor.accounts),
            payload.get("expires_at"),
        )
        with refusals(invalid=HTTPStatus.CONFLICT):  # the schema has checked everything but the last day
            key, token = make_key(deps.store, wanted, actor, deps.accounts, clock.now())
        return {"id": key.id, "token": token}
