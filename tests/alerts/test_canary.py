"""Test leads: sent on time through the same door as all others, and missed when they do not arrive."""

from datetime import timedelta

from service.forms import Canary
from service.lead import Lead, Status
from service.store import Query
from tests.alerts.conftest import Post
from tests.builders import a_form

EVERY = Canary(6 * 3600, "canary@example.com")


def hire(post: Post) -> None:
    post.hire(forms={"canary": a_form("canary", canary=EVERY)})


def flown(post: Post) -> list[Lead]:
    with post.store.read() as tx:
        return tx.search.leads(Query(form="canary"), 100)


def test_a_test_lead_is_owed_as_any_other_and_marked_as_one(post: Post) -> None:
    hire(post)

    post.look()

    (lead,) = flown(post)
    assert (lead.status, lead.submission.sender, lead.submission.extras) == (
        Status.PENDING,
        "canary",
        {"canary": "true"},
    )
    assert lead.submission.contact.email == "canary@example.com"
    assert "Please delete it" in str(lead.submission.fields["message"])


def test_the_next_one_is_sent_when_it_is_time(post: Post) -> None:
    hire(post)
    for _ in range(25):
        post.look(30)
        post.deliver(*flown(post))

    assert len(flown(post)) == 3
    assert post.ear.heard == []


def test_one_that_does_not_arrive_is_told_and_so_is_its_arrival(post: Post) -> None:
    hire(post)
    post.look()
    post.look(9)
    before = set(post.open)
    post.look(2)
    post.deliver(*flown(post))
    post.look(1)

    assert "canary:canary" not in before
    assert "the test lead did not arrive" in post.ear.titles[1] + post.ear.titles[0]
    assert post.open == {}


def test_while_one_is_missing_no_other_is_sent(post: Post) -> None:
    hire(post)
    post.look()

    for _ in range(3):
        post.look(24 * 60)

    assert len(flown(post)) == 1


def test_one_that_is_parked_is_told_at_once(post: Post) -> None:
    hire(post)
    post.look()
    (lead,) = flown(post)
    post.store.write(lambda tx: tx.leads.set_status([lead.id], Status.PARKED, "Given up after 16 tries: no."))

    post.look(1)

    assert "It is parked" in post.open["canary:canary"].sentence


def test_a_second_worker_sends_none_of_its_own(post: Post) -> None:
    hire(post)
    post.look(name="one")
    post.watchers["two"] = post.hire("two", forms={"canary": a_form("canary", canary=EVERY)})
    post.gone.add("one")

    assert post.look(1, "two")

    assert len(flown(post)) == 1
    assert flown(post)[0].received_at == post.now - timedelta(minutes=1)
