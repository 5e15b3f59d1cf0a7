"""Activity: figures of the daily digest, arrivals by form for the silence monitor, and the worker that monitors."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, select

from service.lead import Reason, Status, first_lead_id
from service.store.database.columns import from_micros, to_micros
from service.store.database.repository import Repository
from service.store.database.tables import leads
from service.store.deployment import Flags
from service.store.snapshot import Snapshots

MONITOR = "watch"
"""Name of the flag that holds the worker on duty as monitor, and until when."""

OLDEST_DELIVERED = timedelta(days=60)
"""Maximum age of leads that are read to count the deliveries of a day."""

_NO_LEADS = (Status.QUARANTINED.value, Status.TEST.value)
_PERIOD_DIGITS = 7  # 12 hexadecimal digits of an id are milliseconds; without the last 5, a period is 2^20 ms


@dataclass(frozen=True, slots=True)
class DigestFigures:
    """Leads received since some instant and what became of them; and all that wait now, whenever they arrived.

    received: form -> number, without spam. suspicions: name of the Reason ("" for one without a name) -> number.
    """

    received: dict[str, int]
    delivered: int
    parked: int
    parked_in_all: int
    suspicions: dict[str, int]
    waiting: int
    oldest: datetime | None


class Activity(Repository):
    """The figures behind alerts and the digest."""

    # -- the monitor on duty

    def claim_monitor(self, name: str, now: datetime, seconds: float, is_gone: Callable[[str], bool]) -> bool:
        """Take over monitoring for so many seconds; False while another worker has it.

        A worker that has ended is replaced at once; one on another host, when its time is up.
        """
        current = self._as(Flags).get(MONITOR)
        if current is not None:
            holder, _, until = current.rpartition(" ")
            if holder != name and from_micros(int(until)) > now and not is_gone(holder):
                return False
        return self._as(Flags).swap(MONITOR, current, f"{name} {to_micros(now + timedelta(seconds=seconds))}")

    def monitor(self, now: datetime) -> tuple[str, float] | None:
        """Return the worker on duty, and for how many more seconds."""
        holder, _, until = (self._as(Flags).get(MONITOR) or "").rpartition(" ")
        return (holder, (from_micros(int(until)) - now).total_seconds()) if holder else None

    def release_monitor(self, name: str) -> None:
        """Release monitoring, so that another worker can take it over."""
        current = self._as(Flags).get(MONITOR)
        if current is not None and current.rpartition(" ")[0] == name:
            self._as(Flags).swap(MONITOR, current, f"{name} 0")

    # -- figures

    def digest_figures(self, since: datetime) -> DigestFigures:
        """Count the leads received since then, and all that wait."""
        period = leads.c.id >= first_lead_id(since)
        query = select(leads.c.form, leads.c.status, func.count()).where(period)
        rows = self._execute(query.group_by(leads.c.form, leads.c.status)).all()
        received: dict[str, int] = {}
        for form, status, number in rows:
            if status not in _NO_LEADS:
                received[form] = received.get(form, 0) + number
        snapshots = self._as(Snapshots)
        queues = snapshots.queues()
        return DigestFigures(
            received,
            self._delivered(since),
            sum(number for _, status, number in rows if status == Status.PARKED.value),
            sum(parked.number for parked in snapshots.parked()),
            self._suspicions(period),
            sum(queue.number for queue in queues),
            min((queue.oldest for queue in queues), default=None),
        )

    def _delivered(self, since: datetime) -> int:
        # The time of delivery has no index, but status and id have one, and no lead waits forever.
        recent = and_(leads.c.status == Status.DELIVERED.value, leads.c.id >= first_lead_id(since - OLDEST_DELIVERED))
        query = select(func.count()).where(recent, leads.c.delivered_at >= since)
        return int(self._execute(query).scalar_one())

    def _suspicions(self, period: ColumnElement[bool]) -> dict[str, int]:
        quarantined = and_(leads.c.status == Status.QUARANTINED.value, period)
        # Of the sentence, only the reason's name: the rest may quote a stranger.
        named = ((leads.c.problem.startswith(reason.prefix, autoescape=True), reason.value) for reason in Reason)
        reason = case(*named, else_="")
        rows = self._execute(select(reason, func.count()).where(quarantined).group_by(reason))
        return {row[0]: row[1] for row in rows}

    def last_arrival(self, form: str) -> datetime | None:
        """Return when a form last brought a lead that is not spam."""
        query = select(leads.c.received_at).where(leads.c.form == form, leads.c.status.not_in(_NO_LEADS))
        received_at: datetime | None = self._execute(query.order_by(leads.c.id.desc()).limit(1)).scalar()
        return received_at

    def arrivals_by_period(self, form: str, since: datetime) -> dict[datetime, int]:
        """Count the leads of a form, without spam, in each period of 17 minutes since then: midpoint -> number.

        Ids begin with the time of arrival, so that the index of forms and ids is enough; rows are read for spam only.
        """
        prefix = func.substr(leads.c.id, 1, _PERIOD_DIGITS)
        counted = select(prefix, func.count()).where(leads.c.form == form, leads.c.id >= first_lead_id(since))
        counted = counted.group_by(prefix)
        numbers: dict[str, int] = {row[0]: row[1] for row in self._execute(counted)}
        for period, spam in self._execute(counted.where(leads.c.status.in_(_NO_LEADS))):
            numbers[period] -= spam
        return {_middle(period): number for period, number in numbers.items()}


def _middle(prefix: str) -> datetime:
    milliseconds = (int(prefix, 16) << 20) + (1 << 19)
    return from_micros(milliseconds * 1000)
