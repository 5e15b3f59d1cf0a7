"""The overview: leads received and delivered since midnight, the last lead for each account and sender."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from service.lead import Outcome, Status, Step, first_lead_id
from service.store.daily_counts import DailyCounts
from service.store.database.repository import Repository
from service.store.database.tables import attempts, lead_words, leads, of_account
from service.store.database.walls import beyond_walls
from service.store.words import cursor_of, facet

RECENT_ATTEMPTS = 500
"""Calls to look through, newest first, for the last successful one."""

MAX_DAY_LEADS = 1_000_000

MAX_PROBLEMS = 500
"""Maximum number of different problems of parked leads that are read."""

_CREATING = (Step.CREATE_OPPORTUNITY.value, Step.FIND_OPPORTUNITY.value)


@dataclass(frozen=True, slots=True)
class TodayFigures:
    """Leads received today, by present status, and today's deliveries, whenever their leads arrived."""

    received: dict[Status, int]
    delivered: int

    @property
    def arrived(self) -> int:
        """Leads received, without spam, tests and discarded leads."""
        excluded = (Status.QUARANTINED, Status.TEST, Status.DISCARDED)
        return sum(number for status, number in self.received.items() if status not in excluded)


@dataclass(frozen=True, slots=True)
class ParkedProblem:
    """Parked leads with the same problem. newest: the id of one of them."""

    problem: str
    number: int
    newest: str


class Overview(Repository):
    """Figures of the overview."""

    def today(self, since: datetime) -> TodayFigures:
        """Count the leads received and delivered since then."""
        # Ordered by id, or all leads are read in the order of their statuses, to be grouped.
        some = (
            select(leads.c.status).where(leads.c.id >= first_lead_id(since)).order_by(leads.c.id).limit(MAX_DAY_LEADS)
        )
        today = some.subquery()
        query = select(today.c.status, func.count()).group_by(today.c.status)
        received = {Status(status): number for status, number in self._execute(query)}
        return TodayFigures(received, self._delivered(since))

    def _delivered(self, since: datetime) -> int:
        created = (attempts.c.step.in_(_CREATING), attempts.c.outcome == Outcome.DONE.value)
        query = select(func.count()).where(attempts.c.id >= self._first_since(since), *created)
        return int(self._execute(query).scalar_one())

    def _first_since(self, since: datetime) -> int:
        """Return the number of the first call since then, by bisection: calls are numbered as they are made."""
        ends = (func.min(attempts.c.id), func.max(attempts.c.id))  # one by one: together they would read all calls
        lowest, highest = (self._execute(beyond_walls(select(end))).scalar() for end in ends)
        if lowest is None or highest is None:
            return 0
        low, high = int(lowest), int(highest) + 1
        while low < high:
            middle = (low + high) // 2
            query = select(attempts.c.id, attempts.c.started_at).where(attempts.c.id >= middle)
            row = self._execute(beyond_walls(query.order_by(attempts.c.id).limit(1))).first()
            if row is None or row.started_at >= since:
                high = middle
            else:
                low = int(row.id) + 1
        return low

    def last_delivered(self, account: str) -> datetime | None:
        """Return when a lead of that account was last delivered; None if that was long ago or never."""
        newest = beyond_walls(select(func.max(attempts.c.id))).scalar_subquery()
        query = (
            select(attempts.c.started_at)
            .select_from(attempts.join(leads, leads.c.id == attempts.c.lead_id))
            .where(attempts.c.id > newest - RECENT_ATTEMPTS, attempts.c.step.in_(_CREATING))
            .where(attempts.c.outcome == Outcome.DONE.value, of_account(account))
            .order_by(attempts.c.id.desc())
            .limit(1)
        )
        delivered_at: datetime | None = self._execute(query).scalar()
        return delivered_at

    def last_received_from(self, sender: str) -> datetime | None:
        """Return when a sender last brought a lead."""
        if self._walls is not None:
            last = self._as(DailyCounts).last_lead_from("", sender)
            return self._execute(select(leads.c.received_at).where(leads.c.id == last)).scalar() if last else None
        named = select(func.max(lead_words.c.lead_id)).where(lead_words.c.word == facet("sender", sender))
        younger = select(func.max(leads.c.id)).where(leads.c.id > cursor_of(self._connection), leads.c.sender == sender)
        ids = [self._execute(query).scalar() for query in (named, younger)]
        query = select(leads.c.received_at).where(leads.c.id == max((one for one in ids if one), default=""))
        received_at: datetime | None = self._execute(query).scalar()
        return received_at

    def parked_problems(self) -> list[ParkedProblem]:
        """Return the different problems of parked leads, the most frequent first."""
        problem, number = leads.c.problem, func.count()
        query = select(problem, number, func.max(leads.c.id)).where(leads.c.status == Status.PARKED.value)
        frequent = query.group_by(problem).order_by(number.desc(), problem).limit(MAX_PROBLEMS)
        return [ParkedProblem(*row) for row in self._execute(frequent)]

    def forms(self) -> list[str]:
        """Return the forms that have leads, by hopping from one to the next in their index."""
        if self._walls is not None:
            return self._as(DailyCounts).forms_counted()
        forms: list[str] = []
        while True:
            query = select(func.min(leads.c.form)).where(leads.c.form > (forms[-1] if forms else ""))
            form: str | None = self._execute(query).scalar()
            if form is None:
                return forms
            forms.append(form)

    def senders(self) -> list[str]:
        """Return the senders that have brought leads, by hopping from one to the next in the index of words."""
        return self._facets("sender")

    def channels(self) -> list[str]:
        """Return the channels of leads, by the same method as senders()."""
        return self._facets("channel")

    def _facets(self, name: str) -> list[str]:
        if self._walls is not None:
            return self._as(DailyCounts).values_of(name)
        start = place = f"={name}:"
        values: list[str] = []
        while True:
            query = select(lead_words.c.word).where(lead_words.c.word > place, lead_words.c.word < f"={name};")
            word: str | None = self._execute(query.order_by(lead_words.c.word).limit(1)).scalar()
            if word is None:
                return values
            values.append(word[len(start) :])
            place = word
