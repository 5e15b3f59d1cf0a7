"""The demo's front door, `/`: the sample form beside the simulated board, and a link that signs in once.

Only `lead-capture up` without Nexudus credentials has one. Any other installation's `/` leads to the dashboard.
"""

import base64
import hashlib
import hmac
from datetime import datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from service import clock
from service.admin import AdminDeps
from service.admin.pages.auth import Authenticator
from service.admin.pages.entrance import set_session_cookie
from service.admin.pages.rendering import PREFIX, Renderer, use_language_of_request
from service.admin.permissions import Entry, requires
from service.i18n import N_
from service.platforms.registry import PLATFORMS
from service.store import DEMO_WELCOME, Store

LOOPBACK_NAMES = ("127.0.0.1", "::1", "localhost")

FORWARDING_HEADERS = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")
"""Headers that a reverse proxy adds: with any of them, the address that we see is the proxy's."""

VISITS = (
    *(platform.ad_visit for platform in PLATFORMS.values() if platform.ad_visit),
    (N_("from the newsletter"), "utm_source=newsletter&utm_medium=email&utm_campaign=spring-by-the-water"),
)
"""How a visitor may come, and the tags of the address then."""


def add_front(app: Flask, deps: AdminDeps, renderer: Renderer) -> None:
    """`/`."""

    @app.get("/", endpoint="start")
    def start() -> BaseResponse:
        if not deps.has_sample_page:
            return redirect(f"{PREFIX}/")
        use_language_of_request()
        board = _board_address(deps.nexudus_url)
        token = _welcome_token(deps.store) if _is_local() else ""
        page = renderer.part(
            "front.html",
            style=_style(),
            visits=[(name, f"/sample?{query}#tour-form") for name, query in VISITS],
            board=board if _is_loopback(request.host) else "",
            welcome=f"{PREFIX}/welcome/{token}" if token else "",
            prefix=PREFIX,
        )
        page.headers["Content-Security-Policy"] = _policy(board)
        return page


def add_welcome(routes: Blueprint, deps: AdminDeps, renderer: Renderer, authenticator: Authenticator) -> None:
    """/admin/welcome/TOKEN, which signs in once."""

    @routes.get("/welcome/<token>")
    @requires(Entry.OPEN)
    def welcome(token: str) -> BaseResponse:
        now = clock.now()
        if not (_is_local() and _use(deps.store, token)):
            return renderer.go(f"{PREFIX}/")
        return _signed_in(renderer, authenticator, now)


def _signed_in(renderer: Renderer, authenticator: Authenticator, now: datetime) -> Response | BaseResponse:
    response = renderer.go(f"{PREFIX}/")
    session = authenticator.open(now, "demo")
    set_session_cookie(renderer, response, session)
    return response


def _welcome_token(store: Store) -> str:
    with store.read() as tx:
        return tx.flags.get(DEMO_WELCOME) or ""


def _use(store: Store, token: str) -> bool:
    """Use up the link, by the first of several requests only."""
    kept = _welcome_token(store)
    is_right = bool(kept) and hmac.compare_digest(token.encode(), kept.encode())
    return is_right and store.write(lambda tx: tx.flags.swap(DEMO_WELCOME, kept, ""))


def _is_local() -> bool:
    """Whether the browser runs on this machine, requests a page of this machine, and uses no proxy."""
    is_direct = not any(name in request.headers for name in FORWARDING_HEADERS)
    return is_direct and (request.remote_addr or "") in LOOPBACK_NAMES and _is_loopback(request.host)


def _is_loopback(host: str) -> bool:
    return urlsplit(f"//{host}").hostname in LOOPBACK_NAMES


def _board_address(nexudus_url: str) -> str:
    """Where the simulated board is; "" for a Nexudus that is not a simulator on this machine."""
    parts = urlsplit(nexudus_url)
    return f"{parts.scheme}://{parts.netloc}/" if parts.hostname in LOOPBACK_NAMES else ""


@cache
def _style() -> str:
    return Path(__file__).with_name("front.css").read_text("utf-8")


def _policy(board: str) -> str:
    """Only this very style, and the two framed pages."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; frame-src 'self' {board}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
