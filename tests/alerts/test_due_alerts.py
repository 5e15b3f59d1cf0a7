"""Which alerts are sent when: at once, again after hours, once when resolved; and never too many."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.alerts.decisions import MAX_MESSAGES_PER_HOUR, TITLES, due_alerts
from service.store import Alert
from tests.builders import NOON
from tests.tables import each_row

HOUR = timedelta(hours=1)
LOGIN = Alert("login:default", "The password is refused: correct it.", NOON, NOON)
STUCK = Alert("stuck:default", "Leads wait too long.", NOON + HOUR, NOON + HOUR)


def notified(alert: Alert, times: int, hours_ago: float, now_h: float = 100) -> Alert:
    return replace(alert, notified_count=times, notified_at=NOON + HOUR * (now_h - hours_ago))


def message_of(*alerts: Alert, hours: float = 100, sent: Sequence[float] = ()) -> tuple[str, str]:
    due = due_alerts(alerts, [NOON + HOUR * at for at in sent], NOON + HOUR * hours)
    return (due.message.title, due.message.body) if due.message else ("", "")


def test_a_new_cause_is_sent_at_once() -> None:
    assert message_of(LOGIN, hours=0) == ("Lead Capture: Nexudus refuses the sign-in", LOGIN.sentence)


def test_several_new_causes_are_one_message() -> None:
    title, body = message_of(LOGIN, STUCK, hours=1)

    assert title == "Lead Capture: Nexudus refuses the sign-in (and 1 more)"
    assert body == f"{LOGIN.sentence}\n\n{STUCK.sentence}"


def test_the_number_of_occurrences_is_included() -> None:
    assert message_of(replace(LOGIN, occurrences=14))[1] == f"{LOGIN.sentence} (Noticed 14 times.)"


@each_row(
    ("times", "hours_ago", "due"),
    [(1, 3.9, False), (1, 4, True), (2, 19, False), (2, 20, True), (3, 23, False), (3, 24, True), (9, 24, True)],
)
def test_a_reminder_comes_after_four_hours_a_day_then_daily(times: int, hours_ago: float, due: bool) -> None:
    title, body = message_of(notified(LOGIN, times, hours_ago))

    assert bool(title) is due
    assert body == ("Ongoing for 4 days: The password is refused: correct it." if due else "")


def test_parked_leads_are_sent_again_only_when_there_are_more() -> None:
    parked = notified(Alert("parked:default:unfit", "3 leads are parked.", NOON, NOON), 1, 30)

    assert message_of(parked) == ("", "")
    assert message_of(replace(parked, seen_at=NOON + HOUR * 99))[0] == "Lead Capture: reminder: leads need attention"


def test_the_end_of_a_sent_alert_is_sent_once() -> None:
    over = replace(notified(LOGIN, 1, 1), resolved_at=NOON + timedelta(minutes=25))

    due = due_alerts([over], [], NOON + HOUR)

    assert due.message is not None
    assert (due.message.title, due.message.tone) == (
        "Lead Capture: resolved: Nexudus refuses the sign-in",
        "success",
    )
    assert due.message.body == "Resolved after 25 minutes: Nexudus accepts the service account again."
    assert (due.alerts, due.done) == ((), ("login:default",))


def test_what_was_resolved_before_it_was_sent_is_forgotten() -> None:
    due = due_alerts([replace(LOGIN, resolved_at=NOON)], [], NOON)

    assert (due.message, due.done) == (None, ("login:default",))


def test_the_place_is_added_where_the_ending_does_not_name_it() -> None:
    over = replace(notified(LOGIN, 1, 1), cause="login:harbour", resolved_at=NOON)

    assert message_of(over)[1].endswith("again. (harbour)")


def test_an_unknown_kind_is_sent_too() -> None:
    strange = Alert("comet:earth", "Duck.", NOON, NOON)

    assert message_of(strange) == ("Lead Capture: something is wrong", "Duck.")
    assert (
        message_of(replace(notified(strange, 1, 1), resolved_at=NOON))[1]
        == "Resolved after 0 seconds: No longer: Duck."
    )


def test_many_causes_are_cut_and_counted() -> None:
    many = [replace(STUCK, cause=f"stuck:{number}", sentence=f"Number {number}.") for number in range(20)]

    title, body = message_of(*many)

    assert title.endswith("(and 19 more)")
    assert body.endswith("Number 11.\n\nAnd 8 more causes: `lead-capture alerts` lists them.")


def test_after_too_many_messages_in_an_hour_everything_waits() -> None:
    just_now = [99.9] * MAX_MESSAGES_PER_HOUR

    assert message_of(LOGIN, sent=just_now) == ("", "")
    assert message_of(LOGIN, sent=just_now[1:]) != ("", "")
    assert message_of(LOGIN, sent=just_now, hours=101) != ("", "")


def some_alert(draw: st.DrawFn) -> Alert:
    since, seen, notified_after, over = (draw(st.integers(0, 200)) for _ in range(4))
    times = draw(st.integers(0, 5))
    cause = f"{draw(st.sampled_from([*TITLES, 'comet']))}:{draw(st.sampled_from(['default', 'harbour']))}"
    notified_at = NOON + HOUR * (since + notified_after) if times else None
    resolved_at = NOON + HOUR * (since + over) if draw(st.booleans()) else None
    return Alert(
        cause, "It is wrong.", NOON + HOUR * since, NOON + HOUR * (since + seen), 1, notified_at, times, resolved_at
    )


@given(st.lists(st.composite(some_alert)(), unique_by=lambda alert: alert.cause), st.integers(0, 400))
def test_what_was_sent_is_not_due_again_right_after(alerts: list[Alert], hours: int) -> None:
    now = NOON + HOUR * hours
    due = due_alerts(alerts, [], now)
    after = [
        replace(alert, notified_count=alert.notified_count + 1, notified_at=now) if alert in due.alerts else alert
        for alert in alerts
        if alert.cause not in due.done
    ]

    assert due_alerts(after, [], now).message is None


@given(st.lists(st.composite(some_alert)(), unique_by=lambda alert: alert.cause), st.integers(0, 400))
def test_nothing_new_or_resolved_is_left_out(alerts: list[Alert], hours: int) -> None:
    due = due_alerts(alerts, [], NOON + HOUR * hours)

    new = {alert.cause for alert in alerts if alert.resolved_at is None and not alert.notified_count}
    over = {alert.cause for alert in alerts if alert.resolved_at is not None}
    assert new <= {alert.cause for alert in due.alerts}
    assert set(due.done) == over
