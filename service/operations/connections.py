"""What people connect in the dashboard: channels for alerts, each act on them recorded."""

from datetime import datetime

from service.actors import Actor
from service.store import TEST_MESSAGE, Store, Transaction
from service.store.acts.acts import Act, Subject, SubjectKind

CHANNELS_OF_SETTING = "ALERT_URLS"


def add_channel(
    store: Store, name: str, kind: str, address: str, account: str | None, actor: Actor, now: datetime
) -> str:
    """Add a channel for alerts, and ask for a test message to it; returns the id of that request.

    kind: "slack", "mailtos" ... account: whose alerts it gets; None: all. Raises: StoreUnavailable.
    """

    def add(tx: Transaction) -> str:
        channel_id = tx.channels.add(name, kind, address, actor.who, now, account)
        after = {"channel": name, "kind": kind}
        tx.acts.record(actor, Act.CREATE, _channel(channel_id), account, None, after, now)
        return tx.worker_requests.add(TEST_MESSAGE, {"channel": channel_id}, actor.who, now, account)

    return store.write(add)


def remove_channel(store: Store, channel_id: str, actor: Actor, now: datetime) -> str | None:
    """Remove a channel; returns its name, None where there is none.

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
    """Ask for a test message to a channel, "" for the addresses of ALERT_URLS; returns the id of the request.

    None where there is no such channel. Raises: StoreUnavailable.
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
