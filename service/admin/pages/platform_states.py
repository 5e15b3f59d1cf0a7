"""The state of each connection to an ad platform. Connections are made on the page of a form's sender."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from flask import Blueprint, request
from werkzeug.wrappers import Response

from service.actors import Scope
from service.admin import AdminDeps
from service.admin.pages.connections import ConnectionStatus
from service.admin.pages.labels import ago, sentence, without_commands
from service.admin.pages.rendering import PREFIX, Renderer
from service.admin.permissions import requires
from service.forms import Form
from service.i18n import _
from service.platforms.platform import Platform
from service.platforms.registry import PLATFORMS
from service.store import ConnectionHealth, ConnectionKey, Transaction

EXPIRY_WARNING = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class PlatformRow:
    """A connection as the page of all connections lists it."""

    title: str
    form: str
    address: str
    state: ConnectionStatus


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/connections/platforms: the way to the page of a form's sender."""

    @routes.get("/connections/platforms")
    @requires(Scope.SETUP)
    def choose_platform() -> Response:
        form, platform = request.args.get("form", ""), request.args.get("platform", "")
        if form not in deps.forms or platform not in PLATFORMS:
            return renderer.go(f"{PREFIX}/connections", _("There is no such form or platform."))
        return renderer.go(_address(form, platform))


def platform_rows(tx: Transaction, deps: AdminDeps, now: datetime) -> list[PlatformRow]:
    """Every connection to an ad platform of the forms that exist for the caller."""
    return [
        PlatformRow(
            PLATFORMS[sender].title,
            form.title or form.name,
            _address(form.name, sender),
            platform_state(tx, form, PLATFORMS[sender], now),
        )
        for form in deps.forms.values()
        for sender in sorted(form.webhooks)
        if sender in PLATFORMS
    ]


def _address(form: str, platform: str) -> str:
    return f"{PREFIX}/forms/senders/{quote(form, safe='')}/{platform}"


def platform_state(tx: Transaction, form: Form, platform: Platform, now: datetime) -> ConnectionStatus:
    """The state of a form's connection to a platform: broken, refused, paused, about to expire, or working."""
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
