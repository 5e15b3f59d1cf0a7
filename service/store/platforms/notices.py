"""Notices of leads that a platform has announced, until their answers are fetched or an operator gives them up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from service.lead import Lead, LeadId, Receipt, Status, TraceContext
from service.store.database.bell import wake
from service.store.database.repository import Repository
from service.store.database.tables import leads, notices
from service.store.leads.arrivals import Arrival, LeadArrivals
from service.store.leads.rows import CONTACT, to_row
from service.store.leads.stored import StoredLeads
from service.store.leads.touches import LeadTouches
from service.store.outbox import LATER, LIVE, Outbox, QueuedDelivery
from service.store.platforms.connections import ConnectionKey, Connections
from service.store.words import WordIndex

DUE, PARKED = "due", "parked"

WITHDRAWN = "The person withdrew it at the platform."

LIVE_FOR = timedelta(minutes=3)
"""Answers later than this after their notice are delivered after the leads that arrive now."""

_FILLED = (
    *("account", "form_name", "status", "problem", *CONTACT),
    *("fields", "extras", "evidence", "page_url", "ip", "raw"),
    *("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"),
    *("channel", "lead_source", "rule", "reason", "click_ids", "codes"),
    *("origin", "landing_page", "location", "setup_version"),
)
"""Columns of a lead that its answers fill; id, arrival and repeats stay."""


@dataclass(frozen=True, slots=True)
class FetchNotice:
    """A lead that is still to be fetched. place: the Page or account; tries: number so far."""

    lead_id: LeadId
    form: str
    sender: str
    external_id: str
    announced_at: datetime
    place: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    tries: int = 0


AnnouncedLead = tuple[Arrival, FetchNotice]
"""A lead of status ANNOUNCED with its keys, and its notice."""


class Notices(Repository):
    """Announced leads."""

    def announce(self, arrivals: Sequence[AnnouncedLead]) -> list[Receipt]:
        """Store announced leads, each to be fetched unless it has already arrived."""
        return [self._announce(arrival, notice) for arrival, notice in arrivals]

    def _announce(self, arrival: Arrival, notice: FetchNotice) -> Receipt:
        [result] = self._as(LeadArrivals).keep([arrival])
        lead = result.lead
        if lead is not None:
            self._execute(
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
                    request_id=arrival.trace.request_id or None,
                    traceparent=arrival.trace.traceparent or None,
                )
            )
            wake(self._connection, self._database)
        return result.receipt

    # -- answers

    def fill(self, lead_id: LeadId, lead: Lead, person: str, now: datetime) -> bool:
        """Give an announced lead the answers of `lead` and enqueue it; False if no notice waits for them.

        person: the key under which its deliveries run one at a time. A worker that was fetching it loses its lease.
        """
        kept = (notices.c.announced_at, notices.c.request_id, notices.c.traceparent)
        notice = self._execute(delete(notices).where(notices.c.lead_id == lead_id).returning(*kept)).first()
        if notice is None:
            return False
        row = to_row(lead)
        filled = {name: row[name] for name in _FILLED}
        with self._as(WordIndex).following([lead_id]):
            self._execute(update(leads).where(leads.c.id == lead_id).values(filled))
        self._as(LeadTouches).replace_touches({lead_id: lead.other_touch})
        is_late = now - notice.announced_at > LIVE_FOR
        form, parked = lead.submission.form, lead.status is not Status.PENDING
        trace = TraceContext(notice.request_id or "", notice.traceparent or "")
        delivery = QueuedDelivery(
            lead_id, lead.account, person, now, form, parked=parked, priority=LATER if is_late else LIVE, trace=trace
        )
        self._as(Outbox).enqueue([delivery])
        return True

    # -- operators' decisions

    def has_notice(self, lead_id: LeadId) -> bool:
        """Return whether a lead's answers are still to be fetched, so that it cannot be sent."""
        return self._execute(select(notices.c.lead_id).where(notices.c.lead_id == lead_id)).first() is not None

    def retry_fetch(self, lead_id: LeadId, now: datetime) -> bool:
        """Fetch again by an operator's decision, even over a broken connection; False if there is nothing to fetch."""
        own = notices.c.lead_id == lead_id
        row = self._execute(select(notices.c.form, notices.c.sender).where(own)).first()
        if row is None:
            return False
        self._as(StoredLeads).set_status([lead_id], Status.ANNOUNCED)
        self._as(Connections).probe_now(ConnectionKey(*row), now)
        again = {"state": DUE, "due_at": now, "tries": 0, "trigger": "operator"}
        self._execute(update(notices).where(own).values(again))
        return True

    def drop_notice(self, lead_id: LeadId) -> None:
        """Drop a notice: the lead is not wanted, or its person is erased."""
        self._execute(delete(notices).where(notices.c.lead_id == lead_id))

    def fetch_backlog(self) -> list[tuple[ConnectionKey, int, datetime]]:
        """Count the leads to fetch, by connection and place, with the announcement of the oldest."""
        key = (notices.c.form, notices.c.sender, notices.c.place)
        query = select(*key, func.count(), func.min(notices.c.announced_at)).where(notices.c.state == DUE)
        rows = self._execute(query.group_by(*key).order_by(*key))
        return [(ConnectionKey(form, sender, place), number, oldest) for form, sender, place, number, oldest in rows]

    # -- withdrawal

    def withdraw_arrival(self, arrival: Arrival) -> Receipt:
        """Discard a lead that its person withdrew; a lead that Nexudus has is only marked."""
        receipt = self._as(LeadArrivals).keep([arrival])[0].receipt
        if receipt.repeat:
            self._mark_withdrawn(receipt.lead_id)
        return receipt

    def _mark_withdrawn(self, lead_id: LeadId) -> None:
        self.drop_notice(lead_id)
        status = self._execute(select(leads.c.status).where(leads.c.id == lead_id)).scalar_one()
        marked = update(leads).where(leads.c.id == lead_id)
        if status == Status.DELIVERED.value:
            problem = f"{WITHDRAWN} Delete the opportunity and the contact in Nexudus, unless you may keep them."
            self._execute(marked.values(problem=problem))
        elif status != Status.ERASED.value:
            self._as(Outbox).withdraw([lead_id])
            self._execute(marked.values(status=Status.DISCARDED.value, problem=WITHDRAWN))
