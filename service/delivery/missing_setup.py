"""A form or an account missing from the set-up: its leads wait for an hour, because it may be a mistake.

The waiting leads are blocked, as for a paused call, and one of them probes every few minutes whether it is back. An
alert names the missing form or account. After the hour all of them are parked.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog

from service import clock
from service.delivery.retry import Backoff
from service.lead import Delivery
from service.store import Store, Transaction

log = structlog.get_logger()

GRACE = timedelta(hours=1)
"""Time that leads wait for a missing form or account, counted from the first of them."""

PROBES = Backoff(60, 300)

FORM, ACCOUNT = "form:", "account:"
"""Prefixes of the name under which leads are blocked; the form's or account's name follows."""


def missing_form(name: str) -> str:
    """Return why leads of that form are not delivered."""
    return f"the set-up no longer has the form {name!r}: put it back, then send the lead again"


def missing_account(name: str) -> str:
    """Return why leads for that account are not delivered."""
    return f"the set-up no longer has the account {name!r}: put it back, then send the lead again"


def wait_for_setup(delivery: Delivery, store: Store, missing: str, problem: str, jitter: float) -> None:
    """Let a lead wait until the set-up has its form or account again; park it when its hour is over.

    missing: FORM or ACCOUNT with the name. problem: of the parked lead. A lead that an operator sends now is parked at
    once.
    """
    account, now = delivery.lead.account, clock.now()

    def record(tx: Transaction) -> datetime | None:
        pause = tx.accounts.call_pause(account, missing)
        until = (now if pause is None else pause.since) + GRACE
        if delivery.trigger == "operator" or now >= until:
            tx.queue.park(delivery, problem)
            if now >= until:
                tx.queue.park_blocked(account, missing, problem)
                tx.accounts.resume_call(account, missing)
            return None
        if pause is None or pause.until <= now or delivery.blocked_by == missing:
            wait_s = PROBES.wait_s(pause.streak if pause else 0, jitter)
            tx.accounts.pause_call(
                account, missing, now, min(until, now + timedelta(seconds=wait_s)), _alert(missing, until)
            )
        tx.queue.block(delivery, missing, f"It waits until {until:%H:%M} UTC, then it is parked: {problem}")
        return until

    if (until := store.write(record)) is None:
        log.warning("parked", lead=delivery.lead.id, what=missing)
    else:
        log.warning("setup_missing", lead=delivery.lead.id, what=missing, until=until.isoformat())


def _alert(missing: str, until: datetime) -> str:
    kind, _, name = missing.partition(":")
    return (
        f"The set-up no longer has the {kind} {name!r}, and leads wait for it: put it back. "
        f"Those that still wait at {until:%H:%M} UTC are parked."
    )


def resume_what_is_back(tx: Transaction, account: str, forms: Collection[str]) -> None:
    """Deliver the leads of an account that waited for one of these forms, or for the account itself."""
    back = {ACCOUNT + account, *(FORM + name for name in forms)}
    for pause in tx.accounts.call_pauses():
        if pause.account == account and pause.call in back:
            tx.accounts.resume_call(account, pause.call)
