"""The page of one Nexudus account: its facts, the doctor's findings, credentials to enter, test and use."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, g, request
from marshmallow import ValidationError
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from service import clock
from service.actors import Actor, Scope
from service.admin import AdminDeps
from service.admin.pages.account_details import account_address, account_details
from service.admin.pages.connections import account_statuses
from service.admin.pages.form_pages import checked_at
from service.admin.pages.labels import account_name
from service.admin.pages.rendering import PREFIX, Renderer
from service.admin.pages.worker_answers import PATIENCE, check_sees_all, own_request
from service.admin.permissions import current_actor, requires
from service.alerts.decisions import title_of
from service.delivery.setup_check.problem import account_of_cause
from service.forms import DEFAULT_ACCOUNT, SetupProblems
from service.forms.addresses import read_base_url
from service.i18n import _
from service.operations.connections import ACCOUNT_SECRETS, request_trial, use_account
from service.setup.editing import EditRefused
from service.setup.publishing import SetupRefusal, StaleVersion
from service.store import TRY_ACCOUNT, Tenant, Transaction, WorkerRequest

PLAIN_KEYS = ("base_url", "username", "app_key")
FIELDS = {"token": "bearer"}  # each form of the pages has a field `token` of its own
WAYS = (("username", "password", "totp_secret"), ("token",), ("app_key", "app_secret", "app_token"))
"""The ways to sign in, each with its keys."""

DEFAULT_URL = "https://spaces.nexudus.com"
NEW_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
MAX_TYPED_CHARS = 1000
LOCAL = ("127.0.0.1", "::1", "localhost")


class UnusableAccount(Exception):
    """The typed credentials cannot be tested. The message says why, in the reader's language."""


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/connections/nexudus/NAME, and the requests to a worker."""

    @routes.get("/connections/nexudus")
    @requires(Scope.SETUP)
    def another_account() -> Response:
        check_sees_all(current_actor())
        name = request.args.get("name", "").strip().lower()
        if not NEW_NAME.fullmatch(name):
            problem = _("Use only letters from a to z, digits, - and _ in the name.")
            return renderer.go(f"{PREFIX}/connections", problem)
        return renderer.go(account_address(name))

    @routes.get("/connections/nexudus/<account>")
    @requires(Scope.SETUP)
    def nexudus_account(account: str) -> Response:
        return account_page(deps, renderer, account)

    @routes.get("/connections/trials/<request_id>")
    @requires(Scope.SETUP)
    def trial_state(request_id: str) -> Response:
        """Return the block that shows a test, for the page that waits for it."""
        return renderer.part("account_trial.html", form_token=g.session.form_token, **trial_block(deps, request_id))

    @routes.post("/connections/nexudus/<account>/check")
    @requires(Scope.SETUP)
    def check_account(account: str) -> Response:
        _check_exists(deps, account)
        request_id = request_trial(deps.store, account, {}, current_actor(), clock.now(), {})
        return renderer.go(account_address(account, request_id))


def add_typing(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """Add the routes by which credentials are entered, tested and used."""

    @routes.post("/connections/nexudus/<account>/try")
    @requires(Scope.SETUP)
    def try_account(account: str) -> Response:
        actor, kept = current_actor(), {}
        check_sees_all(actor)
        with deps.store.read() as tx:
            earlier = own_request(tx.worker_requests.get(request.form.get("request", "")), actor, TRY_ACCOUNT)
        if earlier is not None and earlier.details["account"] == account:
            kept = {key: text for key, text in earlier.details.get("typed", {}).items() if key in ACCOUNT_SECRETS}
        try:
            typed = _read_typed(deps, request.form, kept)
        except UnusableAccount as error:
            unusable = HTTPStatus.UNPROCESSABLE_ENTITY
            return account_page(deps, renderer, account, unusable, problem=str(error), typed=request.form)
        kept = {key: text for key, text in kept.items() if key in _way_of(typed)}
        request_id = request_trial(deps.store, account, typed, actor, clock.now(), kept)
        return renderer.go(account_address(account, request_id))

    @routes.post("/connections/nexudus/<account>/use")
    @requires(Scope.SETUP)
    def use_typed_account(account: str) -> Response:
        check_sees_all(current_actor())
        trial = trial_block(deps, request.form.get("request", ""))["trial"]
        if not isinstance(trial, WorkerRequest) or not trial.details.get("typed"):
            return renderer.go(account_address(account), _("Too much time has passed: enter it again."))
        try:
            use_account(deps.publisher, trial, current_actor(), clock.now())
        except StaleVersion:
            changed = _("Someone changed the set-up in the meantime. Try again.")
            return renderer.go(account_address(account, trial.id), changed)
        except (SetupRefusal, SetupProblems, EditRefused) as error:
            return account_page(deps, renderer, account, HTTPStatus.CONFLICT, problem=str(error))
        used = _("Connected. Leads go to this account within a few seconds.")
        return renderer.go(account_address(account), used)


def account_page(
    deps: AdminDeps, renderer: Renderer, account: str, status: HTTPStatus = HTTPStatus.OK, **values: object
) -> Response:
    """Return the page of one account, which need not exist yet."""
    actor, now = current_actor(), clock.now()
    is_known = account in deps.accounts
    if not is_known and (actor.accounts is not None or not NEW_NAME.fullmatch(account)):
        raise NotFound(_("There is no such account."))
    block = trial_block(deps, request.values.get("request", ""))
    with deps.store.read() as tx:
        state = account_statuses(tx, [account], now)[account] if is_known else None
        checked = checked_at(tx, account)
        findings = [alert for alert in tx.alerts.open() if account_of_cause(alert.cause) == account]
        facts = _facts(tx, deps, account)
    shown: dict[str, object] = {"problem": "", "typed": _typed_before(deps, account, block["trial"]), **values}
    return renderer.page(
        "nexudus_account.html",
        status,
        here="connections",
        account=account,
        name=account_name(account),
        address=account_address(account),
        state=state,
        details=account_details(deps, account),
        checked=checked,
        findings=findings,
        title_of=title_of,
        facts=facts,
        may_type=_may_type(deps, actor, account),
        **block,
        **shown,
    )


def trial_block(deps: AdminDeps, request_id: str) -> dict[str, Any]:
    """The contents of a test's block: nothing, that it is in progress, or its findings."""
    with deps.store.read() as tx:
        trial = own_request(tx.worker_requests.get(request_id), current_actor(), TRY_ACCOUNT)
    is_waiting = trial is not None and trial.answer is None
    return {
        "trial": trial,
        "is_waiting": is_waiting,
        "is_late": is_waiting and trial is not None and clock.now() - trial.requested_at > PATIENCE,
        "result": trial.answer if trial else None,
        "trial_address": account_address(str(trial.details["account"]), trial.id) if trial else "",
    }


def _check_exists(deps: AdminDeps, account: str) -> None:
    if account not in deps.accounts:
        raise NotFound(_("There is no such account."))


def _may_type(deps: AdminDeps, actor: Actor, account: str) -> bool:
    """Whether this person may type credentials of this account here."""
    is_fixed = account == DEFAULT_ACCOUNT and deps.environment.has_login
    return actor.accounts is None and not is_fixed and not deps.publisher.is_managed_by_file


def _facts(tx: Transaction, deps: AdminDeps, account: str) -> dict[str, str]:
    """The facts known about this Nexudus, in the words in which they are stored."""
    facts = tx.crm.facts_of(Tenant(account, deps.base_url_of(account)))
    return {name.replace("_", " "): str(fact.value) for name, fact in sorted(facts.items())}


def _typed_before(deps: AdminDeps, account: str, trial: WorkerRequest | None) -> Mapping[str, str]:
    """The form's initial values: those of the last test, else the account's own; no secrets."""
    if trial is not None and trial.details.get("typed"):
        return {key: str(trial.details["typed"].get(key, "")) for key in PLAIN_KEYS}
    details = account_details(deps, account)
    if details["origin"] in ("here", "file"):
        return {"base_url": details["base_url"], "username": details["username"]}
    return {"base_url": DEFAULT_URL, "username": ""}


def _read_typed(deps: AdminDeps, form: Mapping[str, str], kept: Mapping[str, str]) -> dict[str, str]:
    """The keys of [accounts.NAME] that were typed. Raises: UnusableAccount."""
    typed = {key: form.get(FIELDS.get(key, key), "")[:MAX_TYPED_CHARS] for key in (*PLAIN_KEYS, *ACCOUNT_SECRETS)}
    typed = {key: text if key in ACCOUNT_SECRETS else text.strip() for key, text in typed.items() if text.strip()}
    try:
        typed["base_url"] = read_base_url(typed.get("base_url", DEFAULT_URL))
    except ValidationError:
        raise UnusableAccount(
            _("Enter the address of your Nexudus without a path, such as https://spaces.nexudus.com.")
        ) from None
    parts = urlsplit(typed["base_url"])
    if parts.scheme == "http" and parts.hostname not in LOCAL and not deps.environment.allows_http:
        raise UnusableAccount(_("The address must begin with https://, or else the password could be intercepted."))
    if sum(bool(set(way) & typed.keys()) for way in WAYS) != 1:
        raise UnusableAccount(_("Enter one of these: a user name and password, a token, or an application's key."))
    has = typed.keys() | kept.keys()
    if "username" in _way_of(typed) and not has >= {"username", "password"}:
        raise UnusableAccount(_("Enter both the user name and the password."))
    if "app_key" in _way_of(typed) and not has >= {"app_key", "app_secret"}:
        raise UnusableAccount(_("Enter both the application's key and its secret."))
    return typed


def _way_of(typed: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of the way to sign in that was typed."""
    return next(way for way in WAYS if set(way) & typed.keys())
