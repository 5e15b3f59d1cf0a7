"""Types of opportunities, and their templates for notes."""

import pytest

from service.nexudus.client import Nexudus
from service.nexudus.directory import OpportunityType, notes_template, opportunity_types
from service.nexudus.errors import Unavailable
from service.simulator.server import Simulator


def test_types_tell_their_location_and_template(nexudus: Nexudus) -> None:
    known = {kind.id: kind for kind in opportunity_types(nexudus)}

    assert known[7] == OpportunityType(7, "Tour", 55, "")
    assert (known[8].notes_template or "").startswith("Team size:")


def test_a_template_that_the_list_shows_costs_no_call(crm: Simulator, nexudus: Nexudus) -> None:
    assert notes_template(nexudus, OpportunityType(7, "Tour", 55, "Desks:")) == "Desks:"
    assert crm.calls("GET") == []


def test_a_template_that_the_list_hides_is_read_from_the_record(nexudus: Nexudus) -> None:
    assert notes_template(nexudus, OpportunityType(8, "Private office", 55)).startswith("Team size:")
    assert notes_template(nexudus, OpportunityType(7, "Tour", 55)) == ""


@pytest.mark.parametrize("answer", [{"status": 404}, {"body": {"Id": 8}}], ids=["no record", "it hides it"])
def test_a_record_that_does_not_show_it_proves_nothing(
    crm: Simulator, nexudus: Nexudus, answer: dict[str, object]
) -> None:
    crm.faults([{"path": "/api/crm/opportunitytypes/8", **answer}])

    with pytest.raises(Unavailable):
        notes_template(nexudus, OpportunityType(8, "Private office", 55))
