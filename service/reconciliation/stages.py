"""The stage history of a whole account: read page by page from where it was read before, and noted with the leads."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

import structlog

from service.nexudus.errors import NexudusError, Refused, Unavailable
from service.nexudus.pipeline import MOST_PAGES, OVERLAP, DatesIgnored, PagesRepeat
from service.nexudus.stage_history import Move, moves
from service.reconciliation.account_reader import AccountReader
from service.reconciliation.stage_notes import StageScope, note_moves, withdraw_unconfirmed
from service.store import Transaction

log = structlog.get_logger()

MOST_HELD = 20_000
"""Moves in memory at a time."""

HIDDEN = "hidden"
"""Stands for the time until which the history was read, where the login may not see it."""

Access = Literal["shown", "hidden", "failed"]
"""shown: all that is new was read; hidden: the login may not see it, or there is none; failed: it is read later."""


@dataclass(slots=True)
class StageReading:
    """One reading of an account's stage history.

    certain_from: all moves from then on were read; None: all moves were.
    origins: opportunity -> the stage it began in, where the history says no time of that.
    missed: an opportunity was met that is older than what was read, and of which no stage is noted.
    error: why it failed.
    """

    access: Access
    certain_from: datetime | None = None
    origins: dict[int, str] = field(default_factory=dict)
    missed: bool = False
    error: Exception | None = None


def read_stages(
    book: AccountReader, now: datetime, *, is_whole: bool = False, is_thorough: bool = False
) -> StageReading:
    """Note the stages that opportunities came into since the last reading.

    The first reading of an account, and the first one after the login could not see the history, is a whole one: it
    begins with the oldest lead, and corrects what was noted otherwise.
    is_whole: make it a whole one. is_thorough: as stage_history.moves.
    Raises: StoreUnavailable; what `book.wait` raises.
    """
    with book.store.read() as tx:
        last, oldest = _read_until(tx, book.account), tx.crm.first_received(book.account)
    if oldest is None:
        return StageReading("shown")
    since = None if is_whole else last or oldest
    scope = StageScope(book.account, now, is_whole or last is None)
    run = _HistoryRun(book, scope)
    try:
        run.read(since, is_thorough=is_thorough)
    except (NexudusError, DatesIgnored, PagesRepeat) as error:
        return _not_read(book, error)
    if scope.is_whole:
        withdraw_unconfirmed(book.store, scope)
    # A clock that is ahead must not make us skip what happens until then.
    until = min(max(filter(None, [last or oldest, run.newest])), now)
    book.store.write(lambda tx: _mark(tx, book.account, until.isoformat()))
    return StageReading("shown", since and since - OVERLAP / 2, run.origins)


def read_anew(book: AccountReader) -> None:
    """Let the next reading be a whole one.

    Raises: StoreUnavailable.
    """
    book.store.write(lambda tx: _mark(tx, book.account, ""))


class _HistoryRun:
    """One reading: moves of our opportunities are held until they are many, and then noted."""

    def __init__(self, book: AccountReader, scope: StageScope) -> None:
        self._book, self._scope = book, scope
        self._held: dict[int, dict[int, Move]] = {}
        self._number = 0
        self.newest: datetime | None = None
        self.origins: dict[int, str] = {}

    def read(self, since: datetime | None, *, is_thorough: bool) -> None:
        """Raises: as stage_history.moves; StoreUnavailable."""
        pages = 0
        for page in moves(self._book.nexudus, since, self._book.wait, is_thorough=is_thorough):
            pages += 1
            self._hold(page)
            self.newest = max(filter(None, [self.newest, *(move.made_at for move in page)]), default=None)
            if self._number >= MOST_HELD:
                self._note()
        self._note()
        if pages == MOST_PAGES:
            log.warning("stage_history_cut", account=self._book.account, pages=pages)

    def _hold(self, page: list[Move]) -> None:
        with self._book.store.read() as tx:
            ours = tx.crm.lead_records_by_opportunity(
                self._book.account, {move.opportunity_id for move in page}, self._scope.now
            )
        for move in page:
            if move.opportunity_id in ours:
                self._held.setdefault(move.opportunity_id, {})[move.id] = move
                self._number += 1

    def _note(self) -> None:
        self.origins |= note_moves(self._book.store, self._scope, self._held)
        self._held, self._number = {}, 0


def _not_read(book: AccountReader, error: Exception) -> StageReading:
    if not _is_hidden(error):
        return StageReading("failed", error=error)
    if book.store.write(lambda tx: _mark(tx, book.account, HIDDEN)):
        log.warning("stage_history_hidden", account=book.account, role="CrmOpportunityHistory-List")
    return StageReading("hidden")


def _is_hidden(error: Exception) -> bool:
    if isinstance(error, Refused):
        return error.kind == "role"
    return isinstance(error, Unavailable) and error.status == HTTPStatus.NOT_FOUND


def _name(account: str) -> str:
    return f"stages:{account}"


def _read_until(tx: Transaction, account: str) -> datetime | None:
    """Until when the history of an account was read; None where the next reading is a whole one."""
    value = tx.flags.get(_name(account))
    return datetime.fromisoformat(value).astimezone(UTC) if value and value != HIDDEN else None


def _mark(tx: Transaction, account: str, value: str) -> bool:
    """Note how far the history was read; return whether that is new."""
    old = tx.flags.get(_name(account))
    return old != value and tx.flags.swap(_name(account), old, value)
