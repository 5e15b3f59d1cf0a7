"""The second step of the sign-in: turned on with an app, asked for after the password, recovered, turned off."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

import pytest
import time_machine

from service.actors import Person
from service.nexudus.tokens import code_at
from service.store import SeedOwner, Store
from tests.admin.colleagues import PASSWORD_OF_ALL, add_person
from tests.admin.dashboard import Operator, words
from tests.builders import NOON
from tests.front import sqlite_store

WRONG = "This code is wrong or has already been used."
STEP = timedelta(seconds=30)


class Phone:
    """A person with an app, at a browser; the clock stands until it is moved."""

    def __init__(
        self, store: Store, clock: time_machine.Traveller, browser: Operator | None = None, now: datetime = NOON
    ) -> None:
        self.person: Person = add_person(store, email=f"ann-{now:%H}@example.com")
        self.browser = browser = browser or Operator(store, sign_in=False)
        self.clock, self.now, self.seed = clock, now, ""
        for name in ("admin", "browser", "step"):
            browser.client.delete_cookie(f"lead_capture_{name}", path="/admin")
        assert self.browser.sign_in(PASSWORD_OF_ALL, self.person.email).status_code == 303

    def wait(self, time: timedelta = STEP) -> None:
        """Let time pass."""
        self.now += time
        self.clock.move_to(self.now)

    def code(self, at: datetime | None = None) -> str:
        """What the app shows."""
        return code_at(self.seed, at or self.now)

    def turn_on(self) -> list[str]:
        """Connect the app; the recovery codes."""
        self.browser.send("/admin/account/second-step")
        page = self.browser.see("/admin/account/second-step")
        match = re.search(r"Or type this key: ((?:[A-Z2-7]{4} ){8})", page)
        assert match is not None
        self.seed = match[1].replace(" ", "")
        confirmed = self.browser.send("/admin/account/second-step/confirm", code=self.code())
        return re.findall(r"<code>([a-z2-9-]{19})</code>", confirmed.text)

    def sign_in(self, code: str) -> int:
        """Sign in anew with password and code; the status of the last answer."""
        self.browser.client.delete_cookie("lead_capture_admin", path="/admin")
        response = self.browser.sign_in(PASSWORD_OF_ALL, self.person.email)
        assert response.headers["Location"] == "/admin/sign-in/code"
        assert self.browser.client.get("/admin/leads").status_code == 401
        return self.browser.client.post("/admin/sign-in/code", data={"code": code}).status_code


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """One browser for all of these tests; nobody is signed in."""
    with sqlite_store(tmp_path_factory.mktemp("codes")) as store:
        yield Operator(store, sign_in=False)


HOURS = count()
"""Each test has an hour of its own: attempts are counted by time."""


@pytest.fixture
def phone(browser: Operator) -> Iterator[Phone]:
    """Ann, who is signed in and has no second step yet."""
    now = NOON + timedelta(hours=next(HOURS))
    with time_machine.travel(now, tick=False) as clock:
        yield Phone(browser.front.store, clock, browser, now)


def test_the_code_is_asked_for_after_the_password_and_each_counts_once(phone: Phone) -> None:
    codes = phone.turn_on()
    used, phone_now = phone.code(), phone.wait

    assert len(set(codes)) == 10
    assert phone.sign_in(used) == 422  # it turned the second step on
    phone_now()
    assert phone.sign_in(phone.code()) == 303
    assert phone.browser.client.get("/admin/leads").status_code == 200
    assert phone.sign_in(phone.code()) == 422


def test_an_app_whose_clock_is_half_a_minute_off_is_accepted_and_no_other(phone: Phone) -> None:
    phone.turn_on()
    phone.wait(timedelta(minutes=5))

    assert phone.sign_in(phone.code(phone.now - 2 * STEP)) == 422
    assert phone.sign_in(phone.code(phone.now + 2 * STEP)) == 422
    assert phone.sign_in(phone.code(phone.now - STEP)) == 303
    assert phone.sign_in(phone.code(phone.now + STEP)) == 303


def test_a_recovery_code_signs_in_once_however_it_is_typed(phone: Phone) -> None:
    code = phone.turn_on()[3]

    assert phone.sign_in(f" {code.upper().replace('-', ' ')} ") == 303
    assert "You have 9 recovery codes left." in phone.browser.see("/admin/account/second-step")
    assert phone.sign_in(code) == 422


def test_a_wrong_code_turns_nothing_on(phone: Phone) -> None:
    phone.browser.send("/admin/account/second-step")

    refused = phone.browser.send("/admin/account/second-step/confirm", code="000000")

    assert refused.status_code == 422
    assert "This is not the app’s code." in words(refused.text)
    with phone.browser.front.store.read() as tx:
        assert not tx.second_steps.is_on(phone.person.id)


def test_it_is_turned_off_with_a_code_and_not_without(phone: Phone) -> None:
    phone.turn_on()
    phone.wait()

    refused = phone.browser.send("/admin/account/second-step/remove", code="000000")
    removed = phone.browser.send("/admin/account/second-step/remove", code=phone.code())

    assert (refused.status_code, WRONG in words(refused.text)) == (422, True)
    assert "Signing in no longer asks for a code." in phone.browser.arrive(removed)
    assert phone.browser.sign_in(PASSWORD_OF_ALL, phone.person.email).headers["Location"] == "/admin/"


def test_beginning_again_does_not_replace_an_app_that_works(phone: Phone) -> None:
    phone.turn_on()
    phone.wait()

    phone.browser.send("/admin/account/second-step")

    assert phone.sign_in(phone.code()) == 303


def test_codes_cannot_be_guessed(phone: Phone) -> None:
    phone.turn_on()
    phone.browser.client.delete_cookie("lead_capture_browser", path="/admin")
    phone.browser.sign_in(PASSWORD_OF_ALL, phone.person.email)

    answers = [
        phone.browser.client.post(
            "/admin/sign-in/code", data={"code": f"{n:06}"}, environ_base={"REMOTE_ADDR": f"10.{n}.0.1"}
        )
        for n in range(11)
    ]

    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert answers[-1].headers["Retry-After"]


def test_the_code_is_asked_for_ten_minutes_long_and_only_after_the_password(phone: Phone) -> None:
    phone.turn_on()
    stranger = phone.browser.front.app.test_client()
    phone.browser.sign_in(PASSWORD_OF_ALL, phone.person.email)
    phone.wait(timedelta(minutes=10))

    late, without = (
        each.post("/admin/sign-in/code", data={"code": phone.code()}) for each in (phone.browser.client, stranger)
    )

    assert [late.headers["Location"], without.headers["Location"]] == ["/admin/sign-in"] * 2
    assert stranger.get("/admin/sign-in/code").status_code == 303


def test_the_seed_is_encrypted_and_rotated_with_the_other_secrets(phone: Phone) -> None:
    phone.turn_on()
    store = phone.browser.front.store

    with store.read() as tx:
        owners = tx.encryption.owners()
        kept = tx.second_steps.get(phone.person.id)
    with store._database.reading.connect() as connection:
        row = str(connection.exec_driver_sql("SELECT group_concat(tokens) FROM second_steps").scalar())

    assert SeedOwner(phone.person.id) in owners
    assert kept is not None
    assert kept.seed == phone.seed
    assert phone.seed not in row


def test_the_administrator_has_no_second_step(sqlite: Store) -> None:
    response = Operator(sqlite).client.get("/admin/account/second-step")

    assert (response.status_code, response.headers["Location"]) == (303, "/admin/account")
