"""The state of the store and of delivery as monitoring reads it."""

from collections.abc import Mapping
from dataclasses import dataclass

from service import clock
from service.store import NO_CREDENTIALS, Store


def find_problem(store: Store) -> str:
    """Return why no lead can be stored now, "" where it can.

    Raises: StoreUnavailable when the database does not answer.
    """
    return store.schema_problem() or store.find_fault() or ""


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """The leads that wait, the age of the oldest, and the paused accounts: until when and why."""

    waiting: int
    oldest_waiting_s: int | None
    paused: Mapping[str, Mapping[str, str | None]]


def delivery_state(store: Store) -> DeliveryState:
    """The state of delivery now."""
    now = clock.now()
    with store.read() as tx:
        waiting, oldest = tx.queue.backlog()
        pauses: dict[str, dict[str, str | None]] = {
            pause.account: {"until": pause.until.isoformat(), "reason": pause.reason}
            for pause in tx.accounts.pauses(now)
        }
        lacking = [pause.account for pause in tx.accounts.call_pauses() if pause.call == NO_CREDENTIALS]
    for account in lacking:  # until a start with credentials, whatever other pause there is
        pauses[account] = {"until": None, "reason": "no credentials are set"}
    return DeliveryState(waiting, None if oldest is None else round((now - oldest).total_seconds()), pauses)


def worker_seen(store: Store) -> tuple[str | None, int | None]:
    """When a worker was last seen at work, and how many seconds ago.

    None if never. A working one is seen every 15 s.
    """
    with store.read() as tx:
        seen_at = tx.workers.last_seen()
    if seen_at is None:
        return None, None
    return seen_at.isoformat(), max(0, round((clock.now() - seen_at).total_seconds()))
