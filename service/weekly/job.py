"""When a report is due, who sends it, and what happens when it cannot be sent.

Each address has its own state in the store: for which Monday its last report was claimed or sent. A process claims a
report before it sends it, so that no two send the same report; an unfinished claim is free again after a while. A
crash between sending a report and recording it is the only case in which it comes twice.
"""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import structlog

from service.alerts import channels
from service.alerts.channels import SENT, Send
from service.background import Intervals
from service.forms import Form
from service.store import Store, Transaction
from service.weekly.figures import week_before, week_figures
from service.weekly.letter import compose_report

log = structlog.get_logger()

INTERVALS = Intervals(every_s=60.0, first_s=5.0)

SEND_AT = time(7)
"""Monday's time of day in the operator's zone from which last week's report is sent."""

RETRY_WAITS = tuple(timedelta(minutes=minutes) for minutes in (2, 5, 15, 60, 240))
"""Waits after a claim that did not end in a sent report; the last one repeats until the next Monday."""

MAX_FAILURES = 3
"""Tries after which an alert is raised."""


@dataclass(frozen=True, slots=True)
class ReportReader:
    """One address, and the forms whose `report_to` names it. place: where the address is set, for messages about it."""

    address: str = field(repr=False)
    forms: tuple[str, ...]
    place: str

    @property
    def flag(self) -> str:
        """The name of its state in the store, which does not contain the address: it may hold a password."""
        return f"weekly:{hashlib.sha256(self.address.encode()).hexdigest()[:16]}"

    @property
    def cause(self) -> str:
        """The cause of the alert that its reports fail."""
        return f"report:{self.place}"


def readers_of(forms: Mapping[str, Form]) -> Iterator[ReportReader]:
    """Yield the reader of each address, with all forms that name it."""
    names: dict[str, list[str]] = {}
    places: dict[str, str] = {}
    for form in forms.values():
        for number, address in enumerate(form.report_to, 1):
            names.setdefault(address, []).append(form.name)
            places.setdefault(address, f"{form.name}, address {number}")
    for address, listed in names.items():
        yield ReportReader(address, tuple(dict.fromkeys(listed)), places[address])


@dataclass(frozen=True, slots=True)
class ReportState:
    """How far an address's report of one Monday has come. tries: begun so far; claimed_at: when the last one began."""

    monday: date
    is_sent: bool
    tries: int = 0
    claimed_at: datetime | None = None

    def dump(self) -> str:
        """Return the value to store."""
        claimed_at = self.claimed_at.isoformat() if self.claimed_at else None
        return json.dumps([self.monday.isoformat(), self.is_sent, self.tries, claimed_at])

    @classmethod
    def load(cls, value: str) -> "ReportState":
        """Read a stored value."""
        monday, is_sent, tries, claimed_at = json.loads(value)
        return cls(
            date.fromisoformat(monday), is_sent, tries, datetime.fromisoformat(claimed_at) if claimed_at else None
        )

    def claim(self, monday: date, now: datetime) -> "ReportState | None":
        """Return the claimed state, if this process is to send the report of a Monday; None if not."""
        if self.monday > monday or (self.monday == monday and self.is_sent):
            return None
        if self.monday < monday:
            return ReportState(monday, is_sent=False, tries=1, claimed_at=now)
        wait = RETRY_WAITS[min(self.tries, len(RETRY_WAITS)) - 1]
        if self.claimed_at is not None and now - self.claimed_at < wait:
            return None
        return ReportState(monday, is_sent=False, tries=self.tries + 1, claimed_at=now)


def last_monday(now: datetime, zone: tzinfo) -> date:
    """Return the latest Monday on which SEND_AT has come in the operator's zone."""
    local = now.astimezone(zone)
    monday = local.date() - timedelta(days=local.weekday())
    due = datetime.combine(monday, SEND_AT, zone)
    return monday if due.astimezone(UTC) <= now else monday - timedelta(days=7)


class WeeklyReports:
    """The job of every worker; each report is sent by one of them."""

    def __init__(
        self,
        store: Store,
        forms: Mapping[str, Form],
        zone: tzinfo,
        public_url: str,
        stop: threading.Event,
        send: Send = channels.send,
    ) -> None:
        self._store, self._forms, self._zone = store, forms, zone
        self._public_url = public_url.rstrip("/")
        self._stop, self._send_message = stop, send

    def follow(self, forms: Mapping[str, Form]) -> None:
        """Use other forms and readers from the next step on."""
        self._forms = forms

    def step(self, now: datetime) -> None:
        """Send the reports that are due.

        Raises: StoreUnavailable.
        """
        forms = self._forms
        monday = last_monday(now, self._zone)
        for reader in readers_of(forms):
            if self._stop.is_set():
                return
            if claimed := self._claim(reader, monday, now):
                self._send(reader, forms, claimed, now)

    def _claim(self, reader: ReportReader, monday: date, now: datetime) -> ReportState | None:
        """Claim the report for this process. A new address waits for the next Monday."""
        with self._store.read() as tx:
            stored = tx.flags.get(reader.flag)
        if stored is None:
            new = ReportState(monday, is_sent=True).dump()
            self._store.write(lambda tx: tx.flags.swap(reader.flag, None, new))
            return None
        claimed = ReportState.load(stored).claim(monday, now)
        if claimed is None:
            return None
        value = claimed.dump()
        return claimed if self._store.write(lambda tx: tx.flags.swap(reader.flag, stored, value)) else None

    def _send(self, reader: ReportReader, forms: Mapping[str, Form], claimed: ReportState, now: datetime) -> None:
        week = week_before(claimed.monday, self._zone)
        figures = week_figures(self._store, forms, reader.forms, week, self._zone)
        message = compose_report(figures, forms[reader.forms[0]].brand, self._public_url)
        [outcome] = self._send_message([reader.address], message, self._stop)
        context = {"form": reader.forms[0], "monday": claimed.monday.isoformat(), "tries": claimed.tries}
        if outcome == SENT:
            sent = ReportState(claimed.monday, is_sent=True).dump()
            self._store.write(lambda tx: _record(tx, reader, claimed.dump(), sent, now))
            log.info("report_sent", **context)
            return
        log.error("report_not_sent", reason=outcome, **context)  # never the address
        if claimed.tries >= MAX_FAILURES:
            sentence = (
                f"The weekly report does not reach {reader.place} of its `report_to`: {outcome}. Correct the address "
                "in the set-up; the report is sent as soon as it works."
            )
            self._store.write(lambda tx: tx.alerts.report(reader.cause, sentence, now))


def _record(tx: Transaction, reader: ReportReader, claimed: str, sent: str, now: datetime) -> None:
    tx.flags.swap(reader.flag, claimed, sent)
    tx.alerts.resolve(reader.cause, now)
