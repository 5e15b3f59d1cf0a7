"""Erasure of leads, and warnings before it: untouched parked leads are erased only after a notice to operators.

Erasure removes everything personal in a lead and keeps what figures need: the time of arrival, form and sender, the
attribution without click ids, the location if many leads named it, whether and when the lead was delivered, and the
number of its opportunity. Records in Nexudus are not ours to erase: they are reported.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import unquote_plus

from sqlalchemy import delete, func, null, select, update

from service.lead import LeadId, OpportunityId, Status, Step, first_lead_id
from service.store.acts.acts import SubjectKind
from service.store.acts.recording import Acts
from service.store.answers import AnswerClocks
from service.store.counting import ALL, SHARED_BY
from service.store.database.report_tables import daily_counts, erasure_warnings, undo_records
from service.store.database.repository import Repository
from service.store.database.tables import DONE, attempts, deliveries, lead_keys, leads, notices
from service.store.leads.rows import CONTACT, corrections_of
from service.store.words import COLUMNS, MAX_LENGTH, WordIndex, cursor_of, fold, words_of

_RAW_AT_ONCE = 10
"""Bodies read together: each may be several megabytes."""

ERASE_BATCH_SIZE = 100
"""Leads erased in one transaction: small, so that other writers need not wait for a thousand."""


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """The result of an erasure.

    done: leads erased now. opportunities: theirs in Nexudus, where the person must be erased by hand. doubtful: erased
    leads that may have an opportunity, as a create had an unknown outcome: search Nexudus for their markers. busy:
    leads not erased because they are being sent at this moment: try again in a minute.
    """

    done: tuple[LeadId, ...] = ()
    opportunities: tuple[OpportunityId, ...] = ()
    doubtful: tuple[LeadId, ...] = ()
    busy: tuple[LeadId, ...] = ()

    def __add__(self, other: "ErasureResult") -> "ErasureResult":
        """Add two results."""
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

        These are leads with the address, or that once had it; leads without an address one of whose answers is this
        one; and unreadable bodies that contain it.
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
        alive = select(*COLUMNS).where(leads.c.status != Status.ERASED.value)
        cursor = cursor_of(self._connection)
        for ids in self._as(WordIndex).ids_by([wanted[:MAX_LENGTH]]):
            yield from self._execute(alive.where(leads.c.id <= cursor, leads.c.id.in_(ids)))
        yield from self._execute(alive.where(leads.c.id > cursor))

    def erasable_keys(self, lead_ids: Iterable[LeadId]) -> list[str]:
        """Return the keys of leads derived from personal answers. Reads all keys: pass many leads at once.

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

        keys: their erasable keys, if read outside this transaction. still: only leads with this status, as they may
        have changed since they were chosen.
        """
        if still is not None:
            of_status = select(leads.c.id).where(leads.c.id.in_(lead_ids), leads.c.status == still.value)
            lead_ids = list(map(LeadId, self._execute(self._locking(of_status)).scalars()))
        self._forget_keys(self.erasable_keys(lead_ids) if keys is None else keys)
        undelivered = self._execute(self._locking(select(deliveries).where(deliveries.c.lead_id.in_(lead_ids)))).all()
        busy = {row.lead_id for row in undelivered if row.claimed_by is not None and row.lease_until > now}
        query = select(leads.c.id, leads.c.page_url, leads.c.opportunity_id, leads.c.location).where(
            leads.c.id.in_(set(lead_ids) - busy), leads.c.status != Status.ERASED.value
        )
        rows = self._execute(query.order_by(leads.c.id)).all()
        erased = [LeadId(row.id) for row in rows]
        shared = self._shared_locations({row.location for row in rows if row.location})
        with self._as(WordIndex).following(erased):
            for row in rows:
                self._empty(row, row.location if row.location in shared else "")
        self._end(erased)
        doubtful = {row.lead_id for row in undelivered if row.unknown_step == Step.CREATE_OPPORTUNITY.value}
        return ErasureResult(
            tuple(erased),
            tuple(OpportunityId(row.opportunity_id) for row in rows if row.opportunity_id),
            tuple(lead_id for lead_id in erased if lead_id in doubtful),
            tuple(LeadId(lead_id) for lead_id in sorted(busy)),
        )

    def _shared_locations(self, names: Collection[str]) -> set[str]:
        """Return the locations that several leads of any day have named: these identify none of them."""
        if not names:
            return set()
        of = daily_counts.c
        query = select(of.value).where(of.kind == "location", of.form == ALL, of.value.in_(names))
        return set(self._execute(query.group_by(of.value).having(func.sum(of.leads) >= SHARED_BY)).scalars())

    def _empty(self, row: Any, location: str) -> None:
        """Remove everything personal. location: the one to keep."""
        plain = {"fields": {}, "extras": {}, "evidence": {}, "click_ids": {}, "raw": null(), "corrections": null()}
        nothing = dict.fromkeys((*_PERSONAL, "problem"), "")
        remaining = {"page_url": row.page_url.partition("?")[0].partition("#")[0], "status": Status.ERASED.value}
        remaining["location"] = location
        emptying = update(leads).where(leads.c.id == row.id)
        self._execute(emptying.values(**plain, **nothing, **remaining, coworker_id=None, notify_pending=None))

    def _end(self, lead_ids: Sequence[LeadId]) -> None:
        """End the deliveries, and remove traces of the person outside the lead."""
        of_leads = deliveries.c.lead_id.in_(lead_ids)
        self._execute(delete(deliveries).where(of_leads, deliveries.c.state != DONE))
        done = update(deliveries).where(of_leads)
        without_trace = {"request_id": None, "traceparent": None}  # a proxy's log may link them to a person
        without_person = {"serialize_key": deliveries.c.lead_id, "coworker_id": None, "request_body": null()}
        self._execute(done.values(without_person | without_trace))
        self._execute(update(attempts).where(attempts.c.lead_id.in_(lead_ids)).values(detail=""))
        self._execute(delete(notices).where(notices.c.lead_id.in_(lead_ids)))
        self._as(AnswerClocks).stop(lead_ids)
        self._as(Acts).erase_words(SubjectKind.LEAD, lead_ids)
        for table in (erasure_warnings, undo_records):
            self._execute(delete(table).where(table.c.lead_id.in_(lead_ids)))

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


# -- bodies that could not be read

_ESCAPE = re.compile(r"\\+u([0-9a-f]{4})", re.IGNORECASE)

_NEIGHBOURS = r"[\w.+-]"
"""Characters that would make an address part of a longer one."""


def mentions(body: bytes, address: str) -> bool:
    """Return whether a body contains a folded e-mail address as a whole, not as the end of a longer one.

    Percent-encoding, JSON's escapes, HTML's entities and UTF-16 are understood; compressed bodies are not.
    """
    whole = re.compile(rf"(?<!{_NEIGHBOURS}){re.escape(address)}(?!\w|[.-]\w)")
    return any(address in text and whole.search(text) for text in map(fold, _readings(body)))


def _readings(body: bytes) -> Iterator[str]:
    text = body.replace(b"\0", b"").decode("utf-8", "replace")
    yield text
    if "%" in text or "+" in text:
        yield unquote_plus(text)
        yield unquote_plus(unquote_plus(text))
    if "\\u" in text.lower():
        yield _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
    if "&" in text:
        yield unescape(text)


# -- warnings

PARKED_NOTICE = timedelta(days=14)
"""Time between the warning to operators and the erasure of a parked lead that nobody has decided about."""

_BATCH_SIZE = 500


@dataclass(frozen=True, slots=True)
class UntouchedLead:
    """A parked lead. since: its last event; warned_at: when operators were warned, None if not yet."""

    lead_id: LeadId
    form: str
    since: datetime
    warned_at: datetime | None


@dataclass(frozen=True, slots=True)
class ErasureNotice:
    """The number of parked leads that will be erased, and when operators were first warned of one of them."""

    number: int
    warned_at: datetime

    @property
    def due_at(self) -> datetime:
        """When the first of them will be erased."""
        return self.warned_at + PARKED_NOTICE


class ErasureWarnings(Repository):
    """Warnings of erasures to come."""

    def untouched(self, before: datetime) -> Iterator[UntouchedLead]:
        """Yield parked leads whose last arrival, try, retry or correction was before then, oldest first."""
        tried_at = select(func.max(attempts.c.started_at)).where(attempts.c.lead_id == leads.c.id).scalar_subquery()
        due_at = (deliveries.c.due_at.label("due_at"), notices.c.due_at.label("fetch_due_at"))
        columns = (leads.c.id, leads.c.form, leads.c.received_at, leads.c.corrections, tried_at.label("tried_at"))
        query = (
            select(*columns, *due_at, erasure_warnings.c.warned_at)
            .outerjoin(deliveries, deliveries.c.lead_id == leads.c.id)
            .outerjoin(notices, notices.c.lead_id == leads.c.id)
            .outerjoin(erasure_warnings, erasure_warnings.c.lead_id == leads.c.id)
            .where(leads.c.status == Status.PARKED.value, leads.c.id < first_lead_id(before))
        )
        for row in self._execute(query.order_by(leads.c.id)):
            corrected = [correction.at for correction in corrections_of(row.corrections)]
            known = [row.received_at, row.tried_at, row.due_at, row.fetch_due_at, *corrected]
            since = max(instant for instant in known if instant is not None)
            if since < before:
                yield UntouchedLead(LeadId(row.id), row.form, since, row.warned_at)

    def set_warnings(self, untouched: Collection[UntouchedLead], now: datetime) -> None:
        """Warn of the erasure of exactly these leads, from now on, or since an earlier warning if untouched since."""
        kept = {lead.lead_id for lead in untouched if lead.warned_at is not None and lead.warned_at >= lead.since}
        known = set(self._execute(select(erasure_warnings.c.lead_id)).scalars())
        for gone in _batches(known - kept):
            self._execute(delete(erasure_warnings).where(erasure_warnings.c.lead_id.in_(gone)))
        rows = [{"lead_id": lead.lead_id, "warned_at": now} for lead in untouched if lead.lead_id not in kept]
        if rows:
            self._execute(self._database.insert(erasure_warnings).on_conflict_do_nothing(), rows)

    def erasure_notice(self) -> ErasureNotice | None:
        """Return the notice of coming erasures; None if there are none."""
        query = select(func.count(), func.min(erasure_warnings.c.warned_at)).join(
            leads, leads.c.id == erasure_warnings.c.lead_id
        )
        number, warned_at = self._execute(query.where(leads.c.status == Status.PARKED.value)).one()
        return ErasureNotice(number, warned_at) if number else None


def _batches(lead_ids: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(lead_ids)
    yield from (ordered[start : start + _BATCH_SIZE] for start in range(0, len(ordered), _BATCH_SIZE))
