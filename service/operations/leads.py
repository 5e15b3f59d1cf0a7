"""What an operator can do with one lead."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from service.lead import Attribution, Correction, Lead, LeadId, Status, Submission
from service.store import BeingSent, Store, Transaction

WAITING = (Status.PENDING, Status.PARKED, Status.ANNOUNCED)
"""Where leads stand that can be retried."""


CORRECTABLE = (Status.PENDING, Status.PARKED, Status.QUARANTINED)
"""Where leads stand whose answers can be put right."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a lead becomes, what changed, whose leads it must not be sent beside, where it is owed and its verdict."""

    submission: Submission
    correction: Correction
    person: str
    account: str
    attribution: Attribution


class NotCorrect(Exception):
    """Answers that cannot be taken. errors: name -> what is wrong and what to write."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {wrong}" for name, wrong in errors.items()))
        self.errors = dict(errors)


class NotPossible(Exception):
    """The lead's state does not allow the action; the text says why."""


def retry(store: Store, lead_id: str, now: datetime) -> Lead | None:
    """Send a waiting or parked lead now, with its whole schedule before it; None when there is no such lead.

    One that is still to be fetched from its platform is fetched now, over a connection that is broken, too.
    The account is tried again too: its pause ends, its holds are lifted, and a refused login is forgotten.
    Raises: NotPossible; StoreUnavailable.
    """

    def act(tx: Transaction, lead: Lead) -> None:
        if lead.status not in WAITING:
            raise NotPossible(f"the lead is {lead.status}: only pending, parked and announced leads can be retried")
        if tx.platforms.retry_fetch(lead.id, now):
            return
        if lead.status is Status.ANNOUNCED or not tx.queue.retry([lead.id], now):  # nothing to send is here yet
            raise NotPossible(f"the lead is {lead.status}: it owes Nexudus nothing")
        try_account(tx, lead.account)

    return _change(store, lead_id, act)


def try_account(tx: Transaction, account: str) -> None:
    """Let an account be tried at once: its pause ends, its holds are lifted, a refused login is forgotten."""
    tx.accounts.resume(account)
    tx.queue.resume_calls(account)
    if tx.accounts.is_login_refused(account):
        tx.accounts.forget_tokens(account)


def release(store: Store, lead_id: str, now: datetime) -> Lead | None:
    """Let a quarantined lead go to Nexudus after all.

    Raises: NotPossible; StoreUnavailable.
    """

    def act(tx: Transaction, lead: Lead) -> None:
        if lead.status is not Status.QUARANTINED:
            raise NotPossible(f"the lead is {lead.status}: only quarantined leads can be released")
        tx.queue.retry([lead.id], now)

    return _change(store, lead_id, act)


def discard(store: Store, lead_id: str) -> Lead | None:
    """Keep a lead from Nexudus for good; it stays in the store.

    Raises: NotPossible; StoreUnavailable.
    """

    def act(tx: Transaction, lead: Lead) -> None:
        if lead.status in (Status.DELIVERED, Status.ERASED):
            raise NotPossible(f"the lead is {lead.status}: it cannot be discarded")
        tx.queue.withdraw([lead.id])
        tx.platforms.drop_notice(lead.id)
        tx.leads.set_status([lead.id], Status.DISCARDED)

    return _change(store, lead_id, act)


def correct(store: Store, lead_id: str, read: Callable[[Lead], Corrected], now: datetime) -> Lead | None:
    """Put answers of a lead right and send it; a quarantined one still waits to be released.

    read: makes of the lead what it becomes.
    Raises: NotPossible; NotCorrect from `read`; StoreUnavailable.
    """

    def act(tx: Transaction, lead: Lead) -> None:
        if lead.status not in CORRECTABLE:
            raise NotPossible(f"the lead is {lead.status}: only those that wait for something can be corrected")
        if tx.platforms.has_notice(lead.id):
            raise NotPossible("its answers are still to be fetched from the platform: retry it first")
        became = read(lead)
        lead = replace(lead, account=became.account, attribution=became.attribution)
        try:
            tx.leads.correct(lead, became.submission, became.correction, became.person, now)
        except BeingSent as reason:
            raise NotPossible(str(reason)) from reason

    return _change(store, lead_id, act)


def _change(store: Store, lead_id: str, act: Callable[[Transaction, Lead], None]) -> Lead | None:
    def change(tx: Transaction) -> Lead | None:
        lead = tx.leads.get(lead_id)
        if lead is None:
            return None
        act(tx, lead)
        return tx.leads.get(LeadId(lead_id))

    return store.write(change)
