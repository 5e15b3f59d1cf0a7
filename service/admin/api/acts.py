"""The record of acts, read-only."""

from collections.abc import Sequence
from typing import Any

from flask_smorest import Blueprint
from marshmallow import fields, validate

from service.actors import Scope
from service.admin import AdminDeps
from service.admin.api.access import protected_blueprint, responds
from service.admin.api.schemas import INSTANT, NO_NUL, ApiRequest, ApiResponse, InstantOrDayField
from service.admin.permissions import current_actor, requires
from service.operations.acts import act_json, acts_page
from service.store import ActQuery, SubjectKind

KINDS = [kind.value for kind in SubjectKind]


class ActParameters(ApiRequest):
    """Filters of acts; an empty filter matches all."""

    since = InstantOrDayField("done at or after")
    until = InstantOrDayField("done before")
    who = fields.String(load_default="", validate=NO_NUL, metadata={"description": 'an e-mail, "key NAME", "admin"'})
    lead = fields.String(load_default="", validate=NO_NUL, metadata={"description": "acts on the lead with this id"})
    kind = fields.String(load_default="", validate=validate.OneOf([*KINDS, ""]))
    subject = fields.String(
        load_default="", validate=NO_NUL, metadata={"description": "acts on the subject with this id"}
    )
    act = fields.String(load_default="", validate=NO_NUL, metadata={"description": "release, publish, revoke ..."})
    account = fields.String(load_default="", validate=NO_NUL)
    q = fields.String(
        load_default="", validate=NO_NUL, metadata={"description": "words that must all occur in the act"}
    )
    cursor = fields.String(
        load_default="",
        validate=validate.Regexp(r"^[0-9]{0,18}$", error="is not the `next` of a page"),
        metadata={"description": "`next` of the previous page"},
    )
    size = fields.Integer(load_default=50, validate=validate.Range(1, 200), metadata={"description": "acts per page"})


class ActBody(ApiResponse):
    """Who did what. subject: the id of a thing of this kind. from: an IP address, or user@host for a terminal.

    accounts: "all" for acts that only callers with all accounts see. before, after: the state, null where there was or
    is none. erased: the words of a person were removed from the act.
    """

    id = fields.Integer()
    at = fields.String(metadata=INSTANT)
    who = fields.String()
    from_ = fields.String(data_key="from", attribute="from", allow_none=True)
    act = fields.String()
    kind = fields.String(validate=validate.OneOf(KINDS))
    subject = fields.String()
    accounts = fields.Raw(
        metadata={"anyOf": [{"const": "all"}, {"type": "array", "items": {"type": "string"}}]},
    )
    before = fields.Dict(keys=fields.String(), allow_none=True)
    after = fields.Dict(keys=fields.String(), allow_none=True)
    erased = fields.Boolean()
    hash = fields.String(metadata={"description": "by which the next act is chained to this one"})


class ActList(ApiResponse):
    """One page of acts, newest first. next: the cursor of the next page, null when there are no more."""

    acts = fields.List(fields.Nested(ActBody))
    next = fields.String(allow_none=True)


def blueprints(deps: AdminDeps) -> Sequence[Blueprint]:
    """The call of /acts."""
    routes = protected_blueprint("acts", deps, "Who did what.")

    @routes.route("/acts")
    @routes.arguments(ActParameters, location="query", unknown=None)
    @responds(routes, ActList)
    @requires(Scope.PEOPLE)
    def list_acts(filters: dict[str, Any]) -> dict[str, Any]:
        """The record of acts in the accounts that the caller sees, newest first.

        A search for words that would read very many acts stops early: such a page has fewer acts than `size`,
        perhaps none, and `next` continues from there. When `next` is null there are no more.
        """
        page = acts_page(deps.store, current_actor(), _query(filters), filters["size"])
        return {"acts": list(map(act_json, page.acts)), "next": str(page.next) if page.next else None}

    return (routes,)


def _query(filters: dict[str, Any]) -> ActQuery:
    return ActQuery(
        since=filters.get("since"),
        until=filters.get("until"),
        **{name: filters[name] for name in ("who", "lead", "kind", "subject", "act", "account")},
        text=filters["q"],
        before=int(filters["cursor"] or 0),
    )
