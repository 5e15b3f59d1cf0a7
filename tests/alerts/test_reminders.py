"""Leads that wait too long: who is reminded, when, once each; and who is not."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.alerts.new_leads import NewLeadNotifier
from service.capture.accept import accept
from service.forms import AnswerRule, Canary, Form, Route, WorkingHours
from service.forms.working_hours import read_hours
from service.lead import LeadId, Status
from service.operations.leads import DISCARD, RELEASE, act_on_lead
from service.store import AnswerClock, AnswerKind, FirstAnswer
from tests.alerts.conftest import MonitorEnv
from tests.alerts.sink import AlertSink, send_here
from tests.builders import NOON, SOMEONE, a_form, a_submission

HOUR_S = 3600.0
RULE = AnswerRule(within_s=2 * HOUR_S)
LATE = "Waiting for 2 hours: Ada Lovelace, Contact us"


class ReminderEnv:
    """An installation whose form `contact` is to be answered within two hours, and whose bell is at `sink`."""

    def __init__(self, env: MonitorEnv) -> None:
        self.env, self.store, self.sink = env, env.store, env.sink
        self.use(self.form())

    def form(self, answer: AnswerRule = RULE, **changes: Any) -> Form:
        """The form."""
        return a_form(**{"title": "Contact us", "notify": (self.sink.address,), "answer": answer, **changes})

    def use(self, *forms: Form) -> None:
        """A worker that starts now, with these forms."""
        self.forms = {form.name: form for form in forms}
        self.notifier = NewLeadNotifier(self.store, self.forms, "https://leads.example.com", send_here)

    def receive(self, suspicion: str = "", **changes: Any) -> LeadId:
        """An enquiry that arrives now."""
        submission = a_submission(**changes)
        return accept(submission, self.forms["contact"], self.store, self.env.now, suspicion).lead_id

    def after(self, minutes: float = 0) -> list[str]:
        """Let time pass and send what is due; returns the titles about leads that are late."""
        self.env.now += timedelta(minutes=minutes)
        self.notifier.step(self.env.now)
        return [title for title in self.sink.titles if not title.startswith("New lead")]

    def answer(self, lead_id: LeadId) -> None:
        """Somebody has called, now."""
        answer = FirstAnswer(lead_id, "default", "contact", NOON, self.env.now, AnswerKind.CALLED)
        self.store.write(lambda tx: tx.answers.record_answers([answer], self.env.now))

    def clock(self, lead_id: LeadId) -> AnswerClock | None:
        """The clock of a lead."""
        with self.store.read() as tx:
            return tx.answers.clocks_of([lead_id]).get(lead_id)


@pytest.fixture
def env(env: MonitorEnv) -> ReminderEnv:
    return ReminderEnv(env)


def test_a_lead_without_an_answer_is_a_reminder_when_its_time_is_over_once(env: ReminderEnv) -> None:
    lead_id = env.receive()

    assert env.after(119) == []
    assert env.after(1) == [LATE]
    assert env.after(600) == [LATE]
    text = env.sink.received[-1]["message"]
    assert "Nobody has answered for 2 hours." in text
    assert f"https://leads.example.com/admin/leads/{lead_id}" in text
    assert "I have called: https://leads.example.com/answered/" in text


def test_the_message_about_a_new_lead_bears_the_link(env: ReminderEnv) -> None:
    env.receive()
    env.after()

    assert "I have called: https://leads.example.com/answered/" in env.sink.received[0]["message"]


def test_an_answer_ends_the_clock(env: ReminderEnv) -> None:
    lead_id = env.receive()
    env.after(60)

    env.answer(lead_id)

    assert env.after(120) == []
    clock = env.clock(lead_id)
    assert clock is not None
    assert (clock.working_s, clock.is_in_time, clock.waiting_since) == (3600, True, None)


def test_it_is_escalated_to_others_after_a_longer_time_once(env: ReminderEnv) -> None:
    with AlertSink() as boss:
        env.use(env.form(AnswerRule(2 * HOUR_S, 4 * HOUR_S, (boss.address,))))
        env.receive()

        assert env.after(120) == [LATE]
        assert boss.titles == []
        env.after(120)
        env.after(240)

        assert boss.titles == ["Waiting for 4 hours: Ada Lovelace, Contact us"]
        assert env.after() == [LATE]


def test_a_worker_that_takes_over_repeats_nothing(env: ReminderEnv) -> None:
    env.receive()
    assert env.after(120) == [LATE]

    env.use(*env.forms.values())

    assert env.after(60) == [LATE]


def test_a_worker_that_was_killed_before_it_could_record_the_message_sends_it_again(env: ReminderEnv) -> None:
    env.receive()
    env.after()
    write, env.store.write = env.store.write, lambda _job: (_ for _ in ()).throw(KeyboardInterrupt)  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        env.after(120)
    env.store.write = write  # type: ignore[method-assign]

    env.use(*env.forms.values())

    assert env.after(1) == [LATE, LATE]


def test_only_working_time_counts(env: ReminderEnv) -> None:
    # NOON is a Tuesday.
    hours = WorkingHours(read_hours("Mo-Fr 09:00-13:00"), zone=ZoneInfo("UTC"))
    env.use(env.form(AnswerRule(2 * HOUR_S, hours=hours)))
    lead_id = env.receive()

    assert env.after(21 * 60 + 59) == []
    env.answer(lead_id)
    env.receive(email="bob@example.com")
    env.after(1)

    clock = env.clock(lead_id)
    assert clock is not None
    assert clock.due_at == NOON + timedelta(hours=22)
    assert clock.working_s == 2 * HOUR_S - 60


def test_a_location_has_its_own_rule(env: ReminderEnv) -> None:
    leeds = env.form(AnswerRule(HOUR_S))
    env.use(env.form(AnswerRule(), routes=(Route({"location": "leeds"}, leeds),)))
    fields = {**a_submission().fields, "location": "Leeds"}
    env.receive(fields=fields)
    elsewhere = env.receive(email="bob@example.com")

    assert env.after(60) == ["Waiting for 60 minutes: Ada Lovelace, Contact us"]
    assert env.clock(elsewhere) is None


@pytest.mark.parametrize("status", [Status.QUARANTINED, Status.TEST])
def test_spam_and_tests_have_no_clock(env: ReminderEnv, status: Status) -> None:
    is_test = status is Status.TEST
    lead_id = env.receive("" if is_test else "too many links", is_test=is_test)

    assert env.after(180) == []
    assert env.clock(lead_id) is None


def test_the_clock_of_released_spam_starts_at_its_release(env: ReminderEnv) -> None:
    lead_id = env.receive("too many links")
    env.after(180)

    act_on_lead(env.store, SOMEONE, RELEASE, lead_id, env.env.now)

    assert env.after(119) == []
    assert len(env.after(1)) == 1


def test_a_discarded_lead_reminds_nobody(env: ReminderEnv) -> None:
    lead_id = env.receive()
    env.after()

    act_on_lead(env.store, SOMEONE, DISCARD, lead_id, env.env.now)

    assert env.after(180) == []


def test_an_erased_lead_reminds_nobody_and_still_counts(env: ReminderEnv) -> None:
    lead_id = env.receive()
    env.after()

    env.store.erase([lead_id], env.env.now)

    assert env.after(180) == []
    clock = env.clock(lead_id)
    assert clock is not None
    assert (clock.waiting_since, clock.due_at) == (None, NOON + timedelta(hours=2))


def test_test_leads_of_a_canary_have_no_clock(env: ReminderEnv) -> None:
    env.use(env.form(canary=Canary(3600, "canary@example.com")))
    env.receive()

    assert env.after(180) == []


def test_a_changed_rule_counts_for_leads_that_wait(env: ReminderEnv) -> None:
    env.receive()
    env.after()

    env.notifier.follow({"contact": env.form(AnswerRule(30 * 60.0))})

    assert env.after(30) == ["Waiting for 30 minutes: Ada Lovelace, Contact us"]
    env.notifier.follow({"contact": env.form()})
    assert len(env.after(120)) == 1


def test_without_addresses_nobody_is_reminded_and_the_next_step_follows(env: ReminderEnv) -> None:
    with AlertSink() as boss:
        env.use(env.form(AnswerRule(2 * HOUR_S, 4 * HOUR_S, (boss.address,)), notify=()))
        env.receive()
        env.after(120)
        env.after(120)

        assert boss.titles == ["Waiting for 4 hours: Ada Lovelace, Contact us"]
