"""People of the dashboard: list, invite, change and remove them, and create links that set a new password."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask_smorest import Blueprint
from marshmallow import fields, validate

from service import clock
from service.actors import Role, Scope
from service.admin import AdminDeps
from service.admin.api.access import (
    BODY_ERRORS,
    protected_blueprint,
    refuse,
    responds,
    takes,
)
from service.admin.api.grants import ACCOUNTS, AccountsField, is_of_account, refusals
from service.admin.api.schemas import INSTANT, NO_NUL, ApiRequest, ApiResponse
from service.admin.permissions import current_actor, requires
from service.operations.invitations import invite, link_address, new_link
from service.operations.people import (
    EMAIL,
    MAX_EMAIL,
    MAX_PERSON_NAME,
    PERSON_NAME,
    PersonChange,
    PersonRequest,
    change_person,
    find_person,
    people_shown_to,
    person_json,
    remove_person,
)

PERSON_ID = {"in": "path", "name": "person_id", "description": "the person's id", "schema": {"type": "string"}}

NO_SUCH_PERSON = "there is no such person"

ROLE = {"description": "in ascending order: each role includes the permissions of the one before"}

ADDRESS = validate.Regexp(EMAIL, error="write an e-mail address, such as ann@example.com")
NAME = (validate.Length(max=MAX_PERSON_NAME), validate.Regexp(PERSON_NAME, error="write a name of one line"))


def _role(**more: Any) -> fields.String:
    return fields.String(validate=validate.OneOf([role.value for role in Role]), metadata=ROLE, **more)


class PeopleQuery(ApiRequest):
    """A filter of people; an empty one means all."""

    account = fields.String(load_default="", validate=NO_NUL, metadata={"description": "people who see this account"})


class InvitationRequest(ApiRequest):
    """A person to invite. accounts: by default those of the inviter."""

    email = fields.String(required=True, validate=[validate.Length(min=3, max=MAX_EMAIL), ADDRESS])
    name = fields.String(load_default="", validate=NAME)
    role = _role(required=True)
    accounts = AccountsField(f"{ACCOUNTS}; by default what whoever invites sees")


class PersonChangeRequest(ApiRequest):
    """Members to change; absent ones stay as they are."""

    name = fields.String(validate=NAME)
    role = _role()
    accounts = AccountsField()
    disabled = fields.Boolean(
        truthy={True}, falsy={False}, metadata={"description": "true ends the person's sessions at once"}
    )


class PersonBody(ApiResponse):
    """A person, without secrets. invited: whether the person has yet to choose a password."""

    id = fields.String()
    email = fields.String()
    name = fields.String()
    role = _role()
    accounts = AccountsField()
    disabled = fields.Boolean()
    invited = fields.Boolean()
    created_at = fields.String(metadata=INSTANT)
    signed_in_at = fields.String(allow_none=True, metadata=INSTANT)


class PeopleList(ApiResponse):
    """The people that exist for the caller, by address."""

    people = fields.List(fields.Nested(PersonBody))


class InvitationBody(ApiResponse):
    """A person, and the address of the page that sets their password.

    Shown only now, valid once, for a limited time.
    """

    id = fields.String()
    invitation_url = fields.String()


def blueprints(deps: AdminDeps) -> Sequence[Blueprint]:
    """The calls of /people."""
    routes = protected_blueprint("people", deps, "People of the dashboard.")
    _add_listing(routes, deps)
    _add_inviting(routes, deps)
    _add_changing(routes, deps)
    return (routes,)


def _add_listing(routes: Blueprint, deps: AdminDeps) -> None:
    @routes.route("/people")
    @routes.arguments(PeopleQuery, location="query", unknown=None)
    @responds(routes, PeopleList)
    @requires(Scope.PEOPLE)
    def list_people(filters: dict[str, Any]) -> dict[str, Any]:
        """The people all of whose accounts the caller sees."""
        people = people_shown_to(deps.store, current_actor())
        return {
            "people": [person_json(each) for each in people if is_of_account(filters["account"], each.accounts, deps)]
        }

    @routes.route("/people/<person_id>", parameters=[PERSON_ID])
    @responds(routes, PersonBody, 404)
    @requires(Scope.PEOPLE)
    def show_person(person_id: str) -> dict[str, Any]:
        """One person."""
        person = find_person(deps.store, person_id, current_actor())
        return person_json(person) if person else refuse(HTTPStatus.NOT_FOUND, NO_SUCH_PERSON)


def _add_inviting(routes: Blueprint, deps: AdminDeps) -> None:
    @routes.route("/people", methods=["POST"])
    @takes(
        routes,
        InvitationRequest,
        example={"email": "ann@example.com", "name": "Ann Lee", "role": "agent", "accounts": ["harbour"]},
    )
    @responds(routes, InvitationBody, 404, 409, *BODY_ERRORS)
    @requires(Scope.PEOPLE)
    def invite_person(payload: dict[str, Any]) -> dict[str, Any]:
        """Invite a person; nothing is sent: pass the address on yourself.

        Nobody can give a role or an account that they lack. An unknown account gets a 404, an address in use a 409.
        """
        actor = current_actor()
        wanted = PersonRequest(
            payload["email"], payload["name"], Role(payload["role"]), payload.get("accounts", actor.accounts)
        )
        with refusals():
            person, token = invite(deps.store, wanted, actor, deps.accounts, clock.now())
        return {"id": person.id, "invitation_url": link_address(deps.public_url, token)}

    @routes.route("/people/<person_id>/reset", methods=["POST"], parameters=[PERSON_ID])
    @responds(routes, InvitationBody, 404, 409)
    @requires(Scope.PEOPLE)
    def reset_person(person_id: str) -> dict[str, Any]:
        """Create a link that sets a new password; it replaces an earlier link. The old password works until then."""
        with refusals():
            made = new_link(deps.store, person_id, current_actor(), clock.now())
        if made is None:
            refuse(HTTPStatus.NOT_FOUND, NO_SUCH_PERSON)
        return {"id": made[0].id, "invitation_url": link_address(deps.public_url, made[1])}


def _add_changing(routes: Blueprint, deps: AdminDeps) -> None:
    @routes.route("/people/<person_id>", methods=["PATCH"], parameters=[PERSON_ID])
    @takes(routes, PersonChangeRequest, example={"disabled": True})
    @responds(routes, PersonBody, 404, 409, *BODY_ERRORS)
    @requires(Scope.PEOPLE)
    def change_a_person(payload: dict[str, Any], person_id: str) -> dict[str, Any]:
        """Change a person. It applies from the person's next request; `disabled` ends the sessions at once."""
        change = PersonChange(
            payload.get("name"),
            Role(payload["role"]) if "role" in payload else None,
            (payload["accounts"],) if "accounts" in payload else None,
            payload.get("disabled"),
        )
        with refusals():
            person = change_person(
                deps.store,
                person_id,
                change,
                current_actor(),
                deps.accounts,
                clock.now(),
                has_password=bool(deps.password),
            )
        return person_json(person) if person else refuse(HTTPStatus.NOT_FOUND, NO_SUCH_PERSON)

    @routes.route("/people/<person_id>", methods=["DELETE"], parameters=[PERSON_ID])
    @responds(routes, PersonBody, 404, 409)
    @requires(Scope.PEOPLE)
    def remove_a_person(person_id: str) -> dict[str, Any]:
        """Remove a person and end the sessions at once. The person's acts stay on record."""
        with refusals():
            person = remove_person(
                deps.store, person_id, current_actor(), clock.now(), has_password=bool(deps.password)
            )
        return person_json(person) if person else refuse(HTTPStatus.NOT_FOUND, NO_SUCH_PERSON)
