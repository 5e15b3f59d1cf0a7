"""Kinds of calls that rest while others of their account go on: a used-up contact quota, an unsafe stage.

A Delivery that needs such a call waits for its hold. When the hold's time is up, one of those that wait is let
go to find out; its success lifts the hold, its failure prolongs it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from service.lead import Delivery
from service.store.outbox import Outbox, wake
from service.store.repository import Repository
from service.store.tables import deliveries, holds

NO_CREDENTIALS = "credentials"
"""The hold of every call to an account for which no credentials are set."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One kind of call that rests. what: "create_coworker", "stage:1001" ...; times: begun or prolonged in a row."""

    account: str
    what: str
    since: datetime
    until: datetime
    reason: str = ""
    times: int = 0


class Holds(Repository):
    """The holds within one transaction."""

    def call_pause(self, account: str, what: str) -> Hold | None:
        """One hold, whether its time is up or not."""
        row = self._connection.execute(select(holds).where(holds.c.account == account, holds.c.what == what)).first()
        return None if row is None else Hold(*row)

    def call_pauses(self) -> list[Hold]:
        """Every hold, the oldest first."""
        query = select(holds).order_by(holds.c.since, holds.c.account, holds.c.what)
        return [Hold(*row) for row in self._connection.execute(query)]

    def pause_call(self, account: str, what: str, now: datetime, until: datetime, reason: str) -> None:
        """Begin a hold, or let one go on until then."""
        again = {"until": until, "reason": reason, "times": holds.c.times + 1}
        insert = self._database.insert(holds)
        begun = insert.values(account=account, what=what, since=now, until=until, reason=reason, times=1)
        self._connection.execute(begun.on_conflict_do_update(index_elements=["account", "what"], set_=again))

    def block(self, delivery: Delivery, what: str, problem: str) -> None:
        """Give a Delivery back until its hold is lifted, or until it is chosen to find out.

        Raises: LeaseLost.
        """
        self._as(Outbox).wait_for(delivery, what, problem)

    def resume_call(self, account: str, what: str) -> bool:
        """The call works again: all that waited for it are due. Whether there was such a hold."""
        ended = delete(holds).where(holds.c.account == account, holds.c.what == what)
        freed = update(deliveries).where(deliveries.c.account == account, deliveries.c.waits_for == what)
        was_held = self._connection.execute(ended).rowcount > 0
        if self._connection.execute(freed.values(waits_for=None)).rowcount:
            wake(self._connection, self._database)
        return was_held

    def resume_calls(self, account: str, kind: str = "") -> None:
        """The same for every hold of an account, or for those whose name begins with `kind`."""
        for hold in self.call_pauses():
            if hold.account == account and hold.what.startswith(kind):
                self.resume_call(account, hold.what)
