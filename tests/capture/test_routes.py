"""What the route of an enquiry's answers decides when it comes: account, what it must say, what is held, where next."""

from dataclasses import replace
from typing import Any

import pytest

from service.capture.accept import accept, announce_all, arrival_of
from service.capture.dedup import id_key
from service.capture.pages.rendering import hosted_form
from service.forms import AttributionConfig, Block, Form, Route
from service.lead import Reason, Status
from service.store import Store
from tests.builders import NOON, a_form, a_submission
from tests.front import ANN, PERSON, Front

LEEDS = {**ANN, "location": "Leeds"}
THANKS = "https://www.example.com/leeds"


def routed(form: Form | None = None, **changes: Any) -> Form:
    """A form with a route for Leeds, where these keys differ."""
    whole = form or a_form()
    return replace(whole, routes=(Route({"location": "leeds"}, replace(whole, **changes)),))


def test_a_lead_is_owed_to_the_account_of_its_route(sqlite: Store) -> None:
    front = Front(sqlite, routed(account="harbour"))

    front.post(LEEDS)
    front.post({**ANN, "location": "London"})

    assert [lead.account for lead in front.leads()] == ["default", "harbour"]
    assert sqlite.write(
        lambda tx: {each.lead.account for each in tx.queue.claim("w", front.leads()[0].received_at, 9, 9)}
    )


def test_an_announced_lead_belongs_to_the_account_of_its_answers_once_they_are_here(sqlite: Store) -> None:
    form, announced = (
        routed(account="harbour"),
        a_submission(fields={}, sender="meta", external_id="7100", is_proven=True),
    )
    (receipt,) = announce_all([(announced, "")], form, sqlite, NOON)
    answers = replace(announced, fields={"email": "ada@example.com", "location": "leeds"})

    arrival = arrival_of(answers, form, NOON)
    sqlite.write(lambda tx: tx.platforms.fill(receipt.lead_id, arrival.lead, arrival.person, NOON))

    (delivery,) = sqlite.write(lambda tx: tx.queue.claim("worker", NOON, 90, 1))
    assert delivery.lead.account == "harbour"


def test_a_platform_s_id_is_the_same_whatever_account_the_answers_choose() -> None:
    form = routed(account="harbour")

    assert id_key("meta", "7100", form) == id_key("meta", "7100", a_form())


# -- pages


def test_a_route_says_where_its_visitors_go_next(sqlite: Store) -> None:
    front = Front(sqlite, routed(a_form(redirect="https://www.example.com/thanks"), redirect=THANKS))

    answers = [front.post(LEEDS, headers=PERSON) for _ in range(2)]  # the second is a repeat
    other = front.post({**ANN, "location": "London"}, headers=PERSON)

    assert [answer.headers["Location"] for answer in answers] == [THANKS, THANKS]
    assert other.headers["Location"] == "https://www.example.com/thanks"
    assert front.post_json(LEEDS).get_json()["next"] == THANKS


def test_a_route_may_lead_back_to_our_own_thank_you_page(sqlite: Store) -> None:
    front = Front(sqlite, routed(a_form(redirect=THANKS), redirect=""))

    assert front.post(LEEDS, headers=PERSON).headers["Location"] == "/f/contact/thanks"


def test_a_visitor_is_asked_for_what_the_route_requires(sqlite: Store) -> None:
    front = Front(sqlite, routed(require=("email", "phone")))

    refused = front.post(LEEDS, headers=PERSON)

    assert (refused.status_code, front.leads()) == (422, [])
    assert 'name="phone"' in refused.text
    assert front.post(ANN, headers=PERSON).status_code == 303


def test_a_relayed_lead_that_lacks_what_its_route_requires_is_parked(sqlite: Store) -> None:
    front = Front(sqlite, routed(a_form(webhooks={"json": {}}), require=("email", "phone")))

    front.client.post("/webhooks/json/contact", json=LEEDS)

    assert (front.lead().status, front.lead().problem.startswith("It arrived without a usable phone")) == (
        Status.PARKED,
        True,
    )


def test_the_hosted_page_asks_for_what_any_route_requires_but_insists_only_on_what_all_do() -> None:
    html = hosted_form(routed(a_form(require=("email",)), require=("phone", "badge_no"))).html

    assert 'name="badge_no"' in html
    assert " required" not in html


# -- what is held, what is a repeat, who gets the credit


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"block": (Block("words", "desks"),)}, Reason.BLOCKED), ({"min_fill_s": 60.0}, Reason.TOO_FAST)],
)
def test_a_route_has_its_own_rules_for_spam(sqlite: Store, changes: dict[str, Any], reason: Reason) -> None:
    front = Front(sqlite, routed(**changes))

    front.post({**LEEDS, "lc_key": "1-2-3-4.5000"})

    assert front.lead().problem.startswith(reason.prefix)


def test_a_route_has_its_own_window_for_repeats(sqlite: Store) -> None:
    form = routed(duplicate_window_s=0)
    leeds = a_submission(fields={**a_submission().fields, "location": "leeds"})

    receipts = [accept(each, form, sqlite, NOON).repeat for each in (leeds, leeds, a_submission(), a_submission())]

    assert receipts == [False, False, False, True]


def test_a_route_has_its_own_question_of_the_source(sqlite: Store) -> None:
    asks = AttributionConfig(answer_field="how_did_you_hear", answer_map={"Radio": 99})
    front = Front(sqlite, routed(attribution=asks))

    front.post({**LEEDS, "how_did_you_hear": "Radio"})

    assert front.lead().attribution.lead_source == 99
