"""After a create with unknown outcome: whether the lead's opportunity exists already, and when to repeat the create."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from service import clock
from service.delivery.context import AccountContext
from service.lead import CoworkerId, Delivery, OpportunityId, Step, marked_in, marker_of
from service.nexudus import marks
from service.nexudus.values import Row, id_of, instant_of, text_of

log = structlog.get_logger()

SEARCHES_BEFORE_REPEAT = 2
"""Searches before a create of unknown outcome is repeated: the first may run before the record is visible."""

MAX_CLOCK_DIFFERENCE = timedelta(minutes=10)
"""Largest difference assumed between the clocks here and there, where Nexudus's times are known to be UTC."""


class LookAgain(Exception):
    """Nothing found yet: search once more, a little later, before repeating the create."""


def is_unknown(delivery: Delivery, step: Step) -> bool:
    """Return whether an earlier try left the outcome of this step unknown."""
    return delivery.doubt is not None and delivery.doubt.step is step


def allow_repeat(delivery: Delivery, context: AccountContext, step: Step) -> None:
    """After a search without a result: pass once SEARCHES_BEFORE_REPEAT of them found nothing.

    Raises: LookAgain.
    """
    doubt = delivery.doubt
    if doubt is None or doubt.step is not step:
        return
    searched = replace(doubt, verify_count=doubt.verify_count + 1)
    if searched.verify_count < SEARCHES_BEFORE_REPEAT:
        context.store.write(lambda tx: tx.queue.mark_unknown(delivery, searched))
        raise LookAgain
    context.store.write(lambda tx: tx.queue.clear_unknown(delivery))


def opportunity_search(
    delivery: Delivery, context: AccountContext, coworker_id: CoworkerId
) -> Callable[[], OpportunityId | None]:
    """Return the search for a lead's opportunity: by its marker or, where none is known to survive, by its content.

    The search raises as Nexudus.get.
    """
    lead = delivery.lead

    def search() -> OpportunityId | None:
        behaviour = context.behaviours.current
        places, marker = behaviour.mark_places, marker_of(lead.id)
        marked = marks.find_marked(context.nexudus, marker, coworker_id, lead.received_at, places)
        if marked is not None:
            return OpportunityId(marked)
        with context.store.read() as tx:
            body = tx.queue.request_bodies([lead.id]).get(lead.id)
        if body is None or behaviour.keeps_marks(id_of(body, "OpportunityTypeId")):
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
        for row in marks.find_alike(context.nexudus, body, coworker_id, since)
        if not _is_marked(row) and not _is_older(row, earliest)
    ]
    if not ids:
        return None
    with context.store.read() as tx:
        taken = tx.crm.lead_records_by_opportunity(lead.account, ids, clock.now())
    free = [number for number in ids if number not in taken]
    if not free:
        return None
    log.warning("found_by_its_looks", lead=lead.id, opportunity=free[0])
    return OpportunityId(free[0])


def _is_older(row: Row, earliest: datetime | None) -> bool:
    """Return whether the record existed before the lead came. earliest: None where times are not known to be UTC."""
    created_at = instant_of(row, "CreatedOn")
    return earliest is not None and created_at is not None and created_at < earliest


def _is_marked(row: Row) -> bool:
    places = (text_of(row, "SystemId"), text_of(row, "Notes"), marks.mark_field_of(row))
    return any(marked_in(text) for text in places)
