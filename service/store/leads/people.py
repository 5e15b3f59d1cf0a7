"""The people behind leads: their other enquiries, and their erasure.

Erasure removes everything personal in a lead and keeps what figures need: the time of arrival, form and sender, the
attribution without click ids, whether and when the lead was delivered, and the number of its opportunity. Records in
Nexudus are not ours to erase: they are reported.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, null, or_, select, union, update

from service.lead import LeadId, OpportunityId, Status, Step, first_lead_id
from service.store.database.report_tables import erasure_warnings
from service.store.database.repository import Repository
from service.store.database.tables import DONE, attempts, deliveries, lead_keys, lead_words, leads, notices
from service.store.leads.mentions import mentions
from service.store.leads.rows import CONTACT
from service.store.words import COLUMNS, MAX_LENGTH, WordIndex, cursor_of, fold, phone_words, words_of

_ROWS_AT_ONCE = 1000

_BATCH_SIZE = 200
"""Leads with people looked up in one query."""

_RAW_AT_ONCE = 10
"""Bodies read together: each may have some megabytes."""

_MAX_UNINDEXED = 5000
"""Leads read, newest first, among those that arrived after the index was last filled."""

_NO_ENQUIRIES = (Status.QUARANTINED, Status.TEST, Status.DISCARDED, Status.ERASED)

_COLUMNS = ("id", "form", "form_name", "external_id", "email", "phone", "received_at", "evidence")


@dataclass(frozen=True, slots=True)
class EarlierEnquiries:
    """Enquiries of one person before a lead. since: when the first arrived; None where there are none."""

    number: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlatformLead:
    """A lead that a platform brought, with what identifies its person. submitted_at: unix seconds; None: unknown."""

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
        """Yield a platform's leads that have an address or number, by whichever sender they came, oldest first.

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
        """Count a platform's announced leads, with people as yet unknown."""
        query = select(func.count()).select_from(leads).where(leads.c.status == Status.ANNOUNCED.value)
        return int(self._execute(query.where(leads.c.sender == sender, leads.c.account == account)).scalar_one())

    def earlier_enquiries(self, lead_ids: Sequence[LeadId]) -> dict[LeadId, EarlierEnquiries]:
        """Count the enquiries that each lead's person made before it, in the same account.

        People are known by the e-mail address, else by the number. Suspected spam, tests, and discarded or erased leads
        are left out.
        """
        counts: dict[LeadId, EarlierEnquiries] = {}
        for start in range(0, len(lead_ids), _BATCH_SIZE):
            counts |= self._earlier(lead_ids[start : start + _BATCH_SIZE])
        return counts

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

    def _enquiries_of(self, people: Collection[str], last: str) -> Mapping[tuple[str, str], list[tuple[str, datetime]]]:
        """Return, by account and person, the ids below `last` of their leads, each with its arrival."""
        enquiries: dict[tuple[str, str], list[tuple[str, datetime]]] = defaultdict(list)
        if not people:
            return enquiries
        cursor = cursor_of(self._connection)
        words = {_word_of(person) for person in people}
        named = select(lead_words.c.lead_id).where(lead_words.c.word.in_(words), lead_words.c.lead_id < last)
        after = select(leads.c.id).where(leads.c.id > cursor, leads.c.id < last).order_by(leads.c.id.desc())
        newest = after.limit(_MAX_UNINDEXED).subquery()
        email = func.lower(leads.c.email).label("email")
        query = select(leads.c.id, leads.c.account, email, leads.c.phone, leads.c.received_at).where(
            leads.c.id.in_(union(named, select(newest.c.id))),
            or_(email.in_(people), leads.c.phone.in_(people)),
            leads.c.status.not_in([status.value for status in _NO_ENQUIRIES]),
        )
        for row in self._execute(query):
            for person in {row.email, row.phone}.intersection(people):
                enquiries[row.account, person].append((row.id, row.received_at))
        return enquiries


def _person_of(email: str, phone: str) -> str:
    """Return the address in lower case, else a number with its country code; "" for neither."""
    return email.lower() or (phone if phone.startswith("+") else "")


def _word_of(person: str) -> str:
    """Return the word under which a person's leads are indexed."""
    return phone_words(person)[0] if person.startswith("+") and "@" not in person else fold(person)[:MAX_LENGTH]


ERASE_BATCH_SIZE = 100
"""Leads erased in one transaction: other writers need not wait for a thousand."""


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """The result of erasing leads.

    done: erased now. opportunities: theirs in Nexudus, where the person must be erased by hand. doubtful: erased leads
    that may have an opportunity, as a create had an unknown outcome: search Nexudus for their markers. busy: not
    erased, as they are being sent at this moment: try again in a minute.
    """

    done: tuple[LeadId, ...] = ()
    opportunities: tuple[OpportunityId, ...] = ()
    doubtful: tuple[LeadId, ...] = ()
    busy: tuple[LeadId, ...] = ()

    def __add__(self, other: "ErasureResult") -> "ErasureResult":
        """Join two results."""
        return ErasureResult(
            self.done + other.done,
            self.opportunities + other.opportunities,
            self.doubtful + other.doubtful,
            self.busy + other.busy,
        )


class Erasure(Repository):
    """Erasing leads."""

    def of_person(self, email: str) -> list[LeadId]:
        """Return the leads of a person that are not erased, oldest first.

        Theirs are leads with the address, or that once had it; leads without an address of which an answer is this one;
        and bodies that could not be read and mention it.
        """
        wanted = fold(email.strip())
        if not wanted:
            return []
        known = {LeadId(row.id) for row in self._candidates(wanted) if wanted in _addresses(row)}
        return sorted(known | self._unread_of(wanted))

    def mentioning(self, email: str) -> list[LeadId]:
        """Return the leads of other people whose answers mention an address, oldest first.

        Of a long answer, only the beginning is indexed (words.py).
        """
        wanted = fold(email.strip())
        rows = [] if not wanted else self._candidates(wanted)
        return sorted(LeadId(row.id) for row in rows if wanted in words_of(row) and wanted not in _addresses(row))

    def _unread_of(self, wanted: str) -> set[LeadId]:
        unread = select(leads.c.id, leads.c.raw).where(leads.c.raw.is_not(None), leads.c.status != Status.ERASED.value)
        rows = self._execute(unread.execution_options(yield_per=_RAW_AT_ONCE))
        return {LeadId(row.id) for row in rows if mentions(bytes(row.raw), wanted)}

    def _candidates(self, wanted: str) -> Iterator[Any]:
        """Yield the leads that the index names, and all that arrived after its cursor."""
        named = select(lead_words.c.lead_id).where(lead_words.c.word == wanted[:MAX_LENGTH])
        alive = select(*COLUMNS).where(leads.c.status != Status.ERASED.value)
        cursor = cursor_of(self._connection)
        yield from self._execute(alive.where(leads.c.id <= cursor, leads.c.id.in_(named)))
        yield from self._execute(alive.where(leads.c.id > cursor))

    def erasable_keys(self, lead_ids: Iterable[LeadId]) -> list[str]:
        """Return the keys of leads that are made of their person's answers. Reads all keys: ask for many leads at once.

        The digest of a sender's own id stays: a pull or a second import must not bring the person back.
        """
        wanted = list(lead_ids)
        keys: list[str] = []
        for start in range(0, len(wanted), 10_000):
            batch = wanted[start : start + 10_000]
            keys += self._execute(select(lead_keys.c.key).where(lead_keys.c.lead_id.in_(batch))).scalars()
        return [key for key in keys if not key.startswith("id:") or key.startswith("id:browser:")]

    def erase(
        self,
        lead_ids: Sequence[LeadId],
        now: datetime,
        keys: Sequence[str] | None = None,
        still: Status | None = None,
    ) -> ErasureResult:
        """Erase leads (at most ERASE_BATCH_SIZE, so that others may write) and end their deliveries.

        keys: their erasable keys, where they were read outside this transaction. still: only leads of this status, as
        they may have changed since they were chosen.
        """
        if still is not None:
            of_status = select(leads.c.id).where(leads.c.id.in_(lead_ids), leads.c.status == still.value)
            lead_ids = list(map(LeadId, self._execute(self._locking(of_status)).scalars()))
        self._forget_keys(self.erasable_keys(lead_ids) if keys is None else keys)
        undelivered = self._execute(self._locking(select(deliveries).where(deliveries.c.lead_id.in_(lead_ids)))).all()
        busy = {row.lead_id for row in undelivered if row.claimed_by is not None and row.lease_until > now}
        query = select(leads.c.id, leads.c.page_url, leads.c.opportunity_id).where(
            leads.c.id.in_(set(lead_ids) - busy), leads.c.status != Status.ERASED.value
        )
        rows = self._execute(query.order_by(leads.c.id)).all()
        erased = [LeadId(row.id) for row in rows]
        with self._as(WordIndex).following(erased):
            for row in rows:
                self._empty(row)
        self._end(erased)
        doubtful = {row.lead_id for row in undelivered if row.unknown_step == Step.CREATE_OPPORTUNITY.value}
        return ErasureResult(
            tuple(erased),
            tuple(OpportunityId(row.opportunity_id) for row in rows if row.opportunity_id),
            tuple(lead_id for lead_id in erased if lead_id in doubtful),
            tuple(LeadId(lead_id) for lead_id in sorted(busy)),
        )

    def _empty(self, row: Any) -> None:
        plain = {"fields": {}, "extras": {}, "evidence": {}, "click_ids": {}, "raw": null(), "corrections": null()}
        nothing = dict.fromkeys((*_PERSONAL, "problem"), "")
        remaining = {"page_url": row.page_url.partition("?")[0].partition("#")[0], "status": Status.ERASED.value}
        emptying = update(leads).where(leads.c.id == row.id)
        self._execute(emptying.values(**plain, **nothing, **remaining, coworker_id=None, notify_pending=None))

    def _end(self, lead_ids: Sequence[LeadId]) -> None:
        """End the deliveries, and remove traces of the person beside the lead."""
        of_leads = deliveries.c.lead_id.in_(lead_ids)
        self._execute(delete(deliveries).where(of_leads, deliveries.c.state != DONE))
        done = update(deliveries).where(of_leads)
        self._execute(done.values(serialize_key=deliveries.c.lead_id, coworker_id=None, request_body=null()))
        self._execute(update(attempts).where(attempts.c.lead_id.in_(lead_ids)).values(detail=""))
        self._execute(delete(notices).where(notices.c.lead_id.in_(lead_ids)))
        self._execute(delete(erasure_warnings).where(erasure_warnings.c.lead_id.in_(lead_ids)))

    def _forget_keys(self, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), 1000):
            self._execute(delete(lead_keys).where(lead_keys.c.key.in_(keys[start : start + 1000])))


_PERSONAL = (*CONTACT, "ip", "external_id")


def _addresses(row: Any) -> Iterator[str]:
    if row.email:
        yield fold(row.email)
    else:  # a question that was not understood may have asked for it
        yield from (fold(answer.strip()) for answer in _texts_of(row))
    for one in row.corrections or ():
        for side in ("was", "became"):
            if isinstance(answer := one.get(side, {}).get("email"), str):
                yield fold(answer)


def _texts_of(row: Any) -> Iterator[str]:
    for answer in (*row.fields.values(), *row.extras.values()):
        yield from [answer] if isinstance(answer, str) else map(str, answer)
