"""The people whose leads a platform brought, for matching rows that lack the platform's lead id."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, union

from service.lead import LeadId, Status, first_lead_id
from service.store.database.repository import Repository
from service.store.database.tables import lead_keys, lead_words, leads
from service.store.search.index import mark_of
from service.store.search.words import LONGEST, fold, phone_words

_BATCH_SIZE = 1000

_MOST_UNINDEXED = 5000
"""Of the leads that came after the index of words was filled, so many are looked at: the newest."""

_TOGETHER = 200
"""Leads whose people are looked up with one query."""

_NO_ENQUIRIES = (Status.QUARANTINED, Status.TEST, Status.DISCARDED, Status.ERASED)


@dataclass(frozen=True, slots=True)
class EarlierEnquiries:
    """Enquiries of one person before a lead. since: when the first came; None where there are none."""

    number: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlatformLead:
    """One lead of a platform: who sent it, and when. submitted_at: unix seconds; None where unknown."""

    lead_id: LeadId
    form: str
    form_name: str
    external_id: str
    email: str
    phone: str
    received_at: datetime
    submitted_at: float | None


class Persons(Repository):
    """The people whom a platform brought, within one transaction."""

    def brought_by(
        self, sender: str, account: str, keys: str, before: datetime, *, nameless: bool = False
    ) -> Iterator[PlatformLead]:
        """Yield a platform's leads that bear an address or number, whoever relayed them, oldest first.

        keys: the common prefix of its ids' keys. before: only leads received earlier. nameless: only leads without an
        id. It reads all leads of the account, so it is for rare jobs.
        """
        relayed = select(lead_keys.c.lead_id).where(lead_keys.c.key.startswith(keys, autoescape=True))
        query = (
            select(*(leads.c[name] for name in _COLUMNS))
            .where(leads.c.account == account, leads.c.id < first_lead_id(before))
            .where(or_(leads.c.email != "", leads.c.phone != ""))
            .where(or_(leads.c.sender == sender, leads.c.id.in_(relayed)))
            .order_by(leads.c.id)
        )
        if nameless:
            query = query.where(leads.c.external_id == "")
        for row in self._execute(query.execution_options(yield_per=_BATCH_SIZE)):
            lead_id, form, form_name, external_id, email, phone, received_at, evidence = row
            submitted_at = evidence.get("submitted_at")
            yield PlatformLead(LeadId(lead_id), form, form_name, external_id, email, phone, received_at, submitted_at)

    def earlier_enquiries(self, lead_ids: Sequence[LeadId]) -> dict[LeadId, EarlierEnquiries]:
        """Count the enquiries that the people of some leads made before each, in the same account.

        People are known by the e-mail address, else by the number. Left out are suspected spam, tests, and what was
        discarded or erased.
        """
        counts: dict[LeadId, EarlierEnquiries] = {}
        for start in range(0, len(lead_ids), _TOGETHER):
            counts |= self._earlier(lead_ids[start : start + _TOGETHER])
        return counts

    def _earlier(self, lead_ids: Sequence[LeadId]) -> dict[LeadId, EarlierEnquiries]:
        columns = (leads.c.id, leads.c.account, leads.c.email, leads.c.phone)
        rows = self._execute(select(*columns).where(leads.c.id.in_(lead_ids))).all()
        people = {LeadId(row.id): (row.account, _person_of(row.email, row.phone)) for row in rows}
        arrivals = self._arrivals_of({person for _, person in people.values() if person}, max(lead_ids, default=""))
        counts = {}
        for lead_id, whose in people.items():
            before = [at for other_id, at in arrivals[whose] if other_id < lead_id]
            counts[lead_id] = EarlierEnquiries(len(before), min(before, default=None))
        return counts

    def _arrivals_of(self, people: Collection[str], last: str) -> Mapping[tuple[str, str], list[tuple[str, datetime]]]:
        """Account and person -> the leads that count, up to that id, with the time of each."""
        arrivals: dict[tuple[str, str], list[tuple[str, datetime]]] = defaultdict(list)
        if not people:
            return arrivals
        mark = mark_of(self._connection)
        words = {_word_of(person) for person in people}
        named = select(lead_words.c.lead_id).where(lead_words.c.word.in_(words), lead_words.c.lead_id < last)
        after = select(leads.c.id).where(leads.c.id > mark, leads.c.id < last).order_by(leads.c.id.desc())
        newest = after.limit(_MOST_UNINDEXED).subquery()
        email = func.lower(leads.c.email).label("email")
        query = select(leads.c.id, leads.c.account, email, leads.c.phone, leads.c.received_at).where(
            leads.c.id.in_(union(named, select(newest.c.id))),
            or_(email.in_(people), leads.c.phone.in_(people)),
            leads.c.status.not_in([status.value for status in _NO_ENQUIRIES]),
        )
        for row in self._execute(query):
            for person in {row.email, row.phone}.intersection(people):
                arrivals[row.account, person].append((row.id, row.received_at))
        return arrivals

    def count_announced(self, sender: str, account: str) -> int:
        """Count the leads a platform announced whose answers, and so whose people, are not known yet."""
        query = select(func.count()).select_from(leads).where(leads.c.status == Status.ANNOUNCED.value)
        return int(self._execute(query.where(leads.c.sender == sender, leads.c.account == account)).scalar_one())


_COLUMNS = ("id", "form", "form_name", "external_id", "email", "phone", "received_at", "evidence")


def _person_of(email: str, phone: str) -> str:
    """The address in small letters, else a number with its country; "" for nobody."""
    return email.lower() or (phone if phone.startswith("+") else "")


def _word_of(person: str) -> str:
    """The word under which a person's leads are indexed."""
    return phone_words(person)[0] if person.startswith("+") and "@" not in person else fold(person)[:LONGEST]
