"""The dashboard: /admin, pages for an operator who never opens a terminal.

A new page is a file here with `add(routes, deps, renderer)`, an entry in PAGES and, if the navigation shows it, one in
NAVIGATION (rendering.py). Its template extends `base.html` and takes its parts from `parts.html`, whose macros say what
they need. Each view says by `@requires(...)` who may use it, and a template shows a button only where `may(...)` says
that its view can be used; every form carries `form_token`; nothing may need JavaScript.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from flask import Blueprint, Flask, Response, request
from werkzeug.wrappers import Response as BaseResponse

from service.admin import AdminDeps
from service.admin.guesses import Guesses
from service.admin.pages import (
    account,
    answered,
    bulk_actions,
    connections_page,
    errors,
    form_editing,
    form_pages,
    front_door,
    invitation,
    keys,
    lead,
    lead_editing,
    lead_files,
    lead_list,
    nexudus_pages,
    passkeys,
    people,
    platform_states,
    provider,
    record,
    second_step,
    sign_in,
    today,
    undo_bar,
)
from service.admin.pages.auth import Authenticator
from service.admin.pages.entrance import Entrance
from service.admin.pages.rendering import PREFIX, Renderer
from service.admin.pages.reports import costs_page
from service.admin.pages.reports import page as report_page
from service.admin.permissions import Entry, requires

PAGES: tuple[Callable[[Blueprint, AdminDeps, Renderer], None], ...] = (
    today.add,
    lead_list.add,
    lead_list.add_views,
    lead_files.add,
    lead_files.add_import_pages,
    bulk_actions.add,
    undo_bar.add,
    lead.add,
    lead_editing.add,
    answered.add,
    report_page.add,
    report_page.add_files,
    costs_page.add,
    form_pages.add,
    connections_page.add,
    connections_page.add_channels,
    nexudus_pages.add,
    nexudus_pages.add_typing,
    platform_states.add,
    people.add,
    keys.add,
    form_editing.add,
    record.add,
)
"""Every page behind the sign-in."""

ASSETS = {
    "icon": ("icon.svg", "image/svg+xml"),
    "style": ("style.css", "text/css"),
    "reports_style": ("reports.css", "text/css"),
    "forms_style": ("forms.css", "text/css"),
    "print_style": ("print.css", "text/css"),
    "script": ("selection.js", "text/javascript"),
    "htmx": ("vendor/htmx.min.js", "text/javascript"),
    "copy_script": ("copy.js", "text/javascript"),
    "refresh_script": ("refresh.js", "text/javascript"),
    "passkey_script": ("passkeys.js", "text/javascript"),
    "comparison": ("comparison.js", "text/javascript"),
    "uplot": ("vendor/uPlot.iife.min.js", "text/javascript"),
    "uplot_style": ("vendor/uPlot.min.css", "text/css"),
}
"""Endpoint -> file name and media type."""


def register(app: Flask, deps: AdminDeps) -> errors.ShowError:
    """Add the dashboard to the app; return the handler for errors at addresses below PREFIX that no page has."""
    authenticator = Authenticator(deps)
    renderer = Renderer(authenticator, deps.zone, deps.public_url.startswith("https://"))
    routes = Blueprint("pages", __name__, url_prefix=PREFIX)
    entrance = Entrance(deps.store, renderer, authenticator, Guesses(deps.counters, deps.store))
    sign_in.add(routes, deps, entrance)
    second_step.add(routes, deps, entrance)
    invitation.add(routes, deps, entrance)
    account.add(routes, deps, entrance)
    passkeys.add(routes, deps, entrance)
    provider.add(routes, deps, entrance)
    front_door.add_welcome(routes, deps, renderer, authenticator)
    front_door.add_front(app, deps, renderer)
    walled = deps.within_walls()
    for add in PAGES:
        add(routes, walled, renderer)
    _add_assets(routes)
    show_error = errors.add(routes, renderer)
    app.register_blueprint(routes)
    answered.register_links(app, deps, renderer)
    return show_error


def _add_assets(routes: Blueprint) -> None:
    for endpoint, (name, media_type) in ASSETS.items():
        text = _text_of(name)

        @requires(Entry.OPEN)
        def serve(text: str = text, media_type: str = media_type) -> BaseResponse:
            response = Response(text, content_type=f"{media_type}; charset=utf-8")
            response.headers["Cache-Control"] = "public, max-age=300"
            response.add_etag()
            return response.make_conditional(request)

        routes.add_url_rule(f"/{name}", endpoint, serve)


@cache
def _text_of(name: str) -> str:
    """Return the text of a file of this folder."""
    return (Path(__file__).parent / name).read_text("utf-8")
