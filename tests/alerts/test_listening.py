"""Forms that fall silent, as the store knows them."""

from datetime import timedelta

from service.lead import Lead, Status
from service.store import Arrival
from tests.alerts.conftest import Post
from tests.builders import a_form, a_lead, a_submission


def bring(post: Post, hours: int, form: str = "contact", status: Status = Status.PENDING) -> list[Lead]:
    """A lead every hour, up to now."""
    submission = a_submission(form=form)
    times = [post.now - timedelta(hours=number) for number in reversed(range(hours))]
    leads = [a_lead(received_at=at, submission=submission, status=status) for at in times]
    post.store.keep_and_enqueue([Arrival(lead, [], lead.id) for lead in leads])
    post.deliver(*(lead for lead in leads if status is Status.PENDING))
    return leads


def test_a_form_that_falls_silent_is_told_and_so_is_its_next_lead(post: Post) -> None:
    bring(post, 24 * 14)
    post.look(60)
    assert post.ear.heard == []

    post.look(24 * 60)
    post.owe()
    post.look(0.1)

    assert post.ear.titles == [
        "Lead Capture: a form has fallen silent",
        "Lead Capture: over: a form has fallen silent",
    ]
    assert "The form 'contact' has brought no lead since 2026-11-24 12:00 UTC" in post.ear.heard[0]["message"]


def test_spam_does_not_break_a_silence_nor_teach_one(post: Post) -> None:
    bring(post, 24 * 14)
    post.now += timedelta(hours=25)
    bring(post, 20, status=Status.QUARANTINED)
    bring(post, 24 * 14, "tour", Status.QUARANTINED)
    post.hire(forms={"contact": a_form(), "tour": a_form("tour")})

    post.look()

    assert [cause for cause in post.open if cause.startswith("silence")] == ["silence:contact"]


def test_a_form_may_be_let_be_silent(post: Post) -> None:
    bring(post, 24 * 14)
    post.hire(forms={"contact": a_form(silence_alarm=False)})

    post.look(48 * 60)

    assert post.open == {}


def test_a_form_that_is_gone_from_the_forms_file_is_not_listened_to(post: Post) -> None:
    bring(post, 24 * 14)
    post.hire(forms={})

    post.look(48 * 60)

    assert post.open == {}


def test_arrivals_are_counted_by_their_time(post: Post) -> None:
    leads = bring(post, 24 * 7)

    with post.store.read() as tx:
        arrivals = tx.alerts.arrivals_by_period("contact", post.now - timedelta(days=3))
        last = tx.alerts.last_arrival("contact")

    assert sum(arrivals.values()) == 24 * 3 + 1
    assert last == leads[-1].received_at
    off = [min(abs(at - lead.received_at) for lead in leads) for at in arrivals]
    assert max(off) < timedelta(minutes=9)
