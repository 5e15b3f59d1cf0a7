"""Erasure: everything personal in a lead is removed, and what figures need stays.

The time of arrival stays, with form and sender, the attribution without click ids, whether and when the lead was
delivered, and the number of its opportunity. Records in Nexudus are not ours to erase: they are reported.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, null, select, update

from service.lead import LeadId, OpportunityId, Status, Step
from service.store.database.repository import Repository
from service.store.database.tables import DONE, attempts, deliveries, lead_keys, lead_words, leads, notices
from service.store.search.index import COLUMNS, WordIndex, cursor_of
from service.store.search.words import MAX_LENGTH, fold

ERASE_BATCH_SIZE = 100
"""Leads erased in one transaction: other writers need not wait for a thousand."""


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """The result of erasing leads.

    done: erased now. opportunities: theirs in Nexudus, where the person must be erased by hand. doubtful: erased leads
    that may have an opportunity, as a create had an unknown outcome: search Nexudus for their marks. busy: not erased,
    as they are being sent at this moment: try again in a minute.
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
        """Return the leads of a person that are not erased, also those that once had the address, oldest first."""
        wanted = fold(email.strip())
        if not wanted:
            return []
        return sorted(LeadId(row.id) for row in self._candidates(wanted) if wanted in _addresses(row))

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

    def erase(self, lead_ids: Sequence[LeadId], now: datetime, keys: Sequence[str] | None = None) -> ErasureResult:
        """Erase leads (at most ERASE_BATCH_SIZE, so that others may write) and end their deliveries.

        keys: their erasable keys, where they were read outside this transaction.
        """
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
        self._execute(emptying.values(**plain, **nothing, **remaining, coworker_id=None))

    def _end(self, lead_ids: Sequence[LeadId]) -> None:
        """End the deliveries, and remove traces of the person beside the lead."""
        of_leads = deliveries.c.lead_id.in_(lead_ids)
        self._execute(delete(deliveries).where(of_leads, deliveries.c.state != DONE))
        done = update(deliveries).where(of_leads)
        self._execute(done.values(serialize_key=deliveries.c.lead_id, coworker_id=None, request_body=null()))
        self._execute(update(attempts).where(attempts.c.lead_id.in_(lead_ids)).values(detail=""))
        self._execute(delete(notices).where(notices.c.lead_id.in_(lead_ids)))

    def _forget_keys(self, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), 1000):
            self._execute(delete(lead_keys).where(lead_keys.c.key.in_(keys[start : start + 1000])))


_PERSONAL = ("email", "full_name", "first_name", "last_name", "phone", "company", "ip", "external_id")


def _addresses(row: Any) -> Iterator[str]:
    yield fold(row.email)
    for one in row.corrections or ():
        for side in ("was", "became"):
            if isinstance(answer := one.get(side, {}).get("email"), str):
                yield fold(answer)
