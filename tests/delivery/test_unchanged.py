"""A delivery leaves what is in Nexudus as it is."""

from service.forms import ContactRule
from service.lead import Status
from tests.builders import a_form, a_lead
from tests.delivery.conftest import Env


def test_a_contact_that_exists_is_not_touched(env: Env) -> None:
    before = env.nexudus.add_coworker("ada@example.com", "A. Lovelace", MobilePhone="+44 20")
    env.use({"contact": a_form(contact=ContactRule(56, 1, 2, tag="web-lead", extra={"Gender": 3}))})

    lead = env.owes(a_lead())
    env.deliver_until_quiet()

    assert env.kept(lead).status is Status.DELIVERED
    assert env.nexudus.coworkers_of("ada@example.com") == [before]


def test_nothing_but_reads_and_creates_is_sent(env: Env) -> None:
    env.owes(a_lead())
    env.deliver_until_quiet()

    assert {call.method for call in env.nexudus.calls()} == {"GET", "POST"}
    assert env.nexudus.side_effects() == []
