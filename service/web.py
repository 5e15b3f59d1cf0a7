"""Process 1: create_app(settings) wires the rooms that receive and show leads into one Flask app."""

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from service import clock, logs
from service.admin import AdminDeps, EnvironmentView, api, monitoring, pages
from service.admin.pages.errors import ShowError
from service.admin.pages.rendering import PREFIX
from service.alerts.worker_watch import WorkerWatch
from service.background import is_gone, worker_name
from service.capture import script
from service.capture.http.form_posts import FormDeps, form_blueprint
from service.capture.http.incoming import readable_by_pages, setup_of_request
from service.capture.http.responses import PostError, failure
from service.capture.http.unproven import UnprovenCalls
from service.capture.http.webhook_items import WebhookDeps
from service.capture.http.webhooks import webhook_blueprint
from service.capture.spam import Guards
from service.capture.tools.registry import SENDERS
from service.edge import EDGE, POLICY, Edge, without_port
from service.forms import Setup, read_setup
from service.forms.brand import describe_shades
from service.forms.senders import find_weakness, is_proven
from service.metrics.folder import MetricsFolder
from service.metrics.web import METRICS, WebMetrics
from service.oidc import Provider
from service.operations.provider_people import ProviderRules
from service.rate_limit import PostCounts, WindowLimit
from service.settings import Settings, lookup, read_settings
from service.setup.current import CurrentSetup
from service.setup.publishing import Publisher
from service.setup.reading import follow_setup, is_kept_in_database, read_stored
from service.setup.watcher import SetupWatcher
from service.store import Identity, Store, StoreUnavailable
from service.tracing.start import open_error_reports, open_tracer

log = structlog.get_logger()

PATIENCE_S = 4.5
"""Seconds for which a visitor waits while another program holds a lock of the database; with the last try, five."""

RETRY_AFTER_S = 5
"""Seconds after which a request may succeed that came before the database could be reached."""

START_WARNINGS = WindowLimit(1, 60)
"""Web processes of one host that start, or take up a forms file, within a minute log warnings about it once."""


def create_app(
    settings: Settings | None = None,
    setup: CurrentSetup | None = None,
    counts: PostCounts | None = None,
    store: Store | None = None,
    metrics_folder: MetricsFolder | None = None,
) -> Flask:
    """Return the web application; without arguments, configured by this process's environment.

    With a set-up, it connects to nothing and starts no thread: the process may fork afterwards.

    setup: in force, followed by the caller if at all.
    counts: rate limits shared with other web processes, made before they fork.
    store: opened by the caller, who closes it.
    metrics_folder: shared by the metrics of this host's web processes; None: this one counts alone.
    Raises: SettingsProblems, SetupProblems.
    """
    settings = settings or read_settings()
    logs.configure(settings.log_format, settings.log_level)
    store = store or _open_store(settings)
    counts = counts or PostCounts()
    current = setup or _read_setup(settings, store)
    _warn_of_setup(current.get(), counts)
    app = Flask("service", root_path=str(Path(__file__).parent), static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    _register_capture(app, settings, counts, store)
    metrics = app.extensions[METRICS] = WebMetrics(lambda: current.get().forms, SENDERS, metrics_folder)
    app.register_blueprint(
        monitoring.blueprint(store, metrics, settings.metrics_token, lambda: current.get().account_names)
    )
    deps = _admin_deps(settings, current, counts, store)
    api.register(app, deps)
    show_dashboard_error = pages.register(app, deps)
    _add_scripts(app)
    if settings.sample_page:
        app.add_url_rule("/sample", "sample", lambda: _sample_page(f"/f/{next(iter(setup_of_request().forms))}"))
    http_error = partial(_http_error, show_dashboard_error)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, partial(_unexpected_error, http_error))
    number = settings.trusted_proxies
    if number:
        # X-Forwarded-Host is not among them: many proxies pass on what a stranger wrote there.
        app.wsgi_app = ProxyFix(without_port(app.wsgi_app), number, number)  # type: ignore[method-assign]
    is_https = settings.public_url.startswith("https://")
    edge = Edge(
        app.wsgi_app,
        readable_by_pages(app.wsgi_app),
        current,
        metrics.count,
        partial(_unavailable, app),
        is_https=is_https,
        trusts_ids=number > 0,
    )
    app.wsgi_app = app.extensions[EDGE] = edge  # type: ignore[method-assign]
    return app


def start_app() -> Flask:
    """Return the web application of one process of another WSGI server, configured by its environment.

    Call it after the process was forked. Raises: SettingsProblems, SetupProblems.
    """
    settings = read_settings()
    logs.configure(settings.log_format, settings.log_level)
    store = _open_store(settings)
    setup, counts = _read_setup(settings, store), PostCounts()
    return _start(create_app(settings, setup, counts, store), settings, setup, counts, store)


def prepare_app(
    settings: Settings, setup: CurrentSetup, counts: PostCounts, metrics_folder: MetricsFolder | None
) -> Callable[[], Flask]:
    """Make the application of all web processes before they fork; return a function that starts it in each of them.

    Made in each, it would take 20 MB of every process.
    Raises: OSError if there can be no database file.
    """
    store = _open_store(settings)
    app = create_app(settings, setup, counts, store, metrics_folder)
    return partial(_start, app, settings, setup, counts, store)


def _start(app: Flask, settings: Settings, setup: CurrentSetup, counts: PostCounts, store: Store) -> Flask:
    """Follow the set-up, count, trace, and monitor that a worker works. Raises: SetupProblems."""
    setup.attach(store, clock.now())
    setup.catch_up(clock.now())
    warn = partial(_warn_of_setup, counts=counts)
    warn(setup.get())
    if tracer := open_tracer(settings, "web"):
        app.extensions[EDGE].trace(tracer)
    if reports := open_error_reports(settings, "web"):
        logs.report_to(reports)
    app.extensions[METRICS].start()
    SetupWatcher(setup, store, "web", warn).start(threading.Event())
    with suppress(StoreUnavailable):
        store.schema()  # opens the database: `restore` and `copy-to` see that this process uses it
    WorkerWatch(store, settings.alert_urls, Identity(worker_name(), is_gone), threading.Event()).start()
    return app


def _open_store(settings: Settings) -> Store:
    return Store(settings.database_url, settings.encryption_keys, patience_s=PATIENCE_S)


def _unavailable(app: Flask, environ: Any, start_response: Any) -> Any:
    """Answer a request that comes before the set-up could be read from the database."""
    with app.request_context(environ):
        as_json = "text/html" not in request.headers.get("Accept", "")
        return failure(PostError.store_is_down(RETRY_AFTER_S), as_json=as_json)(environ, start_response)


def _read_setup(settings: Settings, store: Store) -> CurrentSetup:
    is_stored = is_kept_in_database(settings, lookup)
    setup = read_stored(settings, store, lookup) if is_stored else read_setup(settings.forms_file, lookup)
    return follow_setup(settings, setup, lookup, clock.now(), store)


def _environment_view(settings: Settings) -> EnvironmentView:
    ways = {
        "application": settings.nexudus_app_key,
        "token": settings.nexudus_token,
        "password": settings.nexudus_username,
    }
    return EnvironmentView(
        base_url=settings.nexudus_base_url,
        sign_in=next((name for name, value in ways.items() if value), ""),
        username=settings.nexudus_username,
        alert_kinds=tuple(address.partition("://")[0].lower() for address in settings.alert_urls),
        has_key=bool(settings.encryption_keys),
        allows_http=settings.nexudus_allow_http,
        is_simulated=settings.is_simulated,
    )


def _provider(settings: Settings) -> Provider | None:
    """Return the provider that signs people in, if one is set."""
    if not settings.oidc_issuer:
        return None
    return Provider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)


def _warn_of_setup(setup: Setup, counts: PostCounts) -> None:
    """Log each sender whose calls anyone could forge, and each brand whose colour is changed to be readable."""
    if counts.count(f"start {setup.digest}", START_WARNINGS, clock.now().timestamp()):
        return
    for form in setup.forms.values():
        for sender, table in form.webhooks.items():
            if weakness := find_weakness(sender, table):
                event = "sender_proves_little" if is_proven(table) else "sender_proves_nothing"
                why, remedy = weakness
                log.warning(event, form=form.name, sender=sender, why=why, remedy=remedy)
    for brand in dict.fromkeys((setup.brand, *(form.brand for form in setup.forms.values()))):
        for sentence in describe_shades(brand):
            log.warning("brand_colour_adapted", brand=brand.name, why=sentence)


def _register_capture(app: Flask, settings: Settings, counts: PostCounts, store: Store) -> None:
    guards = Guards(store, counts.texts)
    unproven = UnprovenCalls(counts.calls, store)
    limit = settings.submit_limit
    form_deps = FormDeps(
        setup=setup_of_request,
        store=store,
        visits=counts,
        limit=None if limit is None else WindowLimit(limit.count, limit.window_s),
        unproven=unproven,
        keeps_ip=settings.store_ip,
        guards=guards,
        own_host=urlsplit(settings.public_url).netloc,
    )
    app.register_blueprint(form_blueprint(form_deps))
    webhook_deps = WebhookDeps(setup_of_request, store, settings.public_url, guards, unproven, settings.store_ip)
    app.register_blueprint(webhook_blueprint(webhook_deps))


def _admin_deps(settings: Settings, current: CurrentSetup, counts: PostCounts, store: Store) -> AdminDeps:
    return AdminDeps(
        store=store,
        setup=setup_of_request,
        setup_state=lambda: current.state,
        publisher=Publisher(store, settings, lookup, current.get),
        public_url=settings.public_url,
        api_token=settings.admin_token,
        password=settings.admin_password,
        secret_key=settings.secret_key,
        zone=settings.zone,
        nexudus_url=settings.nexudus_base_url,
        has_sample_page=settings.sample_page,
        counters=counts.guesses,
        provider=_provider(settings),
        provider_rules=ProviderRules(settings.oidc_domains, settings.oidc_role_claim),
        environment=_environment_view(settings),
    )


def _add_scripts(app: Flask) -> None:
    """Add the landing-page script, and the second file that it loads for third-party forms, widgets or two domains."""
    for name, endpoint in (("attribution.js", "attribution_script"), ("attribution-more.js", "second_script")):
        app.add_url_rule(f"/{name}", endpoint, partial(_script, script.SCRIPTS[name]))


def _sample_page(action: str) -> BaseResponse:
    return Response(script.sample_page(action), headers={POLICY: script.SAMPLE_POLICY})


def _script(file: script.ScriptFile) -> BaseResponse:
    """Return a script, cacheable for an hour, then revalidated by its ETag."""
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


def _http_error(show_dashboard_error: ShowError, error: HTTPException) -> Any:
    """Answer a wrong address or method in one sentence and without a trace; below the dashboard in its style."""
    accepts_page = "text/html" in request.headers.get("Accept", "")
    is_below = request.path.removeprefix(PREFIX)[:1] in ("", "/") and request.path.startswith(PREFIX)
    if accepts_page and is_below:
        response = show_dashboard_error(error)
    else:
        response = failure(PostError.of_http(error), as_json=not accepts_page)
    if allowed := error.get_response().headers.get("Allow"):
        response.headers["Allow"] = allowed
    return response


def _unexpected_error(http_error: ShowError, error: Exception) -> Any:
    """Log a bug here, because Flask would log the error's text, which may quote a person."""
    log.error("request_failed", endpoint=request.endpoint, exc_info=error)
    return http_error(InternalServerError())
