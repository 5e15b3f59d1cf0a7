"""/admin: every page behind the sign-in, every form with the session's token."""

import hmac
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from service import clock
from service.admin.pages import editing, entry, erasing, lead, leads, many, pictures, set_up, today
from service.admin.pages.entry import COOKIE, sign_in_page
from service.admin.pages.session import Doorkeeper
from service.admin.pages.shell import PREFIX, Shell
from service.admin.pages.window import Window
from service.store import StoreUnavailable

log = structlog.get_logger()

PAGES: tuple[Callable[[Blueprint, Window, Shell], None], ...] = (
    today.add,
    leads.add,
    many.add,
    lead.add,
    editing.add,
    erasing.add,
    pictures.add,
    set_up.add,
)
"""Every page behind the sign-in."""

OPEN = frozenset({"pages.style", "pages.pictures_style", "pages.script", "pages.sign_in"})
"""What strangers may call: it shows nothing."""

ASSETS = {
    "style": ("style.css", "text/css"),
    "pictures_style": ("pictures.css", "text/css"),
    "script": ("ticks.js", "text/javascript"),
}


def register(app: Flask, window: Window) -> None:
    """Put the dashboard into the app."""
    doorkeeper = Doorkeeper(window)
    shell = Shell(doorkeeper, window.zone, window.public_url.startswith("https://"))
    routes = Blueprint("pages", __name__, url_prefix=PREFIX)
    routes.before_request(lambda: _check(window, doorkeeper, shell))
    entry.add(routes, window, shell, doorkeeper)
    for add in PAGES:
        add(routes, window, shell)
    _add_assets(routes)
    _add_failures(routes, shell)
    app.register_blueprint(routes)


def _check(window: Window, doorkeeper: Doorkeeper, shell: Shell) -> BaseResponse | None:
    """Who is not signed in gets the sign-in page; a form that is not ours gets nowhere."""
    if request.endpoint in OPEN and request.endpoint != "pages.sign_in":
        return None
    if request.method == "POST" and not _comes_from_here(window):
        return _not_ours(shell)
    g.session = doorkeeper.find(request.cookies.get(COOKIE, ""), clock.now())
    if request.endpoint in OPEN:
        return None
    if g.session is None:
        return sign_in_page(shell, doorkeeper, HTTPStatus.UNAUTHORIZED)
    given = request.form.get("token", "") if request.method == "POST" else g.session.form_token
    if not hmac.compare_digest(given.encode(), g.session.form_token.encode()):
        return _not_ours(shell)
    return None


def _comes_from_here(window: Window) -> bool:
    """Whether a form was sent by a page of ours, as far as the browser tells."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc in {request.host, urlsplit(window.public_url).netloc}


def _not_ours(shell: Shell) -> Response:
    sentence = "This form is too old, or was not sent from this page. Nothing was done: go back, reload and try again."
    return shell.message(HTTPStatus.FORBIDDEN, "That did not work", sentence)


def _add_assets(routes: Blueprint) -> None:
    for endpoint, (name, kind) in ASSETS.items():
        text = Path(__file__).with_name(name).read_text("utf-8")

        def serve(text: str = text, kind: str = kind) -> BaseResponse:
            """A file that never changes while the program runs."""
            answer = Response(text, content_type=f"{kind}; charset=utf-8")
            answer.headers["Cache-Control"] = "public, max-age=300"
            answer.headers["X-Content-Type-Options"] = "nosniff"
            answer.add_etag()
            return answer.make_conditional(request)

        routes.add_url_rule(f"/{name}", endpoint, serve)


def _add_failures(routes: Blueprint, shell: Shell) -> None:
    @routes.errorhandler(StoreUnavailable)
    def store_is_down(_error: StoreUnavailable) -> Response:
        """The database is away."""
        answer = _plain(
            "The database does not answer", "Enquiries cannot be kept either: see to it first, then reload."
        )
        answer.headers["Retry-After"] = "5"
        return answer

    @routes.errorhandler(HTTPException)
    def tell(error: HTTPException) -> Response:
        """A wrong address or value."""
        status = HTTPStatus(error.code or 500)
        return shell.message(status, status.phrase, error.description or "")

    @routes.errorhandler(Exception)
    def tell_mistake(error: Exception) -> Response:
        """A mistake of ours: its text may hold a person's words, and is not logged."""
        log.error("request_failed", endpoint=request.endpoint, exc_info=error)
        sentence = "The page could not be shown. Nothing was lost; the service's log tells what happened."
        return shell.message(HTTPStatus.INTERNAL_SERVER_ERROR, "That did not work", sentence)


def _plain(title: str, sentence: str) -> Response:
    """Without the shell, which asks the database."""
    html = f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><h1>{title}</h1><p>{sentence}</p>"
    return Response(html, HTTPStatus.SERVICE_UNAVAILABLE, content_type="text/html; charset=utf-8")
