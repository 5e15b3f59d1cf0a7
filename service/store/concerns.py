"""What somebody must know: one row for one cause, from when it is noticed until it is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, select, update

from service.store.repository import Repository
from service.store.tables import concerns


@dataclass(frozen=True, slots=True)
class Concern:
    """One cause. times: how often it was noticed; told: how many alerts went out, the last at told_at."""

    cause: str  # "kind:what", log-safe: "login:default", "stage:1001"
    sentence: str  # what is wrong and what to do; nothing personal
    since: datetime
    seen_at: datetime
    times: int = 1
    told_at: datetime | None = None
    told: int = 0
    over_at: datetime | None = None

    @property
    def kind(self) -> str:
        """What kind of trouble: "login", "stage" ..."""
        return self.cause.partition(":")[0]


class Concerns(Repository):
    """The concerns within one transaction."""

    def report(self, cause: str, sentence: str, now: datetime) -> None:
        """Something is wrong, or still is: its count rises. One that was over begins anew."""
        begun = {"sentence": sentence, "since": now, "seen_at": now, "times": 1, "told_at": None, "told": 0}
        again = {"sentence": sentence, "seen_at": now, "times": concerns.c.times + 1}
        still_open = update(concerns).where(concerns.c.cause == cause, concerns.c.over_at.is_(None))
        if self._connection.execute(still_open.values(again)).rowcount:
            return
        insert = self._database.insert(concerns).values(cause=cause, over_at=None, **begun)
        renewed = insert.on_conflict_do_update(index_elements=["cause"], set_={**begun, "over_at": None})
        self._connection.execute(renewed)

    def reword(self, cause: str, sentence: str) -> None:
        """Say it in other words, newer figures perhaps; that is no new occurrence."""
        still_open = update(concerns).where(concerns.c.cause == cause, concerns.c.over_at.is_(None))
        self._connection.execute(still_open.values(sentence=sentence))

    def resolve(self, cause: str, now: datetime) -> bool:
        """The cause is gone; whether it was open."""
        ending = update(concerns).where(concerns.c.cause == cause, concerns.c.over_at.is_(None))
        return self._connection.execute(ending.values(over_at=now)).rowcount == 1

    def open(self) -> list[Concern]:
        """What is wrong now, the oldest first."""
        query = select(concerns).where(concerns.c.over_at.is_(None)).order_by(concerns.c.since, concerns.c.cause)
        return [Concern(*row) for row in self._connection.execute(query)]

    def all(self) -> list[Concern]:
        """Those that are open, and those that are over until they are forgotten, the oldest first."""
        query = select(concerns).order_by(concerns.c.since, concerns.c.cause)
        return [Concern(*row) for row in self._connection.execute(query)]

    def mark_notified(self, concern: Concern, now: datetime) -> bool:
        """An alert of it went out. False when it is another by now: told by somebody else, or begun anew."""
        same = and_(concerns.c.cause == concern.cause, concerns.c.since == concern.since)
        telling = update(concerns).where(same, concerns.c.told == concern.told)
        return self._connection.execute(telling.values(told_at=now, told=concern.told + 1)).rowcount == 1

    def forget(self, causes: Sequence[str]) -> None:
        """Drop causes that are over and done with."""
        gone = delete(concerns).where(concerns.c.cause.in_(causes), concerns.c.over_at.is_not(None))
        self._connection.execute(gone)
