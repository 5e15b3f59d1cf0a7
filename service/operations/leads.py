"""An operator's actions on leads: retry, release, discard, restore, undo, forget; one or many by the same rules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from service import clock
from service.actors import Actor
from service.lead import Lead, LeadId, Status, first_lead_id, marker_of, new_lead_id
from service.operations.person import leads_of
from service.store import UNDO_WINDOW, Act, ErasureResult, Query, Store, Subject, SubjectKind, Transaction, UndoResult

BATCH_SIZE = 250
"""Leads per transaction: small, so that other writers never wait for all of them."""

TIME_LIMIT_S = 20.0
"""Seconds that one request spends on many leads before it reports its progress."""

CORRECTABLE = (Status.PENDING, Status.PARKED, Status.QUARANTINED)
"""Statuses in which an operator may correct the answers."""


class ActionNotAllowed(Exception):
    """The lead's state does not allow the action; the text says why."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action on leads.

    statuses: the statuses that it applies to. refusal: why it does not apply to any other.
    apply: does it within a transaction to leads with those statuses; returns the leads that it changed.
    leads_to: the status that undoing it relies on; None if it cannot be undone.
    """

    name: str
    statuses: frozenset[Status]
    refusal: str
    apply: Callable[[Transaction, Sequence[LeadId], datetime], Sequence[LeadId]]
    leads_to: Status | None = None

    def run(
        self, tx: Transaction, actor: Actor, lead_ids: Sequence[LeadId], now: datetime, action_id: str
    ) -> Sequence[LeadId]:
        """Apply it, and record who did it and the leads' state before; returns the leads that it changed."""
        before = tx.leads.standings_of(lead_ids)
        changed = self._apply(tx, lead_ids, now, action_id)
        after = tx.leads.standings_of(changed)
        for lead_id in changed:
            was, became = before[lead_id], after[lead_id]
            status = {"status": was.status}, {"status": became.status}
            tx.acts.record(actor, Act(self.name), subject_of(lead_id), was.account, *status, now)
        return changed

    def _apply(self, tx: Transaction, lead_ids: Sequence[LeadId], now: datetime, action_id: str) -> Sequence[LeadId]:
        if self.leads_to is None:
            return self.apply(tx, lead_ids, now)
        tx.undo.record(lead_ids, self.name, action_id)
        changed = self.apply(tx, lead_ids, now)
        if unchanged := set(lead_ids) - set(changed):
            tx.undo.drop(sorted(unchanged))
        return changed


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of an action on many leads. changed: number of leads; after: the last one looked at, "" at the end."""

    changed: int
    after: str = ""


def _retry(tx: Transaction, lead_ids: Sequence[LeadId], now: datetime) -> list[LeadId]:
    """Send leads now, with a fresh schedule, or fetch them if only their platform has the answers.

    They use the newest set-up, whatever version they were taken under. A broken connection is tried, too. So is the
    account: its pauses end and a refused sign-in is forgotten.
    """
    standings = tx.leads.standings_of(lead_ids)
    # A pending lead has its answers.
    others = [lead_id for lead_id in lead_ids if standings[lead_id].status is not Status.PENDING]
    fetched = [lead_id for lead_id in others if tx.platforms.retry_fetch(lead_id, now)]
    stored = [one for one in lead_ids if one not in fetched and standings[one].status is not Status.ANNOUNCED]
    queued = tx.queue.retry(stored, now)
    if versioned := [lead_id for lead_id in queued if standings[lead_id].setup_version is not None]:
        tx.setups.renew(versioned)
    for account in sorted({standings[lead_id].account for lead_id in queued}):
        tx.accounts.resume(account)
        tx.accounts.resume_calls(account)
        if tx.accounts.is_login_refused(account):
            tx.accounts.forget_tokens(account)
    return [*fetched, *queued]


def _release(tx: Transaction, lead_ids: Sequence[LeadId], now: datetime) -> list[LeadId]:
    released = tx.queue.retry(lead_ids, now)
    tx.answers.restart(released, now)  # nobody could answer them before
    return released


def _discard(tx: Transaction, lead_ids: Sequence[LeadId], _now: datetime) -> Sequence[LeadId]:
    """Keep leads from Nexudus for good; they stay in the store."""
    tx.queue.withdraw(lead_ids)
    for lead_id in lead_ids:
        tx.platforms.drop_notice(lead_id)
    tx.leads.set_status(lead_ids, Status.DISCARDED)
    return lead_ids


def _restore(tx: Transaction, lead_ids: Sequence[LeadId], now: datetime) -> Sequence[LeadId]:
    """Restore leads to their state before they were discarded."""
    tx.undo.restore(lead_ids, now)
    return lead_ids


RETRY = Action(
    "retry",
    frozenset({Status.PENDING, Status.PARKED, Status.ANNOUNCED}),
    "only pending, parked and announced leads can be retried",
    _retry,
    Status.PENDING,
)
RELEASE = Action(
    "release", frozenset({Status.QUARANTINED}), "only quarantined leads can be released", _release, Status.PENDING
)
DISCARD = Action(
    "discard",
    frozenset(Status) - {Status.DELIVERED, Status.ERASED, Status.DISCARDED},
    "it cannot be discarded",
    _discard,
    Status.DISCARDED,
)
RESTORE = Action("restore", frozenset({Status.DISCARDED}), "only discarded leads can be restored", _restore)
ACTIONS = {action.name: action for action in (RETRY, RELEASE, DISCARD, RESTORE)}


def subject_of(lead_id: str) -> Subject:
    """Return the subject of an act on a lead."""
    return Subject(SubjectKind.LEAD, lead_id)


def new_action_id(now: datetime) -> str:
    """Return a new id for one action on any number of leads, by which it can be undone."""
    return new_lead_id(now)


def act_on_lead(
    store: Store, actor: Actor, action: Action, lead_id: str, now: datetime, action_id: str = ""
) -> Lead | None:
    """Apply an action to one lead; return it afterwards, None if there is none. Discarding twice is no error.

    action_id: by which it can be undone, "" for a new one.
    Raises: ActionNotAllowed; StoreUnavailable.
    """

    def act(tx: Transaction) -> Lead | None:
        lead = tx.leads.get(lead_id)
        if lead is None or (lead.status is Status.DISCARDED and action is DISCARD):
            return lead
        if lead.status not in action.statuses:
            raise ActionNotAllowed(f"the lead is {lead.status}: {action.refusal}")
        if not action.run(tx, actor, [lead.id], now, action_id or new_action_id(now)):
            raise ActionNotAllowed(f"the lead is {lead.status}: there is nothing to send")
        return tx.leads.get(lead.id)

    return store.write(act)


def act_on_leads(
    store: Store, actor: Actor, action: Action, lead_ids: Sequence[LeadId], now: datetime, action_id: str = ""
) -> int:
    """Apply an action to those leads that its statuses allow; return how many it changed.

    action_id: by which it can be undone, "" for a new one.
    Raises: StoreUnavailable; then some may have been changed.
    """

    action_id = action_id or new_action_id(now)

    def act(tx: Transaction, batch: Sequence[LeadId]) -> int:
        statuses = tx.leads.statuses_of(batch)
        suitable = [lead_id for lead_id in batch if statuses.get(lead_id) in action.statuses]
        return len(action.run(tx, actor, suitable, now, action_id)) if suitable else 0

    batches = (lead_ids[start : start + BATCH_SIZE] for start in range(0, len(lead_ids), BATCH_SIZE))
    return sum(store.write(lambda tx, batch=batch: act(tx, batch)) for batch in batches)  # type: ignore[misc]


def act_on_matches(
    store: Store,
    actor: Actor,
    action: Action,
    query: Query,
    now: datetime,
    time_limit_s: float = TIME_LIMIT_S,
    action_id: str = "",
) -> Progress:
    """Apply an action to all leads that match, oldest first. If its time is up, it returns where to continue.

    action_id: by which it can be undone, "" for a new one.
    Raises: StoreUnavailable; then some may have been changed.
    """
    deadline, changed, after = clock.monotonic() + time_limit_s, 0, query.after
    action_id = action_id or new_action_id(now)
    while True:
        with store.read() as tx:
            lead_ids = tx.search.ids(replace(query, after=after), BATCH_SIZE)
        if not lead_ids:
            return Progress(changed)
        changed += act_on_leads(store, actor, action, lead_ids, now, action_id)
        after = lead_ids[-1]
        if clock.monotonic() > deadline:
            return Progress(changed, after)


@dataclass(frozen=True, slots=True)
class Undone:
    """Result of an undo. undone: leads restored to their former state; left: leads sent or changed since."""

    undone: int = 0
    left: int = 0


def undo(store: Store, actor: Actor, action: Action, action_id: str, now: datetime) -> Undone:
    """Undo a recent action for all leads that are still as it left them.

    Raises: ActionNotAllowed if it can no longer be undone; StoreUnavailable, then some leads may be undone.
    """
    if action.leads_to is None or action_id < first_lead_id(now - UNDO_WINDOW):
        raise ActionNotAllowed("it is too late to undo it")
    became, undone = action.leads_to, Undone()

    def act(tx: Transaction) -> UndoResult | None:
        part = tx.undo.undo(action_id, became, BATCH_SIZE, now)
        for lead_id, standing in tx.leads.standings_of(part.undone if part else ()).items():
            was = {"status": became, "act": action.name}
            tx.acts.record(
                actor, Act.UNDO, subject_of(lead_id), standing.account, was, {"status": standing.status}, now
            )
        return part

    while part := store.write(act):
        undone = Undone(undone.undone + len(part.undone), undone.left + part.left)
    store.write(lambda tx: tx.undo.tidy(now))
    return undone


def erase_leads(store: Store, actor: Actor, leads: Sequence[Lead], now: datetime) -> ErasureResult:
    """Erase leads; the record of their acts stays, without their person.

    Raises: StoreUnavailable; then some may have been erased.
    """
    by_id = {lead.id: lead for lead in leads}

    def record(tx: Transaction, erased: Sequence[LeadId]) -> None:
        for lead in map(by_id.__getitem__, erased):
            status = {"status": lead.status}, {"status": Status.ERASED}
            tx.acts.record(actor, Act.ERASE, subject_of(lead.id), lead.account, *status, now)

    return store.erase(list(by_id), now, record=record)


def forget(store: Store, actor: Actor, email: str, now: datetime, *, is_dry: bool) -> dict[str, Any]:
    """Erase a person from all of their leads. is_dry: only report what would be erased.

    Raises: StoreUnavailable; then some leads may have been erased.
    """
    with store.read() as tx:
        leads = leads_of(tx, email)
        mentioning = tx.leads.mentioning(email)
    erased = ErasureResult() if is_dry else erase_leads(store, actor, leads, now)
    gone = [lead for lead in leads if is_dry or lead.id in erased.done]
    return {
        "dry_run": is_dry,
        "erased": [
            {
                "id": lead.id,
                "form": lead.submission.form,
                "received_at": f"{lead.received_at:%Y-%m-%dT%H:%M:%SZ}",
                "status": lead.status.value,
            }
            for lead in gone
        ],
        "opportunities": [lead.opportunity_id for lead in gone if lead.opportunity_id is not None],
        "coworkers": sorted({lead.coworker_id for lead in gone if lead.coworker_id is not None}),
        "doubtful": [marker_of(lead_id) for lead_id in erased.doubtful],
        "busy": list(erased.busy),
        "mentioned_in": list(mentioning),
    }
