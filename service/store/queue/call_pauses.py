"""Pauses of one kind of call while other calls to the account go on: a used-up contact quota, an unsafe stage.

A delivery that needs a paused call is blocked. When the pause ends, one blocked delivery is let go as a probe; its
success resumes the call, its failure extends the pause.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from service.store.database.repository import Repository
from service.store.database.tables import call_pauses, deliveries
from service.store.queue.outbox import wake

NO_CREDENTIALS = "credentials"
"""The pause of every call to an account without credentials."""


@dataclass(frozen=True, slots=True)
class CallPause:
    """A paused kind of call. call: "create_coworker", "stage:1001" ...; streak: how often in a row it was paused."""

    account: str
    call: str
    since: datetime
    until: datetime
    reason: str = ""
    streak: int = 0


class CallPauses(Repository):
    """Pauses of kinds of calls."""

    def call_pause(self, account: str, call: str) -> CallPause | None:
        """Return the pause of a call, whether its time is up or not."""
        query = select(call_pauses).where(call_pauses.c.account == account, call_pauses.c.call == call)
        row = self._execute(query).first()
        return None if row is None else CallPause(*row)

    def call_pauses(self) -> list[CallPause]:
        """Return every pause, oldest first."""
        query = select(call_pauses).order_by(call_pauses.c.since, call_pauses.c.account, call_pauses.c.call)
        return [CallPause(*row) for row in self._execute(query)]

    def pause_call(self, account: str, call: str, now: datetime, until: datetime, reason: str) -> None:
        """Begin or extend the pause of a call."""
        extended = {"until": until, "reason": reason, "streak": call_pauses.c.streak + 1}
        insert = self._database.insert(call_pauses)
        begun = insert.values(account=account, call=call, since=now, until=until, reason=reason, streak=1)
        self._execute(begun.on_conflict_do_update(index_elements=["account", "call"], set_=extended))

    def resume_call(self, account: str, call: str) -> bool:
        """End the pause of a call: everything that it blocked is due. Returns whether there was one."""
        ending = delete(call_pauses).where(call_pauses.c.account == account, call_pauses.c.call == call)
        blocked = update(deliveries).where(deliveries.c.account == account, deliveries.c.blocked_by == call)
        was_paused = self._execute(ending).rowcount > 0
        if self._execute(blocked.values(blocked_by=None)).rowcount:
            wake(self._connection, self._database)
        return was_paused

    def resume_calls(self, account: str, prefix: str = "") -> None:
        """End every pause of an account, or those of calls that begin with `prefix`."""
        for pause in self.call_pauses():
            if pause.account == account and pause.call.startswith(prefix):
                self.resume_call(account, pause.call)
