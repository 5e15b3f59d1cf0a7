"""My account: the person's permissions and password, and the browsers that are signed in."""

from http import HTTPStatus

from flask import Blueprint, g, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from service import clock
from service.actors import Role
from service.admin import AdminDeps
from service.admin.pages.auth import Session, record_session
from service.admin.pages.entrance import Entrance, too_many_attempts, with_retry
from service.admin.pages.passwords import MAX_LENGTH, MIN_LENGTH, find_weakness, hash_password
from service.admin.pages.rendering import PREFIX
from service.admin.pages.roles import ROLE_MEANINGS, ROLE_NAMES
from service.admin.permissions import Entry, current_actor, requires
from service.i18n import _
from service.store import Act, Transaction

ACCOUNT = f"{PREFIX}/account"


def add(routes: Blueprint, deps: AdminDeps, entrance: Entrance) -> None:
    """/admin/account."""
    _add_sessions(routes, deps, entrance)

    def page(status: HTTPStatus = HTTPStatus.OK, problem: str = "") -> Response:
        session, now = _session(), clock.now()
        roles = list(Role)
        reached = roles[: roles.index(session.person.role) + 1] if session.person else roles
        return entrance.renderer.page(
            "account.html",
            status,
            here="account",
            person=session.person,
            actor=current_actor(),
            role=_(ROLE_NAMES[reached[-1]]),
            role_meanings=[_(ROLE_MEANINGS[role]) for role in reached],
            sessions=entrance.authenticator.sessions_of(session, now),
            this_session=session.digest,
            min_length=MIN_LENGTH,
            max_length=MAX_LENGTH,
            problem=problem,
        )

    @routes.get("/account")
    @requires(Entry.SIGNED_IN)
    def account() -> Response:
        return page()

    @routes.post("/account/password")
    @requires(Entry.SIGNED_IN)
    def change_password() -> Response:
        session, now, network = _session(), clock.now(), request.remote_addr or ""
        if session.person is None:
            raise NotFound  # the administrator's is in the settings
        browser = entrance.known_browser(now)
        if wait_s := entrance.guesses.count_attempt(network, browser, now):
            return with_retry(page(HTTPStatus.TOO_MANY_REQUESTS, too_many_attempts(wait_s)), wait_s)
        if not entrance.authenticator.is_password_of(session, request.form.get("password", "")):
            entrance.guesses.failed(network, browser, now)
            return page(HTTPStatus.UNPROCESSABLE_ENTITY, _("The current password is wrong."))
        new = request.form.get("new_password", "")
        if weakness := find_weakness(new, session.person.email):
            return page(HTTPStatus.UNPROCESSABLE_ENTITY, weakness)
        entrance.authenticator.change_password(session, hash_password(new), now)
        return entrance.renderer.go(ACCOUNT, _("The password is changed. All other browsers are signed out."))


def _add_sessions(routes: Blueprint, deps: AdminDeps, entrance: Entrance) -> None:
    @routes.post("/account/sessions/<digest>/end")
    @requires(Entry.SIGNED_IN)
    def end_session(digest: str) -> Response:
        is_digest = digest.isascii() and digest.isalnum()
        if not (is_digest and deps.store.write(lambda tx: _end(tx, digest))):
            raise NotFound
        return entrance.renderer.go(ACCOUNT, _("That browser is signed out."))

    @routes.post("/account/sessions/end")
    @requires(Entry.SIGNED_IN)
    def end_other_sessions() -> Response:
        deps.store.write(_end_others)
        return entrance.renderer.go(ACCOUNT, _("All other browsers are signed out."))


def _end(tx: Transaction, digest: str) -> bool:
    is_ended = tx.sessions.close(digest, _session().person_id)
    if is_ended:
        record_session(tx, _session(), Act.SIGN_OUT, clock.now(), browser="another one")
    return is_ended


def _end_others(tx: Transaction) -> None:
    tx.sessions.close_all(_session().person_id, _session().digest)
    record_session(tx, _session(), Act.SIGN_OUT, clock.now(), browser="all others")


def _session() -> Session:
    session: Session = g.session
    return session
