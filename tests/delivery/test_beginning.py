"""A start after somebody put something right: nothing waits any longer for what was wrong before."""

from dataclasses import replace
from datetime import timedelta

from service.delivery.beginning import begin_anew
from service.delivery.keeper import StoreKeeper
from service.lead import Status
from service.nexudus.client import Nexudus
from service.nexudus.tokens import Login
from tests.builders import a_lead
from tests.delivery.conftest import House

USER, RIGHT, WRONG = "simulator@leadcapture.example", "simulator", "simulatr"


def signs_in_with(house: House, password: str) -> None:
    """A process with other settings takes over, on the same database."""
    keeper = StoreKeeper(house.store, "default", "the test")
    house.desk = replace(house.desk, nexudus=Nexudus(house.nexudus.url, Login(USER, password), keeper, "tests"))


def is_refused(house: House) -> bool:
    """Whether the service believes that its sign-in is refused."""
    with house.store.read() as tx:
        return tx.accounts.is_refused("default")


def test_with_the_right_password_its_lead_goes_out_at_once(house: House) -> None:
    lead = house.owes(a_lead())
    signs_in_with(house, WRONG)
    house.deliver_once()
    assert is_refused(house)

    signs_in_with(house, RIGHT)
    begin_anew("default", house.desk)

    assert not is_refused(house)
    assert house.deliver_once() == 1
    assert house.kept(lead).status is Status.DELIVERED


def test_with_the_same_password_nobody_signs_in_again(house: House) -> None:
    house.owes(a_lead())
    signs_in_with(house, WRONG)
    house.deliver_once()

    signs_in_with(house, WRONG)
    begin_anew("default", house.desk)
    house.deliver_once()

    assert is_refused(house)
    assert len(house.nexudus.calls("POST", "/api/token")) == 1


def test_without_credentials_leads_wait_and_say_so_and_nobody_is_called(house: House) -> None:
    leads = [house.owes(a_lead(f"{name}@example.com")) for name in ("ada", "grace")]
    has_credentials(house, Login())
    begin_anew("default", house.desk)

    for _ in range(3):
        house.deliver_once()
        house.ahead += timedelta(hours=2)

    assert [house.kept(lead).status for lead in leads] == [Status.PENDING] * 2
    assert ["no Nexudus credentials are set: set" in house.kept(lead).problem for lead in leads] == [True] * 2
    assert (house.nexudus.calls(), house.attempts(leads[0]), house.pauses()) == ([], [], [])


def test_when_credentials_are_set_what_waited_goes_by_itself(house: House) -> None:
    lead = house.owes(a_lead())
    right = house.desk.nexudus
    has_credentials(house, Login())
    house.deliver_once()

    house.desk = replace(house.desk, nexudus=right)
    begin_anew("default", house.desk)
    house.deliver_once()

    assert house.kept(lead).status is Status.DELIVERED
    with house.store.read() as tx:
        assert tx.holds.all() == []


def test_missing_credentials_are_noticed_at_the_start_where_a_form_needs_them(house: House) -> None:
    has_credentials(house, Login())

    for account in ("default", "harbour"):
        begin_anew(account, house.desk)

    with house.store.read() as tx:
        assert [(hold.account, hold.what) for hold in tx.holds.all()] == [("default", "credentials")]


def has_credentials(house: House, login: Login) -> None:
    """Work with these from now on."""
    house.desk = replace(house.desk, nexudus=Nexudus(house.nexudus.url, login))


def test_a_role_that_was_given_meanwhile_is_tried_at_once(house: House) -> None:
    lead = house.owes(a_lead())
    house.nexudus.faults([{"method": "GET", "path": "/api/spaces/coworkers", "times": 1, "status": 403}])
    house.deliver_once()
    assert house.pauses()

    begin_anew("default", house.desk)

    assert not house.pauses()
    assert house.deliver_once() == 1
    assert house.kept(lead).status is Status.DELIVERED


def test_what_nexudus_asked_for_is_kept_to(house: House) -> None:
    house.owes(a_lead())
    asks = {"status": 429, "headers": {"Retry-After": "40"}}
    house.nexudus.faults([{"method": "GET", "path": "/api/spaces/coworkers", "times": 1, **asks}])
    house.deliver_once()

    begin_anew("default", house.desk)

    assert [pause.reason for pause in house.pauses()] == ["throttled"]
    assert house.deliver_once() == 0
