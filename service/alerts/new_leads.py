"""The thread that writes to people about leads: each new one, and each that waits too long for an answer.

A lead is marked as "to notify" in its own commit, and its clock is started there; see lead_notifier.py for the sending
of messages, reminders.py for leads that wait.
"""

import math
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

import structlog

from service.alerts import channels
from service.alerts.answer_links import AnswerLinks
from service.alerts.channels import Send
from service.alerts.lead_messages import about_many, about_one
from service.alerts.lead_notifier import LeadNotifier, LeadTopic, audiences_of
from service.alerts.reminders import AnswerTimer, reminder_topics
from service.background import Intervals, start_periodic_job
from service.forms import Form
from service.store import Store, StoreUnavailable, Transaction

log = structlog.get_logger()

STOP_TIMEOUT_S = 4.0
"""Seconds for a message that is being sent when the worker stops."""


def new_lead_topic(links: AnswerLinks) -> LeadTopic:
    """Return the topic of new leads: those marked in their own commit."""
    return LeadTopic(
        subject="new leads",
        key="notify",
        suffix="",
        addresses=lambda form: form.notify,
        concerns=lambda form: any(variant.notify for variant in form.variants),
        pending=lambda tx, form, _now, limit, after: tx.leads.to_notify(form, limit, after),
        mark=lambda tx, lead_ids, _now: tx.leads.mark_notified(lead_ids),
        about_one=lambda lead, form, _now: about_one(lead, form, links.public_url, links.for_message(lead.id, form)),
        about_many=lambda leads, number, form, _now: about_many(leads, number, form, links.public_url),
    )


class NewLeadNotifier:
    """A thread of the worker on monitoring duty. It works when woken, so that a slow channel delays no alert."""

    def __init__(
        self,
        store: Store,
        forms: Mapping[str, Form],
        public_url: str = "",
        send: Send = channels.send,
        links: AnswerLinks | None = None,
        zone: tzinfo = UTC,
    ) -> None:
        """links: "I have called" in messages. zone: for working hours without a zone."""
        self._store = store
        self._stop, self._abort, self._wake = threading.Event(), threading.Event(), threading.Event()
        links = links or AnswerLinks(public_url, store.secret_key)
        self._topics = (new_lead_topic(links), *reminder_topics(links))
        self._timer = AnswerTimer(store, zone)
        self._send = send
        self._forms = forms
        self._notified_forms: Mapping[str, Form] | None = None
        self._notifiers: list[LeadNotifier] = []
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        only_when_woken = Intervals(math.inf, first_s=math.inf)
        self._thread = start_periodic_job("new-leads", self.step, only_when_woken, self._stop, self._wake)

    def follow(self, forms: Mapping[str, Form]) -> None:
        """Use other forms from the next step on."""
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
            self._timer.follow(forms)
            self._notified_forms = forms
        self._timer.step(now)
        for notifier in self._notifiers:
            if self._stop.is_set():
                return
            try:
                notifier.send_due(now)
            except StoreUnavailable:
                raise
            except Exception:  # a bug of this service must not affect other forms
                log.exception("notification_failed", cause=notifier.cause)

    def _make_notifiers(self, forms: Mapping[str, Form]) -> list[LeadNotifier]:
        """Return a notifier for each audience; one with the same name and addresses keeps its missed messages."""
        before = {notifier.key: notifier for notifier in self._notifiers}
        notifiers = []
        pairs = [(form, topic) for form in forms.values() for topic in self._topics]
        for audience in (audience for form, topic in pairs for audience in audiences_of(form, topic)):
            fresh = LeadNotifier(self._store, audience, self._send, self._abort)
            notifiers.append(before[fresh.key].serve(audience) if fresh.key in before else fresh)
        return notifiers

    def _tidy(self, tx: Transaction, now: datetime) -> None:
        """Drop notifications, and resolve alerts, of audiences that the forms file no longer has."""
        audiences = [notifier.audience for notifier in self._notifiers]
        notified = [audience.form.name for audience in audiences if audience.topic is self._topics[0]]
        tx.leads.keep_notifications_of(list(dict.fromkeys(notified)))
        causes = {notifier.cause for notifier in self._notifiers}
        for alert in tx.alerts.open():
            if alert.kind == "notify" and alert.cause not in causes:
                tx.alerts.resolve(alert.cause, now)
