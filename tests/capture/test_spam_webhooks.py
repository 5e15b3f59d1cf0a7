"""What webhooks bring is judged as well, by the rules that need no visitor at a page; the sender gets its 200."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.forms import Block, Captcha
from service.lead import Reason, Status
from service.store import Store
from tests.builders import a_form
from tests.front import ANN, Front

BLOCKED = (Block("words", "casino"), Block("network", "198.51.100.0/24"))
OFFER = "We bring your website to the top of every search: write to boost@seo.example today!"


def a_front(sqlite: Store, **changes: Any) -> Front:
    """A form that takes posts of automations."""
    return Front(sqlite, a_form(block=BLOCKED, webhooks={"json": {}}, **changes))


def relay(front: Front, **answers: str) -> TestResponse:
    """An automation sends one enquiry."""
    return front.client.post("/webhooks/json/contact", json={**ANN, **answers})


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"message": "The best casino"}, Reason.BLOCKED),
        ({"message": "http://a.test http://b.test http://c.test"}, Reason.LINKS),
        ({"ip_address": "198.51.100.7"}, Reason.BLOCKED),
    ],
    ids=["words", "links", "network"],
)
def test_a_relayed_suspect_is_held_and_its_sender_thanked(
    sqlite: Store, answers: dict[str, str], reason: Reason
) -> None:
    front = a_front(sqlite)

    assert relay(front, **answers).status_code == 200
    assert front.lead().status is Status.QUARANTINED
    assert front.lead().problem.startswith(reason.prefix)
    assert front.lead().submission.ip == ""


def test_the_same_offer_counts_wherever_it_comes_in(sqlite: Store) -> None:
    front = a_front(sqlite)
    for number in range(2):
        front.post({**ANN, "email": f"p{number}@example.com", "message": OFFER})

    relay(front, email="third@example.com", message=OFFER)

    assert front.leads()[0].problem.startswith(Reason.REPEATED.prefix)


def test_a_relayed_enquiry_needs_no_captcha(sqlite: Store) -> None:
    front = a_front(sqlite, captcha=Captcha("turnstile", "shh", url="http://127.0.0.1:9/"))

    relay(front)

    assert front.lead().status is Status.PENDING
