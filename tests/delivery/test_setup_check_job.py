"""The set-up is checked while the service runs: a problem becomes an alert, which ends when the problem does."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import structlog

from service import clock
from service.delivery.setup_check.job import SetupCheckJob, SetupCheckTimes, resolve_for_removed
from service.forms import ContactRule, Destination, Form
from service.nexudus.client import Nexudus
from service.nexudus.tokens import Login
from service.simulator.server import Simulator
from service.store import Store
from tests.builders import a_form
from tests.processes import wait_until

STAGE = "stage:default:1001"
CUSTOM_FIELDS = "setup:default:contact:custom_fields"
QUICK = SetupCheckTimes(first_s=0, every_s=300, problem_s=200, unsafe_s=100, tempo_s=0)


def a_job(nexudus: Simulator, store: Store, *forms: Form, times: SetupCheckTimes = QUICK) -> SetupCheckJob:
    """The job of the account "default"."""
    client = Nexudus(nexudus.url, Login("simulator@leadcapture.example", "simulator"), timeout_s=2)
    return SetupCheckJob(client, store, forms or (a_form(),), "default", threading.Event(), times)


@contextmanager
def going(job: SetupCheckJob) -> Iterator[None]:
    """Let it run in its thread, and stop it."""
    thread = job.start()
    try:
        yield
    finally:
        job._stop.set()
        thread.join(5)
        assert not thread.is_alive()


def change(nexudus: Simulator, stage_id: int = 1001, **flags: object) -> None:
    """As an operator changes a stage's automatic actions."""
    nexudus.world.tables["CrmBoardColumn"].rows[stage_id].update(flags)


def alerts(store: Store) -> dict[str, str]:
    """The open alerts: cause -> sentence."""
    with store.read() as tx:
        return {alert.cause: alert.sentence for alert in tx.alerts.open()}


def test_a_sound_set_up_raises_no_alert(nexudus: Simulator, store: Store) -> None:
    assert not a_job(nexudus, store).check()
    assert alerts(store) == {}


def test_an_unsafe_stage_is_an_alert_until_it_is_put_right(nexudus: Simulator, store: Store) -> None:
    job = a_job(nexudus, store)
    change(nexudus, DeleteAccount=True)
    assert job.check()
    assert alerts(store)[STAGE].startswith("form contact: stage 1001 (New enquiry) deletes the customer: choose")

    change(nexudus, DeleteAccount=False)

    assert not job.check()
    assert alerts(store) == {}


def test_a_stage_that_no_form_names_any_more_raises_no_alert(nexudus: Simulator, store: Store) -> None:
    change(nexudus, DeleteAccount=True)
    a_job(nexudus, store).check()

    a_job(nexudus, store, a_form(destination=Destination(1002))).check()

    assert alerts(store) == {}


def test_two_problems_of_one_form_and_check_are_one_alert(nexudus: Simulator, store: Store) -> None:
    wrong = Destination(1001, referrer_id=98, opportunity_type_id=99)

    a_job(nexudus, store, a_form(destination=wrong)).check()

    assert set(alerts(store)) == {"setup:default:contact:referrer", "setup:default:contact:type"}


def test_what_waited_for_a_stage_goes_when_it_was_put_right(nexudus: Simulator, store: Store) -> None:
    job, later = a_job(nexudus, store), clock.now() + timedelta(hours=1)
    change(nexudus, DeleteAccount=True)
    job.check()
    store.write(lambda tx: tx.accounts.pause_call("default", "stage:1001", clock.now(), later, "unsafe"))
    job.check()
    with store.read() as tx:
        assert tx.accounts.call_pause("default", "stage:1001")

    change(nexudus, DeleteAccount=False)
    job.check()

    with store.read() as tx:
        assert tx.accounts.call_pause("default", "stage:1001") is None


@pytest.mark.parametrize(
    ("destination", "wait_s"),
    [
        pytest.param(Destination(1001), QUICK.every_s, id="all is well"),
        pytest.param(Destination(1005), QUICK.every_s, id="a warning"),
        pytest.param(Destination(1001, referrer_id=99), QUICK.problem_s, id="an error"),
        pytest.param(Destination(1009, referrer_id=99), QUICK.unsafe_s, id="a stage that does harm"),
    ],
)
def test_the_worse_it_is_the_sooner_it_checks_again(
    nexudus: Simulator, store: Store, destination: Destination, wait_s: float
) -> None:
    assert a_job(nexudus, store, a_form(destination=destination)).step(clock.now()) == wait_s


def test_a_location_that_fills_up_is_an_alert_though_it_is_no_error(nexudus: Simulator, store: Store) -> None:
    nexudus.add_opportunities(4600, days_old=3)

    assert a_job(nexudus, store).check()

    assert "full in about 3 days" in alerts(store)["cap:default:55"]


def test_warnings_are_no_alert_and_logged_once(nexudus: Simulator, store: Store) -> None:
    change(nexudus, CannedResponseId=31)
    job = a_job(nexudus, store)

    with structlog.testing.capture_logs() as lines:
        for _ in range(2):
            job.check()

    assert alerts(store) == {}
    assert [line["event"] for line in lines] == ["setup_finding"]


def test_a_required_custom_field_is_an_alert_until_it_is_optional(nexudus: Simulator, store: Store) -> None:
    job = a_job(nexudus, store)
    ident = nexudus.add_custom_field("Preferred floor")
    assert job.step(clock.now()) == QUICK.problem_s
    assert "must fill the custom field 'Preferred floor'" in alerts(store)[CUSTOM_FIELDS]

    nexudus.world.tables["CustomField"].rows[ident]["Required"] = False

    assert job.step(clock.now()) == QUICK.every_s
    assert alerts(store) == {}


def test_a_required_custom_field_that_cannot_be_looked_at_is_not_over(nexudus: Simulator, store: Store) -> None:
    job = a_job(nexudus, store)
    nexudus.add_custom_field("Preferred floor")
    job.check()

    nexudus.faults([{"path": "/api/crm/customfields", "times": None, "status": 404}])
    job.check()

    assert set(alerts(store)) == {CUSTOM_FIELDS}


def test_a_template_of_a_type_is_logged_and_raises_no_alert(nexudus: Simulator, store: Store) -> None:
    assert a_job(nexudus, store, a_form(destination=Destination(1001, opportunity_type_id=8))).check()
    assert alerts(store) == {}


def test_a_crm_that_is_away_ends_no_alert_and_begins_none(nexudus: Simulator, store: Store) -> None:
    change(nexudus, DeleteAccount=True)
    job = a_job(nexudus, store)
    job.check()

    nexudus.faults([{"times": None, "status": 500}])
    job.check()

    assert set(alerts(store)) == {STAGE}


def test_what_could_not_be_checked_is_not_over(nexudus: Simulator, store: Store) -> None:
    form = a_form(destination=Destination(1001, opportunity_type_id=99))
    a_job(nexudus, store, form).check()

    nexudus.settings(denied=["OpportunityType-List"])
    a_job(nexudus, store, form).check()

    assert set(alerts(store)) == {"setup:default:contact:type"}


def test_roles_that_are_given_end_their_alert(nexudus: Simulator, store: Store) -> None:
    nexudus.settings(denied=["Coworker-Read", "UserRole-*"])
    a_job(nexudus, store).check()
    assert set(alerts(store)) == {"setup:default:-:roles"}

    nexudus.settings(denied=["UserRole-*"])
    a_job(nexudus, store).check()

    assert alerts(store) == {}


@pytest.mark.parametrize(
    "cause", ["stage:harbour:1001", "setup:harbour:contact:stage", "login:default", "hold:default"]
)
def test_alerts_of_others_are_left_alone(nexudus: Simulator, store: Store, cause: str) -> None:
    store.write(lambda tx: tx.alerts.report(cause, "something else", clock.now()))

    a_job(nexudus, store).check()

    assert set(alerts(store)) == {cause}


@pytest.mark.parametrize("cause", ["stage:harbour:1001", "cap:harbour:55", "setup:harbour:contact:stage"])
def test_alerts_of_an_account_that_is_gone_are_over(store: Store, cause: str) -> None:
    store.write(lambda tx: tx.alerts.report(cause, "something", clock.now()))
    store.write(lambda tx: tx.alerts.report("login:harbour", "something else", clock.now()))

    store.write(lambda tx: resolve_for_removed(tx, ["default"]))

    assert set(alerts(store)) == {"login:harbour"}


def test_it_checks_soon_after_the_start_and_stop_when_told(nexudus: Simulator, store: Store) -> None:
    change(nexudus, DeleteAccount=True)

    with going(a_job(nexudus, store)):
        wait_until(lambda: STAGE in alerts(store), 10, "the stage is noticed")


def test_while_a_stage_does_harm_it_checks_again_sooner(nexudus: Simulator, store: Store) -> None:
    change(nexudus, DeleteAccount=True)

    with going(a_job(nexudus, store, times=SetupCheckTimes(0, 60, 60, 0.05, 0))):
        wait_until(lambda: STAGE in alerts(store), 10, "the stage is noticed")
        change(nexudus, DeleteAccount=False)
        wait_until(lambda: alerts(store) == {}, 10, "the alert is over")


def test_a_stop_is_heard_between_two_questions(nexudus: Simulator, store: Store) -> None:
    with going(a_job(nexudus, store, times=SetupCheckTimes(0, 60, 60, 60, 30))):
        pass

    assert nexudus.calls("GET", "/api/crm/crmboards") == []


def test_an_account_that_hangs_delays_no_other(nexudus: Simulator, store: Store) -> None:
    change(nexudus, DeleteAccount=True)
    with Simulator() as hanging:
        hanging.faults([{"times": None, "hang_s": 5}])
        with going(a_job(hanging, store)), going(a_job(nexudus, store)):
            wait_until(lambda: STAGE in alerts(store), 10, "the stage is noticed")


def test_a_mistake_of_ours_ends_nothing(nexudus: Simulator, store: Store) -> None:
    broken = a_form(contact=ContactRule(extra=None))  # type: ignore[arg-type]

    job = a_job(nexudus, store, broken, times=SetupCheckTimes(0, 60, 0.02, 60, 0))
    with structlog.testing.capture_logs() as lines, going(job):
        wait_until(lambda: len(lines) >= 2, 10, "the check is repeated after a failure")

    assert {line["event"] for line in lines} == {"job_failed"}
