"""Connections that people make in the dashboard: alert channels and Nexudus accounts; each act is recorded."""

from collections.abc import Mapping
from datetime import datetime

from service.actors import Actor
from service.forms.values import SECRET_PREFIX
from service.setup.editing import put_table, read_tables
from service.setup.publishing import Publisher
from service.store import (
    TEST_MESSAGE,
    TRY_ACCOUNT,
    Act,
    Store,
    Subject,
    SubjectKind,
    Transaction,
    WorkerRequest,
)

CHANNELS_OF_SETTING = "ALERT_URLS"

# -- channels for alerts


def add_channel(
    store: Store, name: str, kind: str, address: str, account: str | None, actor: Actor, now: datetime
) -> str:
    """Add an alert channel, and request a test message to it; returns the id of that request.

    kind: "slack", "mailtos" ... account: whose alerts it receives; None: all. Raises: StoreUnavailable.
    """

    def add(tx: Transaction) -> str:
        channel_id = tx.channels.add(name, kind, address, actor.who, now, account)
        after = {"channel": name, "kind": kind}
        tx.acts.record(actor, Act.CREATE, _channel(channel_id), account, None, after, now)
        return tx.worker_requests.add(TEST_MESSAGE, {"channel": channel_id}, actor.who, now, account)

    return store.write(add)


def remove_channel(store: Store, channel_id: str, actor: Actor, now: datetime) -> str | None:
    """Remove a channel; returns its name, None if there is none.

    Raises: StoreUnavailable.
    """

    def remove(tx: Transaction) -> str | None:
        entry = tx.channels.get(channel_id)
        if entry is None:
            return None
        tx.channels.remove(channel_id)
        before = {"channel": entry.name, "kind": entry.service}
        tx.acts.record(actor, Act.DELETE, _channel(channel_id), entry.account, before, None, now)
        return entry.name

    return store.write(remove)


def request_test(store: Store, channel_id: str, actor: Actor, now: datetime) -> str | None:
    """Request a test message to a channel, "" for the addresses of ALERT_URLS; returns the id of the request.

    None if there is no such channel. Raises: StoreUnavailable.
    """

    def request(tx: Transaction) -> str | None:
        entry = tx.channels.get(channel_id)
        if channel_id and entry is None:
            return None
        after = {"channel": entry.name if entry else CHANNELS_OF_SETTING}
        account = entry.account if entry else None
        tx.acts.record(actor, Act.TEST, _channel(channel_id or CHANNELS_OF_SETTING), account, None, after, now)
        details = {"channel": channel_id} if channel_id else {}
        return tx.worker_requests.add(TEST_MESSAGE, details, actor.who, now, account)

    return store.write(request)


def _channel(channel_id: str) -> Subject:
    return Subject(SubjectKind.CONNECTION, f"alerts:{channel_id}")


# -- Nexudus accounts: tried by a worker, then used by a new version of the set-up

ACCOUNT_SECRETS = ("password", "totp_secret", "token", "app_secret", "app_token")
"""Keys of [accounts.NAME] that are stored as secrets."""

NEXUDUS = "nexudus"


def request_trial(
    store: Store, account: str, typed: Mapping[str, str], actor: Actor, now: datetime, kept: Mapping[str, str]
) -> str:
    """Have a worker try an account; returns the id of the request.

    typed: keys of [accounts.NAME]; {} for the account as it is in use. kept: references to secrets typed for an earlier
    trial, for keys not typed again.
    Raises: StoreUnavailable.
    """

    def request(tx: Transaction) -> str:
        tx.secrets.forget_unused(NEXUDUS, now)
        keys = dict(typed)
        for key in ACCOUNT_SECRETS:
            if text := keys.pop(key, ""):
                keys[key] = f"{SECRET_PREFIX}{tx.secrets.keep(f'{NEXUDUS} {account} {key}', text, actor.who, now)}"
            elif key in kept:
                keys[key] = kept[key]
        details = {"account": account, **({"typed": keys} if keys else {})}
        shown = {key: text for key, text in keys.items() if key not in ACCOUNT_SECRETS}
        subject = Subject(SubjectKind.CONNECTION, f"nexudus:{account}")
        tx.acts.record(actor, Act.TEST, subject, account, None, shown, now)
        return tx.worker_requests.add(TRY_ACCOUNT, details, actor.who, now, account)

    return store.write(request)


def use_account(publisher: Publisher, request: WorkerRequest, actor: Actor, now: datetime) -> int:
    """Publish a version of the set-up with the account that was tried; returns its number.

    Raises: SetupRefusal, SetupProblems, EditRefused, StoreUnavailable; then nothing changed.
    """
    account, newest = str(request.details["account"]), publisher.editable()
    before = read_tables(newest.toml).get("accounts", {}).get(account, {})
    brand = {"brand": before["brand"]} if "brand" in before else {}
    document = put_table(newest.toml, ("accounts", account), {**request.details["typed"], **brand})
    note = f"Nexudus account {account} connected"
    return publisher.publish(document, note, actor, newest.version, now).version
