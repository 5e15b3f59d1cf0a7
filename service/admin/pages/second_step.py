"""The second step of the sign-in: the code of an app after the password; how a person turns it on and off."""

from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, abort, g, redirect, request
from werkzeug.wrappers import Response

from service import clock
from service.actors import Person
from service.admin import AdminDeps
from service.admin.pages.auth import SignedIn
from service.admin.pages.entrance import Entrance, too_many_attempts, with_retry
from service.admin.pages.rendering import PREFIX
from service.admin.permissions import Entry, current_actor, requires
from service.i18n import _
from service.operations.second_step import (
    address_of,
    begin_second_step,
    check_second_step,
    confirm_second_step,
    pending_seed,
    remove_second_step,
)

STEP_COOKIE = "lead_capture_step"
"""Name of the cookie with the person who gave the right password and has yet to enter the code."""

ACCOUNT = f"{PREFIX}/account/second-step"


def is_required_of(entrance: Entrance, signed_in: SignedIn) -> bool:
    """Whether a person who gave the right password must also enter a code."""
    if signed_in.person is None:
        return False
    with entrance.store.read() as tx:
        return tx.second_steps.is_on(signed_in.person.id)


def ask(entrance: Entrance, signed_in: SignedIn, now: datetime, address: str) -> Response:
    """Redirect to the page that asks for the code, and from there to `address`."""
    assert signed_in.person is not None  # noqa: S101 (the administrator has no second step)
    values = {"person": signed_in.person.id, "mark": signed_in.mark, "next": address}
    return entrance.keep(entrance.renderer.go(f"{PREFIX}/sign-in/code"), STEP_COOKIE, values, now)


def add(routes: Blueprint, deps: AdminDeps, entrance: Entrance) -> None:
    """/sign-in/code and /account/second-step."""
    renderer = entrance.renderer
    _add_account(routes, deps, entrance)

    def page(status: HTTPStatus = HTTPStatus.OK, problem: str = "") -> Response:
        return renderer.page("code.html", status, problem=problem)

    @routes.get("/sign-in/code")
    @requires(Entry.OPEN)
    def ask_code() -> Response:
        is_expected = entrance.kept(STEP_COOKIE, clock.now()) is not None
        return page() if is_expected else renderer.go(f"{PREFIX}/sign-in")

    @routes.post("/sign-in/code")
    @requires(Entry.OPEN)
    def take_code() -> Response:
        now, network = clock.now(), request.remote_addr or ""
        values = entrance.kept(STEP_COOKIE, now)
        signed_in = entrance.signed_in(values["person"]) if values else None
        if values is None or signed_in is None or signed_in.mark != values["mark"]:
            return entrance.forget(renderer.go(f"{PREFIX}/sign-in"), STEP_COOKIE)
        browser = entrance.known_browser(now)
        wait_s = entrance.guesses.count_attempt(network, browser, now)
        wait_s = wait_s or entrance.guesses.count_code(values["person"], network, now)
        if wait_s:
            return with_retry(page(HTTPStatus.TOO_MANY_REQUESTS, too_many_attempts(wait_s)), wait_s)
        if not check_second_step(deps.store, values["person"], request.form.get("code", "")[:100], now):
            entrance.guesses.failed(network, browser, now)
            problem = _("This code is wrong or has already been used. Wait for the next one.")
            return page(HTTPStatus.UNPROCESSABLE_ENTITY, problem)
        return entrance.forget(entrance.let_in(signed_in, now, values["next"], "code"), STEP_COOKIE)


def _picture_of(address: str) -> str:
    """Return the QR code of an address as a data URI."""
    import segno  # noqa: PLC0415 (few processes draw one, and it takes 2 MB)

    return segno.make(address).svg_data_uri(scale=5, border=4, light="#fff")


def _add_account(routes: Blueprint, deps: AdminDeps, entrance: Entrance) -> None:
    def page(status: HTTPStatus = HTTPStatus.OK, **values: object) -> Response:
        person, renderer = person_of_session(), entrance.renderer
        with deps.store.read() as tx:
            is_on, codes_left = tx.second_steps.is_on(person.id), tx.second_steps.count_recovery_codes(person.id)
        seed = pending_seed(deps.store, person)
        shown = {"problem": "", "codes": (), **values}
        response = renderer.page(
            "second_step.html",
            status,
            here="account",
            is_on=is_on,
            codes_left=codes_left,
            seed=" ".join(seed[start : start + 4] for start in range(0, len(seed), 4)),
            picture=_picture_of(address_of(seed, person)) if seed else "",
            **shown,
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    @routes.get("/account/second-step")
    @requires(Entry.SIGNED_IN)
    def second_step() -> Response:
        return page()

    @routes.post("/account/second-step")
    @requires(Entry.SIGNED_IN)
    def begin() -> Response:
        begin_second_step(deps.store, person_of_session(), clock.now())
        return entrance.renderer.go(ACCOUNT)

    @routes.post("/account/second-step/confirm")
    @requires(Entry.SIGNED_IN)
    def confirm() -> Response:
        code = request.form.get("code", "")[:100]
        codes = confirm_second_step(deps.store, person_of_session(), code, current_actor(), clock.now())
        if not codes:
            problem = _("This is not the app’s code. Check the clock of your phone, and enter the next code.")
            return page(HTTPStatus.UNPROCESSABLE_ENTITY, problem=problem)
        return page(codes=codes)

    @routes.post("/account/second-step/remove")
    @requires(Entry.SIGNED_IN)
    def remove() -> Response:
        now, person, network = clock.now(), person_of_session(), request.remote_addr or ""
        wait_s = entrance.guesses.count_code(person.id, network, now)
        if wait_s:
            return with_retry(page(HTTPStatus.TOO_MANY_REQUESTS, problem=too_many_attempts(wait_s)), wait_s)
        if not check_second_step(deps.store, person.id, request.form.get("code", "")[:100], now):
            problem = _("This code is wrong or has already been used. Wait for the next one.")
            return page(HTTPStatus.UNPROCESSABLE_ENTITY, problem=problem)
        remove_second_step(deps.store, person, current_actor(), now)
        return entrance.renderer.go(ACCOUNT, _("Signing in no longer asks for a code."))


def person_of_session() -> Person:
    """The person who is signed in; the administrator, whose password is in the settings, goes to My account instead."""
    person: Person | None = g.session.person
    if person is None:
        abort(redirect(f"{PREFIX}/account", HTTPStatus.SEE_OTHER))
    return person
