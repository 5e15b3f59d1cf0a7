"""Retry, release, discard and correct by the API, and the statuses that forbid them."""

from datetime import timedelta

import pytest

from service import clock
from service.lead import Status
from service.store import Store
from tests.admin.stored_leads import keep, keep_as
from tests.builders import NOON, a_lead
from tests.front import Front
from tests.store.actions import stored_lead

POSSIBLE = {
    "retry": {Status.PENDING: Status.PENDING, Status.PARKED: Status.PENDING},
    "release": {Status.QUARANTINED: Status.PENDING},
    "discard": dict.fromkeys(set(Status) - {Status.DELIVERED, Status.ERASED}, Status.DISCARDED),
}
"""Action -> where a lead stands before -> and after it."""
PAIRS = [(action, status) for action in POSSIBLE for status in Status]


def queued_count(store: Store) -> int:
    """How many leads the workers may send."""
    with store.read() as tx:
        return tx.queue.backlog()[0]


@pytest.mark.parametrize(("action", "status"), PAIRS, ids=[f"{action}-{status}" for action, status in PAIRS])
def test_an_action_is_done_or_refused_by_where_the_lead_stands(
    front: Front, sqlite: Store, action: str, status: Status
) -> None:
    lead = keep_as(sqlite, status)
    after = POSSIBLE[action].get(status)

    response = front.ask(f"/leads/{lead.id}/{action}", "POST")

    if after is None:
        assert (response.status_code, response.mimetype) == (409, "application/problem+json")
        assert response.get_json(force=True)["detail"].startswith(f"the lead is {status}: ")
    else:
        assert (response.status_code, response.get_json()["status"]) == (200, after)
    assert front.ask(f"/leads/{lead.id}").get_json()["status"] == (after or status)


@pytest.mark.parametrize("action", POSSIBLE)
def test_a_lead_that_is_not_there_is_a_404(front: Front, action: str) -> None:
    response = front.ask(f"/leads/{'0' * 32}/{action}", "POST")

    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    assert response.get_json(force=True)["detail"] == "there is no such lead"


@pytest.mark.parametrize("action", ["retry", "release"])
def test_a_released_or_retried_lead_is_queued_at_once_without_its_problem(store: Store, action: str) -> None:
    status = Status.PARKED if action == "retry" else Status.QUARANTINED
    lead = keep(store, a_lead(status=status, problem="look at it"))
    began = clock.now()

    response = Front(store).ask(f"/leads/{lead.id}/{action}", "POST").get_json()

    assert queued_count(store) == 1
    assert response["problem"] is None
    assert response["next_attempt_at"] >= began.isoformat().replace("+00:00", "Z")


def test_a_discarded_lead_is_no_longer_queued(store: Store) -> None:
    lead = keep(store, a_lead())

    response = Front(store).ask(f"/leads/{lead.id}/discard", "POST").get_json()

    assert queued_count(store) == 0
    assert response["next_attempt_at"] is None


def test_a_discarded_lead_is_restored_to_what_it_was(front: Front, sqlite: Store) -> None:
    lead = keep(sqlite, a_lead(status=Status.QUARANTINED, problem="too many links"))
    front.ask(f"/leads/{lead.id}/discard", "POST")

    response = front.ask(f"/leads/{lead.id}/restore", "POST").get_json()

    assert (response["status"], response["problem"]) == ("quarantined", "too many links")
    assert front.ask(f"/leads/{lead.id}/restore", "POST").status_code == 409


def test_a_retry_is_an_operators_try_with_the_whole_schedule_before_it(front: Front, sqlite: Store) -> None:
    lead = keep(sqlite, a_lead())
    (first,) = sqlite.write(lambda tx: tx.queue.claim("worker", NOON, 90, 1))
    sqlite.write(lambda tx: tx.queue.postpone(first, NOON + timedelta(days=1), tries=9))

    front.ask(f"/leads/{lead.id}/retry", "POST")

    (again,) = sqlite.write(lambda tx: tx.queue.claim("worker", clock.now(), 90, 1))
    assert (again.tries, again.trigger) == (0, "operator")


def test_a_retry_ends_the_pause_of_its_account(front: Front, sqlite: Store) -> None:
    lead = keep(sqlite, a_lead())
    sqlite.write(lambda tx: tx.accounts.pause("default", clock.now() + timedelta(hours=1), "refused"))

    front.ask(f"/leads/{lead.id}/retry", "POST")

    with sqlite.read() as tx:
        assert list(tx.accounts.pauses(clock.now())) == []


@pytest.mark.parametrize("action", POSSIBLE)
def test_an_action_is_a_post(front: Front, action: str) -> None:
    response = front.ask(f"/leads/{'0' * 32}/{action}")

    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


def test_a_correction_by_the_api_is_shown_with_what_it_was(front: Front, sqlite: Store) -> None:
    lead = keep_as(sqlite, Status.PARKED)

    response = front.ask(f"/leads/{lead.id}/correct", "POST", json={"fields": {"message": "Four desks."}})

    body = response.get_json()
    assert (response.status_code, body["status"], body["fields"]["message"]) == (200, "pending", "Four desks.")
    (correction,) = body["corrections"]
    assert (correction["was"], correction["became"]) == (
        {"message": "Two desks, please."},
        {"message": "Four desks."},
    )


def test_a_correction_that_cannot_be_taken_says_why_at_its_name(front: Front, sqlite: Store) -> None:
    lead = keep_as(sqlite, Status.PARKED)

    response = front.ask(f"/leads/{lead.id}/correct", "POST", json={"fields": {"email": "nobody"}})

    assert response.status_code == 422
    assert "not an e-mail address" in response.get_json()["errors"]["json"]["fields"]["email"]
    assert stored_lead(sqlite, lead).status is Status.PARKED


def test_a_delivered_lead_cannot_be_corrected(front: Front, sqlite: Store) -> None:
    lead = keep_as(sqlite, Status.DELIVERED)

    response = front.ask(f"/leads/{lead.id}/correct", "POST", json={"fields": {"message": "Four desks."}})

    assert response.status_code == 409
