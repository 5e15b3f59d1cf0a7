"""Signing in and out."""

from http import HTTPStatus

import structlog
from flask import Blueprint, Response, g, request
from werkzeug.wrappers import Response as BaseResponse

from service import clock
from service.admin.pages.session import LONGEST, Doorkeeper
from service.admin.pages.shell import PREFIX, Shell
from service.admin.pages.window import Window

log = structlog.get_logger()

COOKIE = "lead_capture_admin"
"""The cookie of the session."""


def add(routes: Blueprint, window: Window, shell: Shell, doorkeeper: Doorkeeper) -> None:
    """/sign-in and /sign-out."""

    @routes.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> BaseResponse:
        """The door."""
        if request.method == "GET":
            return sign_in_page(shell, doorkeeper)
        wait_s = window.try_sign_in(request.remote_addr or "")
        if wait_s:
            log.warning("sign_in_limited")
            return _too_many(shell, doorkeeper, wait_s)
        if not doorkeeper.is_right(request.form.get("name", ""), request.form.get("password", "")):
            log.warning("sign_in_refused")
            problem = "The name or the password is wrong. Capital letters count."
            return sign_in_page(shell, doorkeeper, HTTPStatus.UNPROCESSABLE_ENTITY, problem)
        answer = shell.go(_way_on(request.form.get("next", "")))
        shell.keep(answer, COOKIE, doorkeeper.open(clock.now()).token, int(LONGEST.total_seconds()))
        log.info("signed_in")
        return answer

    @routes.post("/sign-out")
    def sign_out() -> BaseResponse:
        """Close the session, also for whoever copied its cookie."""
        doorkeeper.close(g.session)
        answer = shell.go(f"{PREFIX}/sign-in", "You are signed out.")
        answer.delete_cookie(COOKIE, path=PREFIX)
        return answer


def sign_in_page(
    shell: Shell, doorkeeper: Doorkeeper, status: HTTPStatus = HTTPStatus.OK, problem: str = ""
) -> Response:
    """The sign-in; where no password is set, how to set one."""
    way_on = request.form.get("next", "") or (request.full_path if request.method == "GET" else "")
    return shell.page(
        "sign_in.html",
        status,
        problem=problem,
        way_on=_way_on(way_on),
        name=request.form.get("name", "admin")[:100],
        has_password=doorkeeper.has_password(),
    )


def _too_many(shell: Shell, doorkeeper: Doorkeeper, wait_s: float) -> Response:
    minutes = max(1, round(wait_s / 60))
    waiting = "a minute" if minutes == 1 else f"{minutes} minutes"
    answer = sign_in_page(
        shell, doorkeeper, HTTPStatus.TOO_MANY_REQUESTS, f"That were too many tries. Please try again in {waiting}."
    )
    answer.headers["Retry-After"] = str(int(wait_s) + 1)
    return answer


def _way_on(address: str) -> str:
    """Where to go after signing in: a page of ours, nowhere else."""
    address = address.rstrip("?")
    is_ours = address.startswith(f"{PREFIX}/") and "//" not in address and "\\" not in address
    return address if is_ours and not address.startswith(f"{PREFIX}/sign-") and address.isprintable() else f"{PREFIX}/"
