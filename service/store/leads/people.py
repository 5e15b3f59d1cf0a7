"""The people behind leads, and their other enquiries."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from service.lead import Lead, LeadId, Status, first_lead_id
from service.store.database.repository import Repository
from service.store.database.tables import lead_keys, lead_words, leads, of_account
from service.store.words import MAX_LENGTH, WordIndex, cursor_of, fold, phone_words

_ROWS_AT_ONCE = 1000

_BATCH_SIZE = 200
"""Leads whose people are looked up in one query."""

_MAX_UNINDEXED = 5000
"""Leads read, newest first, among those that the word index does not have yet."""

_MAX_NAMED = 200
"""Maximum number of leads considered that share a person's word."""

_NO_ENQUIRIES = (Status.QUARANTINED, Status.TEST, Status.DISCARDED, Status.ERASED)

_COLUMNS = ("id", "form", "form_name", "external_id", "email", "phone", "received_at", "evidence")


@dataclass(frozen=True, slots=True)
class EarlierEnquiries:
    """A person's enquiries before a lead. since: when the first arrived; None if there are none."""

    number: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class OtherEnquiry:
    """Another lead by the same person."""

    lead_id: LeadId
    form: str
    status: Status
    received_at: datetime


@dataclass(frozen=True, slots=True)
class PlatformLead:
    """A lead from a platform, with what identifies its person. submitted_at: Unix seconds; None: unknown."""

    lead_id: LeadId
    form: str
    form_name: str
    external_id: str
    email: str
    phone: str
    received_at: datetime
    submitted_at: float | None


class People(Repository):
    """Leads by the person who sent them."""

    def brought_by(
        self, sender: str, account: str, keys: str, before: datetime, *, nameless: bool = False
    ) -> Iterator[PlatformLead]:
        """Yield a platform's leads that have an address or number, whichever sender brought them, oldest first.

        keys: the common prefix of the keys of its ids. before: only leads received earlier. nameless: only leads
        without an id. Reads all leads of the account, so it is for rare jobs.
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
        for row in self._execute(query.execution_options(yield_per=_ROWS_AT_ONCE)):
            yield PlatformLead(
                LeadId(row.id),
                row.form,
                row.form_name,
                row.external_id,
                row.email,
                row.phone,
                row.received_at,
                row.evidence.get("submitted_at"),
            )

    def count_announced(self, sender: str, account: str) -> int:
        """Count a platform's announced leads; their people are not known yet."""
        query = select(func.count()).select_from(leads).where(leads.c.status == Status.ANNOUNCED.value)
        return int(self._execute(query.where(leads.c.sender == sender, of_account(account))).scalar_one())

    def earlier_enquiries(self, lead_ids: Sequence[LeadId]) -> dict[LeadId, EarlierEnquiries]:
        """Count the enquiries that each lead's person made before it, in the same account.

        People are identified by e-mail address, else by phone number. Suspected spam, tests, and discarded or erased
        leads are left out.
        """
        counts: dict[LeadId, EarlierEnquiries] = {}
        for start in range(0, len(lead_ids), _BATCH_SIZE):
            counts |= self._earlier(lead_ids[start : start + _BATCH_SIZE])
        return counts

    def other_enquiries(self, lead: Lead, size: int = 20) -> list[OtherEnquiry]:
        """Return the newest other leads of a lead's person in the same account, newest first; erased ones are left out.

        The person is identified as in `earlier_enquiries`; spam, tests and discarded leads are included here.
        """
        person = _person_of(lead.submission.contact.email, lead.submission.contact.phone)
        if not person:
            return []
        cursor = cursor_of(self._connection)
        named = select(lead_words.c.lead_id).where(lead_words.c.word == _word_of(person))
        ids = list(self._execute(named.order_by(lead_words.c.lead_id.desc()).limit(_MAX_NAMED)).scalars())
        younger = select(leads.c.id).where(leads.c.id > cursor).order_by(leads.c.id.desc()).limit(_MAX_UNINDEXED)
        query = select(leads.c.id, leads.c.form, leads.c.status, leads.c.received_at).where(
            or_(func.lower(leads.c.email) == person, leads.c.phone == person),
            of_account(lead.account),
            leads.c.id != lead.id,
            leads.c.status != Status.ERASED.value,
        )
        query = query.order_by(leads.c.id.desc()).limit(size)
        # Two queries: for one with both conditions PostgreSQL would read all leads.
        either = (leads.c.id.in_(ids), leads.c.id.in_(select(younger.subquery().c.id)))
        rows = {row.id: row for condition in either for row in self._execute(query.where(condition))}
        newest = [rows[lead_id] for lead_id in sorted(rows, reverse=True)[:size]]
        return [OtherEnquiry(LeadId(row.id), row.form, Status(row.status), row.received_at) for row in newest]

    def _earlier(self, lead_ids: Sequence[LeadId]) -> dict[LeadId, EarlierEnquiries]:
        columns = (leads.c.id, leads.c.account, leads.c.email, leads.c.phone)
        rows = self._execute(select(*columns).where(leads.c.id.in_(lead_ids))).all()
        people = {LeadId(row.id): (row.account, _person_of(row.email, row.phone)) for row in rows}
        enquiries = self._enquiries_of({person for _, person in people.values() if person}, max(lead_ids, default=""))
        counts = {}
        for lead_id, account_and_person in people.items():
            before = [at for other_id, at in enquiries[account_and_person] if other_id < lead_id]
            counts[lead_id] = EarlierEnquiries(len(before), min(before, default=None))
        return counts

    def _enquiries_of(self, people: Collection[str], last: str) -> Mapping[tuple[str, str], set[tuple[str, datetime]]]:
        """Return the ids below `last`, each with its arrival, of leads by account and person."""
        enquiries: dict[tuple[str, str], set[tuple[str, datetime]]] = defaultdict(set)
        if not people:
            return enquiries
        cursor = cursor_of(self._connection)
        after = select(leads.c.id).where(leads.c.id > cursor, leads.c.id < last).order_by(leads.c.id.desc())
        newest = after.limit(_MAX_UNINDEXED).subquery()
        named = self._as(WordIndex).ids_by({_word_of(person) for person in people}, last)
        email = func.lower(leads.c.email).label("email")
        query = select(leads.c.id, leads.c.account, email, leads.c.phone, leads.c.received_at).where(
            or_(email.in_(people), leads.c.phone.in_(people)),
            leads.c.status.not_in([status.value for status in _NO_ENQUIRIES]),
        )
        batches: list[Any] = [*named, select(newest.c.id)]
        for ids in batches:
            for row in self._execute(query.where(leads.c.id.in_(ids))):
                for person in {row.email, row.phone}.intersection(people):
                    enquiries[row.account, person].add((row.id, row.received_at))
        return enquiries


def _person_of(email: str, phone: str) -> str:
    """Return the address in lower case, else the number with its country code; "" without either."""
    return email.lower() or (phone if phone.startswith("+") else "")


def _word_of(person: str) -> str:
    """Return the word under which a person's leads are indexed."""
    return phone_words(person)[0] if person.startswith("+") and "@" not in person else fold(person)[:MAX_LENGTH]
