"""Reading the first opportunity of each type back: what became of the enquiry's text and of our mark.

Nexudus fills notes from the template of an opportunity's type. Whether it writes over ours is not documented. If it
does, the enquiry's text is lost in Nexudus and nobody would notice: it is in the answer to no call that we make.
"""

from datetime import timedelta

import structlog

from service import clock
from service.delivery.behaviour import CUSTOM_FIELDS_KEPT, SYSTEM_ID_KEPT, notes_fact
from service.delivery.desk import Desk
from service.delivery.pacing import OutOfPace
from service.lead import Lead, OpportunityId, marker_of
from service.nexudus.errors import NexudusError
from service.nexudus.marks import RoundTrip, round_trip
from service.nexudus.opportunities import PATH
from service.nexudus.rows import Row, id_of
from service.store import Transaction

log = structlog.get_logger()

AGAIN = timedelta(days=1)
"""How soon a type is looked at again, at its next lead: a loss ends by itself, and a template may be put on later."""

SOURCE = "read back"


def read_back(lead: Lead, desk: Desk, opportunity_id: OpportunityId, body: Row) -> None:
    """Read the opportunity of a lead once where it is not known, or not of late, what becomes of its type's notes.

    Never delays or fails the lead, which is delivered already. A reading that fails is not made again with each lead,
    for it may have hung: the claim runs out by itself.
    Raises: StoreUnavailable.
    """
    type_id = id_of(body, "OpportunityTypeId")
    name, tenant, now = notes_fact(type_id), desk.behaviours.tenant, clock.now()
    learned_at = desk.behaviours.current.learned_at.get(name)
    if learned_at is not None and learned_at >= now - AGAIN:
        return
    if not desk.store.write(lambda tx: tx.facts.claim(tenant, name, now, stale_before=now - AGAIN)):
        return
    record = _record(desk, opportunity_id)
    if record is None:
        return
    trip = round_trip(body, record, marker_of(lead.id))
    desk.store.write(lambda tx: _learn(tx, desk, type_id, trip))
    desk.behaviours.forget()
    write = log.info if trip.notes == "kept" else log.error
    write("opportunity_read_back", lead=lead.id, type=type_id, notes=trip.notes, system_id=trip.system_id)


def _record(desk: Desk, opportunity_id: OpportunityId) -> Row | None:
    try:
        return desk.nexudus.one(f"{PATH}/{opportunity_id}")
    except (NexudusError, OutOfPace):
        return None


def _learn(tx: Transaction, desk: Desk, type_id: int | None, trip: RoundTrip) -> None:
    """Keep what the record shows, and notify of a loss, or of its end."""
    tenant, now = desk.behaviours.tenant, clock.now()
    facts: dict[str, object] = {notes_fact(type_id): trip.notes, SYSTEM_ID_KEPT: trip.system_id}
    if trip.custom_fields is not None:
        facts[CUSTOM_FIELDS_KEPT] = trip.custom_fields
    tx.facts.learn(tenant, facts, SOURCE, now)
    cause = notes_cause(tenant.account, type_id)
    if trip.notes == "kept":
        tx.concerns.over(cause, now)
    else:
        tx.concerns.notice(cause, loss(tenant.account, type_id, trip), now)


def unlearn_custom_field(desk: Desk) -> None:
    """A create was refused for the mark in its custom fields, and passed without: send it no more.

    Raises: StoreUnavailable.
    """
    tenant, now = desk.behaviours.tenant, clock.now()
    desk.store.write(lambda tx: tx.facts.learn(tenant, {CUSTOM_FIELDS_KEPT: False}, SOURCE, now))
    desk.behaviours.forget()
    log.error("custom_field_refused", account=tenant.account)


def notes_cause(account: str, type_id: int | None) -> str:
    """The cause under which lost notes are kept among the store's concerns."""
    return f"notes:{account}:{type_id or 0}"


def loss(account: str, type_id: int | None, trip: RoundTrip) -> str:
    """What happened to an enquiry's text and to its mark, and what to do, in sentences that name nobody."""
    whose = "the account" if account == "default" else f"account {account}"
    what = f"of opportunity type {type_id}" if type_id else "of opportunities without a type"
    text = "keeps only a part of the notes" if trip.notes == "changed" else "does not keep the notes"
    remedy = (
        f"Take the notes template off type {type_id} in Nexudus, or leave opportunity_type_id out of the forms file"
        if type_id
        else "See an opportunity in Nexudus, and ask its support"
    )
    marks = (
        ""
        if trip.notes_mark or trip.system_id or trip.custom_fields
        else (" No mark of ours survives, either: after a lost answer an opportunity is known by its looks only.")
    )
    return (
        f"Nexudus {text} {what} of {whose}: what people wrote in their enquiries is missing there.{marks} {remedy}. "
        "All of it is kept here with each lead."
    )
