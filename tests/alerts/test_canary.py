"""Test leads: sent on time through the same door as all others, and missed when they do not arrive."""

from datetime import timedelta

from service.forms import Canary
from service.lead import Lead, Status
from service.store import Query
from tests.alerts.conftest import MonitorEnv
from tests.builders import a_form

EVERY = Canary(6 * 3600, "canary@example.com")


def configure(env: MonitorEnv) -> None:
    env.configure(forms={"canary": a_form("canary", canary=EVERY)})


def flown(env: MonitorEnv) -> list[Lead]:
    with env.store.read() as tx:
        return tx.search.leads(Query(form="canary"), 100)


def test_a_test_lead_is_enqueued_as_any_other_and_marked_as_one(env: MonitorEnv) -> None:
    configure(env)

    env.look()

    (lead,) = flown(env)
    assert (lead.status, lead.submission.sender, lead.submission.extras) == (
        Status.PENDING,
        "canary",
        {"canary": "true"},
    )
    assert lead.submission.contact.email == "canary@example.com"
    assert "Please delete it" in str(lead.submission.fields["message"])


def test_the_next_one_is_sent_when_it_is_time(env: MonitorEnv) -> None:
    configure(env)
    for _ in range(25):
        env.look(30)
        env.deliver(*flown(env))

    assert len(flown(env)) == 3
    assert env.sink.received == []


def test_a_missing_test_lead_raises_an_alert_that_its_arrival_resolves(env: MonitorEnv) -> None:
    configure(env)
    env.look()
    env.look(9)
    before = set(env.open)
    env.look(2)
    env.deliver(*flown(env))
    env.look(1)

    assert "canary:canary" not in before
    assert "the test lead did not arrive" in env.sink.titles[1] + env.sink.titles[0]
    assert env.open == {}


def test_while_one_is_missing_no_other_is_sent(env: MonitorEnv) -> None:
    configure(env)
    env.look()

    for _ in range(3):
        env.look(24 * 60)

    assert len(flown(env)) == 1


def test_a_parked_test_lead_raises_an_alert_at_once(env: MonitorEnv) -> None:
    configure(env)
    env.look()
    (lead,) = flown(env)
    env.store.write(lambda tx: tx.leads.set_status([lead.id], Status.PARKED, "Given up after 16 tries: no."))

    env.look(1)

    assert "It is parked" in env.open["canary:canary"].sentence


def test_a_second_worker_sends_none_of_its_own(env: MonitorEnv) -> None:
    configure(env)
    env.look(name="one")
    env.monitors["two"] = env.configure("two", forms={"canary": a_form("canary", canary=EVERY)})
    env.gone.add("one")

    assert env.look(1, "two")

    assert len(flown(env)) == 1
    assert flown(env)[0].received_at == env.now - timedelta(minutes=1)
