"""The stages that opportunities entered: read from Nexudus's stage history, recorded with their leads.

A reading starts where the last one ended. A full reading starts with the oldest lead and corrects what was recorded.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import islice
from typing import Literal

import structlog

from service.lead import LeadId
from service.nexudus.errors import Intercepted, NexudusError, Refused, Unavailable
from service.nexudus.pipeline import MAX_PAGES, OVERLAP, DatesIgnored, Move, PagesRepeat, moves
from service.reconciliation.account_reader import AccountReader, reading_problem
from service.reconciliation.first_answers import moved_by_a_person, own_user
from service.store import FirstAnswer, SaleChange, Store, Transaction

log = structlog.get_logger()

MAX_PENDING_MOVES = 20_000
"""Maximum moves in memory before they are recorded."""

BATCH_SIZE = 200
"""Leads whose stages are recorded in one transaction: small, so that other writers need not wait."""

SAME_PLACEMENT = timedelta(minutes=1)
"""Maximum difference between the first stage's time in the history and the opportunity's creation."""

HIDDEN = "hidden"
"""Flag value in place of a time if the login may not see the history."""

Access = Literal["shown", "hidden", "failed"]
"""shown: everything new was read; hidden: the login may not see the history, or there is none; failed: try later."""

Moves = Mapping[int, Mapping[int, Move]]
"""Opportunity id -> row id -> move: a row that a shifting list shows twice counts once."""


@dataclass(slots=True)
class StageReading:
    """One reading of an account's stage history.

    complete_since: all moves since then were read; None: all moves ever.
    origins: opportunity id -> the stage in which it began, if the history has no time for that.
    own_moves: opportunity id -> when the CRM itself, or this service, moved it, as far as it was read.
    is_incomplete: an opportunity older than the reading was met, without any recorded stage.
    error: why the reading failed.
    """

    access: Access
    complete_since: datetime | None = None
    origins: dict[int, str] = field(default_factory=dict)
    own_moves: dict[int, list[datetime]] = field(default_factory=dict)
    is_incomplete: bool = False
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class StageScope:
    """The account whose stages are recorded, and whether its history is read from the beginning."""

    account: str
    now: datetime
    is_full: bool = False


def read_stages(
    reader: AccountReader, now: datetime, *, is_full: bool = False, is_thorough: bool = False
) -> StageReading:
    """Record the stages that opportunities entered since the last reading.

    The first reading of an account, and the first after the history was hidden, is always a full one.
    is_thorough: as for pipeline.moves.
    Raises: StoreUnavailable; what `reader.wait` raises.
    """
    with reader.store.read() as tx:
        last, oldest = _read_until(tx, reader.account), tx.crm.first_received(reader.account)
    if oldest is None:
        return StageReading("shown")
    since = None if is_full else last or oldest
    scope = StageScope(reader.account, now, is_full or last is None)
    run = _HistoryRun(reader, scope)
    try:
        run.read(since, is_thorough=is_thorough)
    except (NexudusError, DatesIgnored, PagesRepeat) as error:
        return _failed_reading(reader, error)
    if scope.is_full:
        delete_unconfirmed(reader.store, scope)
    # A clock that is ahead must not make us skip the time until then.
    until = min(max(filter(None, [last or oldest, run.newest])), now)
    reader.store.write(lambda tx: _set_read_until(tx, reader.account, until.isoformat()))
    return StageReading("shown", since and since - OVERLAP / 2, run.origins, run.own_moves)


def require_full_reading(reader: AccountReader) -> None:
    """Make the next reading a full one.

    Raises: StoreUnavailable.
    """
    reader.store.write(lambda tx: _set_read_until(tx, reader.account, ""))


def stages_problem(reader: AccountReader, stages: StageReading) -> str:
    """Return why stages could not be read, "" if they were; if some are missing, require a full reading.

    Raises: StoreUnavailable.
    """
    if stages.is_incomplete:
        require_full_reading(reader)
    if isinstance(stages.error, DatesIgnored | PagesRepeat | Intercepted):
        return reading_problem(stages.error)
    if stages.error:
        return "Nexudus's stage history could not be read to the end; the next reading starts where this one did."
    return ""


class _HistoryRun:
    """One reading, which collects moves of our own opportunities and records them in batches."""

    def __init__(self, reader: AccountReader, scope: StageScope) -> None:
        self._reader, self._scope = reader, scope
        self._pending: dict[int, dict[int, Move]] = {}
        self._count = 0
        self.newest: datetime | None = None
        self.origins: dict[int, str] = {}
        self.own_moves: dict[int, list[datetime]] = {}

    def read(self, since: datetime | None, *, is_thorough: bool) -> None:
        """Read all moves since then. Raises: as pipeline.moves; StoreUnavailable."""
        pages = 0
        for page in moves(self._reader.nexudus, since, self._reader.wait, is_thorough=is_thorough):
            pages += 1
            self._collect(page)
            self.newest = max(filter(None, [self.newest, *(move.made_at for move in page)]), default=None)
            if self._count >= MAX_PENDING_MOVES:
                self._record()
        self._record()
        if pages == MAX_PAGES:
            log.warning("stage_history_cut", account=self._reader.account, pages=pages)

    def _collect(self, page: list[Move]) -> None:
        ids = {move.opportunity_id for move in page}
        with self._reader.store.read() as tx:
            own = tx.crm.lead_records_by_opportunity(self._reader.account, ids, self._scope.now)
            user_id = own_user(tx, self._reader.account)
        for move in page:
            if move.opportunity_id in own:
                self._pending.setdefault(move.opportunity_id, {})[move.id] = move
                self._count += 1
                if move.is_automatic or (user_id is not None and move.user_id == user_id and not move.is_first):
                    self.own_moves.setdefault(move.opportunity_id, []).append(move.at)

    def _record(self) -> None:
        self.origins |= record_moves(self._reader.store, self._scope, self._pending)
        self._pending, self._count = {}, 0


def _failed_reading(reader: AccountReader, error: Exception) -> StageReading:
    is_hidden = (isinstance(error, Refused) and error.kind == "role") or (
        isinstance(error, Unavailable) and error.status == HTTPStatus.NOT_FOUND
    )
    if not is_hidden:
        return StageReading("failed", error=error)
    if reader.store.write(lambda tx: _set_read_until(tx, reader.account, HIDDEN)):
        log.warning("stage_history_hidden", account=reader.account, role="CrmOpportunityHistory-List")
    return StageReading("hidden")


def _flag(account: str) -> str:
    return f"stages:{account}"


def _read_until(tx: Transaction, account: str) -> datetime | None:
    """Return the instant up to which an account's history was read; None if the next reading is a full one."""
    value = tx.flags.get(_flag(account))
    return datetime.fromisoformat(value).astimezone(UTC) if value and value != HIDDEN else None


def _set_read_until(tx: Transaction, account: str, value: str) -> bool:
    """Store that instant; return whether it is new."""
    old = tx.flags.get(_flag(account))
    return old != value and tx.flags.swap(_flag(account), old, value)


# -- recording


def record_moves(store: Store, scope: StageScope, moves: Moves) -> dict[int, str]:
    """Record all moves; return the first stage of each opportunity whose creation has neither a row nor a time.

    Recording the same moves again changes nothing, even if two processes do so at once.
    Raises: StoreUnavailable.
    """
    origins: dict[int, str] = {}
    ids = iter(moves)
    while batch := {number: moves[number] for number in islice(ids, BATCH_SIZE)}:
        origins |= store.write(lambda tx, batch=batch: _record_batch(tx, scope, batch))  # type: ignore[misc]
    return origins


def _record_batch(tx: Transaction, scope: StageScope, batch: Moves) -> dict[int, str]:
    tx.crm.lock_account(scope.account)
    records = tx.crm.lead_records_by_opportunity(scope.account, batch, scope.now)
    history = tx.crm.changes_of([record.lead_id for record in records.values()])
    added: list[SaleChange] = []
    confirmed: list[int] = []
    origins: dict[int, str] = {}
    answers: list[FirstAnswer] = []
    for opportunity_id, record in records.items():
        answers += moved_by_a_person(tx, scope.account, record, batch[opportunity_id].values())
        recorded = [change for change in history[record.lead_id] if change.kind == "stage"]
        read = sorted(batch[opportunity_id].values(), key=lambda move: (move.at, move.id))
        if _lacks_origin(read, recorded, scope):
            first = read[0]
            if first.origin_at:
                read = [Move(0, first.opportunity_id, first.origin, first.origin_at), *read]
            else:
                origins[opportunity_id] = first.origin
        pairs, new = pair_moves(recorded, read)
        tx.crm.correct_changes(
            replace(change, name=move.stage, at=move.at, seen_at=scope.now)
            for change, move in pairs
            if not _is_right(change, move)
        )
        confirmed += [change.number for change, move in pairs if _is_right(change, move)]
        added += [SaleChange(record.lead_id, "stage", move.stage, move.at, scope.now) for move in new]
    tx.crm.save_sales([], added)
    tx.answers.record_answers(answers, scope.now)
    if scope.is_full:
        tx.crm.confirm_changes(confirmed, scope.now)
    return origins


def _lacks_origin(read: Sequence[Move], recorded: Sequence[SaleChange], scope: StageScope) -> bool:
    """Return whether the stage that the first known move left must be recorded, too.

    The history has a creation only once, even if its time contradicts the moves after it.
    """
    if any(move.is_first for move in read):
        return False
    return scope.is_full or not any(change.at < read[0].at for change in recorded)


def pair_moves(
    recorded: Sequence[SaleChange], read: Sequence[Move]
) -> tuple[list[tuple[SaleChange, Move]], list[Move]]:
    """Pair recorded stages with moves, and return the moves that are not recorded; both in order of time.

    A recorded stage is a move of the same stage and instant; otherwise one of the same instant, whose stage has been
    renamed; otherwise the creation, if it is the first one recorded, of that stage and nearly that time: then it came
    from the opportunity itself.
    """
    unpaired, new = {change.number for change in recorded}, list(read)
    pairs: list[tuple[SaleChange, Move]] = []
    for rule, candidates in ((_is_same, recorded), (_is_renamed, recorded), (_is_creation, recorded[:1])):
        for move in tuple(new):
            match = next((one for one in candidates if one.number in unpaired and rule(one, move)), None)
            if match:
                pairs.append((match, move))
                unpaired.remove(match.number)
                new.remove(move)
    return pairs, new


def _is_same(change: SaleChange, move: Move) -> bool:
    return change.name == move.stage and change.at in (move.at, move.made_at)


def _is_renamed(change: SaleChange, move: Move) -> bool:
    return change.at == move.at


def _is_creation(change: SaleChange, move: Move) -> bool:
    return move.is_first and change.name == move.stage and abs(change.at - move.at) < SAME_PLACEMENT


def _is_right(change: SaleChange, move: Move) -> bool:
    return (change.name, change.at) == (move.stage, move.at)


def delete_unconfirmed(store: Store, scope: StageScope) -> None:
    """After a full reading, delete recorded stages that it did not confirm, of leads whose history it showed.

    They were dated by the opportunity while the history could not be read, or misread from it. What was recorded
    before the first move that the history shows stays: Nexudus may have deleted an old row.
    Raises: StoreUnavailable.
    """
    after = ""
    while True:
        with store.read() as tx:
            batch = tx.crm.leads_seen_at(scope.account, scope.now, after, BATCH_SIZE)
        if not batch:
            return
        store.write(lambda tx, ids=batch: tx.crm.delete_changes(_unconfirmed(tx, ids, scope.now)))  # type: ignore[misc]
        after = batch[-1]


def _unconfirmed(tx: Transaction, lead_ids: Iterable[LeadId], now: datetime) -> list[int]:
    return [number for changes in tx.crm.changes_of(list(lead_ids)).values() for number in _outdated(changes, now)]


def _outdated(changes: Sequence[SaleChange], now: datetime) -> Iterator[int]:
    stages = [change for change in changes if change.kind == "stage"]
    start = min((change.at for change in stages if change.seen_at == now), default=None)
    if start:
        yield from (one.number for one in stages if one.seen_at < now and one.at > start - SAME_PLACEMENT)
