"""Forgetting people: what a lead says of its person goes, what figures need stays.

What stays: when it came, by which form and sender, its verdict without click ids, whether and when it was
delivered, and the number of its opportunity. What was sent to Nexudus is not ours to erase: it is told.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, null, select, update

from service.lead import LeadId, OpportunityId, Status, Step
from service.store.database.repository import Repository
from service.store.database.tables import attempts, deliveries, lead_keys, lead_words, leads, notices
from service.store.queue.outbox import DONE
from service.store.search.index import COLUMNS, WordIndex, mark_of
from service.store.search.words import LONGEST, fold

ERASE_BATCH_SIZE = 100
"""Leads that are erased in one transaction: others who write need not wait for a thousand."""


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """What became of leads that were to be erased.

    done: erased now. opportunities: those of them that Nexudus has, where the person must be erased by hand.
    doubtful: erased leads of which an opportunity may exist, as a create had an unknown outcome: search Nexudus for
    their marks. busy: not erased, as they are being sent at this moment: try again in a minute.
    """

    done: tuple[LeadId, ...] = ()
    opportunities: tuple[OpportunityId, ...] = ()
    doubtful: tuple[LeadId, ...] = ()
    busy: tuple[LeadId, ...] = ()

    def __add__(self, other: "ErasureResult") -> "ErasureResult":
        """Both together."""
        return ErasureResult(
            self.done + other.done,
            self.opportunities + other.opportunities,
            self.doubtful + other.doubtful,
            self.busy + other.busy,
        )


class Erasure(Repository):
    """Erasing within one transaction."""

    def of_person(self, email: str) -> list[LeadId]:
        """The leads of a person that are not erased, oldest first; also those that once had that address."""
        wanted = fold(email.strip())
        if not wanted:
            return []
        found = [row for row in self._candidates(wanted) if wanted in _addresses(row)]
        return [LeadId(row.id) for row in sorted(found, key=lambda row: row.id)]

    def _candidates(self, wanted: str) -> Iterator[Any]:
        """Whom the index names, and all that came after its mark."""
        named = select(lead_words.c.lead_id).where(lead_words.c.word == wanted[:LONGEST])
        alive = select(*COLUMNS).where(leads.c.status != Status.ERASED.value)
        mark = mark_of(self._connection)
        yield from self._execute(alive.where(leads.c.id <= mark, leads.c.id.in_(named)))
        yield from self._execute(alive.where(leads.c.id > mark))

    def erasable_keys(self, lead_ids: Iterable[LeadId]) -> list[str]:
        """The keys of these leads that are made of what their person said. Reads all keys: ask for many at once.

        A sender's own id of a submission stays, as a digest: a pull or a second import must not bring the person back.
        """
        wanted = list(lead_ids)
        found: list[str] = []
        for start in range(0, len(wanted), 10_000):
            some = wanted[start : start + 10_000]
            found += self._execute(select(lead_keys.c.key).where(lead_keys.c.lead_id.in_(some))).scalars()
        return [key for key in found if not key.startswith("id:") or key.startswith("id:browser:")]

    def erase(self, lead_ids: Sequence[LeadId], now: datetime, keys: Sequence[str] | None = None) -> ErasureResult:
        """Erase some leads (at most ERASE_BATCH_SIZE, so that others may write); their debts to the CRM end.

        keys: theirs, where they were looked up outside of this transaction.
        """
        self._forget_keys(self.erasable_keys(lead_ids) if keys is None else keys)
        debts = self._debts(lead_ids)
        busy = {debt.lead_id for debt in debts if debt.claimed_by is not None and debt.lease_until > now}
        found = select(leads.c.id, leads.c.page_url, leads.c.opportunity_id).where(
            leads.c.id.in_(set(lead_ids) - busy), leads.c.status != Status.ERASED.value
        )
        rows = self._execute(found.order_by(leads.c.id)).all()
        erased = [LeadId(row.id) for row in rows]
        with self._as(WordIndex).following(erased):
            for row in rows:
                self._empty(row)
        self._end(erased)
        doubtful = {debt.lead_id for debt in debts if debt.unknown_step == Step.CREATE_OPPORTUNITY.value}
        return ErasureResult(
            tuple(erased),
            tuple(OpportunityId(row.opportunity_id) for row in rows if row.opportunity_id),
            tuple(lead_id for lead_id in erased if lead_id in doubtful),
            tuple(LeadId(lead_id) for lead_id in sorted(busy)),
        )

    def _debts(self, lead_ids: Sequence[LeadId]) -> Sequence[Row[Any]]:
        query = select(deliveries).where(deliveries.c.lead_id.in_(lead_ids))
        return self._execute(query.with_for_update() if self._database.locks_rows else query).all()

    def _empty(self, row: Any) -> None:
        plain = {"fields": {}, "extras": {}, "evidence": {}, "click_ids": {}, "raw": null(), "corrections": null()}
        nothing = dict.fromkeys((*_PERSONAL, "problem"), "")
        kept = {"page_url": row.page_url.partition("?")[0].partition("#")[0], "status": Status.ERASED.value}
        emptying = update(leads).where(leads.c.id == row.id)
        self._execute(emptying.values(**plain, **nothing, **kept, coworker_id=None))

    def _end(self, lead_ids: Sequence[LeadId]) -> None:
        """Owe nothing any more, and let no trace of the person stand beside the lead."""
        mine = deliveries.c.lead_id.in_(lead_ids)
        self._execute(delete(deliveries).where(mine, deliveries.c.state != DONE))
        paid = update(deliveries).where(mine)
        self._execute(paid.values(serialize_key=deliveries.c.lead_id, coworker_id=None, request_body=null()))
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
