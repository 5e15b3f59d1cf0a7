"""Connections to ad platforms: the state of each, and a page where its secrets are typed to connect it, or anew."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote

from flask import Blueprint, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from service import clock
from service.actors import Scope
from service.admin import AdminDeps
from service.admin.acting import current_actor
from service.admin.pages.connections import ConnectionStatus
from service.admin.pages.labels import ago, sentence, without_commands
from service.admin.pages.rendering import PREFIX, Renderer
from service.admin.pages.worker_answers import check_sees_all
from service.admin.permissions import requires
from service.forms import Form, SetupProblems
from service.i18n import N_, MessageTable, _
from service.operations.connections import OWN_WORDS, connect_platform, typed_keys
from service.platforms.platform import Platform
from service.platforms.registry import PLATFORMS
from service.setup.editing import EditRefused, form_keys
from service.setup.publishing import SetupRefusal
from service.setup.withholding import SECRET_KEYS
from service.store import ConnectionHealth, ConnectionKey, Transaction

EXPIRY_WARNING = timedelta(days=35)
MAX_TYPED_CHARS = 4000

KEY_NAMES = MessageTable(
    {
        "key": N_("Key"),
        "verify_token": N_("Verify token"),
        "app_id": N_("App ID"),
        "client_id": N_("Client ID"),
        "app_secret": N_("App secret"),
        "client_secret": N_("Client secret"),
        "access_token": N_("Access token"),
        "refresh_token": N_("Refresh token"),
    }
)

STEPS: Mapping[str, tuple[str, ...]] = {
    "google-ads": (
        N_("Press Connect below: the key is created for you, and shown once."),
        N_("In Google Ads, open the lead form of your campaign, then Export leads, Other data integration options."),
        N_("Paste the webhook address and the key, and press Send test data: a test lead appears here."),
    ),
    "meta": (
        N_("In your Meta app, open App settings, Basic, and copy the app secret."),
        N_("Create a long-lived token for a system user that may read the leads of your Page, and paste it."),
        N_("Connect; then enter the address and the verify token in the app, Webhooks, Page, field leadgen."),
    ),
    "linkedin": (
        N_("In your LinkedIn app, open Auth, and copy the client ID and the client secret."),
        N_("Create an access token and a refresh token with the permission r_marketing_leadgen_automation."),
        N_("Connect; then register the address as a webhook of the app."),
    ),
    "tiktok": (
        N_("In TikTok for Business, open your app, and copy its ID and secret."),
        N_("Connect; then subscribe the address to leads in the app. An access token finds leads that were missed."),
    ),
}
"""What to do to connect a platform; docs/ad-platforms.md says more."""


@dataclass(frozen=True, slots=True)
class KeyField:
    """One key as the page shows it. is_set: it has a value; origin: "env:NAME" where the environment has it."""

    name: str
    label: str
    is_secret: bool
    is_set: bool
    is_needed: bool
    is_ours: bool
    text: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class PlatformRow:
    """A connection as the page of all connections lists it."""

    title: str
    form: str
    address: str
    state: ConnectionStatus


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/connections/platforms/FORM/PLATFORM."""

    @routes.get("/connections/platforms")
    @requires(Scope.SETUP)
    def choose_platform() -> Response:
        form, platform = request.args.get("form", ""), request.args.get("platform", "")
        if form not in deps.forms or platform not in PLATFORMS:
            return renderer.go(f"{PREFIX}/connections", _("There is no such form or platform."))
        return renderer.go(_address(form, platform))

    @routes.get("/connections/platforms/<form>/<platform>")
    @requires(Scope.SETUP)
    def platform_connection(form: str, platform: str) -> Response:
        return _page(deps, renderer, *_find(deps, form, platform))

    @routes.post("/connections/platforms/<form>/<platform>")
    @requires(Scope.SETUP)
    def connect(form: str, platform: str) -> Response:
        actor, now = current_actor(), clock.now()
        check_sees_all(actor)
        connected, wanted = _find(deps, form, platform)
        typed = {key: request.form.get(f"key.{key}", "")[:MAX_TYPED_CHARS] for key in typed_keys(wanted)}
        try:
            done = connect_platform(deps.publisher, deps.store, form, wanted, typed, actor, now)
        except (SetupRefusal, SetupProblems, EditRefused) as error:
            problem = sentence(str(error).splitlines()[0])
            return _page(deps, renderer, connected, wanted, HTTPStatus.UNPROCESSABLE_ENTITY, problem=problem)
        shown = [(KEY_NAMES.get(key) or key, word) for key, word in done.shown_once.items()]
        return _page(deps, renderer, connected, wanted, shown_once=shown, is_done=True)


def platform_rows(tx: Transaction, deps: AdminDeps, now: datetime) -> list[PlatformRow]:
    """Every connection to an ad platform of the forms that exist for whoever asks."""
    return [
        PlatformRow(
            PLATFORMS[sender].title,
            form.title or form.name,
            _address(form.name, sender),
            _state(tx, form, PLATFORMS[sender], now),
        )
        for form in deps.forms.values()
        for sender in sorted(form.webhooks)
        if sender in PLATFORMS
    ]


def _address(form: str, platform: str) -> str:
    return f"{PREFIX}/connections/platforms/{quote(form, safe='')}/{quote(platform, safe='')}"


def _find(deps: AdminDeps, form: str, platform: str) -> tuple[Form, Platform]:
    if form not in deps.forms or platform not in PLATFORMS:
        raise NotFound(_("There is no such form or platform."))
    return deps.forms[form], PLATFORMS[platform]


def _state(tx: Transaction, form: Form, platform: Platform, now: datetime) -> ConnectionStatus:
    """How the connection of a form to a platform is: broken, refused, paused, about to expire, or well."""
    key = ConnectionKey(form.name, platform.name)
    states = [health for health in tx.platforms.health_of_all() if health.link.whole == key]
    for status in (*_troubles(states, now), *_refusals(tx, form, platform, now)):
        return status
    last = tx.statistics.last_lead_from(form.name, platform.name)
    if last is None:
        return ConnectionStatus(platform.title, _("Set up"), "calm", _("It has not sent anything yet."))
    lead = tx.leads.get(last)
    sent = _("It last sent a lead %(ago)s.", ago=ago(now - lead.received_at)) if lead else ""
    return ConnectionStatus(platform.title, _("Works"), "good", sent)


def _troubles(states: list[ConnectionHealth], now: datetime) -> Iterator[ConnectionStatus]:
    for health in states:
        name = health.link.place
        if health.reason:
            reason = sentence(without_commands(health.reason))
            yield ConnectionStatus(name, _("Broken"), "bad", reason, since=health.failing_since)
        elif health.paused_until is not None and health.paused_until > now:
            why = _("The platform asked for a pause or did not respond; paused")
            yield ConnectionStatus(name, _("Paused"), "busy", why, health.paused_until)
        elif health.expires_at is not None and health.expires_at - now < EXPIRY_WARNING:
            ends = _("Its consent ends soon: create new tokens at the platform, and enter them here.")
            yield ConnectionStatus(name, _("Expires soon"), "warn", ends, health.expires_at)


def _refusals(tx: Transaction, form: Form, platform: Platform, now: datetime) -> Iterator[ConnectionStatus]:
    for rejection in tx.platforms.rejections_of(form.name):
        if rejection.sender == platform.name and rejection.is_recent(now):
            why = sentence(without_commands(f"{rejection.why} {rejection.remedy}".rstrip()))
            yield ConnectionStatus(platform.title, _("Refused"), "bad", why, since=rejection.began_at)


def _page(
    deps: AdminDeps,
    renderer: Renderer,
    form: Form,
    platform: Platform,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    problem: str = "",
    shown_once: list[tuple[str, str]] | None = None,
    is_done: bool = False,
) -> Response:
    is_file = deps.publisher.is_managed_by_file
    actor, now = current_actor(), clock.now()
    table = form_keys(deps.publisher.standing().toml, form.name).get("webhooks", {}).get(platform.name)
    with deps.store.read() as tx:
        is_known = table is not None or platform.name in form.webhooks
        state = _state(tx, form, platform, now) if is_known else None
    response = renderer.page(
        "platform_connection.html",
        status,
        here="connections",
        title=platform.title,
        form_name=form.title or form.name,
        state=state,
        webhook=f"{deps.public_url.rstrip('/')}/webhooks/{platform.name}/{form.name}",
        address=_address(form.name, platform.name),
        all_keys=f"{PREFIX}/forms/senders/{quote(form.name, safe='')}/{platform.name}",
        steps=[_(step) for step in STEPS.get(platform.name, ())],
        fields=[_field(key, platform, table or {}) for key in typed_keys(platform)],
        is_connected=table is not None,
        is_file=is_file,
        may_type=actor.accounts is None and not is_file,
        problem=problem,
        shown_once=shown_once or [],
        is_done=is_done,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _field(key: str, platform: Platform, table: Mapping[str, object]) -> KeyField:
    value = str(table.get(key, ""))
    is_secret = key in SECRET_KEYS
    return KeyField(
        key,
        KEY_NAMES.get(key) or key,
        is_secret=is_secret,
        is_set=bool(value),
        is_needed=key in platform.needs and key not in OWN_WORDS and not value,
        is_ours=key in OWN_WORDS,
        text="" if is_secret or value.startswith("env:") else value,
        origin=value if value.startswith("env:") else "",
    )
