"""Process 1: create_app(settings) wires the rooms that take and show leads into one Flask app."""

from collections.abc import Mapping
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from service import clock, logs
from service.admin import api, docs, machines, pages
from service.admin.pages.crm import crm_link
from service.alerts.alerts import TITLES
from service.capture import samplepage, script
from service.capture.http.form_posts import FormDeps, form_blueprint
from service.capture.http.rate_limit import PostCounts, SubmitLimit
from service.capture.http.responses import PostError, failure
from service.capture.http.webhook_items import WebhookDeps
from service.capture.http.webhooks import webhook_blueprint
from service.capture.spam import Guards
from service.forms import Setup, read_setup
from service.forms.senders import UNPROVEN, is_proven, proof_remedy
from service.operations import preview, report
from service.settings import Settings, lookup, read_settings
from service.store import Alert, Store

log = structlog.get_logger()

STARTS = SubmitLimit(1, 60)
"""Web processes of this host that start within a minute warn of the set-up once."""

SIGN_INS = SubmitLimit(10, 900)
"""Tries of one address to sign in, in a quarter of an hour, over all web processes of this host."""


def create_app(
    settings: Settings | None = None,
    setup: Setup | None = None,
    visits: PostCounts | None = None,
    store: Store | None = None,
) -> Flask:
    """The web application; without arguments, of this process's environment.

    visits: counters shared with other web processes, made before they fork.
    store: opened by the caller, who closes it.
    Raises: SettingsProblems, SetupProblems.
    """
    settings = settings or read_settings()
    setup = setup or read_setup(settings.forms_file, lookup)
    logs.configure(settings.log_format, settings.log_level)
    store = store or Store(settings.database_url)
    visits = visits or PostCounts()
    _warn_of_unproven(setup, visits)
    guards = Guards(store, visits.texts)
    app = Flask("service", root_path=str(Path(__file__).parent), static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    app.register_blueprint(form_blueprint(_form_deps(settings, setup, store, visits, guards)))
    webhook_deps = WebhookDeps(setup.forms, store, settings.public_url, guards, settings.store_ip)
    app.register_blueprint(webhook_blueprint(webhook_deps))
    api.register(app, store, settings.admin_token, _asked(settings, setup, store))
    app.register_blueprint(docs.blueprint(app, settings.public_url))
    app.register_blueprint(machines.blueprint(store))
    pages.register(app, _window(settings, setup, store, visits))
    _serve_script(app)
    if settings.sample_page:
        _serve_sample(app, setup)
    app.register_error_handler(HTTPException, _tell)
    app.register_error_handler(Exception, _tell_mistake)
    if settings.trusted_proxies:
        number = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, number, number, number)  # type: ignore[method-assign]
    return app


def _warn_of_unproven(setup: Setup, visits: PostCounts) -> None:
    """Name each sender that anybody may pass for."""
    if visits.count("start", STARTS, clock.now().timestamp()):
        return
    for form in setup.forms.values():
        for sender, table in form.webhooks.items():
            if not is_proven(table):
                why, remedy = UNPROVEN, proof_remedy(sender)
                log.warning("sender_proves_nothing", form=form.name, sender=sender, why=why, remedy=remedy)


def _form_deps(settings: Settings, setup: Setup, store: Store, visits: PostCounts, guards: Guards) -> FormDeps:
    limit = settings.submit_limit
    return FormDeps(
        forms=setup.forms,
        store=store,
        visits=visits,
        limit=None if limit is None else SubmitLimit(limit.count, limit.window_s),
        keeps_ip=settings.store_ip,
        guards=guards,
    )


def _window(settings: Settings, setup: Setup, store: Store, visits: PostCounts) -> pages.Window:
    def try_sign_in(who: str) -> float:
        return visits.count(f"sign-in {who}", SIGN_INS, clock.now().timestamp())

    return pages.Window(
        store=store,
        forms=setup.forms,
        public_url=settings.public_url,
        password=settings.admin_password,
        secret_key=settings.secret_key,
        zone=settings.digest_at.zone if settings.digest_at else UTC,
        try_sign_in=try_sign_in,
        crm_link=partial(crm_link, settings.nexudus_base_url),
        knows_source=lambda name, source: report.is_known(setup.forms.get(name), source),
        defaults=report.DEFAULTS,
        preview=_previewing(setup),
        title_of=_title_of,
    )


def _asked(settings: Settings, setup: Setup, store: Store) -> api.Asked:
    return api.Asked(
        preview=_previewing(setup),
        report=_reporting(setup, store),
        forms=setup.forms,
        public_url=settings.public_url,
        title_of=_title_of,
    )


def _title_of(concern: Alert) -> str:
    return TITLES.get(concern.kind, "Something is wrong")


def _previewing(setup: Setup) -> api.Preview:
    def show(name: str, asked: Any) -> dict[str, Any] | None:
        form = setup.forms.get(name)
        return None if form is None else preview.preview(form, asked)

    return show


def _reporting(setup: Setup, store: Store) -> api.Report:
    def show(asked: Mapping[str, Any]) -> dict[str, Any]:
        period = report.period_of(asked.get("since"), asked.get("until"), asked["form"], clock.now())
        return report.attribution_report(store, setup.forms, period)

    return show


def _serve_script(app: Flask) -> None:
    @app.get("/attribution.js")
    def attribution_script() -> BaseResponse:
        """The script for landing pages: an hour in caches, then a cheap question whether it changed."""
        return _script(script.SCRIPTS["attribution.js"])

    @app.get("/attribution-more.js")
    def second_script() -> BaseResponse:
        """Its second file, for pages with other people's forms, widgets or two domains; cached alike."""
        return _script(script.SCRIPTS["attribution-more.js"])


def _script(file: script.ScriptFile) -> BaseResponse:
    response = Response(file.body, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Vary"] = "Accept-Encoding"
    if request.accept_encodings["gzip"]:
        response.set_data(file.gzipped)
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(file.etag, weak=True)  # one for both encodings
    return response.make_conditional(request)


def _serve_sample(app: Flask, setup: Setup) -> None:
    @app.get("/sample")
    def sample() -> str:
        """A landing page to try the service with."""
        return samplepage.html(f"/f/{next(iter(setup.forms))}")


def _tell(error: HTTPException) -> Any:
    """A wrong address or method, in a sentence; no trace ever leaves."""
    trouble = PostError.of_http(error)
    accepts_page = "text/html" in request.headers.get("Accept", "")
    answer = failure(trouble, as_json=not accepts_page)
    if error.get_response().headers.get("Allow"):
        answer.headers["Allow"] = error.get_response().headers["Allow"]
    return answer


def _tell_mistake(error: Exception) -> Any:
    """A mistake of ours: Flask would log the error's text, which may hold a person's words."""
    log.error("request_failed", endpoint=request.endpoint, exc_info=error)
    return _tell(InternalServerError())
