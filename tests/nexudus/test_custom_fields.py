"""What an operator made compulsory."""

from typing import Any

import pytest

from service.nexudus import custom_fields
from service.nexudus.client import Nexudus
from service.nexudus.custom_fields import CustomField
from service.nexudus.errors import Unavailable
from service.simulator.server import Simulator


def add(crm: Simulator, ident: int = 1, **fields: Any) -> None:
    """As an operator adds a field."""
    usual = {"Id": ident, "Name": "Team size", "RecordType": 1, "Required": True, "CustomFieldIndex": 3}
    crm.world.tables["CustomField"].put({**usual, **fields})


@pytest.mark.parametrize("kind", [custom_fields.COWORKER, custom_fields.OPPORTUNITY])
def test_a_required_field_of_new_records_is_found(crm: Simulator, nexudus: Nexudus, kind: int) -> None:
    add(crm, RecordType=kind, BusinessId=55)

    assert custom_fields.required(nexudus) == [CustomField("Team size", kind, 3, 55)]


@pytest.mark.parametrize("fields", [{"Required": False}, {"RecordType": 7}], ids=["optional", "of something else"])
def test_others_are_not(crm: Simulator, nexudus: Nexudus, fields: dict[str, Any]) -> None:
    add(crm, **fields)

    assert custom_fields.required(nexudus) == []


def test_a_list_that_is_not_there_is_told_as_404(crm: Simulator, nexudus: Nexudus) -> None:
    crm.faults([{"path": custom_fields.PATH, "status": 404}])

    with pytest.raises(Unavailable) as missing:
        custom_fields.required(nexudus)

    assert missing.value.status == 404
