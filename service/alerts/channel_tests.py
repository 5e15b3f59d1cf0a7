"""Test messages requested on a page of the dashboard: to one of its channels, or to the addresses of ALERT_URLS."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from service import clock
from service.alerts import channels
from service.alerts.channels import Message, Send
from service.alerts.sending import record_outcomes
from service.background import Handler
from service.store import Store, UnreadableSecret, WorkerRequest

TEST = Message(
    "Lead Capture: a test",
    "If you can read this, alerts of Lead Capture will reach you here. Nothing is wrong.",
    "info",
)


def make_test_sender(
    store: Store, addresses: Sequence[str], stop: threading.Event, send: Send = channels.send
) -> Handler:
    """Return the handler of requests for test messages. addresses: those of ALERT_URLS.

    details of a request: {"channel": id}, or {} for ALERT_URLS. answer: {"outcomes": [...]}, by position.
    """

    def handle(request: WorkerRequest) -> Mapping[str, Any]:
        entry = str(request.details.get("channel") or "")
        if not entry:
            return {"outcomes": send(addresses, TEST, stop)}
        try:
            with store.read() as tx:
                address = tx.channels.address(entry)
        except UnreadableSecret:
            return {"outcomes": ["its address cannot be decrypted: remove it, and add it again"]}
        if address is None:
            return {"outcomes": ["it was removed"]}
        outcomes = send([address], TEST, stop)
        store.write(lambda tx: record_outcomes(tx, {entry: outcomes[0]}, clock.now()))
        return {"outcomes": outcomes}

    return handle
