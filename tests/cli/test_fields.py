"""`lead-capture fields`: what was sent, how it was understood, and lines that teach the rest."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from service import clock
from service.capture.accept import accept_all
from service.capture.fields.enquiries import Enquiry
from service.capture.fields.reading import Incoming, read
from service.capture.fields.submissions import reading_form, submit
from service.capture.tools.registry import SENDERS
from service.capture.tools.sender import WebhookCall
from service.forms import read_setup
from service.store import Store
from tests.capture.senders.recorded import recorded
from tests.cli.conftest import Terminal

FORMS = "[forms.tour]\nstage_id = 1001\n[forms.tour.webhooks.gravity-forms]\n[forms.tour.webhooks.json]\n"
ENTRY = next(each for each in recorded("gravity-forms") if each.name == "gravityforms-all-fields").body


class Town:
    """A form's senders, and the operator at the terminal."""

    def __init__(self, folder: Path, sqlite: Store, run: Terminal) -> None:
        self.file, self.kept, self.run = folder / "forms.toml", sqlite, run
        self.write(FORMS)

    def write(self, text: str) -> None:
        """Another forms file."""
        self.file.write_text(text)

    def send(self, body: bytes, sender: str = "gravity-forms") -> None:
        """As a sender does, and the endpoints take it; without their log, which belongs to the command here."""
        form = read_setup(self.file, lambda _: None).forms["tour"]
        if sender == "browser":
            submissions = [read(Incoming(body), form).submission]
        else:
            table = form.webhooks[sender]
            items = [item for item in SENDERS[sender].read(WebhookCall(body), table) if isinstance(item, Enquiry)]
            submissions = [submit(item, reading_form(form, table), sender, table) for item in items]
        accept_all([(submission, "") for submission in submissions], form, self.kept, clock.now())

    def post(self, fields: dict[str, Any], sender: str = "json") -> None:
        """The same with JSON made here."""
        self.send(json.dumps(fields).encode(), sender)

    def sections(self, *words: str) -> list[dict[str, Any]]:
        """What the command says as JSON."""
        payload: list[dict[str, Any]] = json.loads(self.run("fields", "tour", "--json", *words).out)
        return payload

    def row(self, name: str) -> dict[str, Any]:
        """What it says of one name."""
        return next(row for row in self.sections()[0]["fields"] if row["name"] == name)


@pytest.fixture
def town(folder: Path, sqlite: Store, run: Terminal) -> Town:
    """A form that lets two senders in."""
    return Town(folder, sqlite, run)


def test_each_name_is_shown_with_an_example_and_what_it_means(town: Town) -> None:
    town.post({"Your E-Mail": "ann@example.com", "UTM Source": "bing", "job": "Baker", "Position": "Chef"})

    assert town.row("Your E-Mail") == {
        "name": "Your E-Mail", "example": "ann@example.com", "means": "email", "line": None,
    }  # fmt: skip
    assert town.row("UTM Source")["means"] == "utm_source"
    assert town.row("Position")["means"] == "job_title, kept under its own name"
    assert town.row("job") == {"name": "job", "example": "Baker", "means": None, "line": 'CHANGE_ME = "job"'}


def test_people_see_lines_to_paste(town: Town) -> None:
    town.send(ENTRY)

    lines = town.run("fields", "tour").out.splitlines()

    assert lines[0].startswith("#### gravity-forms: 1 lead, the last one at 20")
    assert "[forms.tour.webhooks.gravity-forms.fields]" in lines
    assert '# message = "4"  # Looking for a corner office.' in lines
    assert '# email = "2"  # greta@studio17-client.example' in lines
    assert '# utm_medium = "8"  # cpc' in lines
    assert '# CHANGE_ME = "9"  # leeds' in lines
    assert max(map(len, lines)) <= 80


def test_the_lines_teach_what_they_say(town: Town) -> None:
    town.send(ENTRY)
    out = town.run("fields", "tour").out.replace('# CHANGE_ME = "9"', '# utm_campaign = "9"')
    lesson = re.sub("^# (?!CHANGE_ME|phone)(?=[a-z])", "", out, flags=re.MULTILINE)

    town.write(FORMS + lesson)
    town.send(ENTRY.replace(b"1187", b"1188"))

    means = {row["name"]: row["means"] for row in town.sections()[0]["fields"]}
    assert {name: means[name] for name in "2349"} == {
        "2": "email", "3": "phone, a guess", "4": "message", "9": "utm_campaign",
    }  # fmt: skip


def test_what_is_printed_is_toml_whatever_the_names_are(town: Town) -> None:
    for name in ('"quoted"', "a\\b", "new\nline", "[table]", "x = 1", "\x7f", "émoji 😀", "#", "' \x1b[31m"):
        town.post({"email": "ann@example.com", name: f"{name} of an answer"})

    out = town.run("fields", "tour").out

    taught = out.replace("# CHANGE_ME", "CHANGE_ME").replace("# message", "message")
    assert set(tomllib.loads(out)["forms"]["tour"]["webhooks"]) == {"json"}
    assert all(tomllib.loads(line) for line in taught.splitlines() if line.startswith(("CHANGE_ME", "message")))
    assert "\x1b" not in out


def test_a_name_counts_by_the_newest_lead_that_has_an_answer(town: Town) -> None:
    town.post({"email": "ann@example.com", "desks": "4", "note": "a"})
    town.post({"email": "bob@example.com", "desks": ""})

    (section,) = town.sections()
    assert section["leads"] == 2
    assert (town.row("email")["example"], town.row("desks")["example"]) == ("bob@example.com", "4")


def test_each_sender_has_a_section_and_one_can_be_asked_for(town: Town) -> None:
    town.send(ENTRY)
    town.post({"email": "ann@example.com", "Kostenstelle": "7"}, "browser")

    assert [section["sender"] for section in town.sections()] == ["browser", "gravity-forms"]
    assert [section["table"] for section in town.sections("--sender", "browser")] == ["forms.tour.fields"]


def test_where_all_was_understood_there_is_nothing_to_teach(town: Town) -> None:
    town.post({"email": "ann@example.com", "name": "Ann Lee"})

    assert town.run("fields", "tour").out.splitlines()[-1] == "#  Everything was understood."


def test_a_mapping_that_is_there_already_is_told(town: Town) -> None:
    town.write(FORMS + '[forms.tour.webhooks.json.fields]\nmessage = "note"\n')
    town.post({"email": "ann@example.com", "note": "Hello", "colour": "red"})

    assert "#  The set-up already has `fields` for it: add the lines there." in town.run("fields", "tour").out


def test_before_anything_arrived_there_is_nothing_to_show(town: Town) -> None:
    result = town.run("fields", "tour", "--sender", "json")

    assert (result.code, result.out) == (1, "")
    assert result.err == (
        "lead-capture: form tour: nothing of json has arrived yet: send a test from the sender, then look again\n"
    )


def test_an_unknown_form_is_told_the_known_ones(town: Town) -> None:
    result = town.run("fields", "nowhere")

    assert (result.code, result.err) == (1, "lead-capture: there is no form 'nowhere'; the set-up has tour\n")
