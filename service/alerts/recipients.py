"""Who is told of one form's new leads, one by one or many together, and what each channel missed.

That somebody is to be told is noted in the lead's own commit, and ends when a channel took the message: a kill in
between tells twice, never nothing. A channel of several that failed gets what it missed later, while this worker runs.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from service.alerts import channels
from service.alerts.channels import Message
from service.alerts.news import about_many, about_one
from service.alerts.telling import Patience
from service.forms import Form
from service.lead import Lead, LeadId
from service.store import Store, Transaction
from service.store.leads.stored import NOTIFIABLE

log = structlog.get_logger()

ALONE = 3
"""So many new leads in one look have a message each; more share one."""

AT_ONCE, APART = 10, timedelta(minutes=5)
"""So many messages an hour go out as leads come; the next ones keep that distance, each with all that came since."""

TOGETHER = 500
"""Leads that one message may stand for."""

LISTED = 10
"""Leads of which such a message may have lines."""

FAILURES = 3
"""A channel that failed so often in a row is a concern: a minute and a half."""


def room_for(sent_at: Sequence[datetime], now: datetime) -> int:
    """How many messages may go out now, after those that went out at these times.

    Raises: nothing.
    """
    lately = [at for at in sent_at if now - at < timedelta(hours=1)]
    if len(lately) < AT_ONCE:
        return AT_ONCE - len(lately)
    return 1 if now - max(lately) >= APART else 0


@dataclass(slots=True)
class Channel:
    """One address, and the leads that others were told of already and it was not."""

    number: int
    address: str = field(repr=False)
    late: list[LeadId] = field(default_factory=list)
    patience: Patience = field(default_factory=Patience)
    last: str = ""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is told of some leads of a form: those whose answers choose a route with these addresses.

    name: of the form, and of the route where that names others. is_only: all leads of the form are theirs.
    """

    form: Form
    name: str
    addresses: tuple[str, ...] = field(repr=False)
    is_only: bool

    def is_for(self, lead: Lead | None) -> bool:
        """Whether they are told of this lead."""
        return lead is not None and self.form.for_answers(lead.submission).notify == self.addresses


def audiences_of(form: Form) -> Iterator[Audience]:
    """Yield one for each list of addresses that the form and its routes name, unless all are empty."""
    names: dict[tuple[str, ...], str] = {}
    for number, variant in enumerate(form.variants):
        names.setdefault(variant.notify, f"{form.name}, route {number}" if number else form.name)
    if any(names):
        yield from (Audience(form, name, addresses, len(names) == 1) for addresses, name in names.items())


class Recipients:
    """One form and those who are told of its leads, or of the leads of some of its routes."""

    def __init__(self, store: Store, audience: Audience, public_url: str, send_s: float, stop: threading.Event) -> None:
        self._store = store
        self._audience = audience
        self._form = audience.form
        self._public_url = public_url.rstrip("/")
        self._send_s = send_s
        self._stop = stop
        self._channels = [Channel(number, address) for number, address in enumerate(audience.addresses, 1)]
        self._unnoted: list[LeadId] = []
        self._said: str | None = None

    @property
    def cause(self) -> str:
        """The concern that its messages do not go out."""
        return f"notify:{self._audience.name}"

    def tell(self, now: datetime) -> None:
        """Tell of what is new, as far as the channels take it and their readers can bear it.

        Raises: StoreUnavailable.
        """
        self._note(now)
        if not self._channels:
            self._forget()
        able = [channel for channel in self._channels if channel.patience.allows(now)]
        for channel in able:
            if channel.late:
                self._tell_late(channel, now)
        if able:
            self._tell_new(now)

    # -- what is new

    def _tell_new(self, now: datetime) -> None:
        with self._store.read() as tx:
            new = self._new(tx)
            room = room_for(_sent_at(tx, self.cause), now)
        if not new or not room:
            return
        apart = [[lead_id] for lead_id in new] if len(new) <= min(ALONE, room) else [new]
        for some in apart:
            if not self._tell(some, now):
                return

    def _new(self, tx: Transaction) -> list[LeadId]:
        """At most TOGETHER leads that they are to be told of, oldest first."""
        if self._audience.is_only:
            return tx.leads.to_notify(self._form.name, TOGETHER)
        theirs: list[LeadId] = []
        after = ""
        while page := tx.leads.to_notify(self._form.name, TOGETHER, after):
            theirs += [lead_id for lead_id in page if self._audience.is_for(tx.leads.get(lead_id))]
            if len(theirs) >= TOGETHER:
                break
            after = page[-1]
        return theirs[:TOGETHER]

    def _forget(self) -> None:
        """Nobody is to be told of the leads of these routes."""
        with self._store.read() as tx:
            new = self._new(tx)
        if new:
            self._store.write(lambda tx: tx.leads.mark_notified(new))

    def _tell(self, lead_ids: list[LeadId], now: datetime) -> bool:
        """Tell every channel that can be told; whether one took it. The others get it later."""
        able = [channel for channel in self._channels if channel.patience.allows(now) and not channel.late]
        if not able:
            return False
        message = self._message(lead_ids)
        took = self._send(able, message, lead_ids, now) if message else self._channels
        if not took:
            return False
        for channel in self._channels:
            if channel not in took:
                channel.late = [*channel.late, *lead_ids][-TOGETHER:]
        self._unnoted = lead_ids
        self._note(now)
        return True

    def _note(self, now: datetime) -> None:
        """Write down what went out. Until that worked nothing else goes out, nor the same again."""
        told = self._unnoted
        if told:
            self._store.write(lambda tx: _write_down(tx, told, self.cause, now))
            self._unnoted = []

    # -- what a channel missed

    def _tell_late(self, channel: Channel, now: datetime) -> None:
        message = self._message(channel.late)
        if message is None or self._send([channel], message, channel.late, now):
            channel.late = []

    # -- sending

    def _message(self, lead_ids: Sequence[LeadId]) -> Message | None:
        """None when nothing is left to tell of: leads may be erased meanwhile."""
        with self._store.read() as tx:
            standing = tx.leads.statuses_of(lead_ids)
            real = [lead_id for lead_id in lead_ids if standing.get(lead_id) in NOTIFIABLE]
            leads = [lead for lead in map(tx.leads.get, real[:LISTED]) if lead is not None]
        return self._words(leads, len(real)) if leads else None

    def _words(self, leads: Sequence[Lead], number: int) -> Message:
        if number == 1:
            return about_one(leads[0], self._form.for_answers(leads[0].submission), self._public_url)
        return about_many(leads, number, self._form, self._public_url)

    def _send(
        self, those: Sequence[Channel], message: Message, lead_ids: Sequence[LeadId], now: datetime
    ) -> list[Channel]:
        """Those that took it."""
        outcomes = channels.send([channel.address for channel in those], message, self._send_s, self._stop)
        what = {"form": self._audience.name, "number": len(lead_ids), "lead": lead_ids[0]}
        for channel, outcome in zip(those, outcomes, strict=True):
            channel.last = outcome
            if outcome == channels.SENT:
                channel.patience.worked()
                log.info("lead_told", channel=channel.number, **what)
            else:
                channel.patience.failed(now)
                log.error("lead_untold", channel=channel.number, reason=outcome, **what)  # never the address
        self._complain(now)
        return [channel for channel in those if channel.last == channels.SENT]

    def _complain(self, now: datetime) -> None:
        """Let it be a concern that a channel does not work, until all do."""
        broken = [channel for channel in self._channels if channel.patience.failures >= FAILURES]
        if not broken and any(channel.patience.failures for channel in self._channels):
            return
        sentence = self._complaint(broken[0]) if broken else ""
        if sentence != self._said:
            self._store.write(lambda tx: _concern(tx, self.cause, sentence, now))
            self._said = sentence

    def _complaint(self, channel: Channel) -> str:
        return (
            f"New leads of the form {self._audience.name!r} are not told to address {channel.number} of its `notify`: "
            f"{channel.last}. See that it is right in the forms file, then start again. What it missed it is told "
            "as soon as it works; the leads themselves are not affected."
        )


def _sent_at(tx: Transaction, mark: str) -> list[datetime]:
    return [datetime.fromisoformat(word) for word in json.loads(tx.flags.get(mark) or "[]")]


def _write_down(tx: Transaction, told: Sequence[LeadId], mark: str, now: datetime) -> None:
    tx.leads.mark_notified(told)
    lately = [at for at in _sent_at(tx, mark) if now - at < timedelta(hours=1)]
    tx.flags.swap(mark, tx.flags.get(mark), json.dumps([at.isoformat() for at in [*lately, now]]))


def _concern(tx: Transaction, cause: str, sentence: str, now: datetime) -> None:
    if not sentence:
        tx.alerts.resolve(cause, now)
    elif any(concern.cause == cause for concern in tx.alerts.open()):
        tx.alerts.reword(cause, sentence)
    else:
        tx.alerts.report(cause, sentence, now)
