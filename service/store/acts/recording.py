"""Acts recorded in the transaction that does them, each chained to the one before it; verification of the chain.

Each act is hashed with the hash of the act before it, so that a change or omission shows.

Personal words are hashed separately, with a salt that is erased with them: the rest can still be verified, and the
erased words cannot be guessed from their hash. Anyone who can write to the database can rebuild the chain from the
first act on; that shows only where a hash was kept elsewhere, as in a CSV export of the record.
"""

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, text, update

from service.actors import Actor
from service.store.acts.act_search import ActSearch
from service.store.acts.acts import Act, Members, OfAccounts, Subject, SubjectKind, account_column, plain_members
from service.store.database.act_tables import acts
from service.store.database.columns import insert_rows, to_micros
from service.store.database.repository import NOTES, Database
from service.store.database.walls import beyond_walls

_CHAIN_LOCK = 7142001
"""The advisory lock under which acts are appended; held until the commit."""

_BATCH_SIZE = 1000

ERASED_AT_ONCE = 500

ChainEntry = dict[str, Any]
"""A row of `acts` without its number and hash."""


@dataclass(frozen=True, slots=True)
class ChainReport:
    """The result of a verification. number: of the newest act verified in its place; hash: its hash, "" without acts.

    problem: what is wrong with the act after it, "" if nothing. erased: acts without their personal words.
    """

    number: int = 0
    hash: str = ""
    problem: str = ""
    erased: int = 0


def append(connection: Connection, database: Database) -> None:
    """Write the acts recorded in this transaction, at its very end.

    Until the commit no other process can append. Everything else in the transaction is done by then, so a process that
    waits here holds no row lock that this one still needs.
    """
    if database.locks_rows:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_CHAIN_LOCK})"))
    last = connection.execute(select(acts.c.id, acts.c.hash).order_by(acts.c.id.desc()).limit(1)).first()
    number, link = (0, "") if last is None else (int(last.id), str(last.hash))
    rows = []
    for entry in pending_of(connection):
        number += 1
        link = hash_of(number, to_micros(entry["at"]), entry, link)
        rows.append({"id": number, **entry, "hash": link})
    insert_rows(connection, acts, rows)


def pending_of(connection: Connection) -> list[ChainEntry]:
    """Return the acts recorded in the present transaction, a list to read and extend."""
    pending: list[ChainEntry] = connection.info[NOTES]
    return pending


def hash_of(number: int, at_micros: int, entry: Mapping[str, Any], previous: str) -> str:
    """Return the hash of an act that follows one with the hash `previous`."""
    stays = [entry[name] for name in ("who", "act", "kind", "subject", "account", "before", "after", "origin")]
    return _sha256(previous, _canonical([number, at_micros, *stays, entry["words_hash"]]))


def sealed(words: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns for personal words: salt and words, which an erasure removes, and the hash, which stays."""
    if not words:
        return {"words": None, "salt": None, "words_hash": ""}
    salt = secrets.token_hex(16)
    return {"words": dict(words), "salt": salt, "words_hash": _sha256(salt, _canonical(words))}


def _sha256(first: str, second: str) -> str:
    return hashlib.sha256(f"{first}\n{second}".encode()).hexdigest()


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


class Acts(ActSearch):
    """The record of acts."""

    def record(
        self,
        actor: Actor,
        act: Act,
        subject: Subject,
        account: OfAccounts,
        before: Members | None,
        after: Members | None,
        now: datetime,
        *,
        personal: Collection[str] = (),
    ) -> None:
        """Record an act in the transaction that does it; it is appended to the chain at the commit.

        account: of the subject; people who see it see the act. An act on several accounts is seen only by people who
        see all of them.
        before, after: what changed, as JSON has it; None if there was or is nothing.
        personal: names of the members that an erasure of the subject removes, such as answers and addresses.
        Secrets are recognised by their names and hidden, but do not rely on it: leave them out.
        """
        plain = plain_members(before), plain_members(after)
        stays, words = zip(*(_split(members, personal) for members in plain), strict=True)
        named = {side: members for side, members in zip(("before", "after"), words, strict=True) if members}
        pending_of(self._connection).append(
            {
                "at": now,
                "who": actor.who,
                "act": act.value,
                "kind": subject.kind.value,
                "subject": subject.id,
                "account": account_column(account),
                "before": stays[0],
                "after": stays[1],
                "origin": actor.origin,
                **sealed(named),
            }
        )

    def erase_words(self, kind: SubjectKind, ids: Iterable[str]) -> None:
        """Erase the personal words of all acts on these things; the acts themselves stay, and remain verifiable."""
        wanted = list(ids)
        for entry in pending_of(self._connection):
            if entry["kind"] == kind.value and entry["subject"] in wanted:
                entry.update(words=None, salt=None)
        for start in range(0, len(wanted), ERASED_AT_ONCE):
            batch = wanted[start : start + ERASED_AT_ONCE]
            own = update(acts).where(acts.c.subject.in_(batch), acts.c.kind == kind.value, acts.c.salt.is_not(None))
            self._execute(beyond_walls(own.values(words=None, salt=None)))  # a lead may have had another account

    # -- the chain

    def verify_chain(self, newest: int | None = None) -> ChainReport:
        """Verify every act from the first on, or only the `newest`, taking the act before them as correct."""
        report = self._start(newest)
        for row in self._links(report.number):
            problem = _problem_of(row, report)
            if problem:
                return ChainReport(report.number, report.hash, problem, report.erased)
            is_erased = row.words is None and row.words_hash != ""
            report = ChainReport(row.id, row.hash, "", report.erased + is_erased)
        return report

    def hash_at(self, number: int) -> str:
        """Return the hash of one act, to compare with a recorded one; "" if there is no such act."""
        return self._execute(select(acts.c.hash).where(acts.c.id == number)).scalar() or ""

    def newest_at(self) -> datetime | None:
        """Return when the newest act was recorded; None without acts."""
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


def _split(members: dict[str, Any], personal: Collection[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split members into those that stay and those that can be erased."""
    stays = {name: value for name, value in members.items() if name not in personal}
    return stays, {name: value for name, value in members.items() if name in personal}


def _problem_of(row: Any, before: ChainReport) -> str:
    if row.id != before.number + 1:
        return f"act {before.number + 1} is missing"
    if row.hash != hash_of(row.id, to_micros(row.at), row._mapping, before.hash):  # noqa: SLF001 (documented)
        return f"act {row.id} was changed, or is not in its place"
    if row.words is not None and _sha256(row.salt or "", _canonical(row.words)) != row.words_hash:
        return f"the personal words of act {row.id} were changed"
    return ""
