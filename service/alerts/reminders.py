"""Leads that wait too long: when each must be answered, and who is notified if nobody has.

Every step of a clock is in the store, due at an instant: work out when an answer is due, remind, escalate, work out how
much working time the answer took. A finished step names the next one, so each is done once, whichever worker does it,
and none is lost.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from functools import partial

import structlog

from service.alerts.answer_links import AnswerLinks
from service.alerts.lead_messages import about_late_one, about_many
from service.alerts.lead_notifier import LeadTopic
from service.forms import AnswerRule, Form
from service.lead import LeadId, Status
from service.store import AnswerClock, ClockStep, Store, Transaction
from service.store.leads.stored import NOTIFIABLE

log = structlog.get_logger()

BATCH_SIZE = 200
"""Clocks worked out in one transaction: small, so that other writers need not wait."""

RULES_FLAG = "answer_rules"
"""Flag with the rules by which the clocks were worked out."""

WAITING_TO_BE_REAL = timedelta(minutes=5)
"""Time until the next look at a lead that is not real yet, because its answers are being fetched."""


Work = Callable[[Transaction, Sequence[AnswerClock], datetime], None]
"""Does one step for some clocks."""


# -- recipients


def reminder_topics(links: AnswerLinks) -> tuple[LeadTopic, LeadTopic]:
    """Return the topics of late leads: for the people of the form, and for those to whom they are escalated."""
    return _topic(ClockStep.REMIND, "notify", links), _topic(ClockStep.ESCALATE, "escalate_to", links)


def _topic(step: ClockStep, key: str, links: AnswerLinks) -> LeadTopic:
    def addresses(form: Form) -> tuple[str, ...]:
        return form.notify if step is ClockStep.REMIND else form.answer.escalate_to

    def pending(tx: Transaction, form: str, now: datetime, limit: int, after: str) -> list[LeadId]:
        return [clock.lead_id for clock in tx.answers.due(step, form, now, limit, after)]

    def mark(tx: Transaction, lead_ids: Sequence[LeadId], now: datetime) -> None:
        for clock in tx.answers.clocks_of(lead_ids).values():
            if clock.step is step:
                _advance(tx, _done(clock, now), clock)

    return LeadTopic(
        subject="leads that wait for an answer",
        key=key,
        suffix=", reminders" if step is ClockStep.REMIND else ", escalations",
        addresses=addresses,
        concerns=lambda form: form.starts_clock,
        pending=pending,
        mark=mark,
        about_one=lambda lead, form, now: about_late_one(lead, form, links.public_url, links.url_of(lead.id), now),
        about_many=lambda leads, number, form, _now: about_many(leads, number, form, links.public_url, "late lead"),
    )


def _done(clock: AnswerClock, now: datetime) -> AnswerClock:
    is_reminder = clock.step is ClockStep.REMIND
    return replace(clock, reminded_at=now) if is_reminder else replace(clock, escalated_at=now)


def _advance(tx: Transaction, clock: AnswerClock, before: AnswerClock) -> None:
    """Record what was done about a clock, and its next step."""
    step, next_at = next_step(clock)
    changes = {name: getattr(clock, name) for name in ("due_at", "escalate_at", "reminded_at", "escalated_at")}
    tx.answers.advance(before, step, next_at, waiting_since=clock.started_at, **changes)


def next_step(clock: AnswerClock) -> tuple[ClockStep, datetime | None]:
    """Return the next step of an unanswered clock, and when it is due."""
    if clock.due_at is not None and clock.reminded_at is None:
        return ClockStep.REMIND, clock.due_at
    if clock.escalate_at is not None and clock.escalated_at is None:
        return ClockStep.ESCALATE, clock.escalate_at
    return ClockStep.NONE, None


# -- due times


class AnswerTimer:
    """Works out when leads must be answered, by the forms in force, and how long the answers took."""

    def __init__(self, store: Store, zone: tzinfo) -> None:
        self._store, self._zone = store, zone
        self._forms: Mapping[str, Form] = {}

    def follow(self, forms: Mapping[str, Form]) -> None:
        """Use other forms from now on, also for leads that wait already.

        Raises: StoreUnavailable.
        """
        self._forms = forms
        rules = "\n".join(f"{name} {variant.answer!r}" for name in sorted(forms) for variant in forms[name].variants)
        digest = hashlib.sha256(f"{rules}\n{self._zone}".encode()).hexdigest()
        with self._store.read() as tx:
            is_known = tx.flags.get(RULES_FLAG) == digest
        if is_known:
            return

        def retime(tx: Transaction) -> None:
            tx.answers.retime()
            tx.flags.set(RULES_FLAG, digest)

        self._store.write(retime)

    def step(self, now: datetime) -> None:
        """Work out what is due.

        Raises: StoreUnavailable.
        """
        for step, work in ((ClockStep.TIME, self._time), (ClockStep.SETTLE, self._settle)):
            with self._store.read() as tx:
                forms = tx.answers.forms_with(step, now)
            for form in forms:
                while self._store.write(partial(self._batch, step=step, form=form, now=now, work=work)):
                    pass

    def _batch(self, tx: Transaction, step: ClockStep, form: str, now: datetime, work: Work) -> bool:
        """Do a batch of one step; return whether there may be more."""
        clocks = tx.answers.due(step, form, now, BATCH_SIZE)
        if clocks:
            work(tx, clocks, now)
        return len(clocks) == BATCH_SIZE

    def _time(self, tx: Transaction, clocks: Sequence[AnswerClock], now: datetime) -> None:
        statuses = tx.leads.statuses_of([clock.lead_id for clock in clocks])
        dropped: list[LeadId] = []
        for clock in clocks:
            status, rule = statuses.get(clock.lead_id), self._rule_of(tx, clock)
            if status is Status.ANNOUNCED:
                tx.answers.advance(clock, ClockStep.TIME, now + WAITING_TO_BE_REAL)
            elif status not in NOTIFIABLE or rule is None or not (rule.within_s or rule.escalate_after_s):
                dropped.append(clock.lead_id)
            else:
                _advance(tx, _timed(clock, rule, self._zone), clock)
        tx.answers.drop(dropped)

    def _settle(self, tx: Transaction, clocks: Sequence[AnswerClock], _now: datetime) -> None:
        for clock in clocks:
            rule = self._rule_of(tx, clock) or AnswerRule()
            end = clock.answered_at or clock.started_at
            working_s = round(rule.hours.in_zone(self._zone).seconds_between(clock.started_at, end))
            tx.answers.advance(clock, ClockStep.NONE, None, working_s=working_s)

    def _rule_of(self, tx: Transaction, clock: AnswerClock) -> AnswerRule | None:
        """Return the rule of the form, or of the route that the answers choose; None for a form that was removed."""
        form = self._forms.get(clock.form)
        if form is None or form.canary is not None:
            return None
        lead = tx.leads.get(clock.lead_id) if form.routes else None
        return (form.for_answers(lead.submission) if lead else form).answer


def _timed(clock: AnswerClock, rule: AnswerRule, zone: tzinfo) -> AnswerClock:
    """Return the clock with the times at which an answer and an escalation are due."""
    hours = rule.hours.in_zone(zone)

    def after(seconds: float | None) -> datetime | None:
        return None if seconds is None else hours.after(clock.started_at, seconds)

    return replace(clock, due_at=after(rule.within_s), escalate_at=after(rule.escalate_after_s))
