"""Messages about the leads of one audience: one by one or many together, to every channel that works.

The store knows which messages are still to be sent; a topic reads these leads and marks them. A lead is marked when a
channel has accepted the message: a crash in between sends it twice, but never loses it. A channel that failed while
others worked gets its missed messages later, while this worker runs.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from service.alerts.channels import SENT, Message, Send
from service.alerts.sending import SendBackoff, add_instant, read_instants
from service.forms import Form
from service.lead import Lead, LeadId
from service.store import Store, Transaction
from service.store.leads.stored import NOTIFIABLE

log = structlog.get_logger()

MAX_SINGLE_MESSAGES = 3
"""Maximum leads at a time that have a message each; more share one."""

MAX_MESSAGES_PER_HOUR, MIN_INTERVAL = 10, timedelta(minutes=5)
"""Messages in one hour that are sent as leads arrive; further ones keep the interval, each with all leads since."""

MAX_LEADS_PER_MESSAGE = 500

MAX_LEADS_LISTED = 10

MAX_FAILURES = 3
"""Failures of a channel in a row, over a minute and a half, after which an alert is raised."""


@dataclass(frozen=True, slots=True)
class LeadTopic:
    """The subject of messages, and how the store is read and marked for it.

    subject: the leads in words. key: in the forms file, with the addresses. suffix: of the audience's name, so that its
    alert and its rate limit are separate. pending: returns the leads of a form for which a message is due at an
    instant, at most so many, by id behind the last one. mark: records that the message about some leads was sent.
    """

    subject: str
    key: str
    suffix: str
    addresses: Callable[[Form], tuple[str, ...]]
    concerns: Callable[[Form], bool]
    pending: Callable[[Transaction, str, datetime, int, str], list[LeadId]]
    mark: Callable[[Transaction, Sequence[LeadId], datetime], None]
    about_one: Callable[[Lead, Form, datetime], Message]
    about_many: Callable[[Sequence[Lead], int, Form, datetime], Message]


def messages_allowed(sent_at: Sequence[datetime], now: datetime) -> int:
    """Return how many messages may be sent now, after those sent at these times."""
    recent = [at for at in sent_at if now - at < timedelta(hours=1)]
    if len(recent) < MAX_MESSAGES_PER_HOUR:
        return MAX_MESSAGES_PER_HOUR - len(recent)
    return 1 if now - max(recent) >= MIN_INTERVAL else 0


@dataclass(frozen=True, slots=True)
class Audience:
    """The people who are notified of some leads of a form: those whose answers choose a route with these addresses.

    name: of the form, and of the route if that names others. has_all: they are notified of all leads of the form.
    """

    form: Form
    topic: LeadTopic
    name: str
    addresses: tuple[str, ...] = field(repr=False)
    has_all: bool

    @property
    def form_title(self) -> str:
        """The form and route, in quotes."""
        return repr(self.name.removesuffix(self.topic.suffix))

    def includes(self, lead: Lead | None) -> bool:
        """Return whether a lead is one of theirs."""
        return lead is not None and self.topic.addresses(self.form.for_answers(lead.submission)) == self.addresses


def audiences_of(form: Form, topic: LeadTopic) -> Iterator[Audience]:
    """Yield one audience for each list of addresses of the form and its routes, if the topic applies to the form."""
    if not topic.concerns(form):
        return
    names: dict[tuple[str, ...], str] = {}
    for number, variant in enumerate(form.variants):
        names.setdefault(topic.addresses(variant), f"{form.name}, route {number}" if number else form.name)
    for addresses, name in names.items():
        yield Audience(form, topic, name + topic.suffix, addresses, len(names) == 1)


@dataclass(slots=True)
class _LeadChannel:
    """One address, and the leads that other channels took and it did not. number: its position, from 1."""

    number: int
    address: str = field(repr=False)
    missed: list[LeadId] = field(default_factory=list)
    backoff: SendBackoff = field(default_factory=SendBackoff)
    outcome: str = ""


class LeadNotifier:
    """Sends the messages of one audience."""

    def __init__(self, store: Store, audience: Audience, send: Send, abort: threading.Event) -> None:
        self._store = store
        self._audience = audience
        self._send_message = send
        self._abort = abort
        self._channels = [_LeadChannel(number, address) for number, address in enumerate(audience.addresses, 1)]
        self._unrecorded: list[LeadId] = []
        self._reported: str | None = None

    @property
    def audience(self) -> Audience:
        """The people it writes to."""
        return self._audience

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        """The name and the addresses of its audience."""
        return self._audience.name, self._audience.addresses

    def serve(self, audience: Audience) -> "LeadNotifier":
        """Continue with the same addresses and another version of their form; returns itself."""
        self._audience = audience
        return self

    @property
    def cause(self) -> str:
        """Cause of the alert that its messages fail."""
        return f"notify:{self._audience.name}"

    def send_due(self, now: datetime) -> None:
        """Send messages that channels missed, and new ones, as far as channels and readers can take them.

        Raises: StoreUnavailable.
        """
        self._record(now)
        if not self._channels:
            self._drop(now)
        able = [channel for channel in self._channels if channel.backoff.allows(now)]
        for channel in able:
            if channel.missed:
                message = self._message(channel.missed, now)
                if message is None or self._send([channel], message, channel.missed, now):
                    channel.missed = []
        if able:
            self._send_new(now)

    # -- new leads

    def _send_new(self, now: datetime) -> None:
        with self._store.read() as tx:
            new = self._new(tx, now)
            allowed = messages_allowed(read_instants(tx, self.cause), now)
        if not new or not allowed:
            return
        is_single = len(new) <= min(MAX_SINGLE_MESSAGES, allowed)
        for lead_ids in [[lead_id] for lead_id in new] if is_single else [new]:
            if not self._notify(lead_ids, now):
                return

    def _new(self, tx: Transaction, now: datetime) -> list[LeadId]:
        """Return the leads of this audience for which a message is due, oldest first; no more than it may cover."""
        form, pending = self._audience.form.name, self._audience.topic.pending
        if self._audience.has_all:
            return pending(tx, form, now, MAX_LEADS_PER_MESSAGE, "")
        new: list[LeadId] = []
        after = ""
        while page := pending(tx, form, now, MAX_LEADS_PER_MESSAGE, after):
            new += [lead_id for lead_id in page if self._audience.includes(tx.leads.get(lead_id))]
            if len(new) >= MAX_LEADS_PER_MESSAGE:
                break
            after = page[-1]
        return new[:MAX_LEADS_PER_MESSAGE]

    def _drop(self, now: datetime) -> None:
        """Mark leads whose route names no channel."""
        with self._store.read() as tx:
            new = self._new(tx, now)
        if new:
            self._store.write(lambda tx: self._audience.topic.mark(tx, new, now))

    def _notify(self, lead_ids: list[LeadId], now: datetime) -> bool:
        """Send one message to every channel that can take it; return whether one did. The others get it later."""
        able = [channel for channel in self._channels if channel.backoff.allows(now) and not channel.missed]
        if not able:
            return False
        message = self._message(lead_ids, now)
        took = self._send(able, message, lead_ids, now) if message else self._channels
        if not took:
            return False
        for channel in self._channels:
            if channel not in took:
                channel.missed = [*channel.missed, *lead_ids][-MAX_LEADS_PER_MESSAGE:]
        self._unrecorded = lead_ids
        self._record(now)
        return True

    def _record(self, now: datetime) -> None:
        """Record what was sent. Until that succeeds, nothing else is sent, nor the same again."""
        if self._unrecorded:
            sent = self._unrecorded

            def record(tx: Transaction) -> None:
                self._audience.topic.mark(tx, sent, now)
                add_instant(tx, self.cause, now)

            self._store.write(record)
            self._unrecorded = []

    # -- sending

    def _message(self, lead_ids: Sequence[LeadId], now: datetime) -> Message | None:
        """Return the message; None if no lead is left, as they may have been erased meanwhile."""
        with self._store.read() as tx:
            statuses = tx.leads.statuses_of(lead_ids)
            real = [lead_id for lead_id in lead_ids if statuses.get(lead_id) in NOTIFIABLE]
            leads = [lead for lead in map(tx.leads.get, real[:MAX_LEADS_LISTED]) if lead is not None]
        form, topic = self._audience.form, self._audience.topic
        if not leads:
            return None
        if len(real) == 1:
            return topic.about_one(leads[0], form.for_answers(leads[0].submission), now)
        return topic.about_many(leads, len(real), form, now)

    def _send(
        self, recipients: Sequence[_LeadChannel], message: Message, lead_ids: Sequence[LeadId], now: datetime
    ) -> list[_LeadChannel]:
        """Send the message; return the channels that accepted it."""
        addresses = [channel.address for channel in recipients]
        outcomes = self._send_message(addresses, message, self._abort)
        context = {"form": self._audience.name, "number": len(lead_ids), "lead": lead_ids[0]}
        for channel, outcome in zip(recipients, outcomes, strict=True):
            channel.outcome = outcome
            if outcome == SENT:
                channel.backoff.record_success()
                log.info("lead_notified", channel=channel.number, **context)
            else:
                channel.backoff.record_failure(now)
                log.error("lead_not_notified", channel=channel.number, reason=outcome, **context)  # never the address
        self._report(now)
        return [channel for channel in recipients if channel.outcome == SENT]

    def _report(self, now: datetime) -> None:
        """Keep an alert open while a channel does not work."""
        broken = [channel for channel in self._channels if channel.backoff.failures >= MAX_FAILURES]
        if not broken and any(channel.backoff.failures for channel in self._channels):
            return
        sentence = ""
        if broken:
            topic, channel = self._audience.topic, broken[0]
            sentence = (
                f"Messages about {topic.subject} of the form {self._audience.form_title} do not reach address "
                f"{channel.number} of its `{topic.key}`: {channel.outcome}. Correct the address. "
                "What it missed is sent as soon as it works; the leads themselves are not affected."
            )
        if sentence != self._reported:
            self._store.write(lambda tx: _set_alert(tx, self.cause, sentence, now))
            self._reported = sentence


def _set_alert(tx: Transaction, cause: str, sentence: str, now: datetime) -> None:
    if not sentence:
        tx.alerts.resolve(cause, now)
    elif any(alert.cause == cause for alert in tx.alerts.open()):
        tx.alerts.reword(cause, sentence)
    else:
        tx.alerts.report(cause, sentence, now)
