"""The chain: each act is hashed with the hash of the act before it, so that none can be changed or left out unseen.

Personal words are hashed apart, with a salt of their own that goes when they go: what stays can still be verified, and
nobody can find out by trying what the words were. Whoever can write to the database can make a new chain from the first
act on; that shows where a hash was noted elsewhere, as in a CSV of the record.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, text

from service.store.database.act_tables import acts
from service.store.database.columns import insert_rows, to_micros
from service.store.database.repository import NOTES, Database, Repository

_CHAIN_LOCK = 7142001
"""The advisory lock under which acts are appended, from then to the commit."""

_BATCH_SIZE = 1000

ChainEntry = dict[str, Any]
"""A row of `acts` without its number and its hash."""


@dataclass(frozen=True, slots=True)
class ChainReport:
    """How the chain is. number: of the newest act whose place was verified; hash: its hash, "" without acts.

    problem: what is wrong with the act after it, "" where all is well. erased: acts without their personal words.
    """

    number: int = 0
    hash: str = ""
    problem: str = ""
    erased: int = 0


def append(connection: Connection, database: Database) -> int:
    """Write the acts that this transaction has recorded, at its very end; returns the number of the newest, or 0.

    Until the commit no other process can append. As everything else is done by then, nobody who waits for this has
    locked a row that we still need.
    """
    pending = pending_of(connection)
    if not pending:
        return 0
    if database.locks_rows:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_CHAIN_LOCK})"))
    last = connection.execute(select(acts.c.id, acts.c.hash).order_by(acts.c.id.desc()).limit(1)).first()
    number, link = (0, "") if last is None else (int(last.id), str(last.hash))
    rows = []
    for entry in pending:
        number += 1
        link = hash_of(number, to_micros(entry["at"]), entry, link)
        rows.append({"id": number, **entry, "hash": link})
    insert_rows(connection, acts, rows)
    return number


def pending_of(connection: Connection) -> list[ChainEntry]:
    """Return the acts that the present transaction has recorded, to be read and added to."""
    pending: list[ChainEntry] = connection.info[NOTES]
    return pending


def hash_of(number: int, at_micros: int, entry: Mapping[str, Any], previous: str) -> str:
    """Return the hash of an act behind the one whose hash is `previous`."""
    stays = [entry[name] for name in ("who", "act", "kind", "subject", "account", "before", "after", "origin")]
    return _sha256(previous, _canonical([number, at_micros, *stays, entry["words_hash"]]))


def sealed(words: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of personal words: with their salt, and what remains of them when both are gone."""
    if not words:
        return {"words": None, "salt": None, "words_hash": ""}
    salt = secrets.token_hex(16)
    return {"words": dict(words), "salt": salt, "words_hash": _sha256(salt, _canonical(words))}


def _sha256(first: str, second: str) -> str:
    return hashlib.sha256(f"{first}\n{second}".encode()).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


class ActChain(Repository):
    """The chain, verified."""

    def verify_chain(self, newest: int | None = None) -> ChainReport:
        """Verify every act from the first on, or only the newest ones, behind one that is taken as it is."""
        report = self._start(newest)
        for row in self._links(report.number):
            problem = _problem_of(row, report)
            if problem:
                return ChainReport(report.number, report.hash, problem, report.erased)
            is_erased = row.words is None and row.words_hash != ""
            report = ChainReport(row.id, row.hash, "", report.erased + is_erased)
        return report

    def hash_at(self, number: int) -> str:
        """Return the hash of one act, "" where there is none: to be compared with one that was noted."""
        return self._execute(select(acts.c.hash).where(acts.c.id == number)).scalar() or ""

    def newest_at(self) -> datetime | None:
        """Return when the newest act was recorded."""
        at: datetime | None = self._execute(select(func.max(acts.c.at))).scalar()
        return at

    def _start(self, newest: int | None) -> ChainReport:
        last = self._execute(select(func.max(acts.c.id))).scalar() or 0
        start = 0 if newest is None else max(0, last - newest)
        return ChainReport(start, self.hash_at(start))

    def _links(self, after: int) -> Iterator[Any]:
        while rows := self._execute(select(acts).where(acts.c.id > after).order_by(acts.c.id).limit(_BATCH_SIZE)).all():
            yield from rows
            after = rows[-1].id


def _problem_of(row: Any, before: ChainReport) -> str:
    if row.id != before.number + 1:
        return f"act {before.number + 1} is missing"
    if row.hash != hash_of(row.id, to_micros(row.at), row._mapping, before.hash):  # noqa: SLF001 (documented)
        return f"act {row.id} is not as it was recorded, or not in its place"
    if row.words is not None and _sha256(row.salt or "", _canonical(row.words)) != row.words_hash:
        return f"the personal words of act {row.id} are not as they were recorded"
    return ""
