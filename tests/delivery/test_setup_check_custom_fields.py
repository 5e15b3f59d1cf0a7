"""Custom fields of the account: required ones must be filled, and what the forms file fills must be there."""

from typing import Any

import pytest

from service.delivery.setup_check.job import examine
from service.delivery.setup_check.problem import SetupProblem
from service.delivery.setup_check.required_fields import MAX_FIELDS, MAX_MISSES
from service.forms import ContactRule, Destination, Form
from service.nexudus.client import Nexudus
from service.nexudus.custom_fields import COWORKER, OPPORTUNITY, PATH
from service.nexudus.tokens import Login
from service.simulator.server import Simulator
from tests.builders import a_form

CAUSE = "setup:default:contact:custom_fields"


def findings_of(nexudus: Simulator, form: Form | None = None) -> list[SetupProblem]:
    """What is wrong with a form that is sound but for its custom fields."""
    client = Nexudus(nexudus.url, Login("simulator@leadcapture.example", "simulator"), timeout_s=2)
    return examine(client, [form or a_form()])


def filling(custom: dict[str, str] | None = None, extra: dict[str, Any] | None = None) -> Form:
    """A form that says this of its opportunities."""
    return a_form(destination=Destination(1001, custom=custom or {}, extra=extra or {}))


def of_contacts(custom: dict[str, str] | None = None, extra: dict[str, Any] | None = None) -> Form:
    """A form that says this of its new contacts."""
    return a_form(contact=ContactRule(55, 1, 2, custom=custom or {}, extra=extra or {}))


# -- required ones


@pytest.mark.parametrize(
    ("record_type", "problem", "line"),
    [
        (OPPORTUNITY, "new opportunities must fill the custom field 'Preferred floor'", "custom."),
        (COWORKER, "new contacts must fill the custom field 'Preferred floor'", "contact.custom."),
    ],
)
def test_a_required_one_that_no_form_fills_is_a_warning_that_is_kept(
    nexudus: Simulator, record_type: int, problem: str, line: str
) -> None:
    nexudus.add_custom_field("Preferred floor", record_type=record_type)

    (finding,) = findings_of(nexudus)

    assert (finding.level, finding.check, finding.causes) == ("warning", "custom_fields", (CAUSE,))
    assert finding.problem == problem
    assert finding.remedy.startswith(f'write {line}"Preferred floor" = "{{preferred_floor}}"')


@pytest.mark.parametrize(
    "field",
    [{"required": False}, {"record_type": 7}, {"business_id": 57}],
    ids=["optional", "of customers' internal records", "of another location"],
)
def test_any_other_asks_for_nothing(nexudus: Simulator, field: dict[str, Any]) -> None:
    nexudus.add_custom_field("Preferred floor", **field)

    assert findings_of(nexudus) == []


FILLED = [
    pytest.param(OPPORTUNITY, filling({"preferred FLOOR ": "{floor}"}), id="by name"),
    pytest.param(OPPORTUNITY, filling({"1": "{floor}"}), id="by id"),
    pytest.param(COWORKER, of_contacts({"Preferred floor": "third"}), id="a contact's, by name"),
    pytest.param(COWORKER, of_contacts(extra={"Custom3": "third"}), id="a contact's, by its number"),
]


@pytest.mark.parametrize(("record_type", "form"), FILLED)
def test_one_that_the_form_fills_is_none(nexudus: Simulator, record_type: int, form: Form) -> None:
    assert nexudus.add_custom_field("Preferred floor", record_type=record_type, index=3) == 1

    assert findings_of(nexudus, form) == []


def test_an_empty_value_fills_nothing(nexudus: Simulator) -> None:
    nexudus.add_custom_field("Preferred floor")

    (finding,) = findings_of(nexudus, filling({"Preferred floor": " "}))

    assert "must fill" in finding.problem


def test_a_contact_s_does_not_fill_the_opportunity_s(nexudus: Simulator) -> None:
    nexudus.add_custom_field("Preferred floor", record_type=OPPORTUNITY)
    nexudus.add_custom_field("Preferred floor", record_type=COWORKER)

    (finding,) = findings_of(nexudus, of_contacts({"Preferred floor": "third"}))

    assert "new opportunities must fill" in finding.problem


# -- what the forms file fills


@pytest.mark.parametrize(
    ("key", "remedy"),
    [("Prefered floor", "did you mean 'Preferred floor'?"), ("Colour", "correct custom in the set-up")],
)
def test_a_key_that_names_no_custom_field_is_a_warning(nexudus: Simulator, key: str, remedy: str) -> None:
    nexudus.add_custom_field("Preferred floor", required=False)

    (finding,) = findings_of(nexudus, filling({key: "third"}))

    assert finding.problem == f"Nexudus has no custom field {key!r} of opportunities at location 55"
    assert (finding.remedy, finding.causes) == (remedy, (CAUSE,))


def test_a_key_that_names_one_of_the_other_kind_is_a_warning(nexudus: Simulator) -> None:
    nexudus.add_custom_field("Preferred floor", record_type=COWORKER, required=False)

    (finding,) = findings_of(nexudus, filling({"Preferred floor": "third"}))

    assert "no custom field 'Preferred floor' of opportunities" in finding.problem


@pytest.mark.parametrize(
    ("value", "problems"),
    [("third", 0), ("First, third", 0), ("{floor}", 0), ("thrid", 1)],
    ids=["an option", "several", "an answer", "no option"],
)
def test_a_value_must_be_among_the_options(nexudus: Simulator, value: str, problems: int) -> None:
    nexudus.add_custom_field("Preferred floor", options="First\nThird")

    findings = findings_of(nexudus, filling({"Preferred floor": value}))

    problem = f"custom.Preferred floor is {value!r}, which is none of the field's options"
    assert [finding.problem for finding in findings] == [problem] * problems


# -- what does not show


@pytest.mark.parametrize("path", [f"{PATH}$", f"{PATH}/"], ids=["the list", "a record"])
@pytest.mark.parametrize("status", [403, 404, 500])
def test_what_cannot_be_read_is_said_to_be_unchecked(nexudus: Simulator, path: str, status: int) -> None:
    nexudus.add_custom_field("Preferred floor")
    nexudus.faults([{"path": path, "times": None, "status": status}])

    (finding,) = findings_of(nexudus)

    assert (finding.level, finding.skipped, finding.causes) == ("warning", True, ())
    assert finding.problem.startswith("could not check ")
    assert "custom field" in finding.problem


def test_after_a_few_records_that_do_not_show_no_more_are_asked_for(nexudus: Simulator) -> None:
    for number in range(10):
        nexudus.add_custom_field(f"Field {number}")
    nexudus.settings(denied=["CustomField-Read"])

    (finding,) = findings_of(nexudus)

    assert finding.remedy == "give the service user CustomField-Read"
    read = {call.path for call in nexudus.calls("GET") if call.path.startswith(f"{PATH}/")}
    assert len(read) == MAX_MISSES


def test_more_than_can_be_looked_at_are_said_to_be_unchecked(nexudus: Simulator) -> None:
    for number in range(MAX_FIELDS + 1):
        nexudus.add_custom_field(f"Field {number}", required=False)

    (finding,) = findings_of(nexudus, filling({f"Field {MAX_FIELDS}": "x"}))

    assert finding.skipped
    assert finding.problem == f"could not check all custom fields (there are 61, {MAX_FIELDS} are looked at)"


def test_forms_and_routes_read_each_record_once(nexudus: Simulator) -> None:
    nexudus.add_custom_field("Preferred floor", required=False)
    client = Nexudus(nexudus.url, Login("simulator@leadcapture.example", "simulator"), timeout_s=2)

    examine(client, [a_form(str(number)) for number in range(5)])

    assert len(nexudus.calls("GET", f"{PATH}/1")) == 1
