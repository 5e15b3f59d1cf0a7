"""Signing in with the operator's own provider: the redirect to it, and the return."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

import structlog
from flask import Blueprint, request
from werkzeug.wrappers import Response

from service import clock
from service.admin import AdminDeps
from service.admin.pages.entrance import Entrance, too_many_attempts, with_retry
from service.admin.pages.rendering import PREFIX
from service.admin.permissions import Entry, requires
from service.i18n import _
from service.oidc import AuthorizationRequest, OidcClient, ProviderRefused, ProviderUnavailable
from service.operations.provider_people import NotAdmitted, admit

log = structlog.get_logger()

PROVIDER_COOKIE = "lead_capture_provider"
"""Name of the cookie with the state of a sign-in at the provider, until the browser returns."""

CALLBACK = f"{PREFIX}/sign-in/provider/callback"
"""Path of the redirect address, after PUBLIC_URL, that is registered at the provider."""


def add(routes: Blueprint, deps: AdminDeps, entrance: Entrance) -> None:
    """/sign-in/provider and its callback; without a provider both lead to the sign-in."""
    client = OidcClient(deps.provider, f"{deps.public_url}{CALLBACK}") if deps.provider else None

    # A link, not a form: the Content-Security-Policy lets no form leave this site, not even by a redirect.
    @routes.get("/sign-in/provider")
    @requires(Entry.OPEN)
    def go_to_provider() -> Response:
        if client is None:
            return entrance.renderer.go(f"{PREFIX}/sign-in")
        now = clock.now()
        try:
            begun = client.begin(now)
        except ProviderUnavailable as error:
            return _unavailable(entrance, error)
        values = {"state": begun.state, "nonce": begun.nonce, "verifier": begun.verifier}
        response = entrance.renderer.go(begun.address)
        return entrance.keep(response, PROVIDER_COOKIE, {**values, "next": request.args.get("next", "")[:1000]}, now)

    @routes.get("/sign-in/provider/callback")
    @requires(Entry.OPEN)
    def return_from_provider() -> Response:
        if client is None:
            return entrance.renderer.go(f"{PREFIX}/sign-in")
        now, network = clock.now(), request.remote_addr or ""
        values = entrance.kept(PROVIDER_COOKIE, now)
        if values is None:
            return entrance.renderer.go(f"{PREFIX}/sign-in")
        browser = entrance.known_browser(now)
        wait_s = entrance.guesses.count_attempt(network, browser, now)
        if wait_s:
            page = entrance.renderer.message(HTTPStatus.TOO_MANY_REQUESTS, _("Sign in"), too_many_attempts(wait_s))
            return with_retry(page, wait_s)
        return _complete(entrance, deps, client, values, now)


def _complete(
    entrance: Entrance, deps: AdminDeps, client: OidcClient, values: Mapping[str, str], now: datetime
) -> Response:
    """Sign in the person whom the provider sent back. values: the state of this sign-in."""
    network = request.remote_addr or ""
    begun = AuthorizationRequest("", values["state"], values["nonce"], values["verifier"])
    try:
        identity = client.complete(request.args.to_dict(), begun, now)
        person = admit(deps.store, identity, deps.provider_rules, deps.setup().account_names, network, now)
    except ProviderUnavailable as error:
        return _unavailable(entrance, error)
    except (ProviderRefused, NotAdmitted) as error:
        entrance.guesses.failed(network, entrance.known_browser(now), now)
        log.warning("provider_sign_in_refused", why=str(error))
        return entrance.forget(_refused(entrance, is_known=isinstance(error, NotAdmitted)), PROVIDER_COOKIE)
    signed_in = entrance.signed_in(person.id)
    if signed_in is None:
        return entrance.renderer.go(f"{PREFIX}/sign-in")
    return entrance.forget(entrance.let_in(signed_in, now, values["next"], "provider"), PROVIDER_COOKIE)


def _unavailable(entrance: Entrance, error: ProviderUnavailable) -> Response:
    log.warning("provider_unavailable", why=str(error))
    sentence = _("The sign-in provider does not respond. Try again in a moment, or use your password.")
    return entrance.renderer.message(HTTPStatus.SERVICE_UNAVAILABLE, _("That did not work"), sentence)


def _refused(entrance: Entrance, *, is_known: bool) -> Response:
    if is_known:
        sentence = _("The provider knows you, but you are not among the people of this dashboard. Ask an owner.")
    else:
        sentence = _("The provider did not sign you in. Go back to the sign-in and try again.")
    return entrance.renderer.message(HTTPStatus.FORBIDDEN, _("That did not work"), sentence)
