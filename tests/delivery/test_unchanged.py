"""A delivery leaves what is in Nexudus as it is."""

from service.forms import ContactRule
from service.lead import Status
from tests.builders import a_form, a_lead
from tests.delivery.conftest import House


def test_a_contact_that_exists_is_not_touched(house: House) -> None:
    before = house.nexudus.add_coworker("ada@example.com", "A. Lovelace", MobilePhone="+44 20")
    house.use({"contact": a_form(contact=ContactRule(56, 1, 2, tag="web-lead", extra={"Gender": 3}))})

    lead = house.owes(a_lead())
    house.deliver_until_quiet()

    assert house.kept(lead).status is Status.DELIVERED
    assert house.nexudus.coworkers_of("ada@example.com") == [before]


def test_nothing_but_reads_and_creates_is_sent(house: House) -> None:
    house.owes(a_lead())
    house.deliver_until_quiet()

    assert {call.method for call in house.nexudus.calls()} == {"GET", "POST"}
    assert house.nexudus.side_effects() == []
