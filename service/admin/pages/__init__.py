"""The dashboard: /admin, pages for an operator who never opens a terminal.

A new page is a file here with `add(routes, deps, renderer)`, an entry in PAGES and, if the navigation shows it, one in
NAVIGATION (rendering.py). Its template extends `base.html` and takes its parts from `parts.html`, whose macros say what
they need. Pages require the sign-in; every form carries `form_token`; nothing may need JavaScript.
"""

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import structlog
from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from service.admin import AdminDeps
from service.admin.pages import form_pages, lead, lead_list, report_page, sign_in, today
from service.admin.pages.auth import Authenticator
from service.admin.pages.rendering import PREFIX, Renderer
from service.i18n import _, current_language
from service.store import StoreUnavailable

log = structlog.get_logger()

PAGES: tuple[Callable[[Blueprint, AdminDeps, Renderer], None], ...] = (
    today.add,
    lead_list.add,
    lead_list.add_bulk_actions,
    lead.add,
    lead.add_editing,
    report_page.add,
    form_pages.add,
)
"""Every page behind the sign-in."""

ASSETS = {
    "style": ("style.css", "text/css"),
    "reports_style": ("reports.css", "text/css"),
    "script": ("selection.js", "text/javascript"),
}
"""Endpoint -> file name and media type."""


def register(app: Flask, deps: AdminDeps) -> None:
    """Put the dashboard into the app."""
    authenticator = Authenticator(deps)
    renderer = Renderer(authenticator, deps.zone, deps.public_url.startswith("https://"))
    routes = Blueprint("pages", __name__, url_prefix=PREFIX)
    sign_in.add(routes, deps, renderer, authenticator)
    for add in PAGES:
        add(routes, deps, renderer)
    _add_assets(routes)
    _add_error_pages(routes, renderer)
    app.register_blueprint(routes)


def _add_assets(routes: Blueprint) -> None:
    for endpoint, (name, media_type) in ASSETS.items():
        text = Path(__file__).with_name(name).read_text("utf-8")

        def serve(text: str = text, media_type: str = media_type) -> BaseResponse:
            response = Response(text, content_type=f"{media_type}; charset=utf-8")
            response.headers["Cache-Control"] = "public, max-age=300"
            response.add_etag()
            return response.make_conditional(request)

        routes.add_url_rule(f"/{name}", endpoint, serve)


def _add_error_pages(routes: Blueprint, renderer: Renderer) -> None:
    @routes.errorhandler(StoreUnavailable)
    def store_unavailable(_error: StoreUnavailable) -> Response:
        """Rendered without the usual page frame, which reads the database."""
        title = _("The database does not answer")
        sentence = _("No enquiries can be stored either: fix it first, then reload.")
        head = f"<!doctype html><html lang={current_language().code}><meta charset=utf-8><title>{title}</title>"
        html = f"{head}<h1>{title}</h1><p>{sentence}</p>"
        response = Response(html, HTTPStatus.SERVICE_UNAVAILABLE, content_type="text/html; charset=utf-8")
        response.headers["Retry-After"] = "5"
        return response

    @routes.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        status = HTTPStatus(error.code or 500)
        return renderer.message(status, status.phrase, error.description or "")

    @routes.errorhandler(Exception)
    def unexpected_error(error: Exception) -> Response:
        """A bug: the page must not quote the error, which may quote a person."""
        log.error("request_failed", endpoint=request.endpoint, exc_info=error)
        sentence = _("The page could not be shown. Nothing was lost; the service's log says what happened.")
        return renderer.message(HTTPStatus.INTERNAL_SERVER_ERROR, _("That did not work"), sentence)
