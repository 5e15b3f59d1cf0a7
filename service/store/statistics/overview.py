"""How things stand at a glance: what came and went since the morning, and how each account's deliveries go."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from service.lead import Outcome, Status, Step, first_lead_id
from service.store.database.repository import Repository
from service.store.database.tables import attempts, lead_words, leads
from service.store.search.index import cursor_of
from service.store.search.words import facet

LATEST = 500
"""Calls that are read back to find the last one that went through."""

MOST_OF_A_DAY = 1_000_000

_MADE = (Step.CREATE_OPPORTUNITY.value, Step.FIND_OPPORTUNITY.value)


@dataclass(frozen=True, slots=True)
class TodayFigures:
    """Since the morning: received by where they stand now, and how many were delivered, whenever they came."""

    received: dict[Status, int]
    delivered: int

    @property
    def arrived(self) -> int:
        """All that came, without spam, tests and what was discarded."""
        aside = (Status.QUARANTINED, Status.TEST, Status.DISCARDED)
        return sum(number for status, number in self.received.items() if status not in aside)


class Overview(Repository):
    """The overview within one transaction."""

    def today(self, since: datetime) -> TodayFigures:
        """What came and went since then."""
        # In the order of ids: else all leads are read in the order of their statuses, to be grouped.
        some = (
            select(leads.c.status).where(leads.c.id >= first_lead_id(since)).order_by(leads.c.id).limit(MOST_OF_A_DAY)
        )
        today = some.subquery()
        query = select(today.c.status, func.count()).group_by(today.c.status)
        received = {Status(status): number for status, number in self._execute(query)}
        return TodayFigures(received, self._delivered(since))

    def _delivered(self, since: datetime) -> int:
        made = (attempts.c.step.in_(_MADE), attempts.c.outcome == Outcome.DONE.value)
        query = select(func.count()).where(attempts.c.id >= self._first_since(since), *made)
        return int(self._execute(query).scalar_one())

    def _first_since(self, since: datetime) -> int:
        """The number of the first call since then: calls are numbered as they are made, so halving finds it."""
        ends = (func.min(attempts.c.id), func.max(attempts.c.id))  # asked one by one: together they read all calls
        lowest, highest = (self._execute(select(end)).scalar() for end in ends)
        if lowest is None or highest is None:
            return 0
        low, high = int(lowest), int(highest) + 1
        while low < high:
            middle = (low + high) // 2
            query = select(attempts.c.id, attempts.c.started_at).where(attempts.c.id >= middle)
            row = self._execute(query.order_by(attempts.c.id).limit(1)).first()
            if row is None or row.started_at >= since:
                high = middle
            else:
                low = int(row.id) + 1
        return low

    def last_delivered(self, account: str) -> datetime | None:
        """When a lead of that account last came through, None when that is long ago or never."""
        newest = select(func.max(attempts.c.id)).scalar_subquery()
        query = (
            select(attempts.c.started_at)
            .select_from(attempts.join(leads, leads.c.id == attempts.c.lead_id))
            .where(attempts.c.id > newest - LATEST, attempts.c.step.in_(_MADE))
            .where(attempts.c.outcome == Outcome.DONE.value, leads.c.account == account)
            .order_by(attempts.c.id.desc())
            .limit(1)
        )
        found: datetime | None = self._execute(query).scalar()
        return found

    def last_received_from(self, sender: str) -> datetime | None:
        """When a sender last brought a lead."""
        named = select(func.max(lead_words.c.lead_id)).where(lead_words.c.word == facet("sender", sender))
        younger = select(func.max(leads.c.id)).where(leads.c.id > cursor_of(self._connection), leads.c.sender == sender)
        ids = [self._execute(query).scalar() for query in (named, younger)]
        query = select(leads.c.received_at).where(leads.c.id == max((one for one in ids if one), default=""))
        found: datetime | None = self._execute(query).scalar()
        return found

    def senders(self) -> list[str]:
        """Which senders have brought leads, by hopping from one to the next in the index of words."""
        return self._facets("sender")

    def channels(self) -> list[str]:
        """The same for channels."""
        return self._facets("channel")

    def _facets(self, name: str) -> list[str]:
        start = place = f"={name}:"
        found: list[str] = []
        while True:
            query = select(lead_words.c.word).where(lead_words.c.word > place, lead_words.c.word < f"={name};")
            word: str | None = self._execute(query.order_by(lead_words.c.word).limit(1)).scalar()
            if word is None:
                return found
            found.append(word[len(start) :])
            place = word
