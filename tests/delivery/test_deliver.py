"""One debt paid: once, by the right contact, whatever happens to the worker."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
import time_machine

from service import clock
from service.alerts.conditions import find_conditions
from service.delivery import missing_setup
from service.delivery.context import on_startup
from service.delivery.deliver import deliver, requeue
from service.forms import ContactRule, Destination, Route
from service.lead import Contact, Delivery, Outcome, Status, Step
from service.operations.correction import correct
from service.store import LeaseLost, Store, Transaction
from tests.builders import SOMEONE, a_form, a_lead, a_submission
from tests.delivery.conftest import Env

COWORKERS, OPPORTUNITIES = "/api/spaces/coworkers", "/api/crm/crmopportunities"
EMAIL = "ada@example.com"
T = TypeVar("T")


def claim(env: Env, worker: str) -> Delivery:
    """What a worker gets a day later, when every lease has run out."""
    env.ahead += timedelta(days=1)
    (delivery,) = env.store.write(lambda tx: tx.queue.claim(worker, env.tomorrow(), 90, 1))
    return delivery


def test_a_new_person_becomes_a_coworker_and_an_opportunity(env: Env) -> None:
    lead = env.owes(a_lead())

    env.deliver_until_quiet()

    (made,) = env.nexudus.opportunities_of(EMAIL)
    assert env.kept(lead).status is Status.DELIVERED
    assert (env.kept(lead).opportunity_id, env.kept(lead).coworker_id) == (made["Id"], made["CoworkerId"])
    assert made["UtmSource"] == "google"
    assert made["LeadSource"] == 19


def test_a_known_person_is_not_made_again(env: Env) -> None:
    env.nexudus.add_coworker(EMAIL)
    lead = env.owes(a_lead())

    env.deliver_until_quiet()

    assert len(env.nexudus.coworkers_of(EMAIL)) == 1
    assert [attempt.step for attempt in env.attempts(lead)] == [Step.FIND_COWORKER, Step.CREATE_OPPORTUNITY]


def test_a_known_person_is_not_changed(env: Env) -> None:
    known = env.nexudus.add_coworker(EMAIL, "Ada King")
    env.owes(a_lead())

    env.deliver_until_quiet()

    (still,) = env.nexudus.coworkers_of(EMAIL)
    assert (still["FullName"], still.get("MobilePhone")) == ("Ada King", known.get("MobilePhone"))
    assert {call.method for call in env.nexudus.calls() if call.path != "/api/token"} == {"GET", "POST"}


def test_no_welcome_e_mail_is_sent(env: Env) -> None:
    env.owes(a_lead())

    env.deliver_until_quiet()

    assert env.nexudus.side_effects() == []


def test_two_leads_of_one_person_make_one_coworker_and_two_opportunities(env: Env) -> None:
    for _ in range(2):
        env.owes(a_lead())

    env.deliver_until_quiet()

    assert len(env.nexudus.coworkers_of(EMAIL)) == 1
    assert len(env.nexudus.opportunities_of(EMAIL)) == 2


def test_a_lead_follows_the_route_of_its_answers(env: Env) -> None:
    there = replace(a_form(), destination=Destination(stage_id=2001), contact=ContactRule(56, 1, 2))
    form = a_form(routes=(Route({"location": "quay"}, there),))
    env.use({"contact": form})
    env.owes(a_lead(submission=a_submission(extras={"location": "Quay"})))

    env.deliver_until_quiet()

    assert env.nexudus.opportunities_of(EMAIL)[0]["CrmBoardColumnId"] == 2001
    assert env.nexudus.coworkers_of(EMAIL)[0]["InvoicingBusinessId"] == 56


def test_a_search_that_comes_too_early_is_made_again_before_the_create(env: Env) -> None:
    lead = env.owes(a_lead())
    fault = {"method": "POST", "path": OPPORTUNITIES, "times": 1, "after_save": True, "reset": True}
    env.nexudus.faults([fault])
    env.deliver_once()
    env.nexudus.settings(search_lag_s=3600)
    env.ahead += timedelta(days=1)

    env.deliver_once()
    env.nexudus.settings(search_lag_s=0)
    env.deliver_until_quiet()

    searches = [attempt.outcome for attempt in env.attempts(lead) if attempt.step is Step.FIND_OPPORTUNITY]
    assert searches == [Outcome.MISSING, Outcome.DONE]
    assert len(env.nexudus.opportunities_of(EMAIL)) == 1


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"systemid_round_trips": False}, id="SystemId is forgotten"),
        pytest.param({"systemid_filters": False}, id="the filter is ignored"),
        pytest.param({"systemid_round_trips": False, "notes_in_lists": False}, id="and lists leave out Notes"),
    ],
)
def test_the_saved_opportunity_is_found_also_where(env: Env, settings: dict[str, bool]) -> None:
    env.nexudus.settings(**settings)
    env.owes(a_lead())
    fault = {"method": "POST", "path": OPPORTUNITIES, "times": 1, "after_save": True, "status": 500}
    env.nexudus.faults([fault])

    env.deliver_until_quiet()

    assert len(env.nexudus.opportunities_of(EMAIL)) == 1


def take_over(env: Env, path: str) -> Delivery:
    """What the next worker gets when the first one loses its lease while a POST is under way."""
    first = claim(env, "first")

    def deliver_in_vain() -> None:
        with pytest.raises(LeaseLost):
            deliver(first, env.context)

    thread = threading.Thread(target=deliver_in_vain)
    thread.start()
    env.nexudus.wait_for_calls(1, "POST", path)
    env.store.write(lambda tx: tx.queue.free_leases(lambda worker: worker == "first"))
    second = claim(env, "second")
    thread.join()
    return second


@pytest.mark.parametrize("is_saved", [pytest.param(False, id="not saved"), pytest.param(True, id="saved")])
@pytest.mark.parametrize(
    ("step", "path"),
    [
        pytest.param(Step.CREATE_COWORKER, COWORKERS, id="create coworker"),
        pytest.param(Step.CREATE_OPPORTUNITY, OPPORTUNITIES, id="create opportunity"),
    ],
)
def test_a_worker_that_ends_during_a_create_makes_no_second_record(
    env: Env, step: Step, path: str, *, is_saved: bool
) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{"method": "POST", "path": path, "times": 1, "after_save": is_saved, "hang_s": 0.2}])

    second = take_over(env, path)
    assert second.doubt is not None
    assert second.doubt.step is step
    deliver(second, env.context)
    env.deliver_until_quiet()

    assert env.kept(lead).status is Status.DELIVERED
    assert len(env.nexudus.coworkers_of(EMAIL)) == len(env.nexudus.opportunities_of(EMAIL)) == 1


@pytest.mark.parametrize("retries", [False, True], ids=["by itself", "an operator retries it"])
def test_a_create_that_was_never_answered_is_not_repeated_while_nexudus_may_be_at_work_on_it(
    env: Env, retries: bool
) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{"method": "POST", "path": OPPORTUNITIES, "times": 1, "hang_s": 0.1}])
    take_over(env, OPPORTUNITIES)
    env.store.write(lambda tx: tx.queue.free_leases(lambda _: True))
    env.context = replace(env.context, timeout_s=30)
    if retries:
        env.store.write(lambda tx: tx.queue.retry([lead.id], clock.now()))

    env.deliver_once()

    due = env.kept(lead).next_attempt_at
    assert env.attempts(lead)[-1].step is Step.FIND_OPPORTUNITY
    assert due is not None
    assert (due - clock.now()).total_seconds() > 25


def test_after_a_create_without_an_answer_the_first_search_counts_for_nothing(env: Env) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{"method": "POST", "path": OPPORTUNITIES, "times": 1, "hang_s": 0.1, "after_save": True}])
    take_over(env, OPPORTUNITIES)
    env.store.write(lambda tx: tx.queue.free_leases(lambda _: True))
    env.nexudus.settings(search_lag_s=3600)
    for _ in range(2):
        env.deliver_once()
        env.ahead += timedelta(days=1)
    env.nexudus.settings(search_lag_s=0)

    env.deliver_until_quiet()

    searches = [attempt.outcome for attempt in env.attempts(lead) if attempt.step is Step.FIND_OPPORTUNITY]
    assert searches == [Outcome.MISSING, Outcome.MISSING, Outcome.DONE]
    assert len(env.nexudus.opportunities_of(EMAIL)) == 1


@pytest.mark.parametrize(
    "age",
    [timedelta(), timedelta(hours=-1), timedelta(hours=1)],
    ids=["just now", "the clock was set back", "long ago"],
)
def test_a_second_lead_makes_no_contact_while_nexudus_may_be_at_work_on_the_first_ones(
    env: Env, age: timedelta
) -> None:
    with time_machine.travel(clock.now() - age):
        env.owes(a_lead())
        env.nexudus.faults([{"method": "POST", "path": COWORKERS, "times": 1, "hang_s": 0.1}])
        first = take_over(env, COWORKERS)
    env.store.write(lambda tx: tx.queue.postpone(first, env.tomorrow(), 0))
    env.context = replace(env.context, timeout_s=30)
    second = env.owes(a_lead())

    env.deliver_once()

    due = env.kept(second).next_attempt_at
    if age > timedelta():
        assert env.kept(second).status is Status.DELIVERED
    else:
        assert [attempt.step for attempt in env.attempts(second)] == [Step.FIND_COWORKER]
        assert due is not None
        assert 50 < (due - clock.now()).total_seconds() < 70


def test_a_contact_is_not_made_twice_when_the_first_lead_is_corrected_to_another_person(env: Env) -> None:
    first = env.owes(a_lead())
    env.nexudus.faults([{"method": "POST", "path": COWORKERS, "times": 1, "hang_s": 0.1}])
    claimed = take_over(env, COWORKERS)
    env.store.write(lambda tx: tx.queue.postpone(claimed, env.tomorrow(), 0))
    correct(env.store, SOMEONE, first.id, {"email": "mary@example.com"}, {"contact": a_form()}, clock.now())
    env.context = replace(env.context, timeout_s=30)
    second = env.owes(a_lead())

    env.deliver_once()

    assert Step.CREATE_COWORKER not in {attempt.step for attempt in env.attempts(second)}
    assert env.kept(second).status is Status.PENDING


class Ended(BaseException):
    """The worker ends here."""


class EndingStore(Store):
    """A database whose user ends after so many commits."""

    commits_left = 0

    def write(self, job: Callable[[Transaction], T]) -> T:
        """See Store."""
        if self.commits_left == 0:
            raise Ended
        self.commits_left -= 1
        return super().write(job)


def test_a_worker_that_ends_after_a_search_does_not_make_the_next_one_come_at_once(env: Env, database_url: str) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{"method": "POST", "path": OPPORTUNITIES, "times": 1, "reset": True}])
    env.deliver_once()
    ending, now = EndingStore(database_url), clock.now() + timedelta(minutes=1)

    for commits in range(10):
        (again,) = env.store.write(lambda tx: tx.queue.claim("a worker", now, 90, 1))
        assert again.doubt is not None
        assert again.doubt.verify_count == 0
        ending.commits_left = commits
        with suppress(Ended):
            deliver(again, replace(env.context, store=ending))
            break
        env.store.write(lambda tx: tx.queue.free_leases(lambda _: True))
    ending.close()

    assert [attempt.step for attempt in env.attempts(lead)].count(Step.FIND_OPPORTUNITY) > 1
    assert len(env.nexudus.calls("POST", OPPORTUNITIES)) == 1


@pytest.mark.parametrize("is_probe", [False, True], ids=["an operator retries it", "a probe after an outage"])
def test_a_search_that_comes_before_its_time_allows_no_repeat(env: Env, is_probe: bool) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{"method": "POST", "path": OPPORTUNITIES, "times": 1, "hang_s": 0.1}])
    take_over(env, OPPORTUNITIES)
    env.store.write(lambda tx: tx.queue.free_leases(lambda _: True))
    env.context = replace(env.context, timeout_s=30)
    env.deliver_once()
    if not is_probe:
        env.store.write(lambda tx: tx.queue.retry([lead.id], clock.now()))

    again = claim(env, "the next worker")
    deliver(replace(again, probes_until=clock.now() if is_probe else None), env.context)

    due = env.kept(lead).next_attempt_at
    assert [attempt.step for attempt in env.attempts(lead)[-2:]] == [Step.FIND_OPPORTUNITY] * 2
    assert due is not None
    assert (due - clock.now()).total_seconds() > 25


def test_a_worker_that_lost_its_lease_stops_before_the_next_call(env: Env) -> None:
    env.owes(a_lead())
    slow = claim(env, "slow")
    claim(env, "quick")

    with pytest.raises(LeaseLost):
        deliver(slow, env.context)

    assert env.nexudus.calls("POST", OPPORTUNITIES) == []


def test_a_second_worker_goes_on_where_the_first_one_stopped(env: Env) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{"method": "POST", "path": OPPORTUNITIES, "times": 1, "status": 503}])

    env.deliver_until_quiet()

    steps = [attempt.step for attempt in env.attempts(lead)]
    assert steps.count(Step.FIND_COWORKER) == steps.count(Step.CREATE_COWORKER) == 1


def test_an_operators_retry_is_recorded_as_one(env: Env) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{"method": "GET", "path": COWORKERS, "times": 1, "status": 500}])
    env.deliver_once()

    env.store.write(lambda tx: tx.queue.retry([lead.id], clock.now()))
    env.deliver_until_quiet()

    assert [attempt.trigger for attempt in env.attempts(lead)] == ["schedule", *["operator"] * 3]


def test_an_operators_retry_of_a_doubtful_lead_looks_first(env: Env) -> None:
    lead = env.owes(a_lead())
    fault = {"method": "POST", "path": OPPORTUNITIES, "times": 1, "after_save": True, "reset": True}
    env.nexudus.faults([fault])
    env.deliver_once()

    env.store.write(lambda tx: tx.queue.retry([lead.id], clock.now()))
    env.deliver_until_quiet()

    assert len(env.nexudus.opportunities_of(EMAIL)) == 1


def test_every_call_tells_how_long_it_took_and_what_was_answered(env: Env) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{"method": "POST", "path": OPPORTUNITIES, "times": None, "status": 400}])

    env.deliver_until_quiet()

    rejected = env.attempts(lead)[-1]
    assert (rejected.http_status, rejected.detail) == (400, "Team: is a required field")
    assert all(attempt.duration_ms is not None for attempt in env.attempts(lead))


# -- what only a person can mend


class TestFormThatIsGone:
    """The forms file has no form of the lead's name any more: perhaps a mistake."""

    def test_its_leads_wait_and_one_alert_says_so(self, env: Env) -> None:
        env.use({})
        leads = [env.owes(a_lead(f"{number}@example.com")) for number in range(3)]

        for _ in range(3):
            env.deliver_once()

        assert {env.kept(lead).status for lead in leads} == {Status.PENDING}
        assert "then it is parked: the set-up no longer has the form 'contact'" in env.kept(leads[0]).problem
        with env.store.read() as tx:
            (condition,) = find_conditions(tx.alerts.snapshot(clock.now(), 240), clock.now())
        assert condition.cause == "missing:default:form:contact"
        assert "put it back. Those that still wait at " in condition.sentence
        assert "3 leads wait" in condition.sentence

    def test_once_the_form_is_back_all_are_delivered(self, env: Env) -> None:
        env.use({})
        leads = [env.owes(a_lead(f"{number}@example.com")) for number in range(3)]
        env.deliver_once()
        env.use({"contact": a_form()})

        env.ahead += timedelta(minutes=10)  # the next probe
        env.deliver_once()
        env.deliver_once()

        assert {env.kept(lead).status for lead in leads} == {Status.DELIVERED}
        with env.store.read() as tx:
            assert tx.accounts.call_pauses() == []

    def test_a_start_with_the_form_delivers_at_once_and_one_without_it_begins_no_new_hour(self, env: Env) -> None:
        env.use({})
        lead = env.owes(a_lead())
        env.deliver_once()
        with env.store.read() as tx:
            (pause,) = tx.accounts.call_pauses()

        on_startup("default", env.context)
        with env.store.read() as tx:
            assert tx.accounts.call_pauses() == [pause]
        env.use({"contact": a_form()})
        on_startup("default", env.context)
        env.deliver_once()

        assert env.kept(lead).status is Status.DELIVERED

    def test_after_an_hour_all_are_parked(self, env: Env) -> None:
        env.use({})
        leads = [env.owes(a_lead(f"{number}@example.com")) for number in range(3)]
        env.deliver_once()

        with time_machine.travel(clock.now() + missing_setup.GRACE):
            env.deliver_once()

        assert {env.kept(lead).status for lead in leads} == {Status.PARKED}
        assert env.kept(leads[2]).problem.startswith("the set-up no longer has the form 'contact': put it back")
        with env.store.read() as tx:
            assert tx.accounts.call_pauses() == []

    def test_a_lead_that_an_operator_sends_meanwhile_says_so_at_once(self, env: Env) -> None:
        env.use({})
        lead = env.owes(a_lead())
        env.deliver_once()

        env.store.write(lambda tx: tx.queue.retry([lead.id], clock.now()))
        env.deliver_once()

        assert env.kept(lead).status is Status.PARKED


def test_a_lead_without_an_address_is_parked(env: Env) -> None:
    lead = env.owes(a_lead(submission=a_submission(contact=Contact(full_name="Ada"))))

    env.deliver_until_quiet()

    assert "no usable e-mail address" in env.kept(lead).problem
    assert env.nexudus.calls() == []


def test_a_wrong_destination_parks_the_lead_and_says_what_to_write(env: Env) -> None:
    env.use({"contact": a_form(destination=Destination(board="Rome"), contact=ContactRule())})
    lead = env.owes(a_lead())

    env.deliver_until_quiet()

    assert env.kept(lead).problem == "Nexudus has no live board 'Rome': correct board"


def test_a_body_that_our_own_check_refuses_is_parked_without_being_sent(env: Env) -> None:
    env.use({"contact": a_form(destination=Destination(stage_id=1001, extra={"Completed": True}))})
    lead = env.owes(a_lead())

    env.deliver_until_quiet()

    assert "Completed" in env.kept(lead).problem
    assert env.nexudus.calls("POST", OPPORTUNITIES) == []


def test_a_parked_lead_is_delivered_once_its_cause_is_mended(env: Env) -> None:
    env.use({})
    lead = env.owes(a_lead())
    env.store.write(lambda tx: tx.queue.retry([lead.id], clock.now()))
    env.deliver_until_quiet()

    env.use({"contact": a_form()})
    env.store.write(lambda tx: tx.queue.retry([lead.id], clock.now()))
    env.deliver_until_quiet()

    assert (env.kept(lead).status, env.kept(lead).problem) == (Status.DELIVERED, "")


def test_a_waiting_lead_says_what_it_waits_for(env: Env) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{"method": "GET", "path": COWORKERS, "times": 1, "status": 500}])

    env.deliver_once()

    assert env.kept(lead).status is Status.PENDING
    assert "Nexudus is not available" in env.kept(lead).problem


def test_a_mistake_of_ours_costs_a_place_in_the_schedule(env: Env) -> None:
    lead = env.owes(a_lead())

    requeue(claim(env, "clumsy"), env.context)

    assert "internal error" in env.kept(lead).problem
    assert claim(env, "next").tries == 1
