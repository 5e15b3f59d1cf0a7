"""Nexudus accounts as pages show them: where the credentials come from, and their parts that are not secret."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from service.admin import AdminDeps
from service.admin.pages.connections import ConnectionStatus
from service.admin.pages.rendering import PREFIX
from service.forms import DEFAULT_ACCOUNT
from service.i18n import N_, _

ORIGINS = {
    "environment": N_("Set in the environment"),
    "simulator": N_("Simulator"),
    "file": N_("Set in the forms file"),
    "here": N_("Set up here"),
    "nowhere": N_("Not connected"),
}
"""Where the credentials of an account come from."""


def account_details(deps: AdminDeps, account: str) -> Mapping[str, str]:
    """Where an account's credentials come from, and their parts that are not secret."""
    own, environment = deps.setup().accounts.get(account), deps.environment
    is_default = account == DEFAULT_ACCOUNT
    if is_default and environment.has_login:
        return {"origin": "environment", "base_url": environment.base_url, "username": environment.username}
    if own is not None and own.has_login:
        origin = "file" if deps.publisher.is_managed_by_file else "here"
        return {"origin": origin, "base_url": own.base_url, "username": own.username or own.app_key}
    if is_default and environment.is_simulated:
        return {"origin": "simulator", "base_url": environment.base_url, "username": environment.username}
    return {"origin": "nowhere", "base_url": "", "username": ""}


def account_row(deps: AdminDeps, account: str, state: ConnectionStatus) -> Mapping[str, Any]:
    """An account as the page of all connections lists it."""
    details = account_details(deps, account)
    details = {**details, "origin_name": _(ORIGINS[details["origin"]])}
    return {"address": account_address(account), "state": state, **details}


def account_address(account: str, request_id: str = "") -> str:
    """The address of an account's page. request_id: of the test that it shows."""
    return f"{PREFIX}/connections/nexudus/{quote(account, safe='')}" + (f"?request={request_id}" if request_id else "")
