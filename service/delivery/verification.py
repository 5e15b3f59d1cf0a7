"""Verifying creates: the search for an opportunity after an unknown outcome, and reading back the first of each type.

Nexudus fills notes from the template of an opportunity's type. Whether the template replaces ours is not documented. If
it does, the enquiry's text is lost in Nexudus, and no call of a delivery shows that. So one opportunity of each type is
read back.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from service import clock
from service.delivery.behaviour import CUSTOM_FIELDS_KEPT, SYSTEM_ID_KEPT, notes_fact
from service.delivery.context import AccountContext
from service.delivery.pacing import OutOfPace
from service.delivery.setup_check.problem import mark_cause, notes_cause
from service.lead import CoworkerId, Delivery, Doubt, Lead, LeadId, OpportunityId, Step, marked_in, marker_of
from service.nexudus import markers
from service.nexudus.errors import NexudusError
from service.nexudus.markers import RoundTrip, round_trip
from service.nexudus.opportunities import PATH
from service.nexudus.values import Row, id_of, instant_of, text_of
from service.store import Transaction

log = structlog.get_logger()

# -- after an unknown outcome

SEARCHES_BEFORE_REPEAT = 2
"""Searches before a create of unknown outcome is repeated: the first may run before the record is visible."""

MAX_CLOCK_DIFFERENCE = timedelta(minutes=10)
"""Maximum difference assumed between the clocks here and there, if Nexudus's times are known to be UTC."""


class LookAgain(Exception):
    """Nothing was found yet: search again in `wait_s` seconds, before the create is made or repeated.

    searched: the doubt with this search, to be recorded together with the wait; None if an earlier create belonged to
    another lead.
    """

    def __init__(self, searched: Doubt | None, wait_s: float) -> None:
        super().__init__(f"search again in {wait_s:.0f} s")
        self.searched, self.wait_s = searched, wait_s


def is_unknown(delivery: Delivery, step: Step) -> bool:
    """Return whether an earlier try left the outcome of this step unknown."""
    return delivery.doubt is not None and delivery.doubt.step is step


def may_be_delivered(delivery: Delivery, context: AccountContext) -> bool:
    """Return whether the lead was in the database when this process started.

    Then the database may be a backup, or a copy of a machine, from before the lead's delivery: only Nexudus knows. Ids
    are compared, not times: no lead of a copy has a greater id than its newest one, whatever the clocks showed.
    """
    return delivery.lead.id <= context.stored_at_start


def may_be_lost(delivery: Delivery, context: AccountContext) -> bool:
    """Return whether the lead arrived after the start of this process, but was submitted before.

    Then it may be a second arrival, such as by a scheduled pull, of a lead that a restored database has lost.
    """
    submitted_at, started_at = delivery.lead.submission.evidence.submitted_at, context.started_at
    return submitted_at is not None and started_at is not None and submitted_at < started_at.timestamp()


def allow_repeat(delivery: Delivery, context: AccountContext, step: Step) -> None:
    """After a search without a result: return once SEARCHES_BEFORE_REPEAT of them found nothing.

    If Nexudus never answered the create, it may still be at work on it: the first search does not count, and
    NEXUDUS_TIMEOUT_S pass before the next. Nor does a search count if the delivery was claimed before it was due, as a
    probe after an outage.
    Raises: LookAgain, with the time to wait from now on, so that a change of the clock meanwhile does not shorten it.
    """
    doubt = delivery.doubt
    if doubt is None or doubt.step is not step:
        return
    is_early, is_unanswered = delivery.probes_until is not None, _is_unanswered(delivery, context, step)
    searched = doubt if is_early else replace(doubt, verify_count=doubt.verify_count + 1)
    if searched.verify_count < SEARCHES_BEFORE_REPEAT + is_unanswered:
        spacing_s = context.behaviours.current.look_spacing_s
        is_first = searched.verify_count <= 1
        raise LookAgain(searched, max(context.timeout_s, spacing_s) if is_unanswered and is_first else spacing_s)
    context.store.write(lambda tx: tx.queue.clear_unknown(delivery))


def await_contact(delivery: Delivery, context: AccountContext) -> None:
    """After a search for the contact: return unless Nexudus may still be at work on a create of it.

    It was made for another lead, or for this one before a correction. Without an answer, Nexudus has another
    NEXUDUS_TIMEOUT_S to carry it out. A second contact would stay.
    Raises: LookAgain.
    """
    spacing_s, now = context.behaviours.current.look_spacing_s, clock.now()
    since = now - timedelta(seconds=2 * context.timeout_s + spacing_s)
    with context.store.read() as tx:
        create = tx.queue.contact_in_doubt(delivery, since)
    if create is None:
        return
    started_at, duration_ms = create
    took_s = context.timeout_s if duration_ms is None else duration_ms / 1000
    passed_s = max((now - started_at).total_seconds(), 0.0)  # the clock may have been set back since
    wait_s = took_s + context.timeout_s + spacing_s - passed_s
    if wait_s > 0:
        raise LookAgain(None, wait_s)


def _is_unanswered(delivery: Delivery, context: AccountContext, step: Step) -> bool:
    """Return whether the last call of this step got no answer, because of its time limit or the end of its worker."""
    with context.store.read() as tx:
        calls = [call for call in tx.leads.attempts_of([delivery.lead.id])[delivery.lead.id] if call.step is step]
    return bool(calls) and context.is_unanswered(calls[-1].duration_ms)


def opportunity_search(
    delivery: Delivery,
    context: AccountContext,
    coworker_id: CoworkerId,
    compose: Callable[[], Row] | None = None,
) -> Callable[[], OpportunityId | None]:
    """Return the search for a lead's opportunity: by its marker or, if none is known to survive, by its content.

    compose: returns the content of an opportunity whose body was not recorded. The search raises as Nexudus.get.
    """
    lead = delivery.lead

    def search() -> OpportunityId | None:
        behaviour = context.behaviours.current
        places, marker = behaviour.mark_places, marker_of(lead.id)
        marked = markers.find_marked(context.nexudus, marker, coworker_id, lead.received_at, places)
        if marked is not None:
            return OpportunityId(marked)
        with context.store.read() as tx:
            body = tx.queue.request_bodies([lead.id]).get(lead.id)
        if body is None and compose is not None:
            body = compose()
        if body is None or behaviour.keeps_markers(id_of(body, "OpportunityTypeId")):
            return None
        return _find_by_content(delivery, context, coworker_id, body)

    return search


def _find_by_content(
    delivery: Delivery, context: AccountContext, coworker_id: CoworkerId, body: Row
) -> OpportunityId | None:
    """Return the person's opportunity that matches our body, has no marker, and belongs to no other lead.

    A wrong match is the lesser evil: after a second opportunity, two people of the sales team would call.
    """
    lead = delivery.lead
    since = delivery.doubt.since if delivery.doubt else lead.received_at
    earliest = lead.received_at - MAX_CLOCK_DIFFERENCE if context.behaviours.current.is_utc else None
    ids = [
        int(row["Id"])
        for row in markers.find_alike(context.nexudus, body, coworker_id, since)
        if not _lead_of(row) and not _is_older(row, earliest)
    ]
    if not ids:
        return None
    with context.store.read() as tx:
        taken = tx.crm.lead_records_by_opportunity(lead.account, ids, clock.now())
    free = [number for number in ids if number not in taken]
    if not free:
        return None
    log.warning("found_by_content", lead=lead.id, opportunity=free[0])
    return OpportunityId(free[0])


def lost_lead_search(
    delivery: Delivery, context: AccountContext, coworker_id: CoworkerId, compose: Callable[[], Row]
) -> Callable[[], OpportunityId | None]:
    """Return the search for an opportunity of the same content whose marker names a lead that the database has lost.

    compose: returns the content. The search raises as Nexudus.get.
    """
    lead = delivery.lead

    def search() -> OpportunityId | None:
        since = datetime.fromtimestamp(lead.submission.evidence.submitted_at or 0, UTC)
        rows = markers.find_alike(context.nexudus, compose(), coworker_id, min(since, lead.received_at))
        by_id = {int(row["Id"]): lead_id for row in rows if (lead_id := _lead_of(row))}
        with context.store.read() as tx:
            known = tx.crm.lead_records(by_id.values(), clock.now())
            taken = tx.crm.lead_records_by_opportunity(lead.account, by_id, clock.now())
        lost = (number for number, lead_id in by_id.items() if lead_id not in known and number not in taken)
        return next(map(OpportunityId, lost), None)

    return search


def _is_older(row: Row, earliest: datetime | None) -> bool:
    """Return whether the record existed before the lead arrived. earliest: None if times are not known to be UTC."""
    created_at = instant_of(row, "CreatedOn")
    return earliest is not None and created_at is not None and created_at < earliest


def _lead_of(row: Row) -> LeadId | None:
    """Return the lead that a record's marker names."""
    places = (text_of(row, "SystemId"), text_of(row, "Notes"), markers.marker_field_of(row))
    return next(filter(None, map(marked_in, places)), None)


# -- reading back

VALID_FOR = timedelta(days=1)
"""Time a result is valid before the next lead of the type is read back: templates are added and removed."""

SOURCE = "read back"


def read_back(lead: Lead, context: AccountContext, opportunity_id: OpportunityId, body: Row) -> None:
    """Read back the opportunity of a lead if there is no valid result for its type.

    The lead is delivered already, so this neither delays nor fails it. A failed reading is not repeated with each lead,
    because it may have hung: the claim expires by itself.
    Raises: StoreUnavailable.
    """
    type_id = id_of(body, "OpportunityTypeId")
    name, tenant, now = notes_fact(type_id), context.behaviours.tenant, clock.now()
    learned_at = context.behaviours.current.learned_at.get(name)
    if learned_at is not None and learned_at >= now - VALID_FOR:
        return
    if not context.store.write(lambda tx: tx.crm.claim_fact(tenant, name, now, stale_before=now - VALID_FOR)):
        return
    record = _record(context, opportunity_id)
    if record is None:
        return
    trip = round_trip(body, record, marker_of(lead.id))
    context.store.write(lambda tx: _learn(tx, context, type_id, trip))
    context.behaviours.invalidate()
    write = log.info if trip.notes == "kept" else log.error
    write("opportunity_read_back", lead=lead.id, type=type_id, notes=trip.notes, system_id=trip.system_id)


def _record(context: AccountContext, opportunity_id: OpportunityId) -> Row | None:
    try:
        return context.nexudus.one(f"{PATH}/{opportunity_id}")
    except (NexudusError, OutOfPace):
        return None


def _learn(tx: Transaction, context: AccountContext, type_id: int | None, trip: RoundTrip) -> None:
    """Save what the record shows, and report or resolve the loss."""
    tenant, now = context.behaviours.tenant, clock.now()
    facts: dict[str, object] = {notes_fact(type_id): trip.notes, SYSTEM_ID_KEPT: trip.system_id}
    if trip.custom_fields is not None:
        facts[CUSTOM_FIELDS_KEPT] = trip.custom_fields
    tx.crm.learn_facts(tenant, facts, SOURCE, now)
    cause = notes_cause(tenant.account, type_id)
    if trip.notes == "kept":
        tx.alerts.resolve(cause, now)
    else:
        tx.alerts.report(cause, notes_loss(tenant.account, type_id, trip), now)
    if trip.system_id or CUSTOM_FIELDS_KEPT in {*facts, *context.behaviours.current.values}:
        tx.alerts.resolve(mark_cause(tenant.account), now)
    elif trip.notes == "kept":
        tx.alerts.report(mark_cause(tenant.account), single_marker(tenant.account), now)


def unlearn_custom_field(context: AccountContext) -> None:
    """Record that a create was refused for the marker in its custom fields, so that it is not sent again.

    Raises: StoreUnavailable.
    """
    tenant, now = context.behaviours.tenant, clock.now()
    context.store.write(lambda tx: tx.crm.learn_facts(tenant, {CUSTOM_FIELDS_KEPT: False}, SOURCE, now))
    context.behaviours.invalidate()
    log.error("custom_field_refused", account=tenant.account)


def single_marker(account: str) -> str:
    """Return the sentence that opportunities are recognised only by their notes, and what to do."""
    return (
        f"Nexudus does not keep SystemId of the opportunities of {_spoken(account)}: after a lost answer they are "
        "recognised only by the marker in their notes. `lead-capture doctor --live` finds out whether a custom field "
        "can hold another one."
    )


def notes_loss(account: str, type_id: int | None, trip: RoundTrip) -> str:
    """Return what happened to the text of enquiries and to their markers, and what to do; nothing personal."""
    what = f"of opportunity type {type_id}" if type_id else "of opportunities without a type"
    text = "keeps only a part of the notes" if trip.notes == "changed" else "does not keep the notes"
    remedy = (
        f"Take the notes template off type {type_id} in Nexudus, or leave opportunity_type_id out of the set-up"
        if type_id
        else "Look at an opportunity in Nexudus, and ask its support"
    )
    lost_markers = (
        ""
        if trip.notes_marker or trip.system_id or trip.custom_fields
        else " No marker survives either: after a lost answer an opportunity is recognised only by its contents."
    )
    return (
        f"Nexudus {text} {what} of {_spoken(account)}: what people wrote in their enquiries is missing there."
        f"{lost_markers} {remedy}. All of it is kept here with each lead."
    )


def _spoken(account: str) -> str:
    return "the account" if account == "default" else f"account {account}"
