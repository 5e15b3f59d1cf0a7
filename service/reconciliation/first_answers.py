"""A person's first action on a lead's opportunity: another stage, another owner, won or lost.

Moves that the CRM makes by itself are no answer, and neither are ours: the history shows which user placed our
opportunities there, and that user's moves count as ours.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from service.nexudus.pipeline import Move, Opportunity
from service.store import AnswerKind, FirstAnswer, LeadRecord, Sale, SaleStatus, Transaction

BY_ITSELF = timedelta(minutes=1)
"""Changes this soon after a record's creation, or after a move by the CRM itself, count as the CRM's own."""


def moved_by_a_person(tx: Transaction, account: str, record: LeadRecord, read: Iterable[Move]) -> Iterator[FirstAnswer]:
    """Yield the first move by a person among the moves of a lead's opportunity; the first placement is ours.

    account: if a first placement shows its own user, that is stored.
    """
    moves = sorted(read, key=lambda move: (move.at, move.id))
    placed_by = next((move.user_id for move in moves if move.is_first), None)
    known = own_user(tx, account)
    if placed_by is not None and placed_by != known:
        tx.flags.set(_flag(account), str(placed_by))
    ours = {placed_by, known} - {None}
    by_person = (move for move in moves if not (move.is_first or move.is_automatic or move.user_id in ours))
    if move := next(by_person, None):
        yield _answer(record, move.at, AnswerKind.STAGE)


def own_user(tx: Transaction, account: str) -> int | None:
    """Return the service's own user, as the newest first placement showed it; None before the first."""
    known = tx.flags.get(_flag(account))
    return int(known) if known else None


def _flag(account: str) -> str:
    return f"own_user:{account}"


def changed_by_a_person(
    opportunity: Opportunity,
    record: LeadRecord,
    sale: Sale,
    previous: Sale | None,
    sent: Mapping[str, Any] | None,
    own_moves: Sequence[datetime],
    *,
    shows_history: bool,
) -> Iterator[FirstAnswer]:
    """Yield a person's changes since the last reading: the owner, the status, the stage if no history shows it.

    sale, previous: the opportunity's present and former state. sent: as we created it; None if unknown. own_moves: when
    the CRM, or this service, moved it.
    """
    changed_at = opportunity.updated_at or sale.seen_at
    closed_at = sale.won_at or sale.lost_at or changed_at
    if sale.status is not (previous.status if previous else SaleStatus.IN_PROGRESS) and not _near(closed_at, own_moves):
        yield _answer(record, closed_at, AnswerKind.STATUS)
    if _near(changed_at, own_moves):
        return
    if _has_other_owner(opportunity, previous, sent):
        yield _answer(record, changed_at, AnswerKind.OWNER)
    placed = previous.stage_id if previous else (sent or {}).get("CrmBoardColumnId")
    if not shows_history and placed and opportunity.stage_id not in (None, placed):
        yield _answer(record, changed_at, AnswerKind.STAGE)


def _has_other_owner(opportunity: Opportunity, previous: Sale | None, sent: Mapping[str, Any] | None) -> bool:
    """Return whether a person gave it another owner. A stage may assign one by itself, when the opportunity arrives."""
    owner = opportunity.responsible_id
    if owner is None:
        return False
    if previous is not None and previous.responsible_id is not None:
        return owner != previous.responsible_id
    if previous is not None or sent is None:
        return False
    first = sent.get("ResponsibleId") or 0
    return owner != first and (bool(first) or not _is_fresh(opportunity))


def _is_fresh(opportunity: Opportunity) -> bool:
    """Return whether it has not changed since about its creation."""
    created_at, updated_at = opportunity.created_at, opportunity.updated_at
    return created_at is None or updated_at is None or updated_at - created_at < BY_ITSELF


def _near(at: datetime, instants: Iterable[datetime]) -> bool:
    return any(abs(at - instant) < BY_ITSELF for instant in instants)


def _answer(record: LeadRecord, at: datetime, how: AnswerKind) -> FirstAnswer:
    return FirstAnswer(record.lead_id, record.account, record.form, record.received_at, at, how)
