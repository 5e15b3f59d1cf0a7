"""Where a form's leads go: what is written is believed, what is named is looked up, what is left out is completed."""

import pytest

from service.delivery.targets import Targets, Unroutable, look_up
from service.delivery.translate import Target
from service.forms import ContactRule, Destination
from service.nexudus.client import Nexudus
from service.nexudus.errors import Unavailable
from service.nexudus.tokens import Login
from service.simulator.server import Simulator
from tests.builders import a_form

STAGES = "/api/crm/crmboardcolumns"


@pytest.fixture
def client(nexudus: Simulator) -> Nexudus:
    """A client of the simulator."""
    return Nexudus(nexudus.url, Login("simulator@leadcapture.example", "simulator"), timeout_s=2)


def target_of(client: Nexudus, destination: Destination, contact: ContactRule | None = None) -> Target:
    """What is found for a form."""
    return look_up(client, a_form(destination=destination, contact=contact or ContactRule()))


def test_a_form_that_says_everything_asks_nexudus_nothing(client: Nexudus, nexudus: Simulator) -> None:
    assert Targets().find(client, a_form()) == Target(1001, 55, 1, 2)
    assert nexudus.calls() == []


@pytest.mark.parametrize(
    ("destination", "stage_id", "business_id"),
    [
        pytest.param(Destination(), 1001, 55, id="nothing: the first safe stage of the first board"),
        pytest.param(Destination(stage_id=2002), 2002, 56, id="a stage by id: its board's location"),
        pytest.param(Destination(board="Quay sales"), 2001, 56, id="a board by name: its first safe stage"),
        pytest.param(Destination(board=12), 3001, 57, id="a board by id"),
        pytest.param(Destination(board="Sales", stage="Contacted"), 1002, 55, id="both by name"),
        pytest.param(Destination(board=11, stage=2005), 2005, 56, id="both by id"),
        pytest.param(Destination(board=" SALES ", stage=" contacted "), 1002, 55, id="names trimmed, in any case"),
        pytest.param(Destination(stage="Clean up"), 1009, 55, id="a stage alone, where only one has the name"),
        pytest.param(Destination(board="Sales", stage="Won"), 1008, 55, id="a dangerous stage, when it is asked for"),
    ],
)
def test_the_stage_is_found(client: Nexudus, destination: Destination, stage_id: int, business_id: int) -> None:
    target = target_of(client, destination)

    assert (target.stage_id, target.business_id) == (stage_id, business_id)


def test_a_new_contact_gets_country_and_time_zone_of_the_location(client: Nexudus) -> None:
    london, rotterdam = (target_of(client, Destination(board=board)) for board in (10, 12))

    assert (london.country_id, london.time_zone_id) != (rotterdam.country_id, rotterdam.time_zone_id)
    assert all([rotterdam.country_id, rotterdam.time_zone_id])


def test_what_the_form_says_of_new_contacts_wins(client: Nexudus) -> None:
    rule = ContactRule(business_id=56, country_id=9, time_zone_id=8)

    assert target_of(client, Destination(stage="Clean up"), rule) == Target(1009, 56, 9, 8)


@pytest.mark.parametrize(
    ("destination", "contact", "expected"),
    [
        pytest.param(Destination(stage_id=999), ContactRule(), r"no stage 999 .*correct stage_id", id="stage id"),
        pytest.param(
            Destination(stage_id=4001),
            ContactRule(),
            r"no stage 4001 .*correct stage_id",
            id="stage of an archived board",
        ),
        pytest.param(Destination(board="Rome"), ContactRule(), r"no live board 'Rome': correct board", id="board"),
        pytest.param(
            Destination(board="Sales 2024"), ContactRule(), r"no live board 'Sales 2024'", id="archived board"
        ),
        pytest.param(
            Destination(board="Sales", stage="New"), ContactRule(), r"no stage 'New'.*write stage_id", id="stage"
        ),
        pytest.param(
            Destination(stage="New enquiry"), ContactRule(), r"more than one stage 'New enquiry'", id="ambiguous stage"
        ),
        pytest.param(
            Destination(), ContactRule(business_id=99), r"no location 99: correct contact.business_id", id="location"
        ),
    ],
)
def test_an_unknown_name_says_what_to_write(
    client: Nexudus, destination: Destination, contact: ContactRule, expected: str
) -> None:
    with pytest.raises(Unroutable, match=expected):
        target_of(client, destination, contact)


def test_a_dangerous_stage_is_never_chosen_by_itself(client: Nexudus, nexudus: Simulator) -> None:
    for record in nexudus.world.tables["CrmBoardColumn"].rows.values():
        if record["Id"] in (1001, 1002):
            record.update({"DeleteAccount": record["Id"] == 1001, "LoseOpportunity": record["Id"] == 1002})

    assert target_of(client, Destination()).stage_id == 1003


@pytest.mark.parametrize("lists", ["absent", "false"])
def test_a_list_that_hides_the_danger_does_not_get_it_chosen(client: Nexudus, nexudus: Simulator, lists: str) -> None:
    nexudus.world.tables["CrmBoardColumn"].rows[1001]["DeleteAccount"] = True
    nexudus.settings(list_flags=lists)

    assert target_of(client, Destination()).stage_id == 1002


def test_a_stage_that_hides_what_it_does_is_never_chosen_by_itself(client: Nexudus, nexudus: Simulator) -> None:
    del nexudus.world.tables["CrmBoardColumn"].rows[1001]["LoseOpportunity"]

    assert target_of(client, Destination()).stage_id == 1002


def test_where_none_shows_that_it_is_safe_a_stage_must_be_named(client: Nexudus, nexudus: Simulator) -> None:
    for record in nexudus.world.tables["CrmBoardColumn"].rows.values():
        del record["LoseOpportunity"]

    with pytest.raises(Unroutable, match=r"does not show which stage .*: write stage_id of a safe one"):
        target_of(client, Destination())


def test_a_stage_that_cannot_be_read_now_is_tried_again_later(client: Nexudus, nexudus: Simulator) -> None:
    nexudus.faults([{"path": f"{STAGES}/1001", "times": 1, "status": 500}])

    with pytest.raises(Unavailable):
        target_of(client, Destination())

    assert target_of(client, Destination()).stage_id == 1001


def test_a_name_that_two_boards_have_asks_for_an_id(client: Nexudus, nexudus: Simulator) -> None:
    nexudus.world.tables["CrmBoard"].rows[12]["Name"] = "sales"

    with pytest.raises(Unroutable, match=r"more than one board 'Sales': write board = 10, or .*12"):
        target_of(client, Destination(board="Sales"))


def test_two_boards_of_one_name_do_no_harm_where_one_of_them_has_the_stage(client: Nexudus, nexudus: Simulator) -> None:
    nexudus.world.tables["CrmBoard"].rows[12]["Name"] = "Sales"

    assert target_of(client, Destination(board="Sales", stage="Clean up")).stage_id == 1009


def test_a_board_of_dangerous_stages_only_asks_for_a_stage(client: Nexudus, nexudus: Simulator) -> None:
    for record in nexudus.world.tables["CrmBoardColumn"].rows.values():
        record["DeactivateAccount"] = True

    with pytest.raises(Unroutable, match=r"write stage_id of a safe one"):
        target_of(client, Destination(board="Sales"))


def test_a_location_without_country_and_time_zone_asks_for_them(client: Nexudus, nexudus: Simulator) -> None:
    nexudus.world.tables["Business"].rows[55]["CountryId"] = None

    with pytest.raises(Unroutable, match=r"write contact.country_id and contact.time_zone_id"):
        target_of(client, Destination())


def test_a_look_up_is_remembered(client: Nexudus, nexudus: Simulator) -> None:
    targets, form = Targets(), a_form(destination=Destination(), contact=ContactRule())
    first = targets.find(client, form)
    call_count = len(nexudus.calls())

    assert targets.find(client, form) == first
    assert len(nexudus.calls()) == call_count


def test_forms_that_differ_in_other_things_share_a_look_up(client: Nexudus, nexudus: Simulator) -> None:
    targets = Targets()
    targets.find(client, a_form("a", destination=Destination(), contact=ContactRule()))
    call_count = len(nexudus.calls())

    targets.find(client, a_form("b", destination=Destination(value=5), contact=ContactRule(tag="b")))

    assert len(nexudus.calls()) == call_count


def test_a_look_up_that_failed_is_not_remembered(client: Nexudus, nexudus: Simulator) -> None:
    targets, form = Targets(), a_form(destination=Destination(), contact=ContactRule())
    nexudus.faults([{"method": "GET", "path": STAGES, "times": 1, "status": 500}])

    with pytest.raises(Unavailable):
        targets.find(client, form)

    assert targets.find(client, form).stage_id == 1001
