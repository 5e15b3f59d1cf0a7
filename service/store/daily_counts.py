"""Leads counted by day in the background: pages read sums, however many leads there are.

Each day of the operator's calendar has a row. The present day is counted again and again; a past day once, and again
when a trigger recorded a change of one of its leads: delivered late, corrected, attributed anew, erased.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import Text, and_, cast, delete, exists, func, insert, or_, select, update

from service.lead import LeadId, arrival_of, first_lead_id
from service.store.counting import (
    ALL,
    BY_ACCOUNT,
    ERASED,
    REST,
    SHARED_BY,
    CountKey,
    DayCounts,
    LeadCount,
    count,
    has_erased,
    is_counted,
    remembering,
)
from service.store.database.report_tables import count_changes, count_days, daily_counts, delivery_times
from service.store.database.repository import Repository
from service.store.database.tables import leads
from service.store.database.walls import counted_for
from service.store.query import AFTER_ALL_IDS
from service.store.waiting_times import Times, TimesOfDay, unpack

COLUMNS = (
    *(
        leads.c.account,
        leads.c.form,
        leads.c.status,
        leads.c.sender,
        leads.c.received_at,
        leads.c.delivered_at,
        leads.c.channel,
    ),
    *(leads.c.utm_source, leads.c.utm_medium, leads.c.utm_campaign, leads.c.rule),
    *(cast(leads.c.codes, Text).label("codes"), cast(leads.c.fields, Text).label("fields")),
)
"""Columns that are counted. JSON stays text: most of it is not parsed."""

CHANGES_BATCH_SIZE = 20_000
"""Maximum number of trigger records that one count settles; with more, the day is counted once more."""

MAX_GAPS = 50
"""Maximum number of gaps between counted days for which counts are used; with more, all leads are read."""

UNCERTAIN = timedelta(minutes=2)
"""Leads that arrived this shortly before the last count of the newest day may have been missed."""


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day to count. since, until: bounds of its ids (until "": the present day). counted_at: None for never."""

    since: str
    until: str
    day: str
    counted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DayCount:
    """The counts of a day. times: form -> its packed waiting times. changes: trigger records that the count settles."""

    day: CalendarDay
    counts: DayCounts
    times: Mapping[str, bytes]
    changes: Sequence[int]


@dataclass(frozen=True, slots=True)
class DateRange:
    """A range of days, first and last, as 2026-11-24. form: "" for all."""

    first: str
    last: str
    form: str = ""


@dataclass(frozen=True, slots=True)
class CountingState:
    """The progress of counting. at: last count of the newest day; waiting: days never counted; first: the oldest."""

    at: datetime | None
    waiting: int
    first: str = ""


class DailyCounts(Repository):
    """Reading the counts, and counting."""

    # -- reading

    def by_day(self, kind: str, span: DateRange) -> list[tuple[str, str, int, int]]:
        """Return rows of day, value, leads, delivered."""
        of = daily_counts.c
        if self._walls is None:
            query = select(of.day, of.value, of.leads, of.delivered).where(*self._within(kind, span))
            return [tuple(row) for row in self._execute(query)]
        summed = select(of.day, of.value, func.sum(of.leads), func.sum(of.delivered)).group_by(of.day, of.value)
        return [(*row[:2], int(row[2]), int(row[3])) for row in self._execute(summed.where(*self._within(kind, span)))]

    def by_value(self, kind: str, span: DateRange) -> list[tuple[str, int, int]]:
        """Return rows of value, leads, delivered."""
        of = daily_counts.c
        query = select(of.value, func.sum(of.leads), func.sum(of.delivered)).where(*self._within(kind, span))
        return [(row[0], int(row[1]), int(row[2])) for row in self._execute(query.group_by(of.value))]

    def waiting_times(self, span: DateRange) -> list[tuple[str, Times]]:
        """Return the times from arrival to delivery of each day, in milliseconds and sorted."""
        of = delivery_times.c
        of_days = (of.form.in_(self._names(span.form)), of.day >= span.first, of.day <= span.last)
        return [(row.day, unpack(row.times)) for row in self._execute(select(of.day, of.times).where(*of_days))]

    def _names(self, form: str) -> Sequence[str]:
        """Return the names under which leads within the walls are counted. form: "" for all."""
        if self._walls is None:
            return [form]
        return [counted_for(account, form) for account in sorted(self._walls.accounts)]

    def _within(self, kind: str, span: DateRange) -> list[Any]:
        of = daily_counts.c
        return [of.kind == kind, of.form.in_(self._names(span.form)), of.day >= span.first, of.day <= span.last]

    def forms_counted(self) -> list[str]:
        """Return the forms that leads within the walls were counted for."""
        return self.values_of("form")

    def values_of(self, kind: str) -> list[str]:
        """Return the values of a kind that leads within the walls were counted for."""
        of = daily_counts.c
        query = select(of.value).distinct().where(of.kind == kind, of.form.in_(self._names(ALL)), of.value != REST)
        return sorted(value for value in self._execute(query).scalars() if value)

    def leads_by_status(self) -> dict[str, int]:
        """Count all leads by status: from the counts of past days, and by reading the leads of the others."""
        of = daily_counts.c
        changed = count_days.c.since.in_(select(count_changes.c.since))
        is_known = and_(count_days.c.until != "", _IS_COUNTED, ~changed)
        ended = select(count_days.c.since, count_days.c.until).where(is_known).order_by(count_days.c.since)
        days = self._execute(ended).all()
        rest = _between_days(days)
        counts: Counter[str] = Counter()
        if len(rest) > MAX_GAPS:
            rest = [("", AFTER_ALL_IDS)]
        elif days:
            of_days = (
                of.kind == "status",
                of.form.in_(self._names("")),
                of.day.in_(select(count_days.c.day).where(is_known)),
            )
            counted = select(of.value, func.sum(of.leads)).where(*of_days).group_by(of.value)
            counts.update({value: int(number) for value, number in self._execute(counted)})
        status = leads.c.status.concat("")  # without it SQLite reads all leads in the order of their statuses
        inside = or_(*(and_(leads.c.id >= since, leads.c.id < until) for since, until in rest))
        query = select(status.label("status"), func.count()).where(inside).group_by(status)
        counts.update({value: int(number) for value, number in self._execute(query)})
        return dict(counts)

    def counting_state(self) -> CountingState:
        """Return the progress of counting."""
        newest = select(count_days.c.counted_at).order_by(count_days.c.since.desc()).limit(1)
        waiting = select(func.count()).select_from(count_days).where(~_IS_COUNTED)
        first = select(func.min((count_days if self._walls is None else daily_counts).c.day))
        at = self._execute(newest).scalar()
        return CountingState(at, int(self._execute(waiting).scalar_one()), self._execute(first).scalar() or "")

    def last_lead_from(self, form: str, sender: str) -> LeadId | None:
        """Return the last lead that a sender brought: among leads not counted yet, else on its last day.

        form: "" for all.
        """
        of = daily_counts.c
        of_sender = (of.kind == "sender", of.form.in_(self._names(form)), of.value == sender)
        day = self._execute(select(of.day).where(*of_sender).order_by(of.day.desc()).limit(1)).scalar()
        counted_at = self.counting_state().at
        tail = first_lead_id(counted_at - UNCERTAIN) if counted_at else ""
        last = self._last_between(form, sender, tail, AFTER_ALL_IDS)
        if last is None and day is not None:
            known = CalendarDay(*self._execute(select(count_days).where(count_days.c.day == day)).one())
            last = self._last_between(form, sender, known.since, known.until or AFTER_ALL_IDS)
        return last

    def _last_between(self, form: str, sender: str, since: str, until: str) -> LeadId | None:
        condition = [leads.c.sender == sender, leads.c.id >= since, leads.c.id < until]
        if form:
            condition.append(leads.c.form == form)
        lead_id: str | None = self._execute(
            select(leads.c.id).where(*condition).order_by(leads.c.id.desc()).limit(1)
        ).scalar()
        return None if lead_id is None else LeadId(lead_id)

    # -- counting

    def uncounted_days(self, zone: tzinfo, before: datetime) -> list[CalendarDay]:
        """Return days with leads but no row, past days still marked as present, and the day of `before`.

        before: younger leads may still be committed by other processes with smaller ids.
        """
        known = [CalendarDay(*row) for row in self._execute(select(count_days).order_by(count_days.c.since))]
        closing = first_lead_id(before)
        days = [
            CalendarDay(day.since, _end(day, zone), day.day)
            for day in known
            if not day.until and _end(day, zone) <= closing
        ]
        after = ""
        for day in known:
            days += self._between(after, day.since, closing, zone)
            after = max(after, day.until or _end(day, zone))
        return [*days, *self._between(after, AFTER_ALL_IDS, closing, zone)]

    def _between(self, after: str, below: str, closing: str, zone: tzinfo) -> Iterator[CalendarDay]:
        """Yield the days of leads with ids from `after` on, hopping from one to the next."""
        while after < below:
            smallest = select(func.min(leads.c.id)).where(leads.c.id >= after, leads.c.id < below)
            first: str | None = self._execute(smallest).scalar()
            if first is None:
                return
            day = day_of(first, zone)
            after = _end(day, zone)
            yield CalendarDay(day.since, after if after <= closing else "", day.day)

    def counts_in_zone(self, zone: tzinfo) -> bool:
        """Return whether the counts use that zone's days, judged by the newest."""
        newest = self._execute(select(count_days).order_by(count_days.c.since.desc()).limit(1)).first()
        return newest is None or CalendarDay(*newest) == _renamed(CalendarDay(*newest), zone)

    def forget_counts(self) -> None:
        """Delete all counts, to start over in another zone's calendar."""
        for table in (count_changes, daily_counts, delivery_times, count_days):
            self._execute(delete(table))

    def add_days(self, days: Sequence[CalendarDay]) -> None:
        """Add days to count; from now on the trigger records changes of past ones."""
        for day in days:
            begun = {"until": day.until, "day": day.day, "counted_at": None}
            adding = self._database.insert(count_days).values(since=day.since, **begun)
            self._execute(adding.on_conflict_do_update(index_elements=["since"], set_=begun))

    def next_day(self, stale_before: datetime) -> CalendarDay | None:
        """Return the next day to count, newest first: uncounted, changed, or present and last counted before then."""
        changed = count_days.c.since.in_(select(count_changes.c.since))
        is_present = (count_days.c.until == "") & (count_days.c.counted_at < stale_before)
        due = select(count_days).where(~_IS_COUNTED | changed | is_present)
        row = self._execute(due.order_by(count_days.c.since.desc()).limit(1)).first()
        return None if row is None else CalendarDay(*row)

    def count_day(self, day: CalendarDay) -> DayCount:
        """Count the leads of a day; the trigger's records are read first, so that later changes cause another count."""
        recorded = select(count_changes.c.id).where(count_changes.c.since == day.since).limit(CHANGES_BATCH_SIZE)
        changes = self._execute(recorded).scalars().all()
        rows = self._execute(select(*COLUMNS).where(leads.c.id >= day.since, leads.c.id < (day.until or AFTER_ALL_IDS)))
        times = TimesOfDay()
        counts = count(times.watching(rows, is_counted))
        if has_erased(counts):
            counts = remembering(counts, self._locations(day), self._shared())
        return DayCount(day, counts, times.packed(), changes)

    def _shared(self) -> set[str]:
        """Return locations that several leads of any day have named."""
        of = daily_counts.c
        query = select(of.value).where(of.kind == "location", of.form == ALL, of.value.not_in(("", ERASED)))
        return set(self._execute(query.group_by(of.value).having(func.sum(of.leads) >= SHARED_BY)).scalars())

    def _locations(self, day: CalendarDay) -> DayCounts:
        of = daily_counts.c
        query = select(of.kind, of.form, of.value, of.leads, of.delivered).where(of.day == day.day)
        return {CountKey(*row[:3]): LeadCount(*row[3:]) for row in self._execute(query.where(of.kind == "location"))}

    def save_counts(self, counted: DayCount, now: datetime) -> bool:
        """Replace the counts of a day, unless another worker did meanwhile."""
        day = counted.day
        unchanged = count_days.c.counted_at.is_not_distinct_from(day.counted_at)
        same_day = (count_days.c.since == day.since) & (count_days.c.until == day.until) & unchanged
        if not self._execute(update(count_days).where(same_day).values(counted_at=now)).rowcount:
            return False
        self._execute(delete(daily_counts).where(daily_counts.c.day == day.day))
        rows = [{**key._asdict(), "day": day.day, **number._asdict()} for key, number in sorted(counted.counts.items())]
        if rows:
            self._execute(insert(daily_counts), rows)
        self._execute(delete(delivery_times).where(delivery_times.c.day == day.day))
        packed = [
            {"form": form, "day": day.day, "counted_at": now, "times": times}
            for form, times in sorted(counted.times.items())
        ]
        self._execute(insert(delivery_times), packed)
        for start in range(0, len(counted.changes), 1000):
            answered = counted.changes[start : start + 1000]
            self._execute(delete(count_changes).where(count_changes.c.id.in_(answered)))
        return True


def _between_days(days: Sequence[Any]) -> list[tuple[str, str]]:
    """Return the stretches of ids outside all of these days, which come in order."""
    starts, ends = ["", *(day.until for day in days)], [*(day.since for day in days), AFTER_ALL_IDS]
    return [(since, until) for since, until in zip(starts, ends, strict=True) if since < until]


def day_of(lead_id: str, zone: tzinfo) -> CalendarDay:
    """Return the day on which a lead arrived, with an open end."""
    arrived = arrival_of(lead_id).astimezone(zone)
    midnight = datetime.combine(arrived.date(), time(), zone)
    return CalendarDay(first_lead_id(midnight), "", arrived.date().isoformat())


def _end(day: CalendarDay, zone: tzinfo) -> str:
    following = date.fromisoformat(day.day) + timedelta(days=1)
    return str(first_lead_id(datetime.combine(following, time(), zone)))


def _renamed(day: CalendarDay, zone: tzinfo) -> CalendarDay:
    """Return the same date as a day of that zone."""
    midnight = datetime.combine(date.fromisoformat(day.day), time(), zone)
    return CalendarDay(first_lead_id(midnight), day.until, day.day, day.counted_at)


_IS_COUNTED = exists().where(
    delivery_times.c.form == BY_ACCOUNT,
    delivery_times.c.day == count_days.c.day,
    delivery_times.c.counted_at == count_days.c.counted_at,
)
"""Whether a day was counted, by a version that counts by account."""
