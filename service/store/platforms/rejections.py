"""Rejected calls of platforms and tools: one row for each address, until one of its calls is accepted."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus

from sqlalchemy import select

from service.store.database.repository import Repository
from service.store.database.tables import deployment

SHOWN_FOR = timedelta(days=7)
"""Time for which a rejection is shown after its last call; by then it was a stranger, or nobody misses the sender."""

RELAPSE = timedelta(days=1)
"""Rejections this soon after an accepted call are a relapse of the same trouble."""

RELAPSE_PATIENCE = (timedelta(0), timedelta(0), timedelta(hours=1), timedelta(hours=4))
"""Durations of the first, second ... series within RELAPSE before each raises an alert; the last one repeats.

A sender that works in between is not broken: strangers who call its address must not raise alerts all day.
"""

_PREFIX = "refused:"


@dataclass(frozen=True, slots=True)
class Rejection:
    """The rejected calls of one address since one was last accepted.

    at, why, status: of the last call. remedy: what to do. why and remedy are our own sentences, with nothing from the
    call in them. since: the first call. calls: their number, at least. relapses: earlier series shortly before this
    one. has_worked: the address brought leads before. accepted_at: when an accepted call ended the series.
    """

    form: str
    sender: str
    at: datetime
    why: str
    remedy: str = ""
    status: int = HTTPStatus.UNAUTHORIZED
    since: datetime | None = None
    calls: int = 1
    relapses: int = 0
    has_worked: bool = False
    accepted_at: datetime | None = None

    @property
    def cause(self) -> str:
        """The cause of its alert."""
        return f"refused:{self.form}:{self.sender}"

    @property
    def began_at(self) -> datetime:
        """When the first of these calls arrived."""
        return self.since or self.at

    @property
    def is_handshake(self) -> bool:
        """Whether only a handshake was rejected, which costs no lead: anyone can open the address in a browser."""
        return self.status == HTTPStatus.FORBIDDEN

    def is_recent(self, now: datetime) -> bool:
        """Return whether it is still shown."""
        return now - self.at < SHOWN_FOR

    def is_alarming(self, now: datetime) -> bool:
        """Return whether it raises an alert: leads of a sender that used to work are rejected."""
        patience = RELAPSE_PATIENCE[min(self.relapses, len(RELAPSE_PATIENCE) - 1)]
        return self.has_worked and not self.is_handshake and self.is_recent(now) and now - self.began_at >= patience

    def after(self, before: "Rejection | None") -> "Rejection":
        """Continue the series of `before`, which this row replaces."""
        if before is None:
            return self
        if before.accepted_at is not None:
            relapses = before.relapses + 1 if self.at - before.accepted_at < RELAPSE else 0
            return replace(self, relapses=relapses, has_worked=True)
        if self.is_handshake and not before.is_handshake:
            return before
        if before.is_handshake and not self.is_handshake:
            return replace(self, relapses=before.relapses, has_worked=self.has_worked or before.has_worked)
        return replace(
            self,
            since=before.began_at,
            calls=before.calls + self.calls,
            relapses=before.relapses,
            has_worked=self.has_worked or before.has_worked,
        )


class Rejections(Repository):
    """Rejected calls."""

    def record_rejection(self, rejection: Rejection) -> None:
        """Record rejected calls; they continue the series of their address."""
        self._keep(rejection.after(self.last_rejection(rejection.form, rejection.sender)))

    def record_acceptance(self, form: str, sender: str, now: datetime) -> None:
        """Record an accepted call: the series of its address is over."""
        before = self.last_rejection(form, sender)
        if before is not None and before.accepted_at is None:
            self._keep(replace(before, accepted_at=now))

    def last_rejection(self, form: str, sender: str) -> Rejection | None:
        """Return the last series of an address, even one that is over."""
        query = select(deployment.c.value).where(deployment.c.name == _name(form, sender))
        text = self._execute(query).scalar()
        return None if text is None else _read(form, sender, text)

    def open_rejections(self) -> list[Rejection]:
        """Return the series that are not over."""
        some = self._open(_PREFIX)
        return [each for each in some if self._walls is None or each.form in self._walls.forms]

    def rejections_of(self, form: str) -> list[Rejection]:
        """Return the series of one form that are not over."""
        return list(self._open(_name(form, "")))

    def _open(self, prefix: str) -> Iterator[Rejection]:
        names = deployment.c.name.startswith(prefix, autoescape=True)
        for row in self._execute(select(deployment).where(names).order_by(deployment.c.name)):
            form, _, sender = row.name.removeprefix(_PREFIX).rpartition(":")
            rejection = _read(form, sender, row.value)
            if rejection.accepted_at is None:
                yield rejection

    def _keep(self, rejection: Rejection) -> None:
        text = _write(rejection)
        adding = self._database.insert(deployment).values(name=_name(rejection.form, rejection.sender), value=text)
        self._execute(adding.on_conflict_do_update(index_elements=["name"], set_={"value": text}))


def _name(form: str, sender: str) -> str:
    return f"{_PREFIX}{form}:{sender}"


_INSTANTS = ("at", "since", "accepted_at")


def _write(rejection: Rejection) -> str:
    values = {name: value for name, value in asdict(rejection).items() if name not in ("form", "sender")}
    instants = {name: values[name].isoformat() for name in _INSTANTS if values[name] is not None}
    return json.dumps({**values, **instants})


def _read(form: str, sender: str, text: str) -> Rejection:
    values = json.loads(text)
    if isinstance(values, list):  # as earlier versions wrote it
        values = dict(zip(("at", "why"), values, strict=True))
    instants = {name: datetime.fromisoformat(values[name]) for name in _INSTANTS if values.get(name)}
    return Rejection(form, sender, **{**values, **instants})
