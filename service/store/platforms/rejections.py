"""Calls of platforms and tools that were refused: one row for each address, until one of its calls is accepted."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus

from sqlalchemy import select

from service.store.database.repository import Repository
from service.store.database.tables import deployment

RECENT = timedelta(days=7)
"""A refusal is shown for this long after the last refused call; then it was a stranger, or nobody misses the sender."""

RELAPSE = timedelta(days=1)
"""Calls that are refused again so soon after one was accepted are a relapse of the same trouble."""

RELAPSE_PATIENCE = (timedelta(0), timedelta(0), timedelta(hours=1), timedelta(hours=4))
"""How long the first, second ... series within RELAPSE must last before it is an alarm; the last wait repeats.

A sender that works in between is not broken: strangers who try its address must not ring the bell all day.
"""

_PREFIX = "refused:"


@dataclass(frozen=True, slots=True)
class Rejection:
    """The refused calls of one address since one was last accepted.

    at, why, status: of the last one. remedy: what to do. why and remedy are sentences of ours, with nothing of the
    call in them. since: the first one. calls: how many at least. relapses: earlier series shortly before this one.
    has_worked: it brought leads before. accepted_at: when a call was accepted after all of these, which ended it.
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
        """Under which it is kept among the concerns."""
        return f"refused:{self.form}:{self.sender}"

    @property
    def began_at(self) -> datetime:
        """When the first of these calls came."""
        return self.since or self.at

    @property
    def is_handshake(self) -> bool:
        """Whether only a handshake was refused, which costs no lead: anybody may open the address in a browser."""
        return self.status == HTTPStatus.FORBIDDEN

    def is_recent(self, now: datetime) -> bool:
        """Whether it is still shown."""
        return now - self.at < RECENT

    def is_alarming(self, now: datetime) -> bool:
        """Whether somebody must hear of it: leads of a sender that used to work are refused."""
        patience = RELAPSE_PATIENCE[min(self.relapses, len(RELAPSE_PATIENCE) - 1)]
        return self.has_worked and not self.is_handshake and self.is_recent(now) and now - self.began_at >= patience

    def after(self, before: "Rejection | None") -> "Rejection":
        """The same with what is known from the row that it takes the place of."""
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


class Refusals(Repository):
    """The refused calls within one transaction."""

    def record_rejection(self, refusal: Rejection) -> None:
        """Keep it in place of the one before from the same address, whose calls are counted on."""
        self._keep(refusal.after(self.last_rejection(refusal.form, refusal.sender)))

    def record_acceptance(self, form: str, sender: str, now: datetime) -> None:
        """A call of that address was accepted: what was refused before is over."""
        before = self.last_rejection(form, sender)
        if before is not None and before.accepted_at is None:
            self._keep(replace(before, accepted_at=now))

    def last_rejection(self, form: str, sender: str) -> Rejection | None:
        """The last of an address, also one that is over."""
        query = select(deployment.c.value).where(deployment.c.name == _name(form, sender))
        text = self._execute(query).scalar()
        return None if text is None else _read(form, sender, text)

    def open_rejections(self) -> list[Rejection]:
        """The last of each address where none was accepted since."""
        return list(self._open(_PREFIX))

    def rejections_of(self, form: str) -> list[Rejection]:
        """The same for one form."""
        return list(self._open(_name(form, "")))

    def _open(self, prefix: str) -> Iterator[Rejection]:
        names = deployment.c.name.startswith(prefix, autoescape=True)
        for row in self._execute(select(deployment).where(names).order_by(deployment.c.name)):
            form, _, sender = row.name.removeprefix(_PREFIX).rpartition(":")
            refusal = _read(form, sender, row.value)
            if refusal.accepted_at is None:
                yield refusal

    def _keep(self, refusal: Rejection) -> None:
        text = _write(refusal)
        adding = self._database.insert(deployment).values(name=_name(refusal.form, refusal.sender), value=text)
        self._execute(adding.on_conflict_do_update(index_elements=["name"], set_={"value": text}))


def _name(form: str, sender: str) -> str:
    return f"{_PREFIX}{form}:{sender}"


_INSTANTS = ("at", "since", "accepted_at")


def _write(refusal: Rejection) -> str:
    values = {name: value for name, value in asdict(refusal).items() if name not in ("form", "sender")}
    instants = {name: values[name].isoformat() for name in _INSTANTS if values[name] is not None}
    return json.dumps({**values, **instants})


def _read(form: str, sender: str, text: str) -> Rejection:
    values = json.loads(text)
    if isinstance(values, list):  # as it was written when it held no more
        values = dict(zip(("at", "why"), values, strict=True))
    instants = {name: datetime.fromisoformat(values[name]) for name in _INSTANTS if values.get(name)}
    return Rejection(form, sender, **{**values, **instants})
