"""Requests of the connections' pages to a worker: who may see the answer, and how long a page waits for it."""

from datetime import timedelta

from werkzeug.exceptions import Forbidden

from service.actors import Actor
from service.store import WorkerRequest

PATIENCE = timedelta(seconds=20)
"""Time after which a page says that no worker has answered."""


def check_sees_all(actor: Actor) -> None:
    """Refuse people restricted to some accounts: alerts are about all of them.

    Raises: Forbidden.
    """
    if actor.accounts is not None:
        raise Forbidden


def own_request(sent: WorkerRequest | None, actor: Actor, kind: str) -> WorkerRequest | None:
    """The request, if it is of this kind and this actor's own."""
    return sent if sent is not None and sent.kind == kind and sent.requested_by == actor.who else None
