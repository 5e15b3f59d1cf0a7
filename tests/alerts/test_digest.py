"""Once a day: at the operator's hour, once over all workers, late after a downtime; figures and no people."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from service.alerts.sending import DAY, SPAM_REASONS, DigestTime, last_due
from service.lead import Reason, Status, Suspicion
from tests.alerts.conftest import MonitorEnv
from tests.builders import NOON, a_submission
from tests.tables import each_row

SEVEN = DigestTime(time(7), ZoneInfo("UTC"))
LOOK = "See `lead-capture leads list --status quarantined`; not spam? `lead-capture leads release ID`"
LONDON = DigestTime(time(8), ZoneInfo("Europe/London"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@each_row(
    ("digest_at", "now", "turn"),
    [
        (SEVEN, "2026-11-24T07:00", "2026-11-24T07:00"),
        (SEVEN, "2026-11-24T06:59", "2026-11-23T07:00"),
        (LONDON, "2026-11-24T12:00", "2026-11-24T08:00"),
        (LONDON, "2026-07-24T12:00", "2026-07-24T07:00"),  # summer time
        (LONDON, "2026-07-24T06:59", "2026-07-23T07:00"),
        (DigestTime(time(7), ZoneInfo("Pacific/Auckland")), "2026-11-24T19:00", "2026-11-24T18:00"),
    ],
)
def test_the_hour_is_the_operator_s(digest_at: DigestTime, now: str, turn: str) -> None:
    assert last_due(digest_at, at(now)) == at(turn)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 (the zone is given)
    st.times().map(lambda moment: moment.replace(second=0, microsecond=0)),
    st.sampled_from(["UTC", "Europe/London", "America/St_Johns", "Pacific/Chatham"]),
)
def test_the_last_due_is_never_ahead_nor_more_than_a_day_and_a_clock_change_ago(
    now: datetime, moment: time, zone: str
) -> None:
    turn = last_due(DigestTime(moment, ZoneInfo(zone)), now)

    assert timedelta(0) <= now - turn <= DAY + timedelta(hours=1)


def digests(env: MonitorEnv) -> list[str]:
    return [message["message"] for message in env.sink.received if message["type"] == "info"]


def test_a_new_installation_waits_for_its_first_hour_and_gets_one_digest_a_day(env: MonitorEnv) -> None:
    env.configure(digest_at=SEVEN)

    for _ in range(50):
        env.look(60)

    assert len(digests(env)) == 2


def test_after_a_downtime_it_comes_once_and_late(env: MonitorEnv) -> None:
    env.configure(digest_at=SEVEN)
    env.look()

    env.look(5 * 24 * 60)
    env.look(1)

    assert len(digests(env)) == 1


def test_a_second_worker_does_not_send_it_again(env: MonitorEnv) -> None:
    env.configure("one", digest_at=SEVEN)
    env.configure("two", digest_at=SEVEN)
    env.look()
    env.look(24 * 60)
    env.gone.add("one")

    assert env.look(1, "two")

    assert len(digests(env)) == 1


def test_it_is_off_where_the_operator_says_so(env: MonitorEnv) -> None:
    env.configure(digest_at=None)
    env.look()

    env.look(48 * 60)

    assert env.sink.received == []


def test_a_digest_that_did_not_go_out_is_sent_again(env: MonitorEnv) -> None:
    env.configure(digest_at=SEVEN)
    env.look()
    env.sink.status = 500
    env.look(24 * 60)
    env.sink.status = 200

    env.look(1)
    env.look(1)

    assert len(digests(env)) == 2  # one was refused


def test_it_says_what_arrived_and_what_became_of_it(env: MonitorEnv) -> None:
    env.configure(digest_at=SEVEN)
    env.look()
    env.now = NOON + timedelta(hours=16)
    tour = a_submission(form="tour")
    delivered = [env.enqueue(f"{number}@example.com", submission=tour) for number in range(2)]
    env.enqueue("waits@example.com")
    for number, site in enumerate(("https://spam.example", "https://more-spam.example")):
        problem = str(Suspicion(Reason.FOREIGN_ORIGIN, f"It came from {site}."))
        env.enqueue(f"spam{number}@example.com", status=Status.QUARANTINED, problem=problem)
    env.enqueue("unfit@example.com", status=Status.PARKED, problem="there is no usable e-mail address")
    env.deliver(*delivered)

    env.look(3 * 60 + 1)

    (text,) = digests(env)
    lines = text.splitlines()
    assert lines[:6] == [
        "Received: 4 (contact 2, tour 2)",
        "Delivered: 2",
        "Need attention: 1 of them, 1 in all",
        f"Held as spam: 2. {LOOK}",
        "  2: foreign_origin, sent from a site that is not in allowed_origins",
        "Waiting: 1, the oldest for 3 hours",
    ]
    assert lines[6] == "Current problems:"
    assert "example.com" not in text


def test_what_is_held_as_spam_is_counted_by_its_reason_the_most_frequent_first(env: MonitorEnv) -> None:
    env.configure(digest_at=SEVEN)
    env.look()
    problems = [str(Suspicion(reason, f"Words of {reason}'s sender.")) for reason in Reason]
    for number, problem in enumerate([*problems, problems[-1], "Held before reasons had names."]):
        env.enqueue(f"spam{number}@example.com", status=Status.QUARANTINED, problem=problem)

    env.look(24 * 60)

    held = digests(env)[0].partition("Held as spam: 9. ")[2].splitlines()[1:]
    assert held[0] == "  2: captcha, the captcha was not passed"
    assert held[1 : len(Reason) + 1] == [
        "  1: no reason given",
        *sorted(f"  1: {reason.value}, {SPAM_REASONS[reason]}" for reason in Reason if reason is not Reason.CAPTCHA),
    ]


def test_a_quiet_day_says_so(env: MonitorEnv) -> None:
    env.configure(digest_at=SEVEN)
    env.look()

    env.look(24 * 60)

    assert env.sink.titles == ["Lead Capture: 0 leads in 24 hours, 0 delivered"]
    assert digests(env)[0].endswith("Waiting: none\nNo problems.")
