"""Sending alerts and the daily digest to every channel; sent ones are marked."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from service import clock
from service.alerts import channels
from service.alerts.channels import SENT, Message, Send
from service.alerts.decisions import AlertMessage, due_alerts
from service.alerts.wording import count, span
from service.forms import Form
from service.lead import Reason
from service.store import Alert, Store, Transaction, UnreadableSecret, Walls
from service.store.activity import DigestFigures

# -- the daily digest: leads that arrived, their fate, leads that wait; no names and no addresses


DAY = timedelta(days=1)

SPAM_REASONS = {
    Reason.HONEYPOT: "a hidden field was filled in",
    Reason.BLOCKED: "on your block list",
    Reason.TOO_FAST: "filled in faster than people can",
    Reason.FOREIGN_ORIGIN: "sent from a site that is not in allowed_origins",
    Reason.LINKS: "more links than enquiries have",
    Reason.REPEATED: "the same text from several people",
    Reason.CAPTCHA: "the captcha was not passed",
}
"""Each reason in words; docs/spam.md says more."""


@dataclass(frozen=True, slots=True)
class DigestTime:
    """When the digest is sent: a time of day in a time zone."""

    at: time
    zone: ZoneInfo


def last_due(digest_at: DigestTime, now: datetime) -> datetime:
    """Return the latest instant up to `now` at which a digest was due, in UTC."""
    local = now.astimezone(digest_at.zone)
    due = datetime.combine(local.date(), digest_at.at, digest_at.zone)
    if due.astimezone(UTC) > now:
        due = datetime.combine(local.date() - DAY, digest_at.at, digest_at.zone)
    return due.astimezone(UTC)


def compose_digest(figures: DigestFigures, alerts: Sequence[Alert], now: datetime) -> Message:
    """Write the digest of the last 24 hours. alerts: the open ones."""
    received = sum(figures.received.values())
    by_form = ", ".join(f"{form} {number:,}" for form, number in _most_first(figures.received))
    waiting = "none"
    if figures.oldest is not None:
        waiting = f"{figures.waiting:,}, the oldest for {span(now - figures.oldest)}"
    lines = [
        f"Received: {received:,}" + (f" ({by_form})" if by_form else ""),
        f"Delivered: {figures.delivered:,}",
        f"Need attention: {figures.parked:,} of them, {figures.parked_in_all:,} in all",
        *_spam(figures),
        f"Waiting: {waiting}",
        *(["Current problems:"] if alerts else ["No problems."]),
        *(f"- for {span(now - alert.since)}: {alert.sentence}" for alert in alerts),
    ]
    title = f"Lead Capture: {count(received, 'lead')} in 24 hours, {figures.delivered:,} delivered"
    return Message(title, "\n".join(lines), "info")


def _spam(figures: DigestFigures) -> list[str]:
    reasons = [
        f"  {number:,}: {f'{name}, {SPAM_REASONS[Reason(name)]}' if name else 'no reason given'}"
        for name, number in _most_first(figures.suspicions)
    ]
    number = sum(figures.suspicions.values())
    hint = "See `lead-capture leads list --status quarantined`; not spam? `lead-capture leads release ID`"
    return [f"Held as spam: {number:,}" + (f". {hint}" if number else ""), *reasons]


def _most_first(numbers: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))


# -- sending


log = structlog.get_logger()

DUTY_S = 60.0
"""Seconds for which a process has the duty to monitor and send, renewed at half time; longer than sending takes."""

RETRY_INTERVALS_S = (30.0, 60.0, 120.0, 300.0, 900.0)
"""Seconds before a failed message is sent again; the last wait repeats."""

MAX_MISSED_MESSAGES = 5
"""Maximum messages kept for a channel that fails while others work: the newest."""

SENT_FLAG, DIGEST_FLAG = "alerts_sent", "digest"
"""Flags in the store: when the last messages were sent, and the instant of the last digest."""


@dataclass(slots=True)
class SendBackoff:
    """When a failed action may be tried again."""

    failures: int = 0
    not_before: datetime | None = None

    def record_failure(self, now: datetime) -> None:
        """Wait longer after each failure."""
        self.not_before = now + timedelta(seconds=RETRY_INTERVALS_S[min(self.failures, len(RETRY_INTERVALS_S) - 1)])
        self.failures += 1

    def record_success(self) -> None:
        """Start over."""
        self.failures, self.not_before = 0, None

    def allows(self, now: datetime) -> bool:
        """Return whether it may be tried now."""
        return self.not_before is None or now >= self.not_before


@dataclass(slots=True)
class AlertChannel:
    """One address, and the messages that other channels accepted and it did not.

    number: its position, from 1. entry: the id of a channel of the dashboard; "" for an address of ALERT_URLS. account:
    whose alerts it receives; None: all.
    """

    number: int
    address: str = field(repr=False)
    entry: str = ""
    account: str | None = None
    missed: list[Message] = field(default_factory=list)
    backoff: SendBackoff = field(default_factory=SendBackoff)


class AlertSender:
    """Sends messages to all channels: those of ALERT_URLS, and those that people added in the dashboard."""

    def __init__(
        self,
        store: Store,
        addresses: Sequence[str],
        digest_at: DigestTime | None,
        stop: threading.Event,
        send: Send = channels.send,
    ) -> None:
        self._store = store
        self._channels = [AlertChannel(number, address) for number, address in enumerate(addresses, 1)]
        self._entries: frozenset[str] = frozenset()
        self._forms: Mapping[str, Form] = {}
        self._digest_at = digest_at
        self._stop = stop
        self._send_message = send
        self._alert_backoff = SendBackoff()
        self._digest_backoff = SendBackoff()

    def send_due(self, now: datetime) -> None:
        """Send due alerts, messages that single channels missed, and the digest.

        Raises: StoreUnavailable.
        """
        self._follow_channels()
        self._send_alerts(now)
        self._retry_failed_channels(now)
        self._send_digest(now)

    def follow(self, forms: Mapping[str, Form]) -> None:
        """Use these forms from now on to know the accounts of alerts."""
        self._forms = forms

    def _follow_channels(self) -> None:
        """Add channels that were added in the dashboard, and drop those that were removed."""
        with self._store.read() as tx:
            entries = {entry.id: entry.account for entry in tx.channels.all()}
            if self._entries == frozenset(entries):
                return
            kept = [channel for channel in self._channels if not channel.entry or channel.entry in entries]
            known = {channel.entry for channel in kept}
            number = max((channel.number for channel in self._channels), default=0)
            for entry, account in entries.items():
                address = None if entry in known else _address_of(tx, entry)
                if address is not None:
                    number += 1
                    kept.append(AlertChannel(number, address, entry, account))
        self._channels, self._entries = kept, frozenset(entries)

    def _send_alerts(self, now: datetime) -> None:
        if not self._alert_backoff.allows(now):
            return
        with self._store.read() as tx:
            due = due_alerts(tx.alerts.all(), read_instants(tx, SENT_FLAG), now)
        messages = [(part, recipients) for part, recipients in self._parts_of(due, now) if part.message is not None]
        if not messages:
            if due.done:  # over, and without a message
                self._store.write(lambda tx: tx.alerts.forget(due.done))
        elif self._send([(part.message, recipients) for part, recipients in messages if part.message], now):
            self._alert_backoff.record_success()
            noticed = tuple(dict.fromkeys(alert for part, _ in messages for alert in part.alerts))
            self._store.write(lambda tx: _mark_sent(tx, AlertMessage(None, noticed, due.done), now))
        else:
            self._alert_backoff.record_failure(now)

    def _parts_of(self, due: AlertMessage, now: datetime) -> Iterator[tuple[AlertMessage, Sequence[AlertChannel]]]:
        """Yield the messages for each account's channels, and for those of the whole installation."""
        for account, recipients in self._by_account().items():
            if account is None:
                yield due, recipients
            elif due.message is not None:
                with self._within(account).read() as tx:
                    yield due_alerts(tx.alerts.all(), read_instants(tx, SENT_FLAG), now), recipients

    def _by_account(self) -> Mapping[str | None, Sequence[AlertChannel]]:
        accounts = dict.fromkeys(channel.account for channel in self._channels)
        return {name: [channel for channel in self._channels if channel.account == name] for name in accounts}

    def _within(self, account: str) -> Store:
        """Return the store as people of this account see it."""
        own = frozenset(name for name, form in self._forms.items() if set(form.accounts) == {account})
        walls = Walls(frozenset({account}), own)
        return self._store.within(lambda: walls)

    def _send(self, messages: Sequence[tuple[Message, Sequence[AlertChannel]]], now: datetime) -> bool:
        """Send each message to its channels; return whether any accepted one. The others are retried."""
        outcomes = [
            (channel, message, outcome)
            for message, recipients in messages
            for channel, outcome in zip(recipients, self._send_to(recipients, message), strict=True)
        ]
        if not any(outcome == SENT for _, _, outcome in outcomes):
            return False
        for channel, message, outcome in outcomes:
            if outcome != SENT:
                channel.missed = [*channel.missed, message][-MAX_MISSED_MESSAGES:]
                channel.backoff.record_failure(now)
        return True

    def _send_to(self, recipients: Sequence[AlertChannel], message: Message) -> list[str]:
        addresses = [channel.address for channel in recipients]
        outcomes = self._send_message(addresses, message, self._stop)
        self._record(recipients, outcomes)
        for channel, outcome in zip(recipients, outcomes, strict=True):
            if outcome == SENT:
                log.info("alert_sent", channel=channel.number, title=message.title)
            else:
                log.error("alert_failed", channel=channel.number, reason=outcome)  # never the address: it has secrets
        return outcomes

    def _record(self, recipients: Sequence[AlertChannel], outcomes: Sequence[str]) -> None:
        """Record the outcomes for the dashboard's channels, to be shown there."""
        sent = [pair for pair in zip(recipients, outcomes, strict=True) if pair[0].entry]
        if sent:
            now = clock.now()
            outcomes_of = {channel.entry: outcome for channel, outcome in sent}
            self._store.write(lambda tx: record_outcomes(tx, outcomes_of, now))

    def _retry_failed_channels(self, now: datetime) -> None:
        """Send each channel the oldest message that it missed."""
        for channel in self._channels:
            if not channel.missed or not channel.backoff.allows(now):
                continue
            if self._send_to([channel], channel.missed[0]) == [SENT]:
                channel.missed.pop(0)
                channel.backoff.record_success()
            else:
                channel.backoff.record_failure(now)

    def _send_digest(self, now: datetime) -> None:
        """Send one digest for each due instant, late if no worker ran; the first one is due after the installation."""
        if self._digest_at is None or not self._digest_backoff.allows(now):
            return
        due = last_due(self._digest_at, now).isoformat()
        with self._store.read() as tx:
            last = tx.flags.get(DIGEST_FLAG)
        if last is None:
            self._store.write(lambda tx: tx.flags.swap(DIGEST_FLAG, None, due))
            return
        if last >= due:
            return
        digests = [
            (self._compose_digest(account, now), recipients) for account, recipients in self._by_account().items()
        ]
        if digests and not self._send(digests, now):
            self._digest_backoff.record_failure(now)
            return
        self._digest_backoff.record_success()
        self._store.write(lambda tx: tx.flags.swap(DIGEST_FLAG, last, due))
        log.info("digest", messages=len(digests))

    def _compose_digest(self, account: str | None, now: datetime) -> Message:
        store = self._store if account is None else self._within(account)
        with store.read() as tx:
            return compose_digest(tx.alerts.digest_figures(now - DAY), tx.alerts.open(), now)


def _address_of(tx: Transaction, entry: str) -> str | None:
    try:
        return tx.channels.address(entry)
    except UnreadableSecret as error:
        log.error("alert_channel_unreadable", channel=entry, reason=str(error))
        return None


def record_outcomes(tx: Transaction, outcomes: Mapping[str, str], now: datetime) -> None:
    """Record the outcome of the last message to channels of the dashboard. outcomes: by channel."""
    for entry, outcome in outcomes.items():
        tx.channels.record_sent(entry, now, "" if outcome == SENT else outcome)


def _mark_sent(tx: Transaction, sent: AlertMessage, now: datetime) -> None:
    for alert in sent.alerts:
        tx.alerts.mark_notified(alert, now)
    tx.alerts.forget(sent.done)
    add_instant(tx, SENT_FLAG, now)


def read_instants(tx: Transaction, flag: str) -> list[datetime]:
    """Return the instants stored under a flag."""
    return [datetime.fromisoformat(text) for text in json.loads(tx.flags.get(flag) or "[]")]


def add_instant(tx: Transaction, flag: str, now: datetime) -> None:
    """Add an instant to those of the last hour under a flag."""
    recent = [at for at in read_instants(tx, flag) if now - at < timedelta(hours=1)]
    tx.flags.swap(flag, tx.flags.get(flag), json.dumps([at.isoformat() for at in [*recent, now]]))
