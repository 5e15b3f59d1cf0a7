"""Owners in turn: whose turn each lead is, assigned once and kept with the lead."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from service.lead import LeadId
from service.store.database.answer_tables import owner_turns, turn_order
from service.store.database.columns import insert_rows
from service.store.database.repository import Repository


@dataclass(frozen=True, slots=True)
class OwnerTurn:
    """Whose turn a lead was. email: "" if nobody could take it; user_id: None if the CRM does not know the person."""

    lead_id: LeadId
    account: str
    email: str
    user_id: int | None
    reason: str
    given_at: datetime


Choose = Callable[[Sequence[str]], tuple[str, int | None, str]]
"""Takes people, the longest without a turn first; returns whose turn it is, their user id, and the reason."""


class OwnerTurns(Repository):
    """Turns of leads."""

    def turns_of(self, lead_ids: Sequence[str]) -> dict[LeadId, OwnerTurn]:
        """Return the turns of leads; leads without one are left out."""
        rows = self._execute(select(owner_turns).where(owner_turns.c.lead_id.in_(lead_ids)))
        return {LeadId(row.lead_id): OwnerTurn(*row) for row in rows}

    def give_turn(
        self, lead_id: LeadId, account: str, people: Sequence[str], choose: Choose, now: datetime
    ) -> OwnerTurn:
        """Return the turn of a lead, or assign one; a turn once assigned is never changed.

        people: e-mail addresses, in the order of the forms file.
        """
        numbers = self._lock(account, people)
        # Another worker that assigned this lead its turn meanwhile held the same locks.
        known = self.turns_of([lead_id]).get(lead_id)
        if known is not None:
            return known
        order = sorted(people, key=lambda email: (numbers[email], people.index(email)))
        email, user_id, reason = choose(order)
        turn = OwnerTurn(lead_id, account, email, user_id, reason, now)
        self.add_turns([turn])
        if email:
            own = (turn_order.c.account == account, turn_order.c.email == email)
            self._execute(update(turn_order).where(*own).values(number=max(numbers.values()) + 1))
        return turn

    def add_turns(self, turns: Sequence[OwnerTurn]) -> None:
        """Store turns as they are, for demonstrations."""
        if turns:
            insert_rows(self._connection, owner_turns, [asdict(turn) for turn in turns])

    def drop_turns(self, lead_ids: Sequence[str]) -> None:
        """Delete the turns of demonstrations."""
        self._execute(delete(owner_turns).where(owner_turns.c.lead_id.in_(lead_ids)))

    def set_user(self, lead_id: LeadId, user_id: int, reason: str) -> None:
        """Record the user of a turn that was assigned while the CRM did not show them."""
        of_lead = update(owner_turns).where(owner_turns.c.lead_id == lead_id)
        self._execute(of_lead.values(user_id=user_id, reason=reason))

    def _lock(self, account: str, people: Sequence[str]) -> Mapping[str, int]:
        """Return the number of each person's last turn, 0 before the first, and lock it against other workers.

        In one order for all workers, so that they cannot deadlock.
        """
        rows: list[dict[str, Any]] = [{"account": account, "email": each, "number": 0} for each in sorted(people)]
        self._execute(self._database.insert(turn_order).on_conflict_do_nothing(), rows)
        own = select(turn_order.c.email, turn_order.c.number).where(
            turn_order.c.account == account, turn_order.c.email.in_(people)
        )
        return {row.email: row.number for row in self._execute(self._locking(own.order_by(turn_order.c.email)))}
