"""Platforms and tools that send leads to a form: each with its address, its secret and its steps."""

import secrets
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Blueprint, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from service import clock
from service.actors import Scope
from service.admin.pages.connections import ConnectionStatus
from service.admin.pages.form_editing.drafts import Draft
from service.admin.pages.form_editing.review import number_of_request, show_review
from service.admin.pages.form_editing.steps import GROUPS, guide_of, is_signed
from service.admin.pages.form_editing.widgets import (
    LINES,
    LISTS,
    NAME_OR_ID,
    PAIRS,
    TEXT,
    TOML,
    KeyWidget,
    Untypable,
    choice,
)
from service.admin.pages.form_editing.workspace import Standing, Workspace, is_awaited, published_setup, sentences_of
from service.admin.pages.labels import sender_name
from service.admin.pages.platform_states import platform_state
from service.admin.pages.stored_sentences import translated
from service.admin.permissions import requires
from service.forms import SetupProblems
from service.forms.senders import PROOF_KEYS, SENDERS
from service.forms.values import SECRET_PREFIX
from service.i18n import N_, MessageTable
from service.platforms.registry import PLATFORMS
from service.setup.editing import EditRefused
from service.setup.publishing import SetupRefusal
from service.setup.withholding import KEPT, REFERENCES, SECRET_KEYS

TOKEN_BYTES = 16

PREFIX = "key."
"""Prefix of the inputs' names: the page already has an input `token`."""

KEY_NAMES = MessageTable(
    {
        "secret": N_("Secret"),
        "key": N_("Key"),
        "token": N_("Token"),
        "app_id": N_("App ID"),
        "app_secret": N_("App secret"),
        "client_id": N_("Client ID"),
        "client_secret": N_("Client secret"),
        "access_token": N_("Access token"),
        "refresh_token": N_("Refresh token"),
        "verify_token": N_("Verify token"),
        "page_tokens": N_("Tokens by Page"),
        "pages": N_("Only these Pages"),
        "accounts": N_("Only these ad accounts"),
        "organizations": N_("Only these organisations"),
        "lead_forms": N_("Only these lead forms"),
        "names": N_("Names of campaigns and ads"),
        "fields": N_("Its field names"),
        "platform": N_("Platform whose leads it relays"),
        "version": N_("Version of the API"),
    }
)

KEY_HELPS = MessageTable(
    {
        "token": N_("A long random string that only you and the sender know."),
        "key": N_("A long random string that only you and the sender know."),
        "verify_token": N_("A long random string that only you and the sender know."),
        "access_token": N_("Used to read leads."),
        "pages": N_("IDs, one per line. Leads from others are stored and parked."),
        "accounts": N_("IDs, one per line. Leads from others are stored and parked."),
        "organizations": N_("IDs, one per line. Leads from others are stored and parked."),
        "lead_forms": N_("IDs, one per line. Leads from others are stored and parked."),
        "names": N_("An ID and its name, one per line: 195583084496 = London"),
        "fields": N_("One per line: email = question 2"),
    }
)

_WIDGETS: Mapping[str, KeyWidget] = {
    **dict.fromkeys(("pages", "accounts", "organizations", "lead_forms"), LINES),
    **dict.fromkeys(("names", "page_tokens"), PAIRS),
    **dict.fromkeys(("app_id", "client_id", "version"), NAME_OR_ID),
    "fields": LISTS,
    "platform": choice(),
}

FIRST_KEYS = ("secret", "key", "app_id", "app_secret", "client_id", "client_secret", "verify_token", "access_token")


@dataclass(frozen=True, slots=True)
class SenderKey:
    """One key of a sender's table as it is drawn. is_rare: folded away."""

    name: str
    label: str
    help: str
    look: str
    text: str
    is_needed: bool
    is_rare: bool
    options: Sequence[tuple[str, str]] = ()


def add(routes: Blueprint, workspace: Workspace) -> None:
    """/admin/forms/senders/FORM, and a page for each sender."""

    @routes.get("/forms/senders/<name>")
    @requires(Scope.SETUP)
    def senders(name: str) -> Response:
        standing = workspace.standing()
        workspace.check_form(standing.document, name)
        webhooks = workspace.shown_keys(standing.document, name).get("webhooks", {})
        return workspace.renderer.page("form_senders.html", here="setup", name=name, webhooks=webhooks, groups=GROUPS)

    @routes.get("/forms/senders/<name>/<sender>")
    @requires(Scope.SETUP)
    def sender_setup(name: str, sender: str) -> Response:
        if workspace.publisher.is_managed_by_file and name in workspace.deps.forms and sender in SENDERS:
            return _page(workspace, name, sender, 0, {}, None)
        if is_awaited(workspace.deps, published_setup(workspace.deps)):
            return workspace.renderer.soon(sender_name(sender), here="setup")
        standing = workspace.standing()
        table = _table(workspace, standing, name, sender)
        return _page(
            workspace, name, sender, standing.version, table if table is not None else _suggested(sender), table
        )

    @routes.post("/forms/senders/<name>/<sender>")
    @requires(Scope.SETUP)
    def send_sender(name: str, sender: str) -> Response:
        standing = workspace.standing()
        return _sent(workspace, standing, name, sender, _table(workspace, standing, name, sender))


def _table(workspace: Workspace, standing: Standing, name: str, sender: str) -> dict[str, Any] | None:
    """The sender's table, None where the form does not have it. Raises: NotFound."""
    workspace.check_form(standing.document, name)
    if sender not in SENDERS:
        raise NotFound
    table: dict[str, Any] | None = workspace.shown_keys(standing.document, name).get("webhooks", {}).get(sender)
    return table


def _suggested(sender: str) -> dict[str, Any]:
    """The keys that the service can generate for a new sender."""
    keys = SENDERS[sender].keys
    made_up: list[str] = [key for key in ("key", "verify_token") if key in keys]
    if "secret" in keys and guide_of(sender).is_secret_ours:
        made_up.append("secret")
    if not is_signed(sender):
        made_up.append("token")
    return {key: secrets.token_hex(TOKEN_BYTES) for key in made_up}


def _sent(workspace: Workspace, standing: Standing, name: str, sender: str, before: dict[str, Any] | None) -> Response:
    form, version = request.form, number_of_request("version")
    keys = workspace.shown_keys(standing.document, name)
    webhooks = dict(keys.get("webhooks", {}))
    if form.get("action") == "remove":
        webhooks.pop(sender, None)
    else:
        try:
            webhooks[sender] = _read(form, sender, before or {})
        except Untypable as error:
            return _page(workspace, name, sender, version, _typed(form), before, [translated(str(error))])
    keys["webhooks"] = webhooks
    if not webhooks:
        del keys["webhooks"]
    draft = Draft(name, standing.version, workspace.kept_keys(keys, name))
    try:
        return show_review(workspace, workspace.try_out(draft), sender)
    except (SetupProblems, EditRefused, SetupRefusal) as error:
        sentences = [sentence for _path, sentence in sentences_of(error)]
        return _page(workspace, name, sender, version, _typed(form), before, sentences)


def _read(form: Mapping[str, str], sender: str, before: Mapping[str, Any]) -> dict[str, Any]:
    """The sender's table as typed. An empty input keeps the secret, which was never shown. Raises: Untypable."""
    table = deepcopy(dict(before))
    for key in _keys_of(sender):
        text = form.get(f"{PREFIX}{key}", "").replace("\r\n", "\n").strip()
        if key in before and _is_written_secret(before[key]):
            if text:
                table[key] = text
            if f"{PREFIX}{key}.remove" in form:
                table.pop(key)
            continue
        widget = _widget(key, before.get(key))
        if key in before and text == widget.show(before[key]).strip():
            continue
        if text:
            table[key] = widget.read(text)
        else:
            table.pop(key, None)
    return table


def _typed(form: Mapping[str, str]) -> dict[str, str]:
    return {name.removeprefix(PREFIX): text for name, text in form.items() if name.startswith(PREFIX)}


def _keys_of(sender: str) -> list[str]:
    own = SENDERS[sender].keys
    return [*dict.fromkeys((*(key for key in FIRST_KEYS if key in own), "token", *own, "pages", "accounts", "fields"))]


def _is_written_secret(value: Any) -> bool:
    return isinstance(value, str) and value.startswith((KEPT, SECRET_PREFIX))


def _widget(key: str, value: Any) -> KeyWidget:
    widget = _WIDGETS.get(key, TEXT)
    return widget if value is None or widget.shows(value) else TOML


def _page(
    workspace: Workspace,
    name: str,
    sender: str,
    version: int,
    texts: Mapping[str, Any],
    table: Mapping[str, Any] | None,
    sentences: Sequence[str] = (),
) -> Response:
    base = workspace.deps.public_url.rstrip("/")
    address = f"{base}/webhooks/{sender}/{name}"
    token = texts.get("token") if not is_signed(sender) else None
    if isinstance(token, str) and token and not token.startswith((KEPT, *REFERENCES)):
        address = f"{address}?token={token}"
    return workspace.renderer.page(
        "form_sender.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if sentences else HTTPStatus.OK,
        here="setup",
        name=name,
        sender=sender,
        version=version,
        table=table,
        keys=[_key(key, sender, texts, table or {}) for key in _keys_of(sender)],
        steps=guide_of(sender).sentences,
        address=address,
        is_ad_platform=sender in PLATFORMS,
        is_new=table is None,
        is_file=workspace.publisher.is_managed_by_file,
        state=_state(workspace, name, sender),
        has_token=bool(token) and address.endswith(str(token)),
        sentences=sentences,
    )


def _state(workspace: Workspace, name: str, sender: str) -> ConnectionStatus | None:
    """The state of the connection to an ad platform; None for other senders, and for one not set up yet."""
    form = workspace.deps.forms.get(name)
    if form is None or sender not in PLATFORMS or sender not in form.webhooks:
        return None
    with workspace.deps.store.read() as tx:
        return platform_state(tx, form, PLATFORMS[sender], clock.now())


def _key(key: str, sender: str, texts: Mapping[str, Any], table: Mapping[str, Any]) -> SenderKey:
    value = texts.get(key)
    widget = _widget(key, table.get(key))
    text = "" if value is None else value if isinstance(value, str) else widget.show(value)
    look = widget.look
    if key in SECRET_KEYS and look == "text":
        look = "kept" if _is_written_secret(table.get(key)) else "secret"
        text = "" if text.startswith((KEPT, SECRET_PREFIX)) else text
    needs = SENDERS[sender].needs
    is_first = key in needs or (key in PROOF_KEYS and (key != "token" or not is_signed(sender)))
    is_rare = not (is_first or key in FIRST_KEYS or key in table)
    options = [(name, platform.title) for name, platform in PLATFORMS.items()] if key == "platform" else []
    return SenderKey(key, KEY_NAMES[key], KEY_HELPS.get(key, ""), look, text, key in needs, is_rare, options)
