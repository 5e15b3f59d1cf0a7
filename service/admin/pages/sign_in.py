"""Signing in and out, and the check before every other page."""

import hmac
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from service import clock
from service.admin import AdminDeps
from service.admin.pages import second_step
from service.admin.pages.auth import ADMINISTRATOR, Authenticator
from service.admin.pages.entrance import (
    SESSION_COOKIE,
    Entrance,
    local_address,
    too_many_attempts,
    with_retry,
)
from service.admin.pages.lead_filters import LEAD_ID
from service.admin.pages.rendering import LANGUAGE_COOKIE, PREFIX, Renderer, use_language_of_request
from service.admin.pages.roles import missing_permission
from service.admin.permissions import Entry, is_allowed, permission_of_request, requires
from service.i18n import LANGUAGES, _

MAX_USER_LENGTH = 254
"""Characters of an e-mail address."""

LANGUAGE_AGE = timedelta(days=365)
"""How long a browser keeps the language that was chosen."""

BY_ITSELF = frozenset({"pages.latest"})
"""Endpoints that an open page calls by itself: they do not keep a session alive."""


def add(routes: Blueprint, deps: AdminDeps, entrance: Entrance) -> None:
    """/sign-in and /sign-out, and the check before every request."""
    renderer, authenticator, guesses = entrance.renderer, entrance.authenticator, entrance.guesses
    routes.before_request(use_language_of_request)
    routes.before_request(lambda: _check(deps, authenticator, renderer))

    @routes.route("/sign-in", methods=["GET", "POST"])
    @requires(Entry.OPEN)
    def sign_in() -> BaseResponse:
        if request.method == "GET":
            return _sign_in_page(renderer, authenticator)
        network, now = request.remote_addr or "", clock.now()
        browser = entrance.known_browser(now)
        wait_s = guesses.count_attempt(network, browser, now)
        if wait_s:
            status, problem = HTTPStatus.TOO_MANY_REQUESTS, too_many_attempts(wait_s)
            return with_retry(_sign_in_page(renderer, authenticator, status, problem), wait_s)
        signed_in = authenticator.check(request.form.get("user", ""), request.form.get("password", ""), now)
        if signed_in is None:
            guesses.failed(network, browser, now)
            problem = _("The user or the password is wrong. The password is case-sensitive.")
            return _sign_in_page(renderer, authenticator, HTTPStatus.UNPROCESSABLE_ENTITY, problem)
        address = request.form.get("next", "")
        if second_step.is_required_of(entrance, signed_in):
            return second_step.ask(entrance, signed_in, now, address)
        return entrance.let_in(signed_in, now, address, "password")

    @routes.post("/language")  # a link would change the language of whoever follows it, a crawler included
    @requires(Entry.OPEN)
    def choose_language() -> BaseResponse:
        response = renderer.go(local_address(request.form.get("next", "")))
        code = request.form.get("language", "")
        if code in LANGUAGES:
            renderer.set_cookie(response, LANGUAGE_COOKIE, code, int(LANGUAGE_AGE.total_seconds()))
        return response

    @routes.post("/sign-out")
    @requires(Entry.SIGNED_IN)
    def sign_out() -> BaseResponse:
        authenticator.close(g.session, clock.now())
        response = renderer.go(f"{PREFIX}/sign-in", _("You are signed out."))
        response.delete_cookie(SESSION_COOKIE, path=PREFIX)
        return response


def _check(deps: AdminDeps, authenticator: Authenticator, renderer: Renderer) -> BaseResponse | None:
    """Show the sign-in to strangers; refuse forms of other sites, and requests that the person's role forbids."""
    permission = permission_of_request()
    if request.method == "POST" and not _is_same_origin(deps.public_url):
        return _foreign_form(renderer)
    if permission is Entry.OPEN:
        return None
    is_use = request.endpoint not in BY_ITSELF
    g.session = authenticator.find(request.cookies.get(SESSION_COOKIE, ""), clock.now(), is_use=is_use)
    if g.session is None:
        return _sign_in_page(renderer, authenticator, HTTPStatus.UNAUTHORIZED)
    g.actor = g.session.actor(request.remote_addr or "")
    if not is_allowed(g.actor, permission):
        if request.method == "GET" and _is_hidden(deps):
            raise NotFound
        return renderer.message(
            HTTPStatus.FORBIDDEN, _("You do not have permission"), missing_permission(g.actor, permission)
        )
    given = request.form.get("token", "") if request.method == "POST" else g.session.form_token
    if not hmac.compare_digest(given.encode(), g.session.form_token.encode()):
        return _foreign_form(renderer)
    return None


def _is_hidden(deps: AdminDeps) -> bool:
    """Whether the page is about a lead or a form that does not exist for the caller."""
    within, about = deps.within_walls(), request.view_args or {}
    if "lead_id" in about:
        with within.store.read() as tx:
            return not LEAD_ID.fullmatch(about["lead_id"]) or tx.leads.get(about["lead_id"]) is None
    return request.path.startswith(f"{PREFIX}/setup/") and "name" in about and about["name"] not in within.forms


def _is_same_origin(public_url: str) -> bool:
    """Whether one of our pages sent the form, as far as the browser says."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc in {request.host, urlsplit(public_url).netloc}


def _foreign_form(renderer: Renderer) -> Response:
    sentence = _(
        "This form is too old, or was not sent from this page. Nothing was done: go back, reload and try again."
    )
    return renderer.message(HTTPStatus.FORBIDDEN, _("That did not work"), sentence)


def _sign_in_page(
    renderer: Renderer, authenticator: Authenticator, status: HTTPStatus = HTTPStatus.OK, problem: str = ""
) -> Response:
    """The sign-in; without a password, how to set one."""
    has_people = authenticator.has_people()
    address = request.form.get("next", "") or (request.full_path if request.method == "GET" else "")
    return renderer.page(
        "sign_in.html",
        status,
        problem=problem,
        next_address=local_address(address),
        user=request.form.get("user", "" if has_people else ADMINISTRATOR)[:MAX_USER_LENGTH],
        can_sign_in=has_people or authenticator.has_provider or authenticator.has_password(),
        has_provider=authenticator.has_provider,
        has_people=has_people,
    )
