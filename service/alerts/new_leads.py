"""Messages about new leads to the people whom a form or route names, one by one or many together.

A lead is marked as "to notify" in its own commit, and unmarked when a channel has taken the message: a crash in between
sends it twice, never not at all. A channel that failed while others worked gets what it missed later, while this worker
runs.
"""

import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from service.alerts import channels
from service.alerts.channels import SENT, Message, Send
from service.alerts.lead_messages import about_many, about_one
from service.alerts.sending import SendBackoff, add_instant, read_instants
from service.background import Intervals, start_periodic_job
from service.forms import Form
from service.lead import Lead, LeadId
from service.store import Store, StoreUnavailable, Transaction
from service.store.leads.stored import NOTIFIABLE

log = structlog.get_logger()

MAX_SINGLE_MESSAGES = 3
"""Up to this many new leads at a time have a message each; more share one."""

MAX_MESSAGES_PER_HOUR, MIN_INTERVAL = 10, timedelta(minutes=5)
"""Messages in one hour that go out as leads arrive; further ones keep the interval, each with all leads since."""

MAX_LEADS_PER_MESSAGE = 500

MAX_LEADS_LISTED = 10

MAX_FAILURES = 3
"""Failures of a channel in a row, over a minute and a half, after which an alert is raised."""

STOP_TIMEOUT_S = 4.0
"""Time for a message that is being sent when the worker stops."""


def messages_allowed(sent_at: Sequence[datetime], now: datetime) -> int:
    """Return how many messages may be sent now, after those sent at these times."""
    recent = [at for at in sent_at if now - at < timedelta(hours=1)]
    if len(recent) < MAX_MESSAGES_PER_HOUR:
        return MAX_MESSAGES_PER_HOUR - len(recent)
    return 1 if now - max(recent) >= MIN_INTERVAL else 0


@dataclass(frozen=True, slots=True)
class Audience:
    """The people who hear of some leads of a form: those for which the answers choose a route with these addresses.

    name: of the form, and of the route if that names others. has_all: all leads of the form are theirs.
    """

    form: Form
    name: str
    addresses: tuple[str, ...] = field(repr=False)
    has_all: bool

    def hears_of(self, lead: Lead | None) -> bool:
        """Return whether a lead is theirs."""
        return lead is not None and self.form.for_answers(lead.submission).notify == self.addresses


def audiences_of(form: Form) -> Iterator[Audience]:
    """Yield one audience for each list of addresses of the form and its routes, unless all are empty."""
    names: dict[tuple[str, ...], str] = {}
    for number, variant in enumerate(form.variants):
        names.setdefault(variant.notify, f"{form.name}, route {number}" if number else form.name)
    if any(names):
        yield from (Audience(form, name, addresses, len(names) == 1) for addresses, name in names.items())


class NewLeadNotifier:
    """A thread of the worker on monitoring duty. It works when woken, so that a slow channel delays no alert."""

    def __init__(
        self,
        store: Store,
        forms: Mapping[str, Form],
        public_url: str = "",
        send: Send = channels.send,
    ) -> None:
        self._store = store
        self._stop, self._abort, self._wake = threading.Event(), threading.Event(), threading.Event()
        self._public_url, self._send = public_url, send
        self._forms = forms
        self._notified_forms: Mapping[str, Form] | None = None
        self._notifiers: list[_AudienceNotifier] = []
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        only_when_woken = Intervals(math.inf, first_s=math.inf)
        self._thread = start_periodic_job("new-leads", self.step, only_when_woken, self._stop, self._wake)

    def follow(self, forms: Mapping[str, Form]) -> None:
        """Write to the people of other forms from the next step on."""
        self._forms = forms

    def wake(self) -> None:
        """Look for new leads now."""
        self._wake.set()

    def finish(self) -> None:
        """Let a message that is being sent end; after STOP_TIMEOUT_S, abort it."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(STOP_TIMEOUT_S)
            self._abort.set()
            self._thread.join(1.0)

    def step(self, now: datetime) -> None:
        """Send what is due for every form.

        Raises: StoreUnavailable.
        """
        forms = self._forms
        if forms is not self._notified_forms:
            self._notifiers = self._make_notifiers(forms)
            self._store.write(lambda tx: self._tidy(tx, now))
            self._notified_forms = forms
        for notifier in self._notifiers:
            if self._stop.is_set():
                return
            try:
                notifier.send_due(now)
            except StoreUnavailable:
                raise
            except Exception:  # a bug of this service must not affect other forms
                log.exception("notification_failed", cause=notifier.cause)

    def _make_notifiers(self, forms: Mapping[str, Form]) -> list["_AudienceNotifier"]:
        """One for each audience; those with the same name and addresses as before remember what channels missed."""
        before = {notifier.key: notifier for notifier in self._notifiers}
        notifiers = []
        for audience in (audience for form in forms.values() for audience in audiences_of(form)):
            fresh = _AudienceNotifier(self._store, audience, self._public_url, self._send, self._abort)
            notifiers.append(before[fresh.key].serve(audience) if fresh.key in before else fresh)
        return notifiers

    def _tidy(self, tx: Transaction, now: datetime) -> None:
        """Drop what belongs to audiences that the forms file no longer has."""
        tx.leads.keep_notifications_of(list(dict.fromkeys(notifier.form for notifier in self._notifiers)))
        causes = {notifier.cause for notifier in self._notifiers}
        for alert in tx.alerts.open():
            if alert.kind == "notify" and alert.cause not in causes:
                tx.alerts.resolve(alert.cause, now)


@dataclass(slots=True)
class _LeadChannel:
    """One address, and the leads that other channels took and it did not. number: its position, from 1."""

    number: int
    address: str = field(repr=False)
    missed: list[LeadId] = field(default_factory=list)
    backoff: SendBackoff = field(default_factory=SendBackoff)
    outcome: str = ""


class _AudienceNotifier:
    """Sends the messages of one audience."""

    def __init__(self, store: Store, audience: Audience, public_url: str, send: Send, abort: threading.Event) -> None:
        self._store = store
        self._audience = audience
        self._public_url = public_url.rstrip("/")
        self._send_message = send
        self._abort = abort
        self._channels = [_LeadChannel(number, address) for number, address in enumerate(audience.addresses, 1)]
        self._unrecorded: list[LeadId] = []
        self._reported: str | None = None

    @property
    def form(self) -> str:
        """The name of the form."""
        return self._audience.form.name

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        """The name and the addresses of its audience."""
        return self._audience.name, self._audience.addresses

    def serve(self, audience: Audience) -> "_AudienceNotifier":
        """Go on with the same addresses and another version of their form; returns itself."""
        self._audience = audience
        return self

    @property
    def cause(self) -> str:
        """The cause of the alert that its messages fail."""
        return f"notify:{self._audience.name}"

    def send_due(self, now: datetime) -> None:
        """Send what the channels missed, and what is new, as far as channels and readers can take it.

        Raises: StoreUnavailable.
        """
        self._record(now)
        if not self._channels:
            self._drop()
        able = [channel for channel in self._channels if channel.backoff.allows(now)]
        for channel in able:
            if channel.missed:
                message = self._message(channel.missed)
                if message is None or self._send([channel], message, channel.missed, now):
                    channel.missed = []
        if able:
            self._send_new(now)

    # -- new leads

    def _send_new(self, now: datetime) -> None:
        with self._store.read() as tx:
            new = self._new(tx)
            allowed = messages_allowed(read_instants(tx, self.cause), now)
        if not new or not allowed:
            return
        is_single = len(new) <= min(MAX_SINGLE_MESSAGES, allowed)
        for lead_ids in [[lead_id] for lead_id in new] if is_single else [new]:
            if not self._notify(lead_ids, now):
                return

    def _new(self, tx: Transaction) -> list[LeadId]:
        """Return the leads of this audience that no message was sent about, oldest first; as many as one may cover."""
        form = self._audience.form.name
        if self._audience.has_all:
            return tx.leads.to_notify(form, MAX_LEADS_PER_MESSAGE)
        new: list[LeadId] = []
        after = ""
        while page := tx.leads.to_notify(form, MAX_LEADS_PER_MESSAGE, after):
            new += [lead_id for lead_id in page if self._audience.hears_of(tx.leads.get(lead_id))]
            if len(new) >= MAX_LEADS_PER_MESSAGE:
                break
            after = page[-1]
        return new[:MAX_LEADS_PER_MESSAGE]

    def _drop(self) -> None:
        """Unmark leads whose route names no channel."""
        with self._store.read() as tx:
            new = self._new(tx)
        if new:
            self._store.write(lambda tx: tx.leads.mark_notified(new))

    def _notify(self, lead_ids: list[LeadId], now: datetime) -> bool:
        """Send one message to every channel that can take it; return whether one did. The others get it later."""
        able = [channel for channel in self._channels if channel.backoff.allows(now) and not channel.missed]
        if not able:
            return False
        message = self._message(lead_ids)
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
        """Record what was sent. Until that works, nothing else is sent, nor the same again."""
        if self._unrecorded:
            sent = self._unrecorded

            def record(tx: Transaction) -> None:
                tx.leads.mark_notified(sent)
                add_instant(tx, self.cause, now)

            self._store.write(record)
            self._unrecorded = []

    # -- sending

    def _message(self, lead_ids: Sequence[LeadId]) -> Message | None:
        """Return None when no lead is left: they may have been erased meanwhile."""
        with self._store.read() as tx:
            statuses = tx.leads.statuses_of(lead_ids)
            real = [lead_id for lead_id in lead_ids if statuses.get(lead_id) in NOTIFIABLE]
            leads = [lead for lead in map(tx.leads.get, real[:MAX_LEADS_LISTED]) if lead is not None]
        form = self._audience.form
        if not leads:
            return None
        if len(real) == 1:
            return about_one(leads[0], form.for_answers(leads[0].submission), self._public_url)
        return about_many(leads, len(real), form, self._public_url)

    def _send(
        self, recipients: Sequence[_LeadChannel], message: Message, lead_ids: Sequence[LeadId], now: datetime
    ) -> list[_LeadChannel]:
        """Return the channels that took it."""
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
            sentence = (
                f"Messages about new leads of the form {self._audience.name!r} do not reach address {broken[0].number} "
                f"of its `notify`: {broken[0].outcome}. Correct the address in the forms file. What it "
                "missed is sent as soon as it works; the leads themselves are not affected."
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
