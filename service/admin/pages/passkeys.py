"""Passkeys: signing in with one, and those of the person who is signed in."""

from datetime import datetime
from http import HTTPStatus

import structlog
from flask import Blueprint, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from service import clock
from service.admin import AdminDeps
from service.admin.pages.entrance import STEP_TIME, Entrance, too_many_attempts, with_retry
from service.admin.pages.rendering import PREFIX
from service.admin.pages.second_step import person_of_session
from service.admin.permissions import Entry, current_actor, requires
from service.i18n import _
from service.operations.passkeys import (
    MAX_PASSKEY_NAME,
    Challenge,
    InvalidPasskey,
    add_passkey,
    challenge_for_new,
    challenge_for_sign_in,
    find_by_passkey,
    remove_passkey,
    website_of,
)
from service.rate_limit import WindowLimit

log = structlog.get_logger()

CHALLENGE_COOKIE = "lead_capture_challenge"
"""Name of the cookie with the challenge that a device is to sign."""

ONCE = WindowLimit(1, 2 * int(STEP_TIME.total_seconds()))
"""Each challenge is accepted once."""

ACCOUNT = f"{PREFIX}/account/passkeys"


def add(routes: Blueprint, deps: AdminDeps, entrance: Entrance) -> None:
    """/sign-in/passkey and /account/passkeys."""
    website = website_of(deps.public_url)
    _add_account(routes, deps, entrance)

    @routes.post("/sign-in/passkey/options")
    @requires(Entry.OPEN)
    def passkey_options() -> Response:
        return _challenge(entrance, challenge_for_sign_in(website))

    @routes.post("/sign-in/passkey")
    @requires(Entry.OPEN)
    def sign_in_by_passkey() -> Response:
        now, network = clock.now(), request.remote_addr or ""
        browser = entrance.known_browser(now)
        wait_s = entrance.guesses.count_attempt(network, browser, now)
        if wait_s:
            page = entrance.renderer.message(HTTPStatus.TOO_MANY_REQUESTS, _("Sign in"), too_many_attempts(wait_s))
            return with_retry(page, wait_s)
        try:
            credential = request.form.get("credential", "")
            person_id = find_by_passkey(deps.store, credential, _expected(deps, entrance, now), website, now)
        except InvalidPasskey as error:
            log.warning("passkey_refused", why=str(error))
            signed_in = None
        else:
            signed_in = entrance.signed_in(person_id)
        if signed_in is None:
            entrance.guesses.failed(network, browser, now)
            sentence = _("This passkey is not known here, or was removed. Sign in with your password.")
            return entrance.renderer.message(HTTPStatus.UNPROCESSABLE_ENTITY, _("That did not work"), sentence)
        response = entrance.let_in(signed_in, now, request.form.get("next", ""), "passkey")
        return entrance.forget(response, CHALLENGE_COOKIE)


def _add_account(routes: Blueprint, deps: AdminDeps, entrance: Entrance) -> None:
    website = website_of(deps.public_url)

    def page(status: HTTPStatus = HTTPStatus.OK, problem: str = "") -> Response:
        with deps.store.read() as tx:
            known = tx.passkeys.of(person_of_session().id)
        return entrance.renderer.page(
            "passkeys.html",
            status,
            here="account",
            passkeys=known,
            website=website,
            max_name=MAX_PASSKEY_NAME,
            problem=problem,
        )

    @routes.get("/account/passkeys")
    @requires(Entry.SIGNED_IN)
    def passkeys() -> Response:
        return page()

    @routes.post("/account/passkeys/options")
    @requires(Entry.SIGNED_IN)
    def new_passkey_options() -> Response:
        return _challenge(entrance, challenge_for_new(deps.store, person_of_session(), website))

    @routes.post("/account/passkeys")
    @requires(Entry.SIGNED_IN)
    def keep_passkey() -> Response:
        now, person, actor = clock.now(), person_of_session(), current_actor()
        credential, name = request.form.get("credential", ""), request.form.get("name", "")
        try:
            expected = _expected(deps, entrance, now)
            passkey = add_passkey(deps.store, person, credential, expected, name, website, actor, now)
        except InvalidPasskey as error:
            log.warning("passkey_refused", why=str(error))
            return page(HTTPStatus.UNPROCESSABLE_ENTITY, _("No passkey was created. Try again."))
        response = entrance.renderer.go(ACCOUNT, _("You can sign in with %(name)s now.", name=passkey.name))
        return entrance.forget(response, CHALLENGE_COOKIE)

    @routes.post("/account/passkeys/<passkey_id>/remove")
    @requires(Entry.SIGNED_IN)
    def forget_passkey(passkey_id: str) -> Response:
        if not remove_passkey(deps.store, person_of_session(), passkey_id, current_actor(), clock.now()):
            raise NotFound
        return entrance.renderer.go(ACCOUNT, _("That passkey no longer works. Delete it on your device as well."))


def _challenge(entrance: Entrance, challenge: Challenge) -> Response:
    response = Response(challenge.options, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return entrance.keep(response, CHALLENGE_COOKIE, {"challenge": challenge.expected}, clock.now())


def _expected(deps: AdminDeps, entrance: Entrance, now: datetime) -> str:
    """The challenge that the request answers; each counts once, on this host.

    Raises: InvalidPasskey.
    """
    values = entrance.kept(CHALLENGE_COOKIE, now)
    if values is None or deps.counters.count(f"challenge {values['challenge']}", ONCE, now.timestamp()):
        raise InvalidPasskey("no challenge, or one that was answered already")
    return str(values["challenge"])
