"""Passkeys: made and used in Chromium with a device of its own; what was not asked for, or is replayed, is refused."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions
from selenium.webdriver.support.ui import WebDriverWait
from structlog.testing import capture_logs

from service.actors import Role
from service.store import ActQuery, Passkey, Store
from tests.admin.colleagues import PASSWORD_OF_ALL, add_person
from tests.admin.dashboard import Operator, words
from tests.admin.served import PATIENCE_S, Screen, served
from tests.browser import Profiles
from tests.builders import NOON
from tests.front import Front


@contextmanager
def screen_with_device(store: Store, profiles: Profiles) -> Iterator[Screen]:
    """A browser at the dashboard, with a device that verifies its owner."""
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    public_url = f"http://localhost:{port}"  # passkeys are bound to a name, not to an IP address
    with profiles.new() as driver, served(Front(store, PUBLIC_URL=public_url), port):
        driver.add_virtual_authenticator(
            VirtualAuthenticatorOptions(
                transport="internal", has_resident_key=True, has_user_verification=True, is_user_verified=True
            )
        )
        yield Screen(driver, public_url)


def press(screen: Screen, words_of_button: str) -> None:
    """Press a button whose form is shown once the script runs, and wait for the next page."""
    button = screen.driver.find_element(By.XPATH, f"//button[starts-with(normalize-space(), '{words_of_button}')]")
    WebDriverWait(screen.driver, PATIENCE_S).until(lambda _: button.is_displayed())
    screen.leave(button.click)


@pytest.mark.browser
def test_a_person_adds_a_passkey_signs_in_with_it_and_removes_it(sqlite: Store, profiles: Profiles) -> None:
    person = add_person(sqlite)
    with screen_with_device(sqlite, profiles) as screen:
        find = screen.driver.find_element
        screen.open("/admin/account/passkeys")
        find(By.NAME, "user").send_keys(person.email)
        find(By.NAME, "password").send_keys(PASSWORD_OF_ALL)
        press(screen, "Sign in")
        find(By.NAME, "name").send_keys("The laptop")
        press(screen, "Add a passkey")
        assert "You can sign in with The laptop now." in screen.text

        press(screen, "Sign out")
        press(screen, "Sign in with a passkey")
        assert find(By.CSS_SELECTOR, "nav a[aria-current]").text == "Today"
        with sqlite.read() as tx:
            (passkey,) = tx.passkeys.of(person.id)
        assert passkey.used_at is not None

        screen.open("/admin/account/passkeys")
        press(screen, "Remove")
        press(screen, "Sign out")
        press(screen, "Sign in with a passkey")
        assert "This passkey is not known here, or was removed." in screen.text
    with sqlite.read() as tx:
        acts = [act.act for act in tx.acts.page(ActQuery(who=person.email), 10).acts]
    assert acts == ["sign out", "delete", "sign in", "sign out", "create", "sign in"]


def test_an_answer_to_no_challenge_is_refused(sqlite: Store) -> None:
    browser = Operator(sqlite, sign_in=False)
    credential = json.dumps({"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {}})

    for given in (credential, "", "{", "[" * 5000, '{"id": 7}'):
        response = browser.client.post("/admin/sign-in/passkey", data={"credential": given})

        assert response.status_code == 422
    assert browser.client.get("/admin/leads").status_code == 401


def test_a_challenge_is_good_once(sqlite: Store) -> None:
    browser = Operator(sqlite, sign_in=False)
    options = browser.client.post("/admin/sign-in/passkey/options")
    (cookie,) = [value for name, value in options.headers.items() if name == "Set-Cookie" and "challenge=" in value]

    with capture_logs() as lines:
        responses = [
            browser.client.post("/admin/sign-in/passkey", data={"credential": '{"id": "AAAA"}'}) for _ in range(2)
        ]

    refusals = [line["why"] for line in lines if line["event"] == "passkey_refused"]
    assert [response.status_code for response in responses] == [422, 422]
    assert "Sign in with your password" in words(responses[0].text)
    assert refusals == ["unknown", "no challenge, or one that was answered already"]
    assert options.get_json()["userVerification"] == "required"
    assert "HttpOnly" in cookie


def test_a_device_that_answers_something_else_makes_no_passkey(sqlite: Store) -> None:
    person = add_person(sqlite)
    browser = Operator(sqlite, sign_in=False)
    browser.sign_in(PASSWORD_OF_ALL, person.email)

    options = browser.send("/admin/account/passkeys/options")
    refused = browser.send("/admin/account/passkeys", credential='{"id": "AAAA"}', name="x")

    assert options.get_json()["user"]["name"] == person.email
    assert refused.status_code == 422
    assert "No passkey was created." in words(refused.text)
    assert browser.send("/admin/account/passkeys/AAAA/remove").status_code == 404


def test_an_owner_takes_passkeys_and_code_from_others_and_not_from_themselves(sqlite: Store) -> None:
    owner, agent = add_person(sqlite, Role.OWNER), add_person(sqlite, Role.AGENT)
    browser = Operator(sqlite, sign_in=False)
    browser.sign_in(PASSWORD_OF_ALL, owner.email)
    for person in (owner, agent):
        passkey = Passkey(f"id{person.id}", person.id, "key", 0, "The laptop", NOON)
        sqlite.write(lambda tx, passkey=passkey: tx.passkeys.add(passkey))  # type: ignore[misc]

    assert "Remove the passkeys" in browser.see(f"/admin/people?person={agent.id}")
    removed = browser.send(f"/admin/people/{agent.id}/passkeys")

    assert "All passkeys of Agent have been removed." in browser.arrive(removed)
    assert [browser.send(f"/admin/people/{owner.id}/{what}").status_code for what in ("passkeys", "code")] == [403, 403]
    with sqlite.read() as tx:
        assert tx.passkeys.people() == {owner.id}
