"""Recorded posts of real browsers, replayed over HTTP: the answer, and the lead that was kept."""

import json
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.capture.fields.contact import says_yes
from service.forms import AttributionConfig
from service.lead import Status
from service.operations.lead_json import lead_json
from service.store import Store
from tests.builders import a_form
from tests.front import Front

FOLDER = Path(__file__).parent.parent / "samples" / "form-tools"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json") if path.stem.startswith(("html-", "fetch-", "beacon-")))
POSTS = [name for name in NAMES if name != "fetch-preflight"]
CHANNELS = {
    "beacon-text-plain": ("Paid Search", 1),
    "fetch-formdata-no-accept": ("Paid Social", 13),
    "fetch-json": ("Email", 10),
    "html-multipart-file": ("Paid Social", 14),
    "html-urlencoded": ("Paid Search", 19),
    "html-web3forms-migrated": ("Direct", 1),
}


class Replay:
    """One sample sent to an application: what was expected, what was answered, what was kept."""

    def __init__(self, sqlite: Store, name: str) -> None:
        sample = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
        site = a_form("tour", country="GB", attribution=AttributionConfig(own_domains=("harbourdesk.example",)))
        self.front = Front(sqlite, site)
        self.expected: dict[str, Any] = sample["expect"]
        self.request: dict[str, Any] = sample["request"]
        self.answer: TestResponse = self.front.client.open(
            "/f/tour",
            method=self.request["method"],
            data=self.request["raw_body"].encode(),
            headers={name: value for name, value in self.request["headers"].items() if name != "Host"},
        )

    @property
    def lead(self) -> dict[str, Any]:
        """The only lead, as operators see it."""
        return lead_json(self.front.lead(), [])


@pytest.fixture(params=POSTS)
def replay(sqlite: Store, request: pytest.FixtureRequest) -> Replay:
    """Each sample that posts."""
    return Replay(sqlite, request.param)


def test_seven_samples_are_replayed() -> None:
    assert (len(NAMES), len(POSTS)) == (7, 6)


def test_a_script_gets_json_and_a_person_a_redirect(replay: Replay) -> None:
    answer, expected = replay.answer, replay.expected

    if expected["response"] in {"json", "any"}:
        assert (answer.status_code, answer.get_json()["ok"]) == (200, True)
        assert answer.get_json()["id"] == replay.lead["id"]
        assert "Location" not in answer.headers
    else:
        assert answer.status_code == 303
        assert answer.headers["Location"] == expected.get("redirect_to", "/f/tour/thanks")


def test_the_page_may_read_the_answer(replay: Replay) -> None:
    assert replay.answer.headers["Access-Control-Allow-Origin"] == replay.request["headers"]["Origin"]


def test_the_lead_is_owed_to_the_crm(replay: Replay) -> None:
    assert replay.lead["status"] == Status.PENDING
    assert replay.lead["problem"] is None
    assert replay.lead["external_id"] is None


def test_the_person_is_kept(replay: Replay) -> None:
    contact, expected = replay.lead["contact"], replay.expected

    assert {name: contact[name] for name in ("email", "full_name", "company")} == {
        name: expected[name] for name in ("email", "full_name", "company")
    }
    assert (contact["phone"] or "").startswith("+44") == bool(expected["phone"])


def test_the_answers_are_kept(replay: Replay) -> None:
    fields, expected = replay.lead["fields"], replay.expected
    names = ("message", "first_name", "last_name", "team_size", "location", "move_in_date")

    assert {name: fields.get(name) for name in names} == {name: expected.get(name) for name in names}
    assert says_yes(fields.get("consent", "")) == expected.get("consent", False)


def test_lists_and_files_are_kept(replay: Replay) -> None:
    extras, expected = replay.lead["extras"], replay.expected

    assert extras.items() >= expected.get("lists", {}).items()
    for file in expected.get("files", ()):
        assert {file["filename"], f"{file['size']} bytes (content not kept)"} <= set(
            extras[file["field"]].removeprefix("file: ").split(", ")
        )


def test_what_steers_the_service_is_not_kept(replay: Replay) -> None:
    kept = {*replay.lead["extras"], *replay.lead["fields"]}

    assert not kept & set(replay.expected.get("dropped", ()))


def test_where_the_person_came_from_is_kept(replay: Replay) -> None:
    verdict, expected = replay.lead["attribution"], replay.expected

    for name, value in expected["utm"].items():
        assert verdict[f"utm_{name}"] == (value or "")
    assert verdict["click_ids"] == expected.get("click_ids", {})
    assert replay.lead["page_url"] == expected.get("page_url")


@pytest.mark.parametrize("name", POSTS)
def test_the_lead_is_credited(sqlite: Store, name: str) -> None:
    verdict = Replay(sqlite, name).lead["attribution"]

    assert (verdict["channel"], verdict["lead_source"]) == CHANNELS[name]


def test_a_preflight_is_answered_as_recorded(sqlite: Store) -> None:
    replay = Replay(sqlite, "fetch-preflight")
    headers, expected = replay.answer.headers, replay.expected

    assert replay.answer.status_code == expected["status"]
    assert headers["Access-Control-Allow-Origin"] == expected["allow_origin"]
    assert set(expected["allow_methods"]) <= set(headers["Access-Control-Allow-Methods"].split(", "))
    assert set(expected["allow_headers"]) <= set(headers["Access-Control-Allow-Headers"].split(", "))
    assert replay.front.leads() == []
