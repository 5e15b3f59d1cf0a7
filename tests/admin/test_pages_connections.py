"""The page Connections: channels for alerts added, tested and removed without a terminal."""

import threading

import pytest
from werkzeug.test import TestResponse

from service import clock
from service.actors import Actor, Role
from service.admin.pages.channel_addresses import UnusableAddress, mail_address, read_address
from service.alerts.channel_tests import make_test_sender
from service.background import RequestJob
from service.store import TEST_MESSAGE, ChannelEntry, Store
from tests.admin.dashboard import Operator, words
from tests.admin.test_walls import let_anyone_ask
from tests.alerts.sink import AlertSink, send_here
from tests.builders import a_form

SLACK = "https://hooks.slack.com/services/T0ABCDEFG/B0ABCDEFG/AbCdEfGhIjKlMnOpQrStUvWx"
PAGE = "/admin/connections"


@pytest.fixture
def operator(sqlite: Store) -> Operator:
    """Somebody who is signed in."""
    return Operator(sqlite, a_form())


def add(operator: Operator, address: str, **more: str) -> TestResponse:
    return operator.send(f"{PAGE}/channels", by="address", address=address, **more)


def entries(store: Store) -> list[ChannelEntry]:
    with store.read() as tx:
        return tx.channels.all()


def let_a_worker_answer(store: Store, *addresses: str) -> None:
    sender = make_test_sender(store, addresses, threading.Event(), send_here)
    RequestJob(store, TEST_MESSAGE, sender).step(clock.now())


def test_a_channel_is_added_and_a_worker_sends_a_test_message(sqlite: Store, operator: Operator) -> None:
    with AlertSink() as sink:
        response = add(operator, sink.address, name="Sales team")
        waiting = operator.arrive(response)
        let_a_worker_answer(sqlite)
        done = operator.see(response.headers["Location"])

    assert "Sending a test message" in waiting
    assert sink.titles == ["Lead Capture: a test"]
    assert "Sales team accepted a test message" in done
    assert "secret-path" not in operator.client.get(PAGE).text
    (entry,) = entries(sqlite)
    assert (entry.name, entry.service, entry.made_by, entry.failure) == ("Sales team", "json", "admin", "")


def test_the_page_that_waits_fetches_only_the_block(sqlite: Store, operator: Operator) -> None:
    location = add(operator, SLACK).headers["Location"]
    request_id = location.rpartition("=")[2]

    block = operator.client.get(f"{PAGE}/tests/{request_id}").text

    assert block.lstrip().startswith('<div id="channel-test"')
    assert f'hx-get="{PAGE}/tests/{request_id}"' in block
    assert "hooks.slack.com/services/T0" not in operator.client.get(location).text


def test_a_channel_that_does_not_take_it_says_why(sqlite: Store, operator: Operator) -> None:
    with AlertSink() as sink:
        sink.status = 403
        response = add(operator, sink.address)
        let_a_worker_answer(sqlite)

    page = operator.arrive(response)
    assert "json did not accept the test message" in page
    assert "Not delivered" in page
    assert entries(sqlite)[0].failure == "it answered with error 403"


def test_the_addresses_of_the_environment_are_shown_and_tested_but_never_their_secrets(sqlite: Store) -> None:
    with AlertSink() as sink:
        operator = Operator(sqlite, a_form(), ALERT_URLS=f"{sink.address},mailto://ann:hush@example.com")
        response = operator.send(f"{PAGE}/channels/test", channel="")
        let_a_worker_answer(sqlite, sink.address)
        page = operator.arrive(response)

    assert "json, E-mail Set in the environment" in page
    assert "json (1) accepted a test message" in page
    assert "hush" not in operator.client.get(PAGE).text


def test_a_removed_channel_and_its_address_are_gone(sqlite: Store, operator: Operator) -> None:
    add(operator, SLACK)
    page = operator.arrive(operator.send(f"{PAGE}/channels/remove", channel=entries(sqlite)[0].id))

    assert "Slack was removed" in page
    assert entries(sqlite) == []
    with sqlite.read() as tx:
        assert tx.secrets.entries() == []


def test_what_is_no_address_is_refused_in_words_and_kept_to_be_corrected(operator: Operator) -> None:
    mailbox = {"by": "mail", "to": "ann@example.com", "server": "a b", "password": "hush"}
    response = operator.send(f"{PAGE}/channels", **mailbox)

    assert response.status_code == 422
    assert "Enter the name of the mail server" in words(response.text)
    assert 'value="ann@example.com"' in response.text
    assert "hush" not in response.text
    assert entries(operator.front.store) == []


@pytest.mark.parametrize(
    "text", ["hooks.slack.com/services/T", "https://example.com/hook", "http://hooks.slack.com/services/T", "a://b c"]
)
def test_what_is_no_address_of_a_channel_is_refused(text: str) -> None:
    with pytest.raises(UnusableAddress):
        read_address(text)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"to": "ann"}, "Enter the e-mail address"),
        ({"server": "smtp.example.com/x"}, "Enter the name of the mail server"),
        ({"port": "x"}, "The port must be a number"),
        ({"user": "", "sender": ""}, "Enter the address that alerts are sent"),
    ],
)
def test_what_is_no_mailbox_is_refused(typed: dict[str, str], sentence: str) -> None:
    mailbox = {"to": "a@example.com", "server": "smtp.example.com", "user": "a@example.com", **typed}

    with pytest.raises(UnusableAddress, match=sentence):
        mail_address(mailbox)


def test_what_was_done_is_recorded_without_secrets(sqlite: Store, operator: Operator) -> None:
    add(operator, SLACK, name="Sales")
    operator.send(f"{PAGE}/channels/test", channel=entries(sqlite)[0].id)
    operator.send(f"{PAGE}/channels/remove", channel=entries(sqlite)[0].id)

    with sqlite._database.reading.connect() as connection:
        rows = connection.exec_driver_sql("SELECT act, before, after FROM acts WHERE kind = 'connection' ORDER BY id")
        recorded = [tuple(row) for row in rows]
    assert [row[0] for row in recorded] == ["create", "test", "delete"]
    assert "hooks.slack.com" not in str(recorded)


def test_people_of_one_account_have_their_own_channels_and_see_no_others(sqlite: Store) -> None:
    operator = Operator(sqlite, a_form(), ALERT_URLS="mailto://ann:hush@example.com")
    add(operator, SLACK, name="Everything")
    let_anyone_ask(operator.front.app)
    token = operator.token
    operator.front.app.extensions["asks"] = Actor("eve@example.com", Role.EDITOR.scopes, frozenset({"default"}))

    fields = {"token": token, "by": "address", "address": SLACK, "name": "Harbour team"}
    added = operator.client.post(f"{PAGE}/channels", data=fields)
    page = operator.client.get(added.headers["Location"])
    others = {entry.name: entry for entry in entries(sqlite)}

    assert others["Harbour team"].account == "default"
    assert "Harbour team" in page.text
    assert not [word for word in ("Everything", "Set in the environment", "ALERT_URLS") if word in page.text]
    for path, channel in (("test", ""), ("test", others["Everything"].id), ("remove", others["Everything"].id)):
        operator.client.post(f"{PAGE}/channels/{path}", data={"token": token, "channel": channel})
    assert [entry.name for entry in entries(sqlite)] == ["Everything", "Harbour team"]
    with sqlite._database.reading.connect() as connection:
        requests = connection.exec_driver_sql(
            "SELECT details FROM worker_requests WHERE requested_by LIKE 'eve%'"
        ).all()
    assert len(requests) == 1
