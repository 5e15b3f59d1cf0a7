"""After a create whose answer was lost: found by its mark, and where no mark survives, by its looks."""

from dataclasses import replace
from typing import Any

import pytest

from service.forms import Destination
from service.lead import Attribution, Lead, Status, marker_of
from service.nexudus import marks, opportunities
from service.nexudus.opportunities import PATH, NewOpportunity
from tests.builders import a_form, a_lead
from tests.delivery.conftest import House

LOST_ANSWER = {"method": "POST", "path": PATH, "reset": True, "after_save": True, "times": 1}
NO_MARK = {"systemid_round_trips": False, "systemid_filters": False, "type_template": "overwrite"}


@pytest.fixture
def markless(house: House) -> House:
    """A house whose Nexudus keeps neither SystemId nor notes."""
    house.nexudus.settings(**NO_MARK)
    house.use({"contact": a_form(destination=Destination(stage_id=1001, opportunity_type_id=8))})
    return house


def others(house: House, lead: Lead, **words: Any) -> int:
    """An opportunity that somebody makes for the same person."""
    crm, [person] = house.desk.nexudus, house.nexudus.coworkers_of(lead.submission.contact.email)
    usual = {"name": "Ada Lovelace", "lead_source": 19, "utm_source": "google", "utm_medium": "cpc"}
    new = NewOpportunity(stage_id=1001, coworker_id=person["Id"], opportunity_type_id=8, **{**usual, **words})
    return opportunities.create(crm, opportunities.compose(new))


def test_what_bears_no_mark_is_found_by_its_looks(markless: House) -> None:
    lead = markless.owes(a_lead())
    markless.nexudus.faults([LOST_ANSWER])

    markless.deliver_until_quiet()

    [opportunity] = markless.nexudus.opportunities()
    assert markless.kept(lead).opportunity_id == opportunity["Id"]


def test_what_was_not_saved_is_sent_again(markless: House) -> None:
    lead = markless.owes(a_lead())
    markless.nexudus.faults([{**LOST_ANSWER, "after_save": False}])

    markless.deliver_until_quiet()

    assert markless.kept(lead).status is Status.DELIVERED
    assert len(markless.nexudus.opportunities()) == 1


def test_the_opportunity_of_another_lead_is_not_taken_for_it(markless: House) -> None:
    first = markless.owes(a_lead())
    markless.deliver_until_quiet()
    second = markless.owes(a_lead())
    markless.nexudus.faults([{**LOST_ANSWER, "after_save": False}])

    markless.deliver_until_quiet()

    assert markless.kept(first).opportunity_id != markless.kept(second).opportunity_id
    assert len(markless.nexudus.opportunities()) == 2


def test_what_looks_different_is_not_taken_for_it(markless: House) -> None:
    made_known(markless)
    lead = markless.owes(a_lead())
    stranger = others(markless, lead, utm_source="bing")
    markless.nexudus.faults([{**LOST_ANSWER, "after_save": False}])

    markless.deliver_until_quiet()

    assert markless.kept(lead).opportunity_id != stranger


def test_what_bears_the_mark_of_another_is_not_taken_for_it(markless: House) -> None:
    made_known(markless)
    markless.nexudus.settings(systemid_round_trips=True)
    lead = markless.owes(a_lead())
    stranger = others(markless, lead, system_id=marker_of(a_lead().id))
    markless.nexudus.faults([{**LOST_ANSWER, "after_save": False}])

    markless.deliver_until_quiet()

    assert markless.kept(lead).opportunity_id != stranger


def test_where_marks_survive_looks_do_not_count(house: House) -> None:
    house.use({"contact": a_form(destination=Destination(stage_id=1001, opportunity_type_id=8))})
    made_known(house)  # and read back: SystemId and notes stay
    lead = house.owes(a_lead())
    twin = others(house, lead)
    house.nexudus.faults([{**LOST_ANSWER, "after_save": False}])

    house.deliver_until_quiet()

    assert house.kept(lead).opportunity_id != twin


def test_looks_are_compared_by_all_that_nexudus_keeps() -> None:
    body = opportunities.compose(
        NewOpportunity(1, 2, name="Ada", lead_source=19, utm_source="google", value=300, notes="hi", system_id="x")
    )
    record = {**body, "Value": 300.0, "UtmTerm": None, "Notes": "a template", "SystemId": None, "Id": 9}

    assert marks.is_alike(record, body)
    assert not any(marks.is_alike({**record, name: "other"}, body) for name in marks.COMPARED)


def made_known(house: House) -> None:
    """Let Ada be known to Nexudus, by an enquiry of another kind."""
    lead = a_lead()
    house.owes(replace(lead, attribution=Attribution(utm_source="newsletter")))
    house.deliver_until_quiet()
