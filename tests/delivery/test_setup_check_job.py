"""The set-up is looked at while the service runs: what is wrong becomes a concern, and is over when it is put right."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import structlog

from service import clock
from service.delivery.setup_check.job import Rhythm, SetupCheckJob, end_for_gone
from service.forms import ContactRule, Destination, Form
from service.nexudus.client import Nexudus
from service.nexudus.tokens import Login
from service.simulator.server import Simulator
from service.store import Store
from tests.builders import a_form
from tests.processes import wait_until

STAGE = "stage:default:1001"
CUSTOM_FIELDS = "setup:default:contact:custom_fields"
QUICK = Rhythm(first_s=0, again_s=300, troubled_s=200, unsafe_s=100, tempo_s=0)


def rounds(nexudus: Simulator, store: Store, *forms: Form, rhythm: Rhythm = QUICK) -> SetupCheckJob:
    """The rounds of the account "default"."""
    client = Nexudus(nexudus.url, Login("simulator@leadcapture.example", "simulator"), timeout_s=2)
    return SetupCheckJob(client, store, forms or (a_form(),), "default", threading.Event(), rhythm)


@contextmanager
def going(made: SetupCheckJob) -> Iterator[None]:
    """Let them go in a thread, and stop them."""
    thread = threading.Thread(target=made.run)
    thread.start()
    try:
        yield
    finally:
        made._stop.set()
        thread.join(5)
        assert not thread.is_alive()


def change(nexudus: Simulator, stage_id: int = 1001, **flags: object) -> None:
    """As an operator changes a stage's automatic actions."""
    nexudus.world.tables["CrmBoardColumn"].rows[stage_id].update(flags)


def concerns(store: Store) -> dict[str, str]:
    """What is wrong now: cause -> sentence."""
    with store.read() as tx:
        return {concern.cause: concern.sentence for concern in tx.alerts.open()}


def test_a_sound_set_up_concerns_nobody(nexudus: Simulator, store: Store) -> None:
    assert not rounds(nexudus, store).look()
    assert concerns(store) == {}


def test_an_unsafe_stage_is_a_concern_until_it_is_put_right(nexudus: Simulator, store: Store) -> None:
    made = rounds(nexudus, store)
    change(nexudus, DeleteAccount=True)
    assert made.look()
    assert concerns(store)[STAGE].startswith("form contact: stage 1001 (New enquiry) deletes the customer: choose")

    change(nexudus, DeleteAccount=False)

    assert not made.look()
    assert concerns(store) == {}


def test_a_stage_that_no_form_names_any_more_concerns_nobody(nexudus: Simulator, store: Store) -> None:
    change(nexudus, DeleteAccount=True)
    rounds(nexudus, store).look()

    rounds(nexudus, store, a_form(destination=Destination(1002))).look()

    assert concerns(store) == {}


def test_two_problems_of_one_form_and_check_are_one_concern(nexudus: Simulator, store: Store) -> None:
    wrong = Destination(1001, referrer_id=98, opportunity_type_id=99)

    rounds(nexudus, store, a_form(destination=wrong)).look()

    assert set(concerns(store)) == {"setup:default:contact:referrer", "setup:default:contact:type"}


def test_what_waited_for_a_stage_goes_when_it_was_put_right(nexudus: Simulator, store: Store) -> None:
    made, later = rounds(nexudus, store), clock.now() + timedelta(hours=1)
    change(nexudus, DeleteAccount=True)
    made.look()
    store.write(lambda tx: tx.queue.pause_call("default", "stage:1001", clock.now(), later, "unsafe"))
    made.look()
    with store.read() as tx:
        assert tx.queue.call_pause("default", "stage:1001")

    change(nexudus, DeleteAccount=False)
    made.look()

    with store.read() as tx:
        assert tx.queue.call_pause("default", "stage:1001") is None


@pytest.mark.parametrize(
    ("destination", "wait_s"),
    [
        pytest.param(Destination(1001), QUICK.again_s, id="all is well"),
        pytest.param(Destination(1005), QUICK.again_s, id="a warning"),
        pytest.param(Destination(1001, referrer_id=99), QUICK.troubled_s, id="an error"),
        pytest.param(Destination(1009, referrer_id=99), QUICK.unsafe_s, id="a stage that does harm"),
    ],
)
def test_the_worse_it_is_the_sooner_they_look_again(
    nexudus: Simulator, store: Store, destination: Destination, wait_s: float
) -> None:
    assert rounds(nexudus, store, a_form(destination=destination))._look_or_not() == wait_s


def test_a_location_that_fills_up_is_a_concern_though_it_is_no_error(nexudus: Simulator, store: Store) -> None:
    nexudus.add_opportunities(4600, days_old=3)

    assert rounds(nexudus, store).look()

    assert "full in about 3 days" in concerns(store)["cap:default:55"]


def test_warnings_are_no_concern_and_logged_once(nexudus: Simulator, store: Store) -> None:
    change(nexudus, CannedResponseId=31)
    made = rounds(nexudus, store)

    with structlog.testing.capture_logs() as told:
        for _ in range(2):
            made.look()

    assert concerns(store) == {}
    assert [line["event"] for line in told] == ["setup_finding"]


def test_a_required_custom_field_is_a_concern_until_it_is_optional(nexudus: Simulator, store: Store) -> None:
    made = rounds(nexudus, store)
    ident = nexudus.add_custom_field("Preferred floor")
    assert made._look_or_not() == QUICK.troubled_s
    assert "must fill the custom field 'Preferred floor'" in concerns(store)[CUSTOM_FIELDS]

    nexudus.world.tables["CustomField"].rows[ident]["Required"] = False

    assert made._look_or_not() == QUICK.again_s
    assert concerns(store) == {}


def test_a_required_custom_field_that_cannot_be_looked_at_is_not_over(nexudus: Simulator, store: Store) -> None:
    made = rounds(nexudus, store)
    nexudus.add_custom_field("Preferred floor")
    made.look()

    nexudus.faults([{"path": "/api/crm/customfields", "times": None, "status": 404}])
    made.look()

    assert set(concerns(store)) == {CUSTOM_FIELDS}


def test_a_template_of_a_type_is_logged_and_alerts_nobody(nexudus: Simulator, store: Store) -> None:
    assert rounds(nexudus, store, a_form(destination=Destination(1001, opportunity_type_id=8))).look()
    assert concerns(store) == {}


def test_a_crm_that_is_away_ends_no_concern_and_begins_none(nexudus: Simulator, store: Store) -> None:
    change(nexudus, DeleteAccount=True)
    made = rounds(nexudus, store)
    made.look()

    nexudus.faults([{"times": None, "status": 500}])
    made.look()

    assert set(concerns(store)) == {STAGE}


def test_what_could_not_be_checked_is_not_over(nexudus: Simulator, store: Store) -> None:
    form = a_form(destination=Destination(1001, opportunity_type_id=99))
    rounds(nexudus, store, form).look()

    nexudus.settings(denied=["OpportunityType-List"])
    rounds(nexudus, store, form).look()

    assert set(concerns(store)) == {"setup:default:contact:type"}


def test_roles_that_are_given_end_their_concern(nexudus: Simulator, store: Store) -> None:
    nexudus.settings(denied=["Coworker-Read", "UserRole-*"])
    rounds(nexudus, store).look()
    assert set(concerns(store)) == {"setup:default:-:roles"}

    nexudus.settings(denied=["UserRole-*"])
    rounds(nexudus, store).look()

    assert concerns(store) == {}


@pytest.mark.parametrize(
    "cause", ["stage:harbour:1001", "setup:harbour:contact:stage", "login:default", "hold:default"]
)
def test_concerns_of_others_are_left_alone(nexudus: Simulator, store: Store, cause: str) -> None:
    store.write(lambda tx: tx.alerts.report(cause, "something else", clock.now()))

    rounds(nexudus, store).look()

    assert set(concerns(store)) == {cause}


@pytest.mark.parametrize("cause", ["stage:harbour:1001", "cap:harbour:55", "setup:harbour:contact:stage"])
def test_concerns_of_an_account_that_is_gone_are_over(store: Store, cause: str) -> None:
    store.write(lambda tx: tx.alerts.report(cause, "something", clock.now()))
    store.write(lambda tx: tx.alerts.report("login:harbour", "something else", clock.now()))

    store.write(lambda tx: end_for_gone(tx, ["default"]))

    assert set(concerns(store)) == {"login:harbour"}


def test_they_look_soon_after_the_start_and_stop_when_told(nexudus: Simulator, store: Store) -> None:
    change(nexudus, DeleteAccount=True)

    with going(rounds(nexudus, store)):
        wait_until(lambda: STAGE in concerns(store), 10, "the stage is noticed")


def test_while_a_stage_does_harm_they_look_again_sooner(nexudus: Simulator, store: Store) -> None:
    change(nexudus, DeleteAccount=True)

    with going(rounds(nexudus, store, rhythm=Rhythm(0, 60, 60, 0.05, 0))):
        wait_until(lambda: STAGE in concerns(store), 10, "the stage is noticed")
        change(nexudus, DeleteAccount=False)
        wait_until(lambda: concerns(store) == {}, 10, "the concern is over")


def test_a_stop_is_heard_between_two_questions(nexudus: Simulator, store: Store) -> None:
    with going(rounds(nexudus, store, rhythm=Rhythm(0, 60, 60, 60, 30))):
        pass

    assert nexudus.calls("GET", "/api/crm/crmboards") == []


def test_an_account_that_hangs_delays_no_other(nexudus: Simulator, store: Store) -> None:
    change(nexudus, DeleteAccount=True)
    with Simulator() as hanging:
        hanging.faults([{"times": None, "hang_s": 5}])
        with going(rounds(hanging, store)), going(rounds(nexudus, store)):
            wait_until(lambda: STAGE in concerns(store), 10, "the stage is noticed")


def test_a_mistake_of_ours_ends_nothing(nexudus: Simulator, store: Store) -> None:
    broken = a_form(contact=ContactRule(extra=None))  # type: ignore[arg-type]

    with structlog.testing.capture_logs() as told:
        assert rounds(nexudus, store, broken)._look_or_not() == QUICK.troubled_s

    assert [line["event"] for line in told] == ["setup_check_stumbled"]
