"""The Nexudus accounts of an installation: which credentials apply, and a client with pace and tokens for each.

The NEXUDUS_* settings are the account "default"; if they are not set, the set-up may have it.
"""

import threading
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from service import clock
from service.background import jitter, sleeper, worker_name
from service.delivery.behaviour import Behaviours
from service.delivery.context import AccountContext, DatabaseTokenStore
from service.delivery.counts import DeliveryCounts
from service.delivery.pacing import Pacer
from service.delivery.targets import StageSafety, Targets
from service.forms import DEFAULT_ACCOUNT, Account, Setup
from service.lead import LeadId
from service.nexudus.client import Nexudus
from service.nexudus.tokens import Login
from service.settings import Settings, lookup
from service.setup.earlier import EarlierSetups
from service.store import Pace, Store, Tenant

if TYPE_CHECKING:
    from service.tracing.spans import Tracer

TRIAL_TIMEOUT_S = 10.0
"""Seconds to wait for a response while a person waits for the result."""


def account_contexts(
    settings: Settings,
    setup: Setup,
    store: Store,
    stop: threading.Event,
    before: tuple[Setup, Mapping[str, AccountContext]] | None = None,
    tracer: "Tracer | None" = None,
) -> dict[str, AccountContext]:
    """Return the context of each account, "default" first.

    before: the previous version with its contexts; an unchanged account keeps its client, its place in the pace and its
    knowledge of its Nexudus.
    """
    with store.read() as tx:
        newest = tx.leads.newest_id()
    known = {account: before[1][account.name] for account in accounts(settings, before[0])} if before else {}
    contexts: dict[str, AccountContext] = {}
    earlier = EarlierSetups(store, lookup) if setup.version is not None else None
    for account in accounts(settings, setup):
        context = known.get(account) or _context(account, settings, store, newest, stop)
        context = replace(context, forms=setup.forms, version=setup.version, earlier=earlier)
        contexts[account.name] = replace(context, context_of=contexts.get, tracer=tracer)
    return contexts


def accounts(settings: Settings, setup: Setup) -> list[Account]:
    """Return the account "default", then the others of the set-up.

    The default account is that of the NEXUDUS_* settings; if they are not set, or `up` has set them for its simulator,
    that of the set-up, if it has one.
    """
    others = [account for account in setup.accounts.values() if account.name != DEFAULT_ACCOUNT]
    return [default_account(settings, setup), *others]


def default_account(settings: Settings, setup: Setup) -> Account:
    """Return the account "default"; see accounts."""
    if setup.has_default_login and (settings.is_simulated or not settings.has_nexudus_login):
        return setup.accounts[DEFAULT_ACCOUNT]
    return Account(
        DEFAULT_ACCOUNT,
        settings.nexudus_base_url,
        settings.nexudus_username,
        settings.nexudus_password,
        settings.nexudus_totp_secret,
        settings.nexudus_token,
        settings.nexudus_app_key,
        settings.nexudus_app_secret,
        settings.nexudus_app_token,
    )


def _context(
    account: Account, settings: Settings, store: Store, newest: LeadId, stop: threading.Event
) -> AccountContext:
    pacer = _pacer(account, settings, store, stop)
    counts = DeliveryCounts(account.name)
    nexudus = Nexudus(
        account.base_url,
        login_of(account),
        DatabaseTokenStore(store, account.name, worker_name()),
        _client_id(settings, store),
        timeout_s=settings.nexudus_timeout_s,
        before_call=pacer.before_call,
        on_throttled=counts.add_throttled,
    )
    return AccountContext(
        nexudus=nexudus,
        pacer=pacer,
        targets=Targets(),
        stage_safety=StageSafety(),
        store=store,
        behaviours=Behaviours(store, Tenant(account.name, nexudus.base_url)),
        forms={},
        schedule_s=settings.retry_schedule_s,
        timeout_s=settings.nexudus_timeout_s,
        jitter=jitter,
        zone=settings.zone,
        stored_at_start=newest,
        started_at=clock.now(),
        counts=counts,
    )


def trial_client(account: Account, settings: Settings, store: Store, stop: threading.Event) -> Nexudus:
    """Return a client that tries an account at its usual pace, and stores no token or refusal.

    Raises: ValueError if the TOTP seed is not base32.
    """
    return Nexudus(
        account.base_url,
        login_of(account),
        client_id=_client_id(settings, store),
        timeout_s=min(TRIAL_TIMEOUT_S, settings.nexudus_timeout_s),
        before_call=_pacer(account, settings, store, stop).before_call,
    )


def _client_id(settings: Settings, store: Store) -> str:
    return settings.nexudus_client_id or store.once("client_id", lambda: str(uuid.uuid4()))


def login_of(account: Account) -> Login:
    """Return an account's credentials for the client."""
    return Login(
        account.username,
        account.password,
        account.totp_secret,
        account.token,
        account.app_key,
        account.app_secret,
        account.app_token,
    )


def _pacer(account: Account, settings: Settings, store: Store, stop: threading.Event) -> Pacer:
    paces = [Pace(limit.count, limit.window_s, limit.writes_only) for limit in settings.nexudus_limits]
    return Pacer(account.name, paces, store, lambda: clock.now().timestamp(), sleeper(stop))
