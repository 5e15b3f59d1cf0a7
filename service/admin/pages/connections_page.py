"""Connections: Nexudus, where alerts go, ad platforms; what the environment sets is shown as set there."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from service import clock
from service.actors import Actor, Scope
from service.admin import AdminDeps
from service.admin.pages.account_details import account_row
from service.admin.pages.channel_addresses import (
    MAX_NAME_CHARS,
    UnusableAddress,
    kind_name,
    mail_address,
    read_address,
)
from service.admin.pages.connections import account_statuses
from service.admin.pages.labels import account_name, sentence
from service.admin.pages.platform_states import platform_rows
from service.admin.pages.rendering import PREFIX, Renderer
from service.admin.pages.worker_answers import PATIENCE, check_sees_all, own_request
from service.admin.permissions import current_actor, requires
from service.alerts.channels import SENT
from service.i18n import _
from service.operations.connections import add_channel, remove_channel, request_test
from service.platforms.registry import PLATFORMS
from service.store import TEST_MESSAGE, ChannelEntry, WorkerRequest

MAIL_FIELDS = ("to", "server", "port", "user", "password", "sender")


@dataclass(frozen=True, slots=True)
class SentTest:
    """The outcome of a test message. channel: the channel's name; why: the reason why it was refused."""

    channel: str
    is_sent: bool
    why: str = ""


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/connections."""

    @routes.get("/connections")
    @requires(Scope.SETUP)
    def connections() -> Response:
        return connections_page(deps, renderer)

    @routes.get("/connections/tests/<request_id>")
    @requires(Scope.SETUP)
    def test_state(request_id: str) -> Response:
        """Return the block that shows a test message, for the page that waits for it."""
        return renderer.part("channel_test.html", **channel_block(deps, current_actor(), request_id))


def add_channels(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/connections/channels: add, test and remove channels for alerts."""

    @routes.post("/connections/channels")
    @requires(Scope.SETUP)
    def new_channel() -> BaseResponse:
        account = _account_of_channel(deps, request.form.get("account", ""))
        is_mail = request.form.get("by") == "mail"
        name = request.form.get("name", "").strip()[:MAX_NAME_CHARS]
        try:
            typed = mail_address(request.form) if is_mail else read_address(request.form.get("address", ""))
        except UnusableAddress as error:
            kept = {field: request.form.get(field, "") for field in (*MAIL_FIELDS, "name") if field != "password"}
            unusable = HTTPStatus.UNPROCESSABLE_ENTITY
            return connections_page(deps, renderer, unusable, problem=str(error), is_mail=is_mail, typed=kept)
        request_id = add_channel(
            deps.store, name or kind_name(typed.kind), typed.kind, typed.address, account, current_actor(), clock.now()
        )
        return renderer.go(f"{PREFIX}/connections?request={request_id}")

    @routes.post("/connections/channels/test")
    @requires(Scope.SETUP)
    def test_channel() -> BaseResponse:
        channel = request.form.get("channel", "")
        if not channel:  # ALERT_URLS
            check_sees_all(current_actor())
        request_id = request_test(deps.store, channel, current_actor(), clock.now())
        if request_id is None:
            return renderer.go(f"{PREFIX}/connections", _("This channel was removed."))
        return renderer.go(f"{PREFIX}/connections?request={request_id}")

    @routes.post("/connections/channels/remove")
    @requires(Scope.SETUP)
    def drop_channel() -> BaseResponse:
        name = remove_channel(deps.store, request.form.get("channel", ""), current_actor(), clock.now())
        removed = _("%(name)s was removed: alerts no longer go there.", name=name)
        return renderer.go(f"{PREFIX}/connections", removed if name else _("This channel was removed."))


def _account_of_channel(deps: AdminDeps, typed: str) -> str | None:
    """The account whose alerts a new channel gets, one that this person sees; or all accounts.

    Raises: Forbidden.
    """
    if typed in deps.accounts:
        return typed
    if current_actor().accounts is not None and len(deps.accounts) == 1:
        return deps.accounts[0]
    check_sees_all(current_actor())
    return None


def connections_page(
    deps: AdminDeps, renderer: Renderer, status: HTTPStatus = HTTPStatus.OK, **values: object
) -> Response:
    """Return the page, with the problem of one of its forms if there is one."""
    actor = current_actor()
    with deps.store.read() as tx:
        states = account_statuses(tx, deps.accounts, clock.now())
        platforms = platform_rows(tx, deps, clock.now())
    shown: dict[str, object] = {"problem": "", "is_mail": False, "typed": {}, **values}
    return renderer.page(
        "connections.html",
        status,
        here="connections",
        sees_all=actor.accounts is None,
        has_key=deps.environment.has_key,
        accounts=[account_row(deps, account, states[account]) for account in deps.accounts],
        platforms=platforms,
        platform_names=[(name, platform.title) for name, platform in PLATFORMS.items()],
        form_names=[(form.name, form.title or form.name) for form in deps.forms.values()],
        may_add=actor.accounts is None and not deps.publisher.is_managed_by_file,
        kind_name=kind_name,
        from_environment=deps.environment.alert_kinds if actor.accounts is None else (),
        account_names=[(name, account_name(name)) for name in deps.accounts],
        account_name=account_name,
        max_name=MAX_NAME_CHARS,
        **channel_block(deps, actor, request.args.get("request", "")),
        **shown,
    )


def channel_block(deps: AdminDeps, actor: Actor, request_id: str) -> dict[str, object]:
    """The channels, and what the block of a test message shows: nothing, that it is under way, or how it went."""
    kinds, now = deps.environment.alert_kinds, clock.now()
    with deps.store.read() as tx:
        entries = tx.channels.all()
        test = own_request(tx.worker_requests.get(request_id), actor, TEST_MESSAGE)
    is_waiting = test is not None and test.answer is None
    outcomes: Sequence[str] = test.answer.get("outcomes", ["failed"]) if test and test.answer is not None else []
    return {
        "entries": entries,
        "test": test,
        "is_waiting": is_waiting,
        "is_late": is_waiting and test is not None and now - test.requested_at > PATIENCE,
        "sent": [
            SentTest(name, outcome == SENT, "" if outcome == SENT else sentence(outcome))
            for name, outcome in zip(_names(test, entries, kinds), outcomes, strict=False)
        ],
    }


def _names(test: WorkerRequest | None, entries: Sequence[ChannelEntry], kinds: Sequence[str]) -> Sequence[str]:
    """The names of the channels to which the outcomes of a test message belong, in their order."""
    channel = test.details.get("channel") if test else None
    if channel:
        return [next((entry.name for entry in entries if entry.id == channel), _("The channel"))]
    return [f"{kind_name(kind)} ({number})" for number, kind in enumerate(kinds, 1)]
