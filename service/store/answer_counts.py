"""How fast people answered the leads of a period, exact at any moment, and fast however many leads there are.

As with outcomes, whole blocks of leads are added up in the background (outcome_blocks.py): leads of one account, form
and owner. A pack keeps every response time, sorted, so that medians are exact.
"""

import json
import zlib
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Connection, Select, func, select, type_coerce

from service.lead import Status
from service.store.block_cover import BlockCover, CountedBlock, Stretch
from service.store.database.answer_tables import answer_clocks, owner_turns
from service.store.database.columns import to_micros
from service.store.database.outcome_tables import outcome_packs
from service.store.database.tables import leads
from service.store.waiting_times import INSTANT, MAX_MS, TIME, Times, as_bytes, from_bytes, joined, middle

NO_LEADS = (Status.QUARANTINED, Status.DISCARDED, Status.TEST, Status.ANNOUNCED)
"""Statuses of leads that need no answer. Erased leads count as they did before."""

ANSWERS = "answers"
"""The kind of outcome pack that holds answer clocks."""

NUMBERS = ("leads", "answered", "due", "in_time")


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """Answer clocks of some leads, added up.

    key: the form, or the owner's address, "" without one. due: clocks with a target time that has passed or been met;
    in_time: those answered by their target. median_s, median_working_s: medians of the time to the answer, in seconds
    and in seconds of working time, to the millisecond; None without answers.
    """

    key: str
    leads: int
    answered: int
    due: int
    in_time: int
    unanswered: int
    median_s: float | None
    median_working_s: float | None

    @property
    def share_in_time(self) -> float | None:
        """The share of due answers given in time, 0 to 1; None if none was due."""
        return self.in_time / self.due if self.due else None


class AnswerKey(NamedTuple):
    """Key by which clocks are grouped. owner: whose turn the lead was, "" for nobody's."""

    account: str
    form: str
    owner: str


@dataclass(slots=True)
class AnswerTally:
    """Clocks while they are added up.

    due: answered clocks that had a target time. open: target times of clocks without an answer, in microseconds since
    1970. elapsed, working: milliseconds to each answer. All three are lists of sorted lists.
    """

    leads: int = 0
    answered: int = 0
    due: int = 0
    in_time: int = 0
    open: list[Sequence[int]] = field(default_factory=list)
    elapsed: list[Times] = field(default_factory=list)
    working: list[Times] = field(default_factory=list)

    def join(self, other: "AnswerTally") -> None:
        """Add other clocks."""
        self.leads += other.leads
        self.answered += other.answered
        self.due += other.due
        self.in_time += other.in_time
        self.open += other.open
        self.elapsed += other.elapsed
        self.working += other.working

    def joined(self) -> "AnswerTally":
        """Return the tally with short lists joined, for use by several figures."""
        return replace(self, open=joined(self.open), elapsed=joined(self.elapsed), working=joined(self.working))

    @property
    def size(self) -> int:
        """Approximate upper limit of its bytes in memory: an int in a list takes 36."""
        numbers = chain(self.open, self.elapsed, self.working)
        return 1000 + sum(len(each) * (each.itemsize if isinstance(each, array) else 36) for each in numbers)

    def counts(self, key: str, now: datetime) -> AnswerCounts:
        """Return the figures as of `now`."""
        overdue = sum(bisect_left(instants, to_micros(now)) for instants in self.open)
        return AnswerCounts(
            key,
            self.leads,
            self.answered,
            self.due + overdue,
            self.in_time,
            self.leads - self.answered,
            middle(self.elapsed),
            middle(self.working),
        )


AnswerTallies = Mapping[AnswerKey, AnswerTally]


class AnswerReports(BlockCover):
    """Figures of answers. Use it first in a transaction, right after `fix_moment`."""

    def answer_tallies(self, since: datetime, until: datetime, form: str = "", account: str = "") -> AnswerTallies:
        """Add up the clocks of leads received in a period. form, account: "" for all.

        Spam, tests and discarded leads are left out.
        """
        levels, rest = self._cover(since, until)
        folds = [
            *(self._of_blocks(blocks, form, account) for blocks in levels.values()),
            *(fold_answers(self._connection, stretch, form, account) for stretch in rest),
        ]
        return _joined(chain.from_iterable(each.items() for each in folds))

    def _of_blocks(self, blocks: Sequence[CountedBlock], form: str, account: str) -> AnswerTallies:
        """Return the clocks of some blocks of one level; the process caches them."""
        key = self._key_of(blocks, ANSWERS, form, account)
        known: AnswerTallies | None = self._database.sums.find(key)
        if known is not None:
            return known
        begins = [block.since for block in blocks]
        tallies = _joined(kept_answers(self._connection, blocks[0].level, begins, form, account))
        self._database.sums.keep(key, tallies, sum(tally.size for tally in tallies.values()))
        return tallies


def _joined(parts: Iterable[tuple[AnswerKey, AnswerTally]]) -> AnswerTallies:
    tallies: defaultdict[AnswerKey, AnswerTally] = defaultdict(AnswerTally)
    for key, tally in parts:
        tallies[key].join(tally)
    return {key: tally.joined() for key, tally in tallies.items()}


def answer_counts(tallies: AnswerTallies, by: str, now: datetime) -> list[AnswerCounts]:
    """Return figures by form or by owner, most leads first."""
    groups: defaultdict[str, AnswerTally] = defaultdict(AnswerTally)
    for key, tally in tallies.items():
        groups[getattr(key, by)].join(tally)
    rows = [tally.counts(name, now) for name, tally in groups.items()]
    return sorted(rows, key=lambda each: (-each.leads, each.key))


def total_of(tallies: AnswerTallies, now: datetime) -> AnswerCounts:
    """Return the figures of all together."""
    total = AnswerTally()
    for tally in tallies.values():
        total.join(tally)
    return total.counts("", now)


# -- clocks added up


def fold_answers(
    connection: Connection, stretch: Stretch, form: str = "", account: str = ""
) -> Mapping[AnswerKey, AnswerTally]:
    """Add up the clocks of a stretch of leads. form, account: "" for all."""
    tallies: defaultdict[AnswerKey, AnswerTally] = defaultdict(_begun)
    for *key, started_at, due_at, answered_at, working_s in connection.execute(_clocks(stretch, form, account)).all():
        tally = tallies[AnswerKey(*key)]
        tally.leads += 1
        if answered_at is None:
            if due_at is not None:
                tally.open[0].append(due_at)  # type: ignore[attr-defined]  # a list until it is sorted
            continue
        elapsed = _in_ms(answered_at - started_at)
        tally.answered += 1
        tally.due += due_at is not None
        tally.in_time += due_at is not None and answered_at <= due_at
        tally.elapsed[0].append(elapsed)  # type: ignore[attr-defined]
        tally.working[0].append(elapsed if working_s is None else _in_ms(working_s * 1_000_000))  # type: ignore[attr-defined]
    for tally in tallies.values():
        for values in (tally.open[0], tally.elapsed[0], tally.working[0]):
            values.sort()  # type: ignore[attr-defined]
    return tallies


def _begun() -> AnswerTally:
    return AnswerTally(open=[[]], elapsed=[[]], working=[[]])


def _in_ms(micros: int) -> int:
    return min(MAX_MS, max(0, micros // 1000))


def _clocks(stretch: Stretch, form: str, account: str) -> Select[Any]:
    of = answer_clocks.c
    instants = (type_coerce(column, BigInteger) for column in (of.started_at, of.due_at, of.answered_at))
    query = select(of.account, of.form, func.coalesce(owner_turns.c.email, ""), *instants, of.working_s)
    query = query.select_from(answer_clocks.outerjoin(owner_turns, owner_turns.c.lead_id == of.lead_id))
    inside = (of.lead_id >= stretch.since, of.lead_id < stretch.until)
    no_leads = [status.value for status in NO_LEADS]
    same = (leads.c.id >= stretch.since, leads.c.id < stretch.until)
    query = query.where(*inside, of.lead_id.not_in(select(leads.c.id).where(leads.c.status.in_(no_leads), *same)))
    for column, value in ((of.form, form), (of.account, account)):
        query = query.where(column == value) if value else query
    return query


# -- clocks that were kept


def kept_answers(
    connection: Connection, level: int, blocks: Sequence[str], form: str = "", account: str = ""
) -> Iterator[tuple[AnswerKey, AnswerTally]]:
    """Yield the clocks of some blocks."""
    of = outcome_packs.c
    query = select(of.account, of.form, of.contents).where(of.level == level, of.block.in_(blocks), of.kind == ANSWERS)
    for column, value in ((of.form, form), (of.account, account)):
        query = query.where(column == value) if value else query
    for row in connection.execute(query):
        for owner, tally in _unpacked(row.contents):
            yield AnswerKey(row.account, row.form, owner), tally


def answer_rows(cells: Iterable[tuple[AnswerKey, AnswerTally]]) -> Iterator[dict[str, Any]]:
    """Add up clocks with the same key; yield them as rows of outcome_packs, without their block."""
    forms: defaultdict[tuple[str, str], defaultdict[str, AnswerTally]] = defaultdict(lambda: defaultdict(AnswerTally))
    for key, tally in cells:
        forms[key.account, key.form][key.owner].join(tally)
    for (account, form), owners in forms.items():
        yield {"kind": ANSWERS, "form": form, "account": account, "contents": _packed(owners)}


def _packed(owners: Mapping[str, AnswerTally]) -> bytes:
    """Return the clocks of each owner in their stored form: a line of JSON, then all instants, then all durations."""
    head, instants, times = [], [], []
    for owner, tally in sorted(owners.items()):
        opened, elapsed, working = (
            sorted(chain.from_iterable(parts)) for parts in (tally.open, tally.elapsed, tally.working)
        )
        head.append([owner, *(getattr(tally, name) for name in NUMBERS), len(opened)])
        instants += opened
        times += [*elapsed, *working]
    line = json.dumps(head, separators=(",", ":")).encode("ascii")
    return zlib.compress(b"\n".join((line, as_bytes(INSTANT, instants) + as_bytes(TIME, times))), 1)


def _unpacked(packed: bytes) -> Iterator[tuple[str, AnswerTally]]:
    line, _, numbers = zlib.decompress(packed).partition(b"\n")
    head = json.loads(line)
    end = sum(counts[-1] for _, *counts in head) * array(INSTANT).itemsize
    instants, times = from_bytes(INSTANT, numbers[:end]), from_bytes(TIME, numbers[end:])
    instant = time = 0
    for owner, number, answered, due, in_time, opened in head:
        first, second, end = time, time + answered, time + 2 * answered
        own, elapsed, working = instants[instant : instant + opened], times[first:second], times[second:end]
        yield owner, AnswerTally(number, answered, due, in_time, [own], [elapsed], [working])
        instant, time = instant + opened, end
