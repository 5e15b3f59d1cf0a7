"""Forms that fall silent, as the store knows them."""

from datetime import timedelta

from service.lead import Lead, Status
from service.store import Arrival
from tests.alerts.conftest import MonitorEnv
from tests.builders import a_form, a_lead, a_submission


def bring(env: MonitorEnv, hours: int, form: str = "contact", status: Status = Status.PENDING) -> list[Lead]:
    """A lead every hour, up to now."""
    submission = a_submission(form=form)
    times = [env.now - timedelta(hours=number) for number in reversed(range(hours))]
    leads = [a_lead(received_at=at, submission=submission, status=status) for at in times]
    env.store.keep_and_enqueue([Arrival(lead, [], lead.id) for lead in leads])
    env.deliver(*(lead for lead in leads if status is Status.PENDING))
    return leads


def test_a_silent_form_raises_an_alert_that_its_next_lead_resolves(env: MonitorEnv) -> None:
    bring(env, 24 * 14)
    env.look(60)
    assert env.sink.received == []

    env.look(24 * 60)
    env.enqueue()
    env.look(0.1)

    assert env.sink.titles == [
        "Lead Capture: a form has fallen silent",
        "Lead Capture: resolved: a form has fallen silent",
    ]
    assert "The form 'contact' has brought no lead since 2026-11-24 12:00 UTC" in env.sink.received[0]["message"]


def test_spam_does_not_break_a_silence_nor_teach_one(env: MonitorEnv) -> None:
    bring(env, 24 * 14)
    env.now += timedelta(hours=25)
    bring(env, 20, status=Status.QUARANTINED)
    bring(env, 24 * 14, "tour", Status.QUARANTINED)
    env.configure(forms={"contact": a_form(), "tour": a_form("tour")})

    env.look()

    assert [cause for cause in env.open if cause.startswith("silence")] == ["silence:contact"]


def test_a_form_may_be_let_be_silent(env: MonitorEnv) -> None:
    bring(env, 24 * 14)
    env.configure(forms={"contact": a_form(silence_alarm=False)})

    env.look(48 * 60)

    assert env.open == {}


def test_a_form_that_is_gone_from_the_forms_file_is_not_listened_to(env: MonitorEnv) -> None:
    bring(env, 24 * 14)
    env.configure(forms={})

    env.look(48 * 60)

    assert env.open == {}


def test_arrivals_are_counted_by_their_time(env: MonitorEnv) -> None:
    leads = bring(env, 24 * 7)

    with env.store.read() as tx:
        arrivals = tx.alerts.arrivals_by_period("contact", env.now - timedelta(days=3))
        last = tx.alerts.last_arrival("contact")

    assert sum(arrivals.values()) == 24 * 3 + 1
    assert last == leads[-1].received_at
    off = [min(abs(at - lead.received_at) for lead in leads) for at in arrivals]
    assert max(off) < timedelta(minutes=9)


def test_a_form_that_a_new_version_removes_is_not_listened_to_any_more(env: MonitorEnv) -> None:
    bring(env, 24 * 14)
    env.look(48 * 60)
    assert list(env.open) == ["silence:contact"]

    env.monitors["one"].follow({})
    env.look()

    assert env.open == {}
