"""Alerts: one row for each cause, from its first report until it is resolved and forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, select, update

from service.store.database.repository import Repository
from service.store.database.tables import alerts
from service.store.database.walls import Walls, beyond_walls


@dataclass(frozen=True, slots=True)
class Alert:
    """One cause. occurrences: times it was reported; notified_count: messages sent, the last one at notified_at."""

    cause: str  # "kind:what", log-safe: "login:default", "stage:1001"
    sentence: str  # what is wrong and what to do; nothing personal
    since: datetime
    seen_at: datetime
    occurrences: int = 1
    notified_at: datetime | None = None
    notified_count: int = 0
    resolved_at: datetime | None = None

    @property
    def kind(self) -> str:
        """The kind of trouble: "login", "stage" ..."""
        return self.cause.partition(":")[0]


_ALL = beyond_walls(select(alerts).order_by(alerts.c.since, alerts.c.cause))
_OPEN = _ALL.where(alerts.c.resolved_at.is_(None))

OF_FORMS = frozenset(
    {"canary", "captcha", "limited", "notify", "platform", "refused", "report", "silence", "unreadable"}
)
"""Kinds of alerts whose cause names a form in second place; any other names an account."""

OF_ALL = frozenset({"disk", "erasure", "forms", "guesses", "weekly", "worker"})
"""Kinds that concern the whole installation and count leads of every account."""


def is_within(cause: str, walls: Walls) -> bool:
    """Return whether a person within walls may see an alert with this cause."""
    kind, name, more, *_ = [*cause.split(":"), "", ""]
    if kind in OF_ALL:
        return False
    is_of_form = kind in OF_FORMS or (kind == "stuck" and more != "")
    return name in (walls.forms if is_of_form else walls.accounts)


class AlertLog(Repository):
    """Alerts, open and resolved."""

    def report(self, cause: str, sentence: str, now: datetime) -> None:
        """Open an alert, or count one more occurrence of an open one. A resolved one begins anew."""
        begun = {"sentence": sentence, "since": now, "seen_at": now, "occurrences": 1}
        begun |= {"notified_at": None, "notified_count": 0, "resolved_at": None}
        again = {"sentence": sentence, "seen_at": now, "occurrences": alerts.c.occurrences + 1}
        if self._execute(update(alerts).where(_is_open(cause)).values(again)).rowcount:
            return
        insert = self._database.insert(alerts).values(cause=cause, **begun)
        self._execute(insert.on_conflict_do_update(index_elements=["cause"], set_=begun))

    def reword(self, cause: str, sentence: str) -> None:
        """Replace the sentence of an open alert, for example with newer figures; this counts as no occurrence."""
        self._execute(update(alerts).where(_is_open(cause)).values(sentence=sentence))

    def resolve(self, cause: str, now: datetime) -> bool:
        """Close an alert; returns whether it was open."""
        return self._execute(update(alerts).where(_is_open(cause)).values(resolved_at=now)).rowcount == 1

    def open(self) -> list[Alert]:
        """Return the open alerts, oldest first."""
        return self._seen(_OPEN)

    def all(self) -> list[Alert]:
        """Return all alerts not yet forgotten, open or resolved, oldest first."""
        return self._seen(_ALL)

    def _seen(self, query: Select[Any]) -> list[Alert]:
        rows = self._execute(query)
        some = (Alert(*row) for row in rows)
        return [alert for alert in some if self._walls is None or is_within(alert.cause, self._walls)]

    def mark_notified(self, alert: Alert, now: datetime) -> bool:
        """Count a message that was sent; False if another process sent one, or the alert began anew meanwhile."""
        unchanged = and_(alerts.c.cause == alert.cause, alerts.c.since == alert.since)
        marking = update(alerts).where(unchanged, alerts.c.notified_count == alert.notified_count)
        changes = {"notified_at": now, "notified_count": alert.notified_count + 1}
        return self._execute(marking.values(changes)).rowcount == 1

    def forget(self, causes: Sequence[str]) -> None:
        """Delete resolved alerts."""
        resolved = delete(alerts).where(alerts.c.cause.in_(causes), alerts.c.resolved_at.is_not(None))
        self._execute(resolved)


def _is_open(cause: str) -> ColumnElement[bool]:
    return and_(alerts.c.cause == cause, alerts.c.resolved_at.is_(None))
