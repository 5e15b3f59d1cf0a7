"""Finding the person, among several if need be, and making one that is missing."""

from typing import Any

import pytest

from service.nexudus import coworkers
from service.nexudus.client import Nexudus
from service.nexudus.coworkers import PATH, NewCoworker
from service.nexudus.errors import Rejected, Unavailable
from service.simulator.server import Simulator

EMAIL = "ada+tour@example.com"


def id_of(nexudus: Nexudus, email: str = EMAIL, business_id: int | None = 55) -> int | None:
    coworker = coworkers.find(nexudus, email, business_id)
    return coworker.id if coworker else None


def test_an_unknown_address_has_no_contact(crm: Simulator, nexudus: Nexudus) -> None:
    crm.add_coworker("ada@example.com")

    assert id_of(nexudus) is None


@pytest.mark.parametrize("typed", [EMAIL, "ADA+TOUR@Example.Com", f"  {EMAIL}\n", f"{EMAIL}\x00\ud800"])
def test_a_person_is_found_however_the_address_is_typed(crm: Simulator, nexudus: Nexudus, typed: str) -> None:
    known = crm.add_coworker("Ada+Tour@example.com")

    assert id_of(nexudus, typed) == known["Id"]


def test_a_search_whose_filter_is_ignored_finds_the_right_person(crm: Simulator, nexudus: Nexudus) -> None:
    everybody = [{"Id": 1, "Email": "someone@example.com"}, {"Id": 2, "Email": EMAIL}, {"Id": 3, "Email": None}]
    crm.faults([{"path": PATH, "body": {"Records": everybody, "TotalPages": 1}}])

    assert id_of(nexudus) == 2


def test_a_search_whose_filter_is_ignored_finds_no_stranger(crm: Simulator, nexudus: Nexudus) -> None:
    everybody = [{"Id": 1, "Email": "someone@example.com"}]
    crm.faults([{"path": PATH, "body": {"Records": everybody, "TotalPages": 1}}])

    assert id_of(nexudus) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({"Archived": True}, {"business_id": 56, "Active": False}, id="not archived before all else"),
        pytest.param({"business_id": 56}, {"Active": False, "CoworkerType": 2}, id="of the location"),
        pytest.param({"Active": False}, {"CoworkerType": 2}, id="active"),
        pytest.param({"CoworkerType": 2}, {"IsDefaultProfile": False}, id="an individual"),
        pytest.param({"IsDefaultProfile": False}, {}, id="the default profile"),
    ],
)
def test_of_several_with_one_address_the_best_is_taken(
    crm: Simulator, nexudus: Nexudus, first: dict[str, Any], second: dict[str, Any]
) -> None:
    usual = {"Active": True, "Archived": False, "CoworkerType": 1, "IsDefaultProfile": True}
    crm.add_coworker(EMAIL, **{**usual, **first})
    best = crm.add_coworker(EMAIL, **{**usual, **second})

    assert id_of(nexudus) == best["Id"]


def test_of_several_that_are_alike_the_oldest_is_taken(crm: Simulator, nexudus: Nexudus) -> None:
    known = [crm.add_coworker(EMAIL)["Id"] for _ in range(3)]

    assert id_of(nexudus) == min(known)


def test_an_archived_person_is_better_than_a_second_one(crm: Simulator, nexudus: Nexudus) -> None:
    known = crm.add_coworker(EMAIL, Archived=True)

    assert id_of(nexudus) == known["Id"]


def test_a_person_of_several_locations_belongs_to_each(crm: Simulator, nexudus: Nexudus) -> None:
    crm.add_coworker(EMAIL, business_id=56)
    of_both = crm.add_coworker(EMAIL, Businesses=[56, 55], InvoicingBusinessId=56)

    assert id_of(nexudus) == of_both["Id"]


def test_a_single_person_costs_one_call(crm: Simulator, nexudus: Nexudus) -> None:
    crm.add_coworker(EMAIL)

    id_of(nexudus)

    assert len(crm.calls("GET")) == 1


def test_locations_are_looked_up_only_where_they_decide(crm: Simulator, nexudus: Nexudus) -> None:
    for _ in range(2):
        crm.add_coworker(EMAIL)

    id_of(nexudus, business_id=None)

    assert len(crm.calls("GET")) == 1


def test_one_who_is_deleted_between_search_and_look_is_no_trouble(crm: Simulator, nexudus: Nexudus) -> None:
    known = [crm.add_coworker(EMAIL)["Id"] for _ in range(2)]
    crm.faults([{"path": f"{PATH}/{known[0]}", "status": 404}])

    assert id_of(nexudus) == known[1]


def test_a_failed_look_is_not_taken_for_an_answer(crm: Simulator, nexudus: Nexudus) -> None:
    known = [crm.add_coworker(EMAIL)["Id"] for _ in range(2)]
    crm.faults([{"path": f"{PATH}/{known[0]}", "status": 500}])

    with pytest.raises(Unavailable):
        id_of(nexudus)


def test_a_person_does_not_print(crm: Simulator, nexudus: Nexudus) -> None:
    crm.add_coworker(EMAIL, full_name="Ada Lovelace")

    shown = repr(coworkers.find(nexudus, EMAIL, 55))

    assert "ada" not in shown.lower()


def a_body(**words: Any) -> dict[str, Any]:
    usual = {"full_name": "Ada Lovelace", "email": EMAIL, "country_id": 1, "time_zone_id": 2, "business_id": 56}
    return coworkers.compose(NewCoworker(**{**usual, **words}))


def test_a_new_person_is_taken_and_found_again_at_the_location(crm: Simulator, nexudus: Nexudus) -> None:
    made = coworkers.create(nexudus, a_body(mobile_phone="+44 20 7946 0018", tag="web-lead"))

    [record] = crm.coworkers_of(EMAIL)
    assert id_of(nexudus, business_id=56) == made == record["Id"]
    assert (record["Businesses"], record["InvoicingBusinessId"], record["Tag"]) == ([56], 56, "web-lead")
    assert crm.side_effects() == []


@pytest.mark.parametrize(
    "wrong", [{"CreateUser": True}, {"CreateUser": 0}, {"TariffId": 3}, {"Businesses": []}, {"FullName": " "}]
)
def test_a_body_with_consequences_is_not_sent_whoever_made_it(
    crm: Simulator, nexudus: Nexudus, wrong: dict[str, object]
) -> None:
    with pytest.raises(Rejected):
        coworkers.create(nexudus, {**a_body(), **wrong})

    assert crm.calls("POST", PATH) == []
