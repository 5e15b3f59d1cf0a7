"""Monitoring: one of all workers looks at the store every few seconds, and sends what people must know.

The other workers watch whether it still does. Findings and messages are in the store, so any worker can take over.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

import structlog

from service import clock
from service.alerts import channels
from service.alerts.answer_links import AnswerLinks
from service.alerts.canary import Submit, send_canary
from service.alerts.channels import Send
from service.alerts.conditions import (
    LATE_S,
    Condition,
    find_conditions,
    find_platform_conditions,
    find_rejected_senders,
)
from service.alerts.decisions import AlertChanges, AlertState, account_without_access
from service.alerts.new_leads import NewLeadNotifier
from service.alerts.sending import DUTY_S, AlertSender, DigestTime
from service.alerts.silence import SilenceMonitor
from service.alerts.strangers import find_strangers
from service.alerts.worker_watch import find_absent_worker
from service.background import Intervals, run_periodically
from service.forms import Form
from service.store import Alert, Identity, Store, StoreUnavailable, Transaction
from service.store.tallies import DAY

log = structlog.get_logger()

INTERVALS = Intervals(every_s=2.0, first_s=2.0)

REST_FACTOR = 20
"""Spend at most 1/20 of the time looking, however much there is to see."""


@dataclass(frozen=True, slots=True)
class MonitorConfig:
    """The operator's settings. addresses: of the alert channels. links: in messages; None: with the stored key.

    zone: for working hours without a zone.
    """

    addresses: Sequence[str] = ()
    digest_at: DigestTime | None = None
    forms: Mapping[str, Form] = field(default_factory=dict)
    public_url: str = ""
    send: Send = channels.send
    links: AnswerLinks | None = None
    zone: tzinfo = UTC


class Monitor:
    """The monitoring job of one worker."""

    def __init__(
        self, store: Store, config: MonitorConfig, identity: Identity, submit: Submit, stop: threading.Event
    ) -> None:
        """submit: accepts test leads."""
        self._store = store
        self._config = config
        self._identity = identity
        self._submit = submit
        self._stop = stop
        self._sender = AlertSender(store, config.addresses, config.digest_at, stop, config.send)
        self._sender.follow(config.forms)
        self._forms = config.forms
        self._new_leads = NewLeadNotifier(
            store, config.forms, config.public_url, config.send, config.links, config.zone
        )
        self._state = AlertState()
        self._silence = SilenceMonitor()
        self._logged: dict[str, str] = {}
        self._began_at: datetime | None = None

    def follow(self, forms: Mapping[str, Form]) -> None:
        """Monitor other forms from the next look on."""
        self._forms = forms
        self._new_leads.follow(forms)
        self._sender.follow(forms)

    def run(self) -> None:
        """Monitor until stopped, then hand over the duty."""
        self._new_leads.start()
        run_periodically("monitor", self.step, INTERVALS, self._stop)
        self._new_leads.finish()
        try:
            self._store.write(lambda tx: tx.alerts.release_monitor(self._identity.name))
        except StoreUnavailable:
            log.warning("monitor_not_handed_over")  # its lease runs out

    def step(self, now: datetime) -> float | None:
        """Look once and send what is due; return None if another worker is on duty.

        Raises: StoreUnavailable.
        """
        if not self._is_on_duty(now):
            return None
        self._new_leads.wake()
        began = clock.monotonic()
        self._look(now)
        look_s = clock.monotonic() - began
        self._sender.send_due(now)
        return max(INTERVALS.every_s, REST_FACTOR * look_s)

    def _is_on_duty(self, now: datetime) -> bool:
        me = self._identity
        with self._store.read() as tx:
            duty = tx.alerts.monitor(now)
        if duty is not None:
            holder, seconds = duty
            if holder == me.name and seconds > DUTY_S / 2:
                return True
            if holder != me.name and seconds > 0 and not me.is_gone(holder):
                return False
        return self._store.write(lambda tx: tx.alerts.claim_monitor(me.name, now, DUTY_S, me.is_gone))

    def _look(self, now: datetime) -> None:
        """Look for problems, and record changes."""
        forms = self._forms
        canaries = [send_canary(form, self._submit, self._store, now) for form in forms.values()]
        with self._store.read() as tx:
            snapshot = tx.alerts.snapshot(now, LATE_S)
            conditions = [
                *find_conditions(snapshot, now),
                *find_platform_conditions(snapshot, now),
                *self._silence.conditions(tx, forms.values(), now),
                *(condition for condition in canaries if condition),
                *find_rejected_senders(tx.platforms.open_rejections(), forms, now),
                *self._idle_workers(tx, now),
                *find_strangers(tx.tallies.all_since(now - DAY), forms, now),
            ]
            changes = self._state.compare(conditions, tx.alerts.open(), lambda alert: _has_recovered(tx, alert), now)
        if changes:
            self._store.write(lambda tx: _write(tx, changes, now))
        with self._store.read() as tx:
            self._log(tx.alerts.open())

    def _idle_workers(self, tx: Transaction, now: datetime) -> Iterator[Condition]:
        """Yield the condition that no worker delivers, though this one monitors: its delivery loop hangs."""
        self._began_at = self._began_at or now
        if tx.workers.last_seen() is not None:
            condition = find_absent_worker(tx, self._began_at, now)
            yield from () if condition is None else (condition,)

    def _log(self, alerts: Sequence[Alert]) -> None:
        """Log each alert that was opened or resolved since the last look, by any process."""
        open_alerts = {alert.cause: alert.sentence for alert in alerts}
        for cause in open_alerts.keys() - self._logged.keys():
            log.warning("alert_opened", cause=cause, sentence=open_alerts[cause])
        for cause in self._logged.keys() - open_alerts.keys():
            log.warning("alert_resolved", cause=cause)
        self._logged = open_alerts


def _write(tx: Transaction, changes: AlertChanges, now: datetime) -> None:
    for condition in changes.reported:
        tx.alerts.report(condition.cause, condition.sentence, now)
    for condition in changes.reworded:
        tx.alerts.reword(condition.cause, condition.sentence)
    for cause in changes.resolved:
        tx.alerts.resolve(cause, now)


def _has_recovered(tx: Transaction, alert: Alert) -> bool | None:
    """Return whether a refused account works again; None if no lead is queued for it, so that nothing shows it."""
    account = account_without_access(alert.cause) or alert.cause.partition(":")[2]
    if tx.alerts.has_delivered(account, alert.since):
        return True
    return False if tx.alerts.has_queued(account) else None
