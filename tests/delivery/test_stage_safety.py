"""No lead goes into a stage that deletes, deactivates, wins or loses, however it was named."""

import threading

import pytest
import structlog

from service.delivery.setup_check.problem import stage_cause
from service.delivery.targets import StageSafety, UnsafeStage
from service.nexudus.boards import DANGERS, WARNINGS
from service.nexudus.client import Nexudus
from service.nexudus.errors import Refused, Throttled
from service.nexudus.tokens import Login
from service.simulator.server import Simulator

STAGES = "/api/crm/crmboardcolumns"
CLEAN_UP = 1009


@pytest.fixture
def client(nexudus: Simulator) -> Nexudus:
    """A client of the simulator."""
    return Nexudus(nexudus.url, Login("simulator@leadcapture.example", "simulator"), timeout_s=1)


def change(nexudus: Simulator, stage_id: int, **flags: object) -> None:
    """As an operator changes a stage's automatic actions."""
    nexudus.world.tables["CrmBoardColumn"].rows[stage_id].update(flags)


def stage_reads(nexudus: Simulator, stage_id: int = 1001) -> int:
    """How often the stage was looked at."""
    return len(nexudus.calls("GET", f"{STAGES}/{stage_id}"))


@pytest.mark.parametrize("flag", DANGERS)
def test_a_stage_that_does_harm_is_refused_and_says_what_to_do(client: Nexudus, nexudus: Simulator, flag: str) -> None:
    change(nexudus, 1001, **{flag: True})

    with pytest.raises(UnsafeStage) as refused:
        StageSafety().check(client, 1001)

    assert refused.value.stage_id == 1001
    assert refused.value.sentence(has_versions=False).startswith(
        f"stage 1001 (New enquiry) {DANGERS[flag]}: choose another"
    )


@pytest.mark.parametrize("flag", WARNINGS)
def test_a_stage_that_only_does_more_than_hold_cards_passes(client: Nexudus, nexudus: Simulator, flag: str) -> None:
    change(nexudus, 1001, **{flag: 31 if flag.endswith("Id") else True})

    StageSafety().check(client, 1001)


def test_a_safe_stage_is_asked_for_once(client: Nexudus, nexudus: Simulator) -> None:
    stage_safety = StageSafety()

    for _ in range(3):
        stage_safety.check(client, 1001)

    assert stage_reads(nexudus) == 1


def test_threads_that_come_together_ask_once(client: Nexudus, nexudus: Simulator) -> None:
    nexudus.settings(latency_ms=50)
    stage_safety = StageSafety()
    threads = [threading.Thread(target=stage_safety.check, args=(client, 1001)) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert stage_reads(nexudus) == 1


def test_two_accounts_have_each_their_own_stage_of_the_same_id(client: Nexudus, nexudus: Simulator) -> None:
    other = Nexudus(nexudus.url, Login(token="simulator"), timeout_s=2)
    stage_safety = StageSafety()
    stage_safety.check(client, 1001)
    change(nexudus, 1001, DeleteAccount=True)

    with pytest.raises(UnsafeStage):
        stage_safety.check(other, 1001)


def test_a_stage_that_turns_bad_is_noticed_when_the_last_look_is_old(client: Nexudus, nexudus: Simulator) -> None:
    stage_safety = StageSafety(safe_s=0)
    stage_safety.check(client, 1001)

    change(nexudus, 1001, LoseOpportunity=True)

    with pytest.raises(UnsafeStage):
        stage_safety.check(client, 1001)


def test_a_stage_that_was_put_right_passes_again(client: Nexudus, nexudus: Simulator) -> None:
    stage_safety = StageSafety(unsafe_s=0)
    with pytest.raises(UnsafeStage):
        stage_safety.check(client, CLEAN_UP)

    change(nexudus, CLEAN_UP, DeleteAccount=False)

    stage_safety.check(client, CLEAN_UP)


def test_an_unsafe_stage_is_not_asked_for_with_every_lead(client: Nexudus, nexudus: Simulator) -> None:
    stage_safety = StageSafety()

    for _ in range(3):
        with pytest.raises(UnsafeStage):
            stage_safety.check(client, CLEAN_UP)

    assert stage_reads(nexudus, CLEAN_UP) == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"status": 401}, id="401"),
        pytest.param({"status": 403}, id="403"),
        pytest.param({"status": 404}, id="404"),
        pytest.param({"status": 500}, id="500"),
        pytest.param({"body": "<html>We will be right back</html>"}, id="a web page"),
        pytest.param({"hang_s": 3}, id="no answer"),
        pytest.param({"body": {"Id": 1001, "Name": "New enquiry"}}, id="a record that hides its flags"),
    ],
)
def test_what_cannot_be_checked_passes_and_is_told_once(
    client: Nexudus, nexudus: Simulator, answer: dict[str, object]
) -> None:
    nexudus.faults([{"path": STAGES, "times": None, **answer}])
    stage_safety = StageSafety(unknown_s=0)

    with structlog.testing.capture_logs() as lines:
        for _ in range(2):
            stage_safety.check(client, 1001)

    assert [line["event"] for line in lines] == ["stage_not_checked"]


def test_a_stage_known_as_unsafe_stays_so_while_it_cannot_be_checked(client: Nexudus, nexudus: Simulator) -> None:
    stage_safety = StageSafety(unsafe_s=0)
    with pytest.raises(UnsafeStage):
        stage_safety.check(client, CLEAN_UP)

    nexudus.faults([{"path": STAGES, "times": None, "status": 500}])

    with pytest.raises(UnsafeStage):
        stage_safety.check(client, CLEAN_UP)


def test_being_told_to_wait_is_passed_on_and_not_remembered(client: Nexudus, nexudus: Simulator) -> None:
    nexudus.faults([{"path": STAGES, "times": 1, "status": 409, "headers": {"Retry-After": "1"}}])
    stage_safety = StageSafety()

    with pytest.raises(Throttled):
        stage_safety.check(client, CLEAN_UP)

    with pytest.raises(UnsafeStage):
        stage_safety.check(client, CLEAN_UP)


def test_a_refused_sign_in_is_passed_on(nexudus: Simulator) -> None:
    stranger = Nexudus(nexudus.url, Login("simulator@leadcapture.example", "wrong"), timeout_s=2)

    with pytest.raises(Refused):
        StageSafety().check(stranger, 1001)


def test_the_cause_names_account_and_stage() -> None:
    assert stage_cause("default", 1009) == "stage:default:1009"
