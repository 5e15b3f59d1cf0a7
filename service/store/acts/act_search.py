"""Search of the record of acts: newest first, by actor, subject, time and origin, fast among a million.

Each filter has an index in the order of time. A search for words reads stretch by stretch, and may stop early.
"""

import heapq
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from service.store.acts.acts import RecordedAct, Subject, SubjectKind, accounts_in
from service.store.database.act_tables import acts
from service.store.database.repository import Repository
from service.store.database.walls import beyond_walls

PATIENCE = 20_000
"""Maximum number of acts that one page reads in search of words."""

BATCH_SIZE = 500

MAX_WORDS = 8
"""Words of one search that count."""


@dataclass(frozen=True, slots=True)
class ActQuery:
    """Filters for acts, each "" for all. until: exclusive. text: words that must all occur.

    accounts: those that the reader may see, None for all. before: only acts older than this one.
    """

    since: datetime | None = None
    until: datetime | None = None
    who: str = ""
    lead: str = ""
    kind: str = ""
    subject: str = ""
    act: str = ""
    account: str = ""
    text: str = ""
    accounts: frozenset[str] | None = None
    before: int = 0


@dataclass(frozen=True, slots=True)
class ActPage:
    """A page of acts, newest first. next: cursor of the next page, 0 at the end; is_cut: the search stopped early."""

    acts: Sequence[RecordedAct]
    next: int = 0
    is_cut: bool = False


class ActSearch(Repository):
    """Searching the record of acts."""

    def page(self, query: ActQuery, size: int, patience: int = PATIENCE) -> ActPage:
        """Return at most `size` acts, newest first.

        patience: acts to read in search of words before returning the matches so far.
        """
        shown: list[RecordedAct] = []
        words = query.text.casefold().split()[:MAX_WORDS]
        for number, row in enumerate(self._rows(query), 1):
            if _matches(row, words):
                if len(shown) == size:
                    return ActPage(shown, shown[-1].id)
                shown.append(_act_of(row))
            if number >= patience and len(shown) < size:
                return ActPage(shown, row.id, is_cut=True)
        return ActPage(shown)

    def get(self, number: int, accounts: frozenset[str] | None = None) -> RecordedAct | None:
        """Return one act; None if there is none, or none that a reader of these accounts may see."""
        row = self._execute(select(acts).where(acts.c.id == number)).first()
        act = None if row is None else _act_of(row)
        is_seen = act is not None and (accounts is None or (act.accounts is not None and act.accounts <= accounts))
        return act if is_seen else None

    def _rows(self, query: ActQuery) -> Iterator[Any]:
        """Yield the rows that match all but the words, newest first."""
        conditions = _conditions(query)
        if query.accounts is None and not query.account:
            return self._stream(conditions, query.before)
        seen = self._seen(query)
        if query.who or query.lead or query.subject:  # of acts on one subject: it has an index of its own
            return self._stream([*conditions, acts.c.account.in_(seen)], query.before)
        streams = [self._stream([*conditions, acts.c.account == each], query.before) for each in seen]
        return heapq.merge(*streams, key=lambda row: (row.at, row.id), reverse=True)

    def _stream(self, conditions: Sequence[ColumnElement[bool]], before: int) -> Iterator[Any]:
        place = self._place_of(before)
        while True:
            query = select(acts).where(*conditions)
            if place is not None:
                at, number = place
                query = query.where(or_(acts.c.at < at, and_(acts.c.at == at, acts.c.id < number)))
                query = query.where(acts.c.at <= at)  # the filters that an index answers
            rows = self._execute(query.order_by(acts.c.at.desc(), acts.c.id.desc()).limit(BATCH_SIZE)).all()
            yield from rows
            if len(rows) < BATCH_SIZE:
                return
            place = rows[-1].at, rows[-1].id

    def _place_of(self, number: int) -> tuple[datetime, int] | None:
        if not number:
            return None
        at: datetime | None = self._execute(select(acts.c.at).where(acts.c.id == number)).scalar()
        return None if at is None else (at, number)

    # -- accounts

    def _seen(self, query: ActQuery) -> list[str]:
        """Return the values of `account` that the reader may see; acts on several accounts only if all are seen."""
        by_value = {value: accounts_in(value) for value in self._accounts()}
        return [
            value
            for value, names in by_value.items()
            if names is not None
            and (query.accounts is None or names <= query.accounts)
            and (not query.account or query.account in names)
        ]

    def _accounts(self) -> list[str]:
        """Return the distinct values of `account`, by one look into the index for each."""
        values: list[str] = []
        query = select(acts.c.account).order_by(acts.c.account).limit(1)
        value: str | None = self._execute(beyond_walls(query)).scalar()
        while value is not None:
            values.append(value)
            value = self._execute(beyond_walls(query.where(acts.c.account > value))).scalar()
        return values


def _conditions(query: ActQuery) -> list[ColumnElement[bool]]:
    of = acts.c
    conditions = [
        column == value
        for column, value in (
            (of.who, query.who),
            (of.kind, SubjectKind.LEAD.value if query.lead else query.kind),
            (of.subject, query.lead or query.subject),
            (of.act, query.act),
        )
        if value
    ]
    if query.since:
        conditions.append(of.at >= query.since)
    if query.until:
        conditions.append(of.at < query.until)
    return conditions


def _matches(row: Any, words: Sequence[str]) -> bool:
    if not words:
        return True
    values = (row.who, row.act, row.kind, row.subject, row.origin, row.before, row.after, row.words or {})
    text = json.dumps(values, ensure_ascii=False).casefold()
    return all(word in text for word in words)


def _act_of(row: Any) -> RecordedAct:
    words = row.words or {}
    return RecordedAct(
        id=int(row.id),
        at=row.at,
        who=row.who,
        act=row.act,
        subject=Subject(SubjectKind(row.kind), row.subject),
        accounts=accounts_in(row.account),
        before={**row.before, **words.get("before", {})},
        after={**row.after, **words.get("after", {})},
        origin=row.origin,
        hash=row.hash,
        is_erased=row.words is None and row.words_hash != "",
    )
