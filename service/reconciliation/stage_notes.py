"""Noting the stages of leads as the CRM's history has them: what is new is added, what is wrong is corrected."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from service.lead import LeadId
from service.nexudus.stage_history import Move
from service.store import SaleChange, Store, Transaction

TOGETHER = 200
"""Leads whose stages are noted in one transaction: others who write need not wait for all of them."""

SAME = timedelta(minutes=1)
"""How far the first stage's time in the history may be from the time at which the record says that it was made."""

Moves = Mapping[int, Mapping[int, Move]]
"""Opportunity -> row -> move: a row that a shifting list shows twice is one."""


@dataclass(frozen=True, slots=True)
class StageScope:
    """Whose stages are noted. is_whole: the history is read from its beginning, not from where it was read before."""

    account: str
    now: datetime
    is_whole: bool = False


def note_moves(store: Store, scope: StageScope, moves: Moves) -> dict[int, str]:
    """Note all moves; return the stage in which each opportunity began whose placement has no row and no time.

    Noting the same moves again changes nothing, also where two processes do so at once.
    Raises: StoreUnavailable.
    """
    origins: dict[int, str] = {}
    numbers = iter(moves)
    while some := {number: moves[number] for number in islice(numbers, TOGETHER)}:
        origins |= store.write(lambda tx, some=some: _note(tx, scope, some))  # type: ignore[misc]
    return origins


def _note(tx: Transaction, scope: StageScope, moves: Moves) -> dict[int, str]:
    tx.crm.lock_account(scope.account)
    leads = {
        number: one.lead_id
        for number, one in tx.crm.lead_records_by_opportunity(scope.account, moves, scope.now).items()
    }
    past = tx.crm.changes_of(list(leads.values()))
    added: list[SaleChange] = []
    confirmed: list[int] = []
    origins: dict[int, str] = {}
    for number, lead_id in leads.items():
        stages = [change for change in past[lead_id] if change.kind == "stage"]
        mine = sorted(moves[number].values(), key=lambda move: (move.at, move.id))
        if _lacks_origin(mine, stages, scope):
            origins |= {} if mine[0].origin_at else {number: mine[0].origin}
            mine = [*_origin(mine[0]), *mine]
        pairs, new = compare(stages, mine)
        tx.crm.correct_changes(_corrected(pairs, scope.now))
        confirmed += [note.number for note, move in pairs if _is_right(note, move)]
        added += [SaleChange(lead_id, "stage", move.stage, move.at, scope.now) for move in new]
    tx.crm.save_sales([], added)
    if scope.is_whole:
        tx.crm.confirm_changes(confirmed, scope.now)
    return origins


def _lacks_origin(moves: Sequence[Move], stages: Sequence[SaleChange], scope: StageScope) -> bool:
    """Whether the stage that the first known move left is to be noted, too.

    A placement is in the history once, even where its time contradicts the moves after it.
    """
    if any(move.is_first for move in moves):
        return False
    return scope.is_whole or not any(change.at < moves[0].at for change in stages)


def _origin(first: Move) -> Iterator[Move]:
    """The placement that comes before a move, where its row says when that was."""
    if first.origin_at:
        yield Move(0, first.opportunity_id, first.origin, first.origin_at)


def compare(noted: Sequence[SaleChange], moves: Sequence[Move]) -> tuple[list[tuple[SaleChange, Move]], list[Move]]:
    """Which noted stages are which moves, and the moves that are not noted; both in the order of time.

    A note is a move of the same stage and instant; else one of the same instant, whose stage has another name by now;
    else the first placement, if the first note has its stage and nearly its time: it came from the record.
    """
    left, new = {change.number for change in noted}, list(moves)
    pairs: list[tuple[SaleChange, Move]] = []
    for rule, candidates in ((_is_same, noted), (_is_renamed, noted), (_is_placement, noted[:1])):
        for move in tuple(new):
            note = next((change for change in candidates if change.number in left and rule(change, move)), None)
            if note:
                pairs.append((note, move))
                left.remove(note.number)
                new.remove(move)
    return pairs, new


def _is_same(change: SaleChange, move: Move) -> bool:
    return change.name == move.stage and change.at in (move.at, move.made_at)


def _is_renamed(change: SaleChange, move: Move) -> bool:
    return change.at == move.at


def _is_placement(change: SaleChange, move: Move) -> bool:
    return move.is_first and change.name == move.stage and abs(change.at - move.at) < SAME


def _is_right(note: SaleChange, move: Move) -> bool:
    return (note.name, note.at) == (move.stage, move.at)


def _corrected(pairs: Iterable[tuple[SaleChange, Move]], now: datetime) -> Iterator[SaleChange]:
    for note, move in pairs:
        if not _is_right(note, move):
            yield replace(note, name=move.stage, at=move.at, seen_at=now)


def withdraw_unconfirmed(store: Store, scope: StageScope) -> None:
    """After a whole reading: remove the stages that it did not confirm, of leads whose history it showed.

    Those are times that were taken from the record while the history could not be read, or misread from it. What was
    noted before the first move that the history shows, stays: an old row may have been deleted there.
    Raises: StoreUnavailable.
    """
    after = ""
    while True:
        with store.read() as tx:
            some = tx.crm.leads_seen_at(scope.account, scope.now, after, TOGETHER)
        if not some:
            return
        store.write(lambda tx, some=some: tx.crm.delete_changes(_unconfirmed(tx, some, scope.now)))  # type: ignore[misc]
        after = some[-1]


def _unconfirmed(tx: Transaction, lead_ids: Sequence[LeadId], now: datetime) -> list[int]:
    numbers: list[int] = []
    for changes in tx.crm.changes_of(lead_ids).values():
        stages = [change for change in changes if change.kind == "stage"]
        begin = min((change.at for change in stages if change.seen_at == now), default=None)
        numbers += [c.number for c in stages if begin and c.seen_at < now and c.at > begin - SAME]
    return numbers
