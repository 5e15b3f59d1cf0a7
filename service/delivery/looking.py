"""Whether the opportunity of a lead is there already, after a create whose outcome is unknown."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from service import clock
from service.delivery.context import AccountContext
from service.lead import CoworkerId, Delivery, OpportunityId, marked_in, marker_of
from service.nexudus import marks
from service.nexudus.pipeline import instant_of
from service.nexudus.rows import Row, id_of, text_of

log = structlog.get_logger()

CLOCKS_DIFFER = timedelta(minutes=10)
"""By so much at most the clocks here and there are taken to differ, where Nexudus's times are known to be UTC."""


def searching(
    delivery: Delivery, context: AccountContext, coworker_id: CoworkerId
) -> Callable[[], OpportunityId | None]:
    """The search for a lead's opportunity: by its mark; where no mark is known to survive, by its looks.

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
        return _by_looks(delivery, context, coworker_id, body)

    return search


def _by_looks(delivery: Delivery, context: AccountContext, coworker_id: CoworkerId, body: Row) -> OpportunityId | None:
    """The person's opportunity that says all that ours does, bears nobody's mark, and is no other lead's.

    A second one would be worse: two people of the sales team would call.
    """
    lead = delivery.lead
    since = delivery.doubt.since if delivery.doubt else lead.received_at
    earliest = lead.received_at - CLOCKS_DIFFER if context.behaviours.current.is_utc else None
    alike = [
        row
        for row in marks.find_alike(context.nexudus, body, coworker_id, since)
        if not _is_marked(row) and not _is_older(row, earliest)
    ]
    if not alike:
        return None
    numbers = [int(row["Id"]) for row in alike]
    with context.store.read() as tx:
        others = tx.crm.lead_records_by_opportunity(delivery.lead.account, numbers, clock.now())
    free = [number for number in numbers if number not in others]
    if not free:
        return None
    log.warning("found_by_its_looks", lead=lead.id, opportunity=free[0])
    return OpportunityId(free[0])


def _is_older(row: Row, earliest: datetime | None) -> bool:
    """Whether it was there before the lead came: somebody else made it. Shows only where times are known to be UTC."""
    made_at = instant_of(row, "CreatedOn")
    return earliest is not None and made_at is not None and made_at < earliest


def _is_marked(row: Row) -> bool:
    places = (text_of(row, "SystemId"), text_of(row, "Notes"), marks.mark_field_of(row))
    return any(marked_in(text) for text in places)
