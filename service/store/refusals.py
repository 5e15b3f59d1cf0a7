"""Calls of platforms and tools that were refused: the last of each address, for whoever sets it up."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from service.store.engines import Opened
from service.store.tables import deployment


@dataclass(frozen=True, slots=True)
class Refusal:
    """One call that was refused. why: a sentence of ours, with nothing of the call in it."""

    form: str
    sender: str
    at: datetime
    why: str


class Refusals:
    """The refused calls within one transaction."""

    def __init__(self, connection: Connection, opened: Opened) -> None:
        self._connection = connection
        self._opened = opened

    def note(self, refusal: Refusal) -> None:
        """Keep it in place of the one before from the same address."""
        kept = json.dumps([refusal.at.isoformat(), refusal.why])
        adding = self._opened.insert(deployment).values(name=_name(refusal.form, refusal.sender), value=kept)
        self._connection.execute(adding.on_conflict_do_update(index_elements=["name"], set_={"value": kept}))

    def of(self, form: str) -> list[Refusal]:
        """The last of each sender of a form."""
        begin = _name(form, "")
        names = deployment.c.name.startswith(begin, autoescape=True)
        rows = self._connection.execute(select(deployment).where(names).order_by(deployment.c.name)).all()
        return [_read(form, row.name.removeprefix(begin), row.value) for row in rows]


def _name(form: str, sender: str) -> str:
    return f"refused:{form}:{sender}"


def _read(form: str, sender: str, kept: str) -> Refusal:
    at, why = json.loads(kept)
    return Refusal(form, sender, datetime.fromisoformat(at), why)
