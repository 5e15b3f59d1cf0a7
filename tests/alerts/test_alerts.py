"""Which concerns are told when: at once, again after hours, once when over; and never too many."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.alerts.alerts import MOST_AN_HOUR, TITLES, what_to_tell
from service.store import Alert
from tests.builders import NOON

HOUR = timedelta(hours=1)
LOGIN = Alert("login:default", "The password is refused: correct it.", NOON, NOON)
STUCK = Alert("stuck:default", "Leads wait too long.", NOON + HOUR, NOON + HOUR)


def told(concern: Alert, times: int, hours_ago: float, now_h: float = 100) -> Alert:
    return replace(concern, notified_count=times, notified_at=NOON + HOUR * (now_h - hours_ago))


def tell(*concerns: Alert, hours: float = 100, sent: Sequence[float] = ()) -> tuple[str, str]:
    telling = what_to_tell(concerns, [NOON + HOUR * at for at in sent], NOON + HOUR * hours)
    return (telling.message.title, telling.message.body) if telling.message else ("", "")


def test_a_new_cause_is_told_at_once() -> None:
    assert tell(LOGIN, hours=0) == ("Lead Capture: Nexudus refuses the sign-in", LOGIN.sentence)


def test_several_new_causes_are_one_message() -> None:
    title, body = tell(LOGIN, STUCK, hours=1)

    assert title == "Lead Capture: Nexudus refuses the sign-in (and 1 more)"
    assert body == f"{LOGIN.sentence}\n\n{STUCK.sentence}"


def test_how_often_it_was_noticed_is_told() -> None:
    assert tell(replace(LOGIN, occurrences=14))[1] == f"{LOGIN.sentence} (Noticed 14 times.)"


@pytest.mark.parametrize(
    ("times", "hours_ago", "due"),
    [(1, 3.9, False), (1, 4, True), (2, 19, False), (2, 20, True), (3, 23, False), (3, 24, True), (9, 24, True)],
)
def test_a_reminder_comes_after_four_hours_a_day_then_daily(times: int, hours_ago: float, due: bool) -> None:
    title, body = tell(told(LOGIN, times, hours_ago))

    assert bool(title) is due
    assert body == ("Still, for 4 days: The password is refused: correct it." if due else "")


def test_parked_leads_are_told_again_only_when_there_are_more() -> None:
    parked = told(Alert("parked:default:unfit", "3 leads are parked.", NOON, NOON), 1, 30)

    assert tell(parked) == ("", "")
    assert tell(replace(parked, seen_at=NOON + HOUR * 99))[0] == "Lead Capture: still: leads need a person"


def test_the_end_is_told_once_to_those_who_heard_of_it() -> None:
    over = replace(told(LOGIN, 1, 1), resolved_at=NOON + timedelta(minutes=25))

    telling = what_to_tell([over], [], NOON + HOUR)

    assert telling.message is not None
    assert (telling.message.title, telling.message.tone) == (
        "Lead Capture: over: Nexudus refuses the sign-in",
        "success",
    )
    assert telling.message.body == "Over, after 25 minutes: Nexudus takes the service account again."
    assert (telling.told, telling.done) == ((), ("login:default",))


def test_what_was_over_before_anybody_heard_of_it_is_forgotten() -> None:
    telling = what_to_tell([replace(LOGIN, resolved_at=NOON)], [], NOON)

    assert (telling.message, telling.done) == (None, ("login:default",))


def test_the_place_is_told_where_the_ending_does_not_say_it() -> None:
    over = replace(told(LOGIN, 1, 1), cause="login:harbour", resolved_at=NOON)

    assert tell(over)[1].endswith("again. (harbour)")


def test_a_kind_that_nobody_foresaw_is_told_too() -> None:
    strange = Alert("comet:earth", "Duck.", NOON, NOON)

    assert tell(strange) == ("Lead Capture: something is wrong", "Duck.")
    assert tell(replace(told(strange, 1, 1), resolved_at=NOON))[1] == "Over, after 0 seconds: No longer: Duck."


def test_many_causes_are_cut_and_counted() -> None:
    many = [replace(STUCK, cause=f"stuck:{number}", sentence=f"Number {number}.") for number in range(20)]

    title, body = tell(*many)

    assert title.endswith("(and 19 more)")
    assert body.endswith("Number 11.\n\nAnd 8 more causes: `lead-capture alerts` lists them.")


def test_after_too_many_messages_in_an_hour_everything_waits() -> None:
    just_now = [99.9] * MOST_AN_HOUR

    assert tell(LOGIN, sent=just_now) == ("", "")
    assert tell(LOGIN, sent=just_now[1:]) != ("", "")
    assert tell(LOGIN, sent=just_now, hours=101) != ("", "")


def some_concern(draw: st.DrawFn) -> Alert:
    since, seen, told_after, over = (draw(st.integers(0, 200)) for _ in range(4))
    times = draw(st.integers(0, 5))
    cause = f"{draw(st.sampled_from([*TITLES, 'comet']))}:{draw(st.sampled_from(['default', 'harbour']))}"
    notified_at = NOON + HOUR * (since + told_after) if times else None
    resolved_at = NOON + HOUR * (since + over) if draw(st.booleans()) else None
    return Alert(
        cause, "It is wrong.", NOON + HOUR * since, NOON + HOUR * (since + seen), 1, notified_at, times, resolved_at
    )


@given(st.lists(st.composite(some_concern)(), unique_by=lambda concern: concern.cause), st.integers(0, 400))
def test_whatever_is_told_is_not_due_again_right_after(concerns: list[Alert], hours: int) -> None:
    now = NOON + HOUR * hours
    telling = what_to_tell(concerns, [], now)
    after = [
        replace(concern, notified_count=concern.notified_count + 1, notified_at=now)
        if concern in telling.told
        else concern
        for concern in concerns
        if concern.cause not in telling.done
    ]

    assert what_to_tell(after, [], now).message is None


@given(st.lists(st.composite(some_concern)(), unique_by=lambda concern: concern.cause), st.integers(0, 400))
def test_nothing_new_or_over_goes_untold(concerns: list[Alert], hours: int) -> None:
    telling = what_to_tell(concerns, [], NOON + HOUR * hours)

    new = {concern.cause for concern in concerns if concern.resolved_at is None and not concern.notified_count}
    over = {concern.cause for concern in concerns if concern.resolved_at is not None}
    assert new <= {concern.cause for concern in telling.told}
    assert set(telling.done) == over
