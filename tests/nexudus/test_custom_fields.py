"""What fields an operator added, and made compulsory."""

import pytest

from service.nexudus import custom_fields
from service.nexudus.client import Nexudus
from service.nexudus.custom_fields import COWORKER, OPPORTUNITY, CustomField
from service.nexudus.errors import Unavailable
from service.simulator.server import Simulator


def test_those_of_new_records_are_listed(crm: Simulator, nexudus: Nexudus) -> None:
    team = crm.add_custom_field("Team size", record_type=COWORKER, index=3, business_id=55)
    floor = crm.add_custom_field("Floor", record_type=OPPORTUNITY)
    crm.add_custom_field("Internal", record_type=7)

    assert custom_fields.listed(nexudus) == [
        CustomField(team, "Team size", COWORKER, 3, 55),
        CustomField(floor, "Floor", OPPORTUNITY, None, None),
    ]


def test_one_whose_kind_a_list_hides_may_be_of_a_new_record(crm: Simulator, nexudus: Nexudus) -> None:
    crm.faults([{"path": custom_fields.PATH, "body": {"Records": [{"Id": 9, "Name": "Floor"}], "TotalPages": 1}}])

    assert [field.record_type for field in custom_fields.listed(nexudus)] == [None]


@pytest.mark.parametrize("required", [True, False])
def test_only_the_record_tells_whether_it_is_required(crm: Simulator, nexudus: Nexudus, required: bool) -> None:
    ident = crm.add_custom_field("Floor", required=required, options="First\nThird, rear")

    field = custom_fields.read(nexudus, ident)

    assert (field.required, field.record_type) == (required, OPPORTUNITY)
    assert field.allows(" third,  REAR ")
    assert not field.allows("second")


@pytest.mark.parametrize("options", ["First,Second", "First;Second", "First|Second", "First\r\nSecond"])
def test_options_are_read_whatever_stands_between_them(crm: Simulator, nexudus: Nexudus, options: str) -> None:
    field = custom_fields.read(nexudus, crm.add_custom_field("Floor", options=options))

    assert [field.allows(value) for value in ("first", "Second", "first, second", "third")] == [True, True, True, False]


def test_one_without_options_takes_anything(crm: Simulator, nexudus: Nexudus) -> None:
    assert custom_fields.read(nexudus, crm.add_custom_field("Floor")).allows("anything")


@pytest.mark.parametrize("key", ["Preferred floor", " preferred  FLOOR", "1"])
def test_one_is_called_by_its_name_or_its_id(key: str) -> None:
    assert CustomField(1, "Preferred floor", OPPORTUNITY, None, None).is_called(key)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"status": 404}, 404),
        ({"body": {"Id": 1, "Name": "Floor"}}, 200),
        ({"body": {"Id": 2, "Required": False}}, 200),
    ],
    ids=["no record", "it hides it", "another record"],
)
def test_a_record_that_does_not_show_it_proves_nothing(
    crm: Simulator, nexudus: Nexudus, answer: dict[str, object], status: int
) -> None:
    crm.faults([{"path": f"{custom_fields.PATH}/1", **answer}])

    with pytest.raises(Unavailable) as unshown:
        custom_fields.read(nexudus, 1)

    assert unshown.value.status == status


def test_a_list_that_is_not_there_is_told_as_404(crm: Simulator, nexudus: Nexudus) -> None:
    crm.faults([{"path": custom_fields.PATH, "status": 404}])

    with pytest.raises(Unavailable) as missing:
        custom_fields.listed(nexudus)

    assert missing.value.status == 404
