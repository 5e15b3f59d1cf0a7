"""Recorded posts of real browsers, replayed through the reading part."""

import json
from pathlib import Path
from typing import Any

from service.attribution import attribute
from service.capture.fields.contact import says_yes
from service.capture.fields.reading import Incoming, Reading, read
from service.capture.http.incoming import is_beacon, preflight_headers, wants_json
from service.capture.http.responses import redirect_target
from service.forms import AttributionConfig, Form
from tests.tables import each_row

SAMPLES = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted((Path(__file__).parent.parent / "samples" / "form-tools").glob("*.json"))
    if path.stem.startswith(("html-", "fetch-", "beacon-"))
}
POSTS = [name for name, sample in SAMPLES.items() if sample["request"]["method"] == "POST"]
SITE = Form("tour", attribution=AttributionConfig(own_domains=("harbourdesk.example",)))


def incoming(sample: dict[str, Any]) -> Incoming:
    request = sample["request"]
    headers = {name.lower(): value for name, value in request["headers"].items()}
    return Incoming(request["raw_body"].encode(), headers.get("content-type", ""), headers, received_at=1_790_000_000.0)


def read_sample(name: str) -> tuple[Reading, dict[str, Any]]:
    return read(incoming(SAMPLES[name]), SITE), SAMPLES[name]["expect"]


def digits(text: str | None) -> str:
    return "".join(filter(str.isdigit, text or ""))


def test_all_seven_samples_are_here() -> None:
    assert len(SAMPLES) == 7


@each_row("name", POSTS)
def test_the_person_is_read(name: str) -> None:
    reading, expected = read_sample(name)
    contact = reading.submission.contact

    assert not reading.errors
    assert contact.email == expected["email"]
    assert contact.full_name == expected["full_name"]
    assert contact.company == (expected["company"] or "")
    assert digits(contact.phone) == digits(expected["phone"])


@each_row("name", POSTS)
def test_every_expected_answer_is_read(name: str) -> None:
    reading, expected = read_sample(name)
    fields = reading.submission.fields

    for key in ("message", "first_name", "last_name", "team_size", "location", "move_in_date"):
        if key in expected:
            assert fields[key] == expected[key]
    assert says_yes(fields.get("consent", "")) == expected.get("consent", False)


@each_row("name", POSTS)
def test_where_the_person_came_from_is_read(name: str) -> None:
    reading, expected = read_sample(name)
    evidence = reading.submission.evidence
    verdict = attribute(evidence, SITE.attribution)

    for key, value in expected["utm"].items():
        assert getattr(verdict, f"utm_{key}") == (value or "")
    assert verdict.click_ids == expected.get("click_ids", {})
    assert evidence.landing_url == expected.get("landing_page", "")
    assert evidence.page_url == expected.get("page_url", "")
    if "referrer" in expected:
        assert evidence.referrer == (expected["referrer"] or "")


@each_row("name", POSTS)
def test_what_steers_the_service_is_kept_out_of_the_lead(name: str) -> None:
    reading, expected = read_sample(name)
    submission = reading.submission

    assert set(reading.controls.dropped) == set(expected.get("dropped", ()))
    assert not set(expected.get("dropped", ())) & {*submission.extras, *submission.evidence.fields}
    assert reading.controls.captcha.items() >= expected.get("captcha", {}).items()


@each_row("name", POSTS)
def test_lists_stay_lists(name: str) -> None:
    reading, expected = read_sample(name)

    assert reading.submission.extras.items() >= expected.get("lists", {}).items()


@each_row("name", POSTS)
def test_files_are_noted_without_their_content(name: str) -> None:
    reading, expected = read_sample(name)

    for file in expected.get("files", ()):
        note = reading.submission.extras[file["field"]]
        assert note == f"file: {file['filename']}, {file['content_type']}, {file['size']} bytes (content not kept)"


@each_row("name", POSTS)
def test_the_answer_is_of_the_expected_kind(name: str) -> None:
    request, expected = incoming(SAMPLES[name]), SAMPLES[name]["expect"]
    reading, _ = read_sample(name)
    as_json = wants_json(request.headers, request.content_type, request.query)

    assert as_json == (expected["response"] in {"json", "any"})
    assert is_beacon(request.headers, request.content_type) == (expected["response"] == "any")
    assert redirect_target(reading.controls.redirect, SITE, request.headers) == expected.get("redirect_to", "")


def test_a_preflight_is_answered_as_recorded() -> None:
    sample = SAMPLES["fetch-preflight"]
    headers = preflight_headers(incoming(sample).headers, Form("tour"))

    assert headers["Access-Control-Allow-Origin"] == sample["expect"]["allow_origin"]
    assert set(sample["expect"]["allow_methods"]) <= set(headers["Access-Control-Allow-Methods"].split(", "))
    assert set(sample["expect"]["allow_headers"]) <= set(headers["Access-Control-Allow-Headers"].split(", "))
