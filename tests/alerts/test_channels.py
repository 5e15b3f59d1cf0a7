"""Messages go to each channel by itself, within the time limit, and no secret is shown."""

import os
import threading
import time

from service.alerts import channels
from service.alerts.channels import SENT, TOO_SLOW, Message
from service.forms import Brand
from tests.alerts.mail_server import MailServer
from tests.alerts.sink import AlertSink
from tests.processes import SLOWEST_MACHINE, family

MESSAGE = Message("Leads are stuck", "Three leads wait.\n\nSee the log.")
NOWHERE = "json://127.0.0.1:1/secret-path"


def test_a_message_arrives_as_it_was_written(sink: AlertSink) -> None:
    assert channels.send([sink.address], MESSAGE) == [SENT]

    (message,) = sink.received
    assert (message["title"], message["message"], message["type"]) == ("Leads are stuck", MESSAGE.body, "warning")


def test_a_channel_that_fails_keeps_no_other_from_it(sink: AlertSink) -> None:
    first, second = channels.send([NOWHERE, sink.address], MESSAGE)

    assert (first, second) == ("it could not be reached, or refused it", SENT)


def test_of_a_channels_response_only_the_status_is_shown(sink: AlertSink) -> None:
    with AlertSink() as other:
        sink.status, other.status = 401, 503

        outcomes = channels.send([sink.address, other.address], MESSAGE)

    assert outcomes == ["it answered with error 401", "it answered with error 503"]


def test_a_channel_that_hangs_is_ended_and_the_others_have_it(sink: AlertSink) -> None:
    sink.hangs.set()
    with AlertSink() as other:
        began = time.monotonic()
        outcomes = channels.send([sink.address, other.address], MESSAGE, timeout_s=3)

        assert (outcomes, other.titles) == ([TOO_SLOW, SENT], ["Leads are stuck"])
        assert time.monotonic() - began < 6 * SLOWEST_MACHINE


def test_a_message_under_way_is_given_up_when_the_worker_stops(sink: AlertSink) -> None:
    sink.hangs.set()
    stop, outcomes = threading.Event(), list[str]()
    sending = threading.Thread(target=lambda: outcomes.extend(channels.send([sink.address], MESSAGE, stop, 60)))
    sending.start()

    stop.set()
    sending.join(3)

    assert outcomes == [TOO_SLOW]


def test_no_process_is_left_behind(sink: AlertSink) -> None:
    before = set(family(os.getpid()))

    channels.send([sink.address], MESSAGE)

    assert set(family(os.getpid())) <= before


def test_addresses_that_apprise_cannot_read_are_listed_by_position(sink: AlertSink) -> None:
    assert channels.unreadable([sink.address, "nothing://secret", "mailto://u:p@example.com", "slack://one"]) == [2, 4]


def test_without_addresses_nothing_is_asked() -> None:
    assert channels.unreadable([]) == []
    assert channels.send([], MESSAGE) == []


def test_a_letter_is_plain_text_whatever_strangers_wrote() -> None:
    body = "Name: Ann <b>Lee</b>\nE-mail: ann@example.com\n\nMessage: 1 < 2 & *so* [on](https://evil.example)"
    with MailServer() as box:
        assert channels.send([box.address], Message("New lead: Ann Lée", body, "info")) == [SENT]

    (letter,) = box.letters
    assert (letter["Subject"], letter["To"], letter.get_content_type()) == (
        "New lead: Ann Lée",
        "ann@example.com",
        "text/plain",
    )
    assert letter.get_content().splitlines() == body.replace("](", "] (").splitlines()


def test_a_letter_comes_from_the_brand_and_shows_html_beside_the_text() -> None:
    message = Message("Your week", "Leads: 3", "info", Brand("Harbour Works"), "<p>Leads: <b>3</b></p>")
    with MailServer() as box:
        assert channels.send([box.address], message) == [SENT]

    (letter,) = box.letters
    text, html = letter.iter_parts()
    assert letter["X-Application"] == "Harbour Works"
    assert (text.get_content_type(), text.get_content().strip()) == ("text/plain", "Leads: 3")
    assert (html.get_content_type(), html.get_content().strip()) == ("text/html", message.html)
