"""The people whose leads a platform brought, for matching rows that lack the platform's lead id."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from service.lead import LeadId, Status, first_lead_id
from service.store.tables import lead_keys, leads

_BATCH_SIZE = 1000


@dataclass(frozen=True, slots=True)
class Brought:
    """One lead of a platform: who sent it, and when. submitted_at: unix seconds; None where unknown."""

    lead_id: LeadId
    form: str
    form_name: str
    external_id: str
    email: str
    phone: str
    received_at: datetime
    submitted_at: float | None


class Persons:
    """The people whom a platform brought, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def brought(
        self, sender: str, accounts: Collection[str], keys: str, before: datetime, *, nameless: bool = False
    ) -> Iterator[Brought]:
        """Yield a platform's leads that bear an address or number, whoever relayed them, oldest first.

        keys: the common prefix of its ids' keys. before: only leads received earlier. nameless: only leads without an
        id. It reads all leads of the accounts, so it is for rare jobs.
        """
        relayed = select(lead_keys.c.lead_id).where(lead_keys.c.key.startswith(keys, autoescape=True))
        query = (
            select(*(leads.c[name] for name in _COLUMNS))
            .where(leads.c.account.in_(accounts), leads.c.id < first_lead_id(before))
            .where(or_(leads.c.email != "", leads.c.phone != ""))
            .where(or_(leads.c.sender == sender, leads.c.id.in_(relayed)))
            .order_by(leads.c.id)
        )
        if nameless:
            query = query.where(leads.c.external_id == "")
        for row in self._connection.execute(query.execution_options(yield_per=_BATCH_SIZE)):
            lead_id, form, form_name, external_id, email, phone, received_at, evidence = row
            submitted_at = evidence.get("submitted_at")
            yield Brought(LeadId(lead_id), form, form_name, external_id, email, phone, received_at, submitted_at)

    def announced(self, sender: str, accounts: Collection[str]) -> int:
        """Count the leads a platform announced whose answers, and so whose people, are not known yet."""
        query = select(func.count()).select_from(leads).where(leads.c.status == Status.ANNOUNCED.value)
        return int(
            self._connection.execute(query.where(leads.c.sender == sender, leads.c.account.in_(accounts))).scalar_one()
        )


_COLUMNS = ("id", "form", "form_name", "external_id", "email", "phone", "received_at", "evidence")
