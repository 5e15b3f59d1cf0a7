"""Leads that a platform has for us: announced, claimed with a lease, fetched once, given up only to a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from service.lead import Lead, LeadId, Receipt, Status
from service.store.engines import Opened
from service.store.leads import Key, Leads
from service.store.outbox import Outbox, wake
from service.store.tables import leads, notices

DUE, PARKED = "due", "parked"

WITHDRAWN = "The person withdrew it at the platform."


@dataclass(frozen=True, slots=True)
class Notice:
    """What is known of a lead that is still to be fetched. place: the Page or account; tries: so far."""

    lead_id: LeadId
    form: str
    sender: str
    external_id: str
    announced_at: datetime
    place: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    tries: int = 0


Announced = tuple[Lead, Sequence[Key], Notice]
"""A lead of status ANNOUNCED, what makes a later one its repeat, and how to fetch it."""


class Notices:
    """The notices within one transaction."""

    def __init__(self, connection: Connection, opened: Opened) -> None:
        self._connection = connection
        self._opened = opened

    def announce_all(self, arrivals: Sequence[Announced]) -> list[Receipt]:
        """Keep announced leads and owe each a fetch, unless it came before."""
        return [self._announce(lead, keys, notice) for lead, keys, notice in arrivals]

    def _announce(self, lead: Lead, keys: Sequence[Key], notice: Notice) -> Receipt:
        receipt = Leads(self._connection, self._opened).keep(lead, keys)
        if not receipt.repeat:
            self._connection.execute(
                notices.insert().values(
                    lead_id=lead.id,
                    form=notice.form,
                    sender=notice.sender,
                    place=notice.place,
                    external_id=notice.external_id,
                    details=dict(notice.details),
                    state=PARKED if lead.status is Status.PARKED else DUE,
                    announced_at=notice.announced_at,
                    due_at=notice.announced_at,
                )
            )
            wake(self._connection, self._opened)
        return receipt

    def withdraw(self, lead: Lead, keys: Sequence[Key]) -> Receipt:
        """Make nothing of a lead that its person took back; one that Nexudus has is only marked."""
        store = Leads(self._connection, self._opened)
        receipt = store.keep(lead, keys)
        if receipt.repeat:
            self._mark_withdrawn(receipt.lead_id)
        return receipt

    def _mark_withdrawn(self, lead_id: LeadId) -> None:
        self._connection.execute(delete(notices).where(notices.c.lead_id == lead_id))
        status = self._connection.execute(select(leads.c.status).where(leads.c.id == lead_id)).scalar_one()
        marked = update(leads).where(leads.c.id == lead_id)
        if status == Status.DELIVERED.value:
            problem = f"{WITHDRAWN} Delete the opportunity and the contact in Nexudus, unless you may keep them."
            self._connection.execute(marked.values(problem=problem))
        elif status != Status.ERASED.value:
            Outbox(self._connection, self._opened).withdraw(lead_id)
            self._connection.execute(marked.values(status=Status.DISCARDED.value, problem=WITHDRAWN))
