"""Leads counted by day, behind the leads' backs: pages read sums, however many leads there are.

Each day of the operator's calendar has a row. The day that goes on is counted again and again; one that is over once,
and again when a trigger noted that a lead of it has changed: delivered late, corrected, credited anew, erased.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import Text, cast, delete, func, insert, select, update

from service.lead import LeadId, first_lead_id
from service.store.database.report_tables import count_changes, count_days, daily_counts
from service.store.database.repository import Repository
from service.store.database.tables import leads
from service.store.statistics.counting import (
    ALL,
    ERASED,
    SHARED,
    CountKey,
    DayCounts,
    LeadCount,
    count,
    has_erased,
    remembering,
)

COLUMNS = (
    *(leads.c.form, leads.c.status, leads.c.sender, leads.c.received_at, leads.c.delivered_at, leads.c.channel),
    *(leads.c.utm_source, leads.c.utm_medium, leads.c.utm_campaign, leads.c.rule),
    *(cast(leads.c.codes, Text).label("codes"), cast(leads.c.fields, Text).label("fields")),
)
"""What is counted. The JSON as it is written: most of it is not looked into."""

MOST_CHANGES = 20_000
"""Notes of the trigger that are taken away together; should there be more, the day is counted once more."""

UNCOUNTED = timedelta(minutes=2)
"""What came so shortly before the newest day was counted may not have been seen yet."""

LAST = "g"
"""Larger than every id."""


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day to be counted. until: "" while it goes on. counted_at: None: never."""

    since: str
    until: str
    day: str
    counted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DayCount:
    """What a day came to. changes: the notes that it answers."""

    day: CalendarDay
    sums: DayCounts
    changes: Sequence[int]


@dataclass(frozen=True, slots=True)
class DateRange:
    """Which days are asked for, first and last, as 2026-11-24; of one form, or "" of all."""

    first: str
    last: str
    form: str = ""


@dataclass(frozen=True, slots=True)
class CountingState:
    """How far the counting is. at: when the newest day was last counted; waiting: days that never were."""

    at: datetime | None
    waiting: int
    first: str = ""


class Tallies(Repository):
    """The sums within one transaction."""

    # -- asking

    def by_day(self, kind: str, span: DateRange) -> list[tuple[str, str, int, int]]:
        """Day, value, leads, delivered."""
        of = daily_counts.c
        found = self._execute(select(of.day, of.value, of.leads, of.delivered).where(*_within(kind, span)))
        return [tuple(row) for row in found]

    def by_value(self, kind: str, span: DateRange) -> list[tuple[str, int, int]]:
        """Value, leads, delivered."""
        of = daily_counts.c
        asked = select(of.value, func.sum(of.leads), func.sum(of.delivered)).where(*_within(kind, span))
        return [(row[0], int(row[1]), int(row[2])) for row in self._execute(asked.group_by(of.value))]

    def counting_state(self) -> CountingState:
        """How far the counting is."""
        newest = select(count_days.c.counted_at).order_by(count_days.c.since.desc()).limit(1)
        waiting = select(func.count()).where(count_days.c.counted_at.is_(None))
        first = select(func.min(count_days.c.day))
        at = self._execute(newest).scalar()
        return CountingState(at, int(self._execute(waiting).scalar_one()), self._execute(first).scalar() or "")

    def last_lead_from(self, form: str, sender: str) -> LeadId | None:
        """The last lead of a form that a sender brought: looked for in what is not counted yet, else on its day."""
        of = daily_counts.c
        mine = (of.kind == "sender", of.form == form, of.value == sender)
        day = self._execute(select(of.day).where(*mine).order_by(of.day.desc()).limit(1)).scalar()
        counted_at = self.counting_state().at
        tail = first_lead_id(counted_at - UNCOUNTED) if counted_at else ""
        found = self._last_between(form, sender, tail, LAST)
        if found is None and day is not None:
            known = CalendarDay(*self._execute(select(count_days).where(count_days.c.day == day)).one())
            found = self._last_between(form, sender, known.since, known.until or LAST)
        return found

    def _last_between(self, form: str, sender: str, since: str, until: str) -> LeadId | None:
        those = (leads.c.form == form, leads.c.sender == sender, leads.c.id >= since, leads.c.id < until)
        found: str | None = self._execute(
            select(leads.c.id).where(*those).order_by(leads.c.id.desc()).limit(1)
        ).scalar()
        return None if found is None else LeadId(found)

    # -- counting

    def uncounted_days(self, zone: tzinfo, before: datetime) -> list[CalendarDay]:
        """The days that have leads but no row, those that are over by now, and the one of `before`.

        before: what is younger may still be committed by others with a smaller id.
        """
        known = [CalendarDay(*row) for row in self._execute(select(count_days).order_by(count_days.c.since))]
        closing = first_lead_id(before)
        found = [
            CalendarDay(day.since, _end(day, zone), day.day)
            for day in known
            if not day.until and _end(day, zone) <= closing
        ]
        after = ""
        for day in known:
            found += self._between(after, day.since, closing, zone)
            after = max(after, day.until or _end(day, zone))
        return [*found, *self._between(after, LAST, closing, zone)]

    def _between(self, after: str, below: str, closing: str, zone: tzinfo) -> Iterator[CalendarDay]:
        """The days of leads with ids from `after` on, hopping from one to the next."""
        while after < below:
            asked = select(func.min(leads.c.id)).where(leads.c.id >= after, leads.c.id < below)
            first: str | None = self._execute(asked).scalar()
            if first is None:
                return
            day = day_of(first, zone)
            after = _end(day, zone)
            yield CalendarDay(day.since, after if after <= closing else "", day.day)

    def counts_in_zone(self, zone: tzinfo) -> bool:
        """Whether the days are those of that zone, as far as can be seen."""
        newest = self._execute(select(count_days).order_by(count_days.c.since.desc()).limit(1)).first()
        return newest is None or CalendarDay(*newest) == _renamed(CalendarDay(*newest), zone)

    def forget_counts(self) -> None:
        """Begin anew, such as for the calendar of another zone."""
        for table in (count_changes, daily_counts, count_days):
            self._execute(delete(table))

    def add_days(self, days: Sequence[CalendarDay]) -> None:
        """Have days counted; from now on changes of those that are over are noted."""
        for day in days:
            begun = {"until": day.until, "day": day.day, "counted_at": None}
            adding = self._database.insert(count_days).values(since=day.since, **begun)
            self._execute(adding.on_conflict_do_update(index_elements=["since"], set_=begun))

    def next_day(self, stale_before: datetime) -> CalendarDay | None:
        """The day to count next, the newest first: never counted, changed, or going on and counted before then."""
        changed = count_days.c.since.in_(select(count_changes.c.since))
        goes_on = (count_days.c.until == "") & (count_days.c.counted_at < stale_before)
        due = select(count_days).where(count_days.c.counted_at.is_(None) | changed | goes_on)
        row = self._execute(due.order_by(count_days.c.since.desc()).limit(1)).first()
        return None if row is None else CalendarDay(*row)

    def count_day(self, day: CalendarDay) -> DayCount:
        """Count the leads of a day; the notes first, so that what changes meanwhile is counted once more."""
        noted = select(count_changes.c.id).where(count_changes.c.since == day.since).limit(MOST_CHANGES)
        changes = self._execute(noted).scalars().all()
        rows = self._execute(select(*COLUMNS).where(leads.c.id >= day.since, leads.c.id < (day.until or LAST)))
        sums = count(rows)
        if has_erased(sums):
            sums = remembering(sums, self._locations(day), self._shared())
        return DayCount(day, sums, changes)

    def _shared(self) -> set[str]:
        """Locations that several have named, whenever that was."""
        of = daily_counts.c
        asked = select(of.value).where(of.kind == "location", of.form == ALL, of.value.not_in(("", ERASED)))
        return set(self._execute(asked.group_by(of.value).having(func.sum(of.leads) >= SHARED)).scalars())

    def _locations(self, day: CalendarDay) -> DayCounts:
        of = daily_counts.c
        asked = select(of.kind, of.form, of.value, of.leads, of.delivered).where(of.day == day.day)
        return {CountKey(*row[:3]): LeadCount(*row[3:]) for row in self._execute(asked.where(of.kind == "location"))}

    def save_counts(self, counted: DayCount, now: datetime) -> bool:
        """Put the sums of a day in place of the old ones, unless another worker did meanwhile."""
        day = counted.day
        unchanged = count_days.c.counted_at.is_not_distinct_from(day.counted_at)
        mine = (count_days.c.since == day.since) & (count_days.c.until == day.until) & unchanged
        if not self._execute(update(count_days).where(mine).values(counted_at=now)).rowcount:
            return False
        self._execute(delete(daily_counts).where(daily_counts.c.day == day.day))
        rows = [{**key._asdict(), "day": day.day, **sums._asdict()} for key, sums in sorted(counted.sums.items())]
        if rows:
            self._execute(insert(daily_counts), rows)
        for start in range(0, len(counted.changes), 1000):
            some = counted.changes[start : start + 1000]
            self._execute(delete(count_changes).where(count_changes.c.id.in_(some)))
        return True


def day_of(lead_id: str, zone: tzinfo) -> CalendarDay:
    """The day on which a lead arrived, as it begins."""
    arrived = datetime.fromtimestamp(int(lead_id[:12], 16) / 1000, UTC).astimezone(zone)
    midnight = datetime.combine(arrived.date(), time(), zone)
    return CalendarDay(first_lead_id(midnight), "", arrived.date().isoformat())


def _end(day: CalendarDay, zone: tzinfo) -> str:
    following = date.fromisoformat(day.day) + timedelta(days=1)
    return str(first_lead_id(datetime.combine(following, time(), zone)))


def _renamed(day: CalendarDay, zone: tzinfo) -> CalendarDay:
    """The same day where its beginning is midnight in that zone, else another."""
    midnight = datetime.combine(date.fromisoformat(day.day), time(), zone)
    return CalendarDay(first_lead_id(midnight), day.until, day.day, day.counted_at)


def _within(kind: str, span: DateRange) -> list[Any]:
    of = daily_counts.c
    return [of.kind == kind, of.form == span.form, of.day >= span.first, of.day <= span.last]
