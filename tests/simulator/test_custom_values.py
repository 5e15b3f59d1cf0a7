"""Custom fields on records: kept, shown, searched and replaced, or not, as the settings say."""

from typing import Any

import pytest

from service.simulator.server import Simulator
from tests.simulator.client import COWORKERS, OPPORTUNITIES, Client, coworker_body, opportunity_body

FLOOR = {"Name": "Floor", "Value": "3rd", "Type": "string"}


def custom(*entries: dict[str, Any]) -> dict[str, Any]:
    """The object of a body."""
    return {"Data": list(entries)}


@pytest.fixture
def ada(sim: Simulator) -> int:
    return int(sim.add_coworker("ada@example.com", "Ada Lovelace")["Id"])


def test_a_create_keeps_them_each_name_once(client: Client, ada: int) -> None:
    ident = client.add_opportunity(ada, CustomFields=custom(FLOOR, {**FLOOR, "Name": "floor", "Value": "4th"}))

    assert client.get(f"{OPPORTUNITIES}/{ident}").json()["CustomFields"] == custom(FLOOR)


def test_a_contact_has_them_too(client: Client) -> None:
    ident = client.add_coworker(CustomFields=custom(FLOOR))

    assert client.get(f"{COWORKERS}/{ident}").json()["CustomFields"] == custom(FLOOR)
    assert client.ids(COWORKERS, Coworker_CustomFields_Floor="3RD") == [ident]


def test_a_create_may_forget_them(sim: Simulator, client: Client, ada: int) -> None:
    sim.settings(custom_fields_on_create=False)

    ident = client.add_opportunity(ada, CustomFields=custom(FLOOR))

    assert client.get(f"{OPPORTUNITIES}/{ident}").json()["CustomFields"] is None


@pytest.mark.parametrize("shown", [True, False])
def test_lists_show_them_or_not(sim: Simulator, client: Client, ada: int, *, shown: bool) -> None:
    client.add_opportunity(ada, CustomFields=custom(FLOOR))

    sim.settings(custom_fields_in_lists=shown)

    assert ("CustomFields" in client.records(OPPORTUNITIES)[0]) is shown


def test_they_can_be_searched_unless_the_filter_is_unknown(sim: Simulator, client: Client, ada: int) -> None:
    wanted = client.add_opportunity(ada, CustomFields=custom(FLOOR))
    other = client.add_opportunity(ada)
    search = {"CrmOpportunity_CustomFields_Floor": "3rd"}

    assert client.ids(OPPORTUNITIES, **search) == [wanted]
    sim.settings(custom_fields_filter=False)
    assert client.ids(OPPORTUNITIES, **search) == [wanted, other]
    assert client.ids(OPPORTUNITIES, Coworker_CustomFields_Floor="3rd") == [wanted, other]


def test_an_update_replaces_them_and_one_without_them_clears_them(client: Client, ada: int) -> None:
    ident = client.add_opportunity(ada, CustomFields=custom(FLOOR))
    body = {"Id": ident, **opportunity_body(ada)}

    client.put(OPPORTUNITIES, {**body, "CustomFields": custom({**FLOOR, "Value": "4th"})})
    changed = client.get(f"{OPPORTUNITIES}/{ident}").json()["CustomFields"]
    client.put(OPPORTUNITIES, body)

    assert changed["Data"][0]["Value"] == "4th"
    assert client.get(f"{OPPORTUNITIES}/{ident}").json()["CustomFields"] is None


@pytest.mark.parametrize("value", ["text", [], {"Data": 5}, {"Data": [{"Name": "A", "Value": 5, "Type": "string"}]}])
def test_another_shape_is_refused(client: Client, ada: int, value: Any) -> None:
    for path, body in ((OPPORTUNITIES, opportunity_body(ada)), (COWORKERS, coworker_body("bob@example.com"))):
        assert client.post(path, {**body, "CustomFields": value}).status_code == 400
