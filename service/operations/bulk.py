"""What an operator can do with many leads at once: some in each transaction, so that nobody waits for all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from service import clock
from service.lead import LeadId, Status
from service.operations.leads import WAITING, try_account
from service.store import Query, Store, Transaction

TOGETHER = 250
"""Leads of one transaction."""

PATIENCE_S = 20.0
"""How long one request works; then it says how far it came."""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do with leads. fits: where they may stand for it."""

    name: str
    fits: frozenset[Status]
    act: Callable[[Transaction, Sequence[LeadId], datetime], int]


@dataclass(frozen=True, slots=True)
class Done:
    """How far it came. number: leads that were changed; after: the last one that was looked at, "" when it is over."""

    number: int
    after: str = ""


def _retry(tx: Transaction, lead_ids: Sequence[LeadId], now: datetime) -> int:
    fetched = {lead_id for lead_id in lead_ids if tx.platforms.retry_fetch(lead_id, now)}
    standing = tx.leads.statuses_of(lead_ids)
    here = [one for one in lead_ids if one not in fetched and standing[one] is not Status.ANNOUNCED]
    owed = tx.queue.retry(here, now)
    for account in tx.leads.accounts_of(owed):
        try_account(tx, account)
    return len(fetched) + len(owed)


def _release(tx: Transaction, lead_ids: Sequence[LeadId], now: datetime) -> int:
    return len(tx.queue.retry(lead_ids, now))


def _discard(tx: Transaction, lead_ids: Sequence[LeadId], _now: datetime) -> int:
    tx.queue.withdraw(lead_ids)
    for lead_id in lead_ids:
        tx.platforms.drop_notice(lead_id)
    tx.leads.set_status(lead_ids, Status.DISCARDED)
    return len(lead_ids)


ACTIONS = {
    action.name: action
    for action in (
        Action("retry", frozenset(WAITING), _retry),
        Action("release", frozenset({Status.QUARANTINED}), _release),
        Action("discard", frozenset(Status) - {Status.DELIVERED, Status.ERASED, Status.DISCARDED}, _discard),
    )
}
"""Name -> what can be done with many leads."""


def act_on(store: Store, action: Action, lead_ids: Sequence[LeadId], now: datetime) -> int:
    """Do it with those of some leads that it fits; how many they were.

    Raises: StoreUnavailable; then some may have been changed.
    """

    def act(tx: Transaction, some: Sequence[LeadId]) -> int:
        standing = tx.leads.statuses_of(some)
        fitting = [lead_id for lead_id in some if standing.get(lead_id) in action.fits]
        return action.act(tx, fitting, now) if fitting else 0

    parts = (lead_ids[start : start + TOGETHER] for start in range(0, len(lead_ids), TOGETHER))
    return sum(store.write(lambda tx, some=some: act(tx, some)) for some in parts)  # type: ignore[misc]


def act_on_all(store: Store, action: Action, query: Query, now: datetime, patience_s: float = PATIENCE_S) -> Done:
    """Do it with all leads that match, oldest first; it stops when its time is up and is called again with `after`.

    Raises: StoreUnavailable; then some may have been changed.
    """
    until, number, after = clock.monotonic() + patience_s, 0, query.after
    while True:
        with store.read() as tx:
            lead_ids = tx.search.ids(replace(query, after=after), TOGETHER)
        if not lead_ids:
            return Done(number)
        number += act_on(store, action, lead_ids, now)
        after = lead_ids[-1]
        if clock.monotonic() > until:
            return Done(number, after)
