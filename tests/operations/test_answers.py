"""Answering leads: who waits longest, figures of a period."""

from datetime import datetime, timedelta

import pytest

from service.lead import Lead, LeadId, Status
from service.operations.answers import answer_report, longest_waiting, record_call
from service.operations.leads import ActionNotAllowed
from service.store import AnswerClock, AnswerKind, Period, Store
from tests.builders import NOON, SOMEONE, a_lead, a_submission
from tests.store.actions import enqueue

DAY = Period(NOON - timedelta(hours=1), NOON + timedelta(days=1))


def minutes(number: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=number)


def waiting(store: Store, email: str, at: float = 0, due: float | None = None, **changes: object) -> Lead:
    """A lead that arrived so many minutes after noon, and is to be answered by then."""
    lead = a_lead(email, minutes(at), **changes)
    enqueue(store, lead)
    due_at = None if due is None else minutes(due)
    form = lead.submission.form
    clock = AnswerClock(
        lead.id, lead.account, form, lead.received_at, due_at, waiting_since=due_at and lead.received_at
    )
    store.write(lambda tx: tx.answers.add([clock]))
    return lead


def test_who_waits_longest_comes_first_and_the_overdue_are_counted(store: Store) -> None:
    second = waiting(store, "b@example.com", at=10, due=130)
    first = waiting(store, "a@example.com", at=0, due=120)
    waiting(store, "spam@example.com", at=1, due=2, status=Status.QUARANTINED)
    waiting(store, "other@example.com", at=2, due=3, account="harbour")
    waiting(store, "free@example.com", at=3)

    every = longest_waiting(store, minutes(125), account="default")

    assert [(each.lead.id, each.is_overdue) for each in every.longest] == [(first.id, True), (second.id, False)]
    assert (every.number, every.overdue, every.is_cut) == (2, 1, False)


def test_whoever_was_called_waits_no_more(store: Store) -> None:
    lead = waiting(store, "a@example.com", due=120)

    record_call(store, SOMEONE, lead.id, minutes(5))
    record_call(store, SOMEONE, lead.id, minutes(50))

    assert longest_waiting(store, minutes(60)).number == 0
    with store.read() as tx:
        answer = tx.answers.clocks_of([lead.id])[lead.id]
    assert (answer.answered_at, answer.how, answer.is_in_time) == (minutes(5), AnswerKind.CALLED, True)


def test_a_lead_without_a_clock_can_be_answered_too(store: Store) -> None:
    lead = a_lead()
    enqueue(store, lead)

    record_call(store, SOMEONE, lead.id, minutes(5))

    with store.read() as tx:
        assert tx.answers.clocks_of([lead.id])[lead.id].started_at == lead.received_at


def test_only_a_real_lead_can_be_answered(store: Store) -> None:
    lead = a_lead(status=Status.QUARANTINED)
    enqueue(store, lead)

    with pytest.raises(ActionNotAllowed, match="nobody to call"):
        record_call(store, SOMEONE, lead.id, NOON)
    assert record_call(store, SOMEONE, "0" * 32, NOON) is None


@pytest.fixture
def answered(store: Store) -> Store:
    """Leads of two forms: three answered, one of them late; one overdue, one still in time; spam; one of yesterday."""
    for number, took in enumerate((10, 30, 200)):
        lead = waiting(store, f"{number}@example.com", at=number, due=number + 120)
        record_call(store, SOMEONE, lead.id, minutes(number + took))
    waiting(store, "late@example.com", at=5, due=125)
    waiting(store, "new@example.com", at=290, due=410, submission=a_submission("new@example.com", form="tour"))
    waiting(store, "spam@example.com", due=120, status=Status.QUARANTINED)
    waiting(store, "old@example.com", at=-24 * 60, due=-22 * 60)
    return store


def test_the_report_counts_what_was_answered_in_time(answered: Store) -> None:
    report = answer_report(answered, DAY, minutes(300))

    assert report["total"] == {
        "leads": 5,
        "answered": 3,
        "unanswered": 2,
        "due": 4,
        "in_time": 2,
        "share_in_time": 0.5,
        "median_s": 1800,
        "median_working_s": 1800,
    }
    assert [(row["key"], row["leads"], row["median_s"]) for row in report["rows"]] == [
        ("contact", 4, 1800),
        ("tour", 1, None),
    ]


def test_the_report_by_owner_names_those_whose_turn_it_was(answered: Store) -> None:
    with answered.read() as tx:
        lead_id = tx.answers.waiting(1)[0].lead_id
    turn = ("ann@example.com", 901, "it was their turn")
    answered.write(lambda tx: tx.answers.give_turn(LeadId(lead_id), "default", [turn[0]], lambda _: turn, NOON))

    yesterday = Period(NOON - timedelta(days=2), NOON + timedelta(days=1))
    report = answer_report(answered, yesterday, minutes(300), by="owner")

    assert [(row["key"], row["leads"]) for row in report["rows"]] == [("", 5), ("ann@example.com", 1)]


def test_the_report_equals_plain_sql(answered: Store) -> None:
    sql = """
        SELECT count(*), count(answered_at), sum(CASE WHEN answered_at <= due_at THEN 1 ELSE 0 END)
        FROM answer_clocks JOIN leads ON leads.id = lead_id
        WHERE received_at >= {since} AND received_at < {until} AND status = 'pending'
    """
    period = {"since": DAY.since.timestamp() * 1e6, "until": DAY.until.timestamp() * 1e6}
    with answered._database.reading.connect() as connection:
        numbers = connection.exec_driver_sql(sql.format(**{k: int(v) for k, v in period.items()})).one()

    total = answer_report(answered, DAY, minutes(300))["total"]

    assert tuple(numbers) == (total["leads"], total["answered"], total["in_time"])
