"""Which roles the login holds, where the CRM shows it."""

from typing import Any

import pytest

from service.nexudus import directory
from service.nexudus.client import Nexudus
from service.nexudus.directory import USER_ROLES_PATH, roles_of
from service.nexudus.errors import Refused
from service.simulator.server import Simulator


def roles(nexudus: Nexudus) -> frozenset[str] | None:
    return roles_of(nexudus, directory.me(nexudus))


def test_ids_in_a_bundle_are_looked_up_in_the_catalogue(crm: Simulator, nexudus: Nexudus) -> None:
    crm.settings(denied=["Coworker-Create", "Team-*"])

    names = roles(nexudus)

    assert names
    assert {"Coworker-List", "CrmOpportunity-Create"} <= names
    assert not {"Coworker-Create", "Team-List"} & names


@pytest.mark.parametrize(
    "bundle",
    [
        pytest.param({"Roles": ["Coworker-List"]}, id="names"),
        pytest.param({"Roles": [{"Id": 7, "Name": "Coworker-List"}]}, id="records"),
        pytest.param({"Permissions": {"a": ["Coworker-List"]}}, id="elsewhere"),
    ],
)
def test_names_are_read_wherever_a_bundle_has_them(crm: Simulator, nexudus: Nexudus, bundle: dict[str, Any]) -> None:
    crm.faults([{"path": USER_ROLES_PATH, "body": {"Id": 1, "Name": "Lead Capture", **bundle}}])

    assert roles(nexudus) == frozenset(["Coworker-List"])


def test_a_user_without_bundles_shows_nothing(crm: Simulator, nexudus: Nexudus) -> None:
    crm.world.tables["User"].rows[900]["UserRoles"] = []

    assert roles(nexudus) is None


def test_a_bundle_that_is_gone_shows_nothing(crm: Simulator, nexudus: Nexudus) -> None:
    crm.world.tables["User"].rows[900]["UserRoles"] = [4711]

    assert roles(nexudus) is None


def test_a_user_with_very_many_bundles_is_not_looked_into(crm: Simulator, nexudus: Nexudus) -> None:
    crm.world.tables["User"].rows[900]["UserRoles"] = [1] * 6

    assert roles(nexudus) is None
    assert crm.calls("GET", f"{USER_ROLES_PATH}/1") == []


def test_bundles_that_may_not_be_read_are_refused(crm: Simulator, nexudus: Nexudus) -> None:
    crm.settings(denied=["UserRole-*"])

    with pytest.raises(Refused):
        roles(nexudus)
