"""People: invited, changed, disabled and removed; each gets a link that sets a password, shown once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from service import clock
from service.actors import Actor, Person, Role, Scope
from service.admin import AdminDeps
from service.admin.pages.record import ShownAct, acts_about_subject
from service.admin.pages.rendering import PREFIX, Renderer
from service.admin.pages.roles import ROLE_MEANINGS, ROLE_NAMES
from service.admin.permissions import current_actor, requires
from service.i18n import N_, MessageTable, _
from service.operations.grants import GrantConflict, InvalidRequest, NotAllowed
from service.operations.invitations import PersonDisabled, invite, link_address, new_link
from service.operations.passkeys import remove_passkeys
from service.operations.people import (
    MAX_EMAIL,
    MAX_PERSON_NAME,
    EmailTaken,
    LastWayIn,
    PersonChange,
    PersonRequest,
    change_person,
    end_sessions,
    find_person,
    people_shown_to,
    remove_person,
)
from service.operations.second_step import remove_second_step
from service.store import ActQuery, Store

ALL = "all"

PROBLEMS = MessageTable(
    {
        EmailTaken: N_("This address is already in use."),
        LastWayIn: N_("This is the last owner of all accounts: make someone else an owner first."),
        PersonDisabled: N_("This person is disabled: enable them first."),
        NotAllowed: N_("You cannot grant more than you have, or change your own role. Ask another owner."),
        "email": N_("Enter an e-mail address, such as ann@example.com."),
        "name": N_("Enter a name of at most 100 characters, on one line."),
        "role": N_("Choose a role."),
        "accounts": N_("Choose at least one account."),
    }
)
"""Refusal, or member of a request -> the message about it."""


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that sets a password, to be passed on. is_first: of an invitation."""

    person: Person
    address: str

    @property
    def is_first(self) -> bool:
        return self.person.is_invited


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """The page People, for one request."""

    deps: AdminDeps
    renderer: Renderer

    def show(
        self,
        status: HTTPStatus = HTTPStatus.OK,
        *,
        problem: str = "",
        link: NewLink | None = None,
        chosen: Person | None = None,
    ) -> Response:
        """Show everyone. chosen: the person whose settings are open. link: the one just created."""
        actor = current_actor()
        with self.deps.store.read() as tx:
            with_code, with_passkey = tx.second_steps.people(), tx.passkeys.people()
        response = self.renderer.page(
            "people.html",
            status,
            here="people",
            people=people_shown_to(self.deps.store, actor),
            with_code=with_code,
            with_passkey=with_passkey,
            me=actor.who,
            chosen=chosen,
            acts=self._acts_of(chosen) if chosen else (),
            roles=[(role, _(ROLE_NAMES[role]), _(ROLE_MEANINGS[role])) for role in Role if role.scopes <= actor.scopes],
            role_names={role: _(name) for role, name in ROLE_NAMES.items()},
            accounts=self.deps.accounts,
            sees_all=actor.accounts is None,
            sent=request.form.to_dict(flat=False) if status >= HTTPStatus.BAD_REQUEST else {},
            max_email=MAX_EMAIL,
            max_name=MAX_PERSON_NAME,
            problem=problem,
            link=link,
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    def _acts_of(self, person: Person) -> Sequence[ShownAct]:
        """The acts on a person, and the person's own acts."""
        return acts_about_subject(self.deps, ActQuery(subject=person.id), ActQuery(who=person.email))

    def attempt(self, job: Callable[[], Response], chosen: Person | None = None) -> Response:
        """Carry out a form's request; if it is refused, show the page with the reason."""
        try:
            return job()
        except NotAllowed:
            return self.show(HTTPStatus.FORBIDDEN, problem=PROBLEMS[NotAllowed], chosen=chosen)
        except GrantConflict as error:
            return self.show(HTTPStatus.CONFLICT, problem=PROBLEMS[type(error)], chosen=chosen)
        except InvalidRequest as error:
            return self.show(HTTPStatus.UNPROCESSABLE_ENTITY, problem=PROBLEMS[error.member], chosen=chosen)

    def person(self, person_id: str) -> Person:
        """The person of an address.

        Raises: NotFound if no such person exists for the caller.
        """
        person = find_person(self.deps.store, person_id, current_actor())
        if person is None:
            raise NotFound
        return person


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/people."""
    page = PeoplePage(deps, renderer)

    @routes.get("/people")
    @requires(Scope.PEOPLE)
    def people() -> Response:
        chosen = request.args.get("person", "")
        return page.show(chosen=page.person(chosen) if chosen else None)

    @routes.post("/people")
    @requires(Scope.PEOPLE)
    def invite_person() -> Response:
        def job() -> Response:
            wanted = PersonRequest(
                request.form.get("email", ""), request.form.get("name", ""), _chosen_role(), _chosen_accounts(deps)
            )
            person, token = invite(deps.store, wanted, current_actor(), deps.accounts, clock.now())
            return page.show(link=NewLink(person, link_address(deps.public_url, token)))

        return page.attempt(job)

    _add_changes(routes, page)
    _add_acts(routes, page)
    _add_other_ways_in(routes, page)


def _add_changes(routes: Blueprint, page: PeoplePage) -> None:
    def change(person_id: str, changes: Callable[[], PersonChange], notice: str) -> Response:
        person, deps = page.person(person_id), page.deps

        def job() -> Response:
            changed = change_person(
                *(deps.store, person.id, changes(), current_actor(), deps.accounts, clock.now()),
                has_password=bool(deps.password),
            )
            if changed is None:
                raise NotFound
            return page.renderer.go(f"{PREFIX}/people", _(notice, who=changed.name or changed.email))

        return page.attempt(job, person)

    @routes.post("/people/<person_id>/change")
    @requires(Scope.PEOPLE)
    def set_person(person_id: str) -> Response:
        def changes() -> PersonChange:
            name = request.form.get("name", "")
            if page.person(person_id).email == current_actor().who:
                return PersonChange(name=name)
            return PersonChange(name=name, role=_chosen_role(), accounts=(_chosen_accounts(page.deps),))

        return change(person_id, changes, N_("Saved. It applies from the next click of %(who)s."))

    @routes.post("/people/<person_id>/disable")
    @requires(Scope.PEOPLE)
    def disable_person(person_id: str) -> Response:
        return change(person_id, lambda: PersonChange(disabled=True), N_("%(who)s is signed out and cannot sign in."))

    @routes.post("/people/<person_id>/enable")
    @requires(Scope.PEOPLE)
    def enable_person(person_id: str) -> Response:
        return change(person_id, lambda: PersonChange(disabled=False), N_("%(who)s can sign in again."))


def _add_acts(routes: Blueprint, page: PeoplePage) -> None:
    deps, renderer = page.deps, page.renderer

    @routes.post("/people/<person_id>/link")
    @requires(Scope.PEOPLE)
    def make_link(person_id: str) -> Response:
        person = page.person(person_id)

        def job() -> Response:
            made = new_link(deps.store, person.id, current_actor(), clock.now())
            if made is None:
                raise NotFound
            return page.show(link=NewLink(made[0], link_address(deps.public_url, made[1])))

        return page.attempt(job, person)

    @routes.post("/people/<person_id>/sign-out")
    @requires(Scope.PEOPLE)
    def sign_person_out(person_id: str) -> Response:
        person = page.person(person_id)
        end_sessions(deps.store, person.id, current_actor(), clock.now())
        return renderer.go(f"{PREFIX}/people", _("%(who)s is signed out everywhere.", who=person.name or person.email))

    @routes.post("/people/<person_id>/remove")
    @requires(Scope.PEOPLE)
    def delete_person(person_id: str) -> Response:
        person = page.person(person_id)

        def job() -> Response:
            remove_person(deps.store, person.id, current_actor(), clock.now(), has_password=bool(deps.password))
            return renderer.go(f"{PREFIX}/people", _("%(who)s is deleted.", who=person.name or person.email))

        return page.attempt(job, person)


def _add_other_ways_in(routes: Blueprint, page: PeoplePage) -> None:
    def loosen(person_id: str, remove: Callable[[Store, Person, Actor, datetime], object], notice: str) -> Response:
        """Remove a person's second step or passkeys.

        One's own are removed on My account, which asks for more than a session.
        """
        person = page.person(person_id)

        def job() -> Response:
            if person.email == current_actor().who:
                raise NotAllowed("one's own is taken away on My account")
            remove(page.deps.store, person, current_actor(), clock.now())
            return page.renderer.go(f"{PREFIX}/people", _(notice, who=person.name or person.email))

        return page.attempt(job, person)

    @routes.post("/people/<person_id>/code")
    @requires(Scope.PEOPLE)
    def turn_code_off(person_id: str) -> Response:
        return loosen(person_id, remove_second_step, N_("%(who)s now signs in without a code."))

    @routes.post("/people/<person_id>/passkeys")
    @requires(Scope.PEOPLE)
    def forget_passkeys(person_id: str) -> Response:
        return loosen(person_id, remove_passkeys, N_("All passkeys of %(who)s have been removed."))


def _chosen_role() -> Role:
    """Raises: InvalidRequest."""
    given = request.form.get("role", "")
    if given not in list(Role):
        raise InvalidRequest("role", "choose a role")
    return Role(given)


def _chosen_accounts(deps: AdminDeps) -> frozenset[str] | None:
    """The chosen accounts, None for all; where there is no choice, those of the caller."""
    mine = current_actor().accounts
    if mine is None and len(deps.accounts) == 1:
        return None
    return None if request.form.get("reach") == ALL else frozenset(request.form.getlist("account"))
