"""People are told: what is due goes out to every channel, and is marked as told once it did."""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from service.alerts import channels, digest
from service.alerts.alerts import Telling, what_to_tell
from service.alerts.channels import Message
from service.store import Store, Transaction

log = structlog.get_logger()

AGAIN_S = (30.0, 60.0, 120.0, 300.0, 900.0)
"""The waits before a message is sent again that did not go out; the last one repeats."""

KEPT_MESSAGES = 5
"""Messages that are kept for a channel that does not take them: the newest. The others went out elsewhere."""

SENT, DIGEST = "alerts_sent", "digest"
"""Marks in the store: when messages went out lately, and for which moment the last digest was."""


@dataclass(slots=True)
class Patience:
    """When something that failed may be tried again."""

    failures: int = 0
    not_before: datetime | None = None

    def failed(self, now: datetime) -> None:
        """Wait a little longer each time."""
        self.not_before = now + timedelta(seconds=AGAIN_S[min(self.failures, len(AGAIN_S) - 1)])
        self.failures += 1

    def worked(self) -> None:
        """Begin anew."""
        self.failures, self.not_before = 0, None

    def allows(self, now: datetime) -> bool:
        """Whether it is time."""
        return self.not_before is None or now >= self.not_before


@dataclass(slots=True)
class Channel:
    """One address, and what others were told already and it was not."""

    number: int
    address: str
    late: list[Message] = field(default_factory=list)
    patience: Patience = field(default_factory=Patience)


class Teller:
    """Tells what there is to tell, to those who are to be told."""

    def __init__(
        self,
        store: Store,
        addresses: Sequence[str],
        digest_at: digest.Hour | None,
        stop: threading.Event,
        send_s: float = channels.SEND_S,
    ) -> None:
        self._store = store
        self._channels = [Channel(number, address) for number, address in enumerate(addresses, 1)]
        self._digest_at = digest_at
        self._stop = stop
        self._send_s = send_s
        self._alerts = Patience()
        self._digest = Patience()

    # -- alerts

    def tell(self, now: datetime) -> None:
        """Send what is due, if anything is; what no channel took stays untold.

        Raises: StoreUnavailable.
        """
        if not self._alerts.allows(now):
            return
        with self._store.read() as tx:
            sent_at = _instants(tx.flags.get(SENT))
            telling = what_to_tell(tx.alerts.all(), sent_at, now)
        if telling.message is None or not self._channels:
            if telling.done:  # over, and nobody was told or is to be
                self._store.write(lambda tx: tx.alerts.forget(telling.done))
            return
        if not self._send(telling.message, now):
            self._alerts.failed(now)
            return
        self._alerts.worked()
        self._store.write(lambda tx: _note(tx, telling, now))

    def _send(self, message: Message, now: datetime) -> bool:
        """Send to all; whether any took it. Those that did not get it later."""
        outcomes = self._send_to(self._channels, message)
        if channels.SENT not in outcomes:
            return False
        for channel, outcome in zip(self._channels, outcomes, strict=True):
            if outcome != channels.SENT:
                channel.late = [*channel.late, message][-KEPT_MESSAGES:]
                channel.patience.failed(now)
        return True

    def _send_to(self, those: Sequence[Channel], message: Message) -> list[str]:
        outcomes = channels.send([channel.address for channel in those], message, self._send_s, self._stop)
        for channel, outcome in zip(those, outcomes, strict=True):
            if outcome == channels.SENT:
                log.info("alert_sent", channel=channel.number, title=message.title)
            else:
                log.error("alert_failed", channel=channel.number, reason=outcome)  # never the address: it has secrets
        return outcomes

    def tell_late(self, now: datetime) -> None:
        """Send once more what a channel did not take while others did, one message for each channel at a time."""
        for channel in self._channels:
            if not channel.late or not channel.patience.allows(now):
                continue
            (outcome,) = self._send_to([channel], channel.late[0])
            if outcome == channels.SENT:
                channel.late.pop(0)
                channel.patience.worked()
            else:
                channel.patience.failed(now)

    # -- the digest

    def send_digest(self, now: datetime) -> None:
        """Send the digest once for each of its moments, late if nobody was there; a new installation begins tomorrow.

        Raises: StoreUnavailable.
        """
        if self._digest_at is None or not self._digest.allows(now):
            return
        turn = digest.newest_turn(self._digest_at, now).isoformat()
        with self._store.read() as tx:
            last = tx.flags.get(DIGEST)
        if last is None:
            self._store.write(lambda tx: tx.flags.swap(DIGEST, None, turn))
            return
        if last >= turn:
            return
        with self._store.read() as tx:
            message = digest.compose(tx.alerts.digest_figures(now - digest.DAY), tx.alerts.open(), now)
        if self._channels and not self._send(message, now):
            self._digest.failed(now)
            return
        self._digest.worked()
        self._store.write(lambda tx: tx.flags.swap(DIGEST, last, turn))
        log.info("digest", title=message.title)


def _note(tx: Transaction, telling: Telling, now: datetime) -> None:
    for concern in telling.told:
        tx.alerts.mark_notified(concern, now)
    tx.alerts.forget(telling.done)
    written = tx.flags.get(SENT)
    lately = [at for at in _instants(written) if now - at < timedelta(hours=1)]
    tx.flags.swap(SENT, written, json.dumps([at.isoformat() for at in [*lately, now]]))


def _instants(text: str | None) -> list[datetime]:
    return [datetime.fromisoformat(word) for word in json.loads(text or "[]")]
