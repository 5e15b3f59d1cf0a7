"""A Nexudus account is connected in the dashboard: typed, tried by a worker, used; nothing secret is ever shown."""

import pytest
from werkzeug.test import TestResponse

from service import clock
from service.simulator.server import Simulator
from service.store import ActQuery, Store
from tests.admin.dashboard import Operator, words
from tests.builders import a_form, a_publisher
from tests.delivery.test_account_trial import USER, TriedAccount

PAGE = "/admin/connections/nexudus/default"


@pytest.fixture
def operator(sqlite: Store) -> Operator:
    """Somebody who is signed in, where nothing is set in the environment."""
    return Operator(sqlite, a_form())


def type_in(operator: Operator, base_url: str, password: str = "simulator", **more: str) -> TestResponse:  # noqa: S107
    return operator.send(f"{PAGE}/try", base_url=base_url, username=USER, password=password, **more)


def let_a_worker_answer(store: Store, nexudus: Simulator) -> None:
    TriedAccount(store, nexudus.url).job.step(clock.now())


def toml_of(store: Store) -> str:
    return a_publisher(store).standing().toml


def test_an_account_is_typed_tried_and_used(sqlite: Store, operator: Operator, nexudus: Simulator) -> None:
    before = operator.see("/admin/connections")
    response = type_in(operator, nexudus.url)
    waiting = operator.arrive(response)
    let_a_worker_answer(sqlite, nexudus)
    page = operator.client.get(response.headers["Location"])
    part = operator.client.get("/admin/connections/trials/" + response.headers["Location"].rpartition("=")[2])
    used = operator.arrive(operator.press_button(page, f"{PAGE}/use"))

    assert "Not connected" in before
    assert "Testing" in waiting
    assert part.text.lstrip().startswith('<div id="account-trial"')
    assert f'action="{PAGE}/use"' in part.text
    assert "Nexudus accepts the sign-in" in words(page.text)
    assert "Connected. Leads go to this account" in used
    toml = toml_of(sqlite)
    assert f'username = "{USER}"' in toml
    assert 'password = "secret:nexudus-default-password-' in toml
    assert '"simulator"' not in toml + page.text
    with sqlite.read() as tx:
        acts = tx.acts.page(ActQuery(), 5).acts
    assert [act.act for act in acts] == ["publish", "test", "sign in"]
    assert "'simulator'" not in str(acts)


def test_a_wrong_password_is_typed_again_alone(sqlite: Store, operator: Operator, nexudus: Simulator) -> None:
    response = type_in(operator, nexudus.url, "wrong-word")
    let_a_worker_answer(sqlite, nexudus)
    page = operator.client.get(response.headers["Location"]).text

    assert "Nexudus refuses the sign-in" in words(page)
    assert f'value="{USER}"' in page
    assert "wrong-word" not in page
    assert f'action="{PAGE}/use"' not in page
    assert "accounts" not in toml_of(sqlite)


def test_what_is_left_empty_after_a_trial_stays(sqlite: Store, operator: Operator, nexudus: Simulator) -> None:
    first = type_in(operator, "http://127.0.0.1:9").headers["Location"].rpartition("=")[2]
    let_a_worker_answer(sqlite, nexudus)

    again = type_in(operator, nexudus.url, "", request=first)
    let_a_worker_answer(sqlite, nexudus)

    assert "Nexudus accepts the sign-in" in operator.arrive(again)


UNUSABLE: tuple[tuple[dict[str, str], str], ...] = (
    ({"base_url": "spaces"}, "Enter the address of your Nexudus"),
    ({"base_url": "http://spaces.nexudus.com", "username": "u", "password": "p"}, "must begin with https://"),
    ({}, "Enter one of these: a user name and password, a token"),
    ({"username": "u", "password": "p", "bearer": "t"}, "Enter one of these"),
    ({"username": "u"}, "Enter both the user name and the password"),
    ({"app_key": "k"}, "Enter both the application"),
)


def test_what_cannot_be_tried_is_refused_in_words(operator: Operator) -> None:
    for fields, sentence in UNUSABLE:
        response = operator.send(f"{PAGE}/try", **fields)

        assert (response.status_code, sentence in words(response.text)) == (422, True), fields


def test_the_environment_is_shown_as_set_there_and_cannot_be_changed_here(sqlite: Store) -> None:
    operator = Operator(sqlite, a_form(), NEXUDUS_USERNAME="own@example.com", NEXUDUS_PASSWORD="hush-hush")

    page = operator.client.get(PAGE).text

    assert "set in the environment of the service" in words(page)
    assert "own@example.com" in page
    assert "hush-hush" not in page
    assert 'name="password"' not in page


def test_an_account_in_use_is_checked_on_demand(sqlite: Store, operator: Operator) -> None:
    response = operator.send(f"{PAGE}/check")

    assert response.status_code == 303
    with sqlite.read() as tx:
        request = tx.worker_requests.get(response.headers["Location"].rpartition("=")[2])
    assert request is not None
    assert (request.details, request.account) == ({"account": "default"}, "default")


def test_another_account_gets_a_page_by_its_name(operator: Operator) -> None:
    response = operator.client.get("/admin/connections/nexudus?name=Harbour")

    assert response.headers["Location"] == "/admin/connections/nexudus/harbour"
    assert "Connect Nexudus" in operator.see("/admin/connections/nexudus/harbour")
    assert operator.client.get("/admin/connections/nexudus/no%20name").status_code == 404
