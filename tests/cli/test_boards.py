"""`lead-capture boards`: what a forms file can name; its lines are TOML and can be pasted."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from service.delivery.setup_check.inventory import MAX_MISSES
from service.forms import read_setup
from service.simulator.server import Simulator
from service.store import Store
from tests.cli.conftest import Terminal
from tests.cli.test_doctor import connect


@pytest.fixture
def ready(run: Terminal, sqlite: Store, nexudus: Simulator, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """The command line of an installation that can sign in."""
    connect(monkeypatch, nexudus)
    return run


def choices(text: str) -> list[str]:
    """The lines that can be pasted."""
    return [line for line in text.splitlines() if " = " in line and not line.startswith("#")]


def rename(nexudus: Simulator, kind: str, ident: int, name: str) -> None:
    """As an operator renames it."""
    nexudus.world.tables[kind].rows[ident]["Name"] = name


def test_every_id_that_a_form_can_name_is_listed(ready: Terminal) -> None:
    result = ready("boards")

    assert (result.code, result.err) == (0, "")
    for line in (
        "contact.business_id = 55  # Harbour Desk Old Custom House",
        "stage_id = 1001  # Sales / New enquiry",
        "opportunity_type_id = 7  # Tour",
        "responsible_id = 901  # Olive Owner",
    ):
        assert line in result.out.splitlines()


def test_the_whole_is_toml(ready: Terminal) -> None:
    choices = tomllib.loads(ready("boards").out)["choice"]

    assert {1001, 2001, 3001} <= {choice.get("stage_id") for choice in choices}


def test_every_line_can_be_pasted_into_a_form(ready: Terminal, tmp_path: Path) -> None:
    lines = choices(ready("boards").out)

    assert len(lines) > 20
    for number, line in enumerate(lines):
        file = tmp_path / f"forms-{number}.toml"
        file.write_text(f"[forms.tour]\n{line}\n")
        assert "tour" in read_setup(file, lambda _: None).forms


@pytest.mark.parametrize(
    ("stage_id", "message"),
    [
        (1009, "REFUSED: it deletes the customer"),
        (1008, "REFUSED: it marks the opportunity as won, activates the customer"),
        (1007, "REFUSED: it marks the opportunity as lost"),
    ],
)
def test_a_dangerous_stage_is_marked_and_cannot_be_pasted(ready: Terminal, stage_id: int, message: str) -> None:
    lines = ready("boards").out.splitlines()

    [place] = [number for number, line in enumerate(lines) if f"stage_id = {stage_id} " in line]
    assert lines[place].startswith("# NEVER: ")
    assert lines[place + 1] == f"#  !! {message}"


@pytest.mark.parametrize("lists", ["absent", "false"])
def test_lists_that_hide_what_stages_do_make_none_safer(ready: Terminal, nexudus: Simulator, lists: str) -> None:
    nexudus.settings(list_flags=lists)

    offered = choices(ready("boards").out)

    assert "stage_id = 1001  # Sales / New enquiry" in offered
    assert not [line for line in offered if line.startswith(("stage_id = 1007", "stage_id = 1008", "stage_id = 1009"))]


def test_a_stage_that_cannot_be_checked_cannot_be_pasted(ready: Terminal, nexudus: Simulator) -> None:
    del nexudus.world.tables["CrmBoardColumn"].rows[1002]["DeleteAccount"]

    lines = ready("boards").out.splitlines()

    place = lines.index("# NOT CHECKED: stage_id = 1002  # Sales / Contacted")
    assert lines[place + 1] == "#  ! could not check what it does on arrival: look at it in Nexudus"
    assert "stage_id = 1001  # Sales / New enquiry" in lines


def test_without_the_role_to_read_stages_few_are_asked_for_and_none_is_offered(
    ready: Terminal, nexudus: Simulator
) -> None:
    nexudus.settings(denied=["CrmBoardColumn-Read"])

    out = ready("boards").out

    assert not [line for line in choices(out) if line.startswith("stage_id")]
    assert "#  ! could not check what the stages of the boards do on arrival (Access Denied)" in out.replace(
        "\n#    ", ""
    )
    read = {call.path for call in nexudus.calls("GET") if call.path.startswith("/api/crm/crmboardcolumns/")}
    assert len(read) == MAX_MISSES


def test_a_stage_that_was_not_checked_is_none_to_choose_for_programs(ready: Terminal, nexudus: Simulator) -> None:
    del nexudus.world.tables["CrmBoardColumn"].rows[1002]["DeleteAccount"]

    [account] = json.loads(ready("boards", "--json").out)

    stages = {stage["id"]: stage for stage in account["locations"][0]["boards"][0]["stages"]}
    assert (stages[1002]["checked"], stages[1002]["refused"]) == (False, True)


def test_a_type_with_a_template_for_notes_is_marked(ready: Terminal) -> None:
    lines = ready("boards").out.splitlines()

    place = lines.index("opportunity_type_id = 8  # Private office")
    assert lines[place + 1] == "#  ! its notes template may replace the enquiry's text"


def test_automatic_actions_are_told_in_words(ready: Terminal) -> None:
    lines = ready("boards").out.splitlines()

    place = lines.index("stage_id = 1005  # Sales / Proposal sent")
    assert lines[place + 1] == "#  ! it sends a message to the customer, creates tasks from a list"


def test_lines_fit_a_terminal_whatever_the_names_are(ready: Terminal, nexudus: Simulator) -> None:
    rename(nexudus, "CrmBoardColumn", 1001, "An enquiry that nobody has looked at " * 5)
    rename(nexudus, "Business", 55, "A house with a long name " * 8)

    assert max(map(len, ready("boards").out.splitlines())) <= 80


def test_a_name_of_any_kind_leaves_it_toml(ready: Terminal, nexudus: Simulator) -> None:
    rename(nexudus, "CrmBoardColumn", 1001, "New\nstage_id = 1009 \x1b[31m\x00 é")
    rename(nexudus, "CrmBoard", 10, "Sales\r\n[forms.evil]")

    out = ready("boards").out

    assert {1001, 1002} <= {choice.get("stage_id") for choice in tomllib.loads(out)["choice"]}
    assert "\nstage_id = 1009" not in out


def test_archived_boards_and_former_admins_are_left_out(ready: Terminal) -> None:
    out = ready("boards").out

    assert "4001" not in out
    assert "903" not in out


def test_json_has_the_same_by_location(ready: Terminal) -> None:
    [account] = json.loads(ready("boards", "--json").out)

    first: dict[str, Any] = account["locations"][0]
    assert (account["account"], account["unread"], first["id"]) == ("default", [], 55)
    assert first["boards"][0]["stages"][0] == {
        "id": 1001,
        "name": "New enquiry",
        "checked": True,
        "refused": False,
        "dangers": [],
        "actions": [],
    }
    assert first["opportunity_types"][0] == {"id": 7, "name": "Tour", "notes_template": False}
    assert {"id": 901, "name": "Olive Owner"} in first["owners"]


def test_what_may_not_be_listed_is_said_and_the_rest_shown(ready: Terminal, nexudus: Simulator) -> None:
    nexudus.settings(denied=["User-*", "Business-*"])

    result = ready("boards")

    assert result.code == 0
    assert "#  ! could not check the admin users (Access Denied)" in result.out
    assert "stage_id = 2001  # Quay sales / New enquiry" in result.out


def test_without_boards_there_is_nothing_to_show(ready: Terminal, nexudus: Simulator) -> None:
    nexudus.settings(denied=["CrmBoard-List"])

    result = ready("boards")

    assert (result.code, result.out) == (1, "")
    assert result.err == (
        "lead-capture: account default: its boards cannot be read (Access Denied): "
        "run `lead-capture doctor` for details\n"
    )


def test_no_secret_is_printed(ready: Terminal) -> None:
    assert not re.search(r"keep-me-secret|@", ready("boards").out + ready("boards", "--json").out)


def test_one_account_can_be_asked_for(ready: Terminal, folder: Path, nexudus: Simulator) -> None:
    account = f"[accounts.harbour]\nbase_url = '{nexudus.url}'\ntoken = 'simulator'\n"
    (folder / "forms.toml").write_text(f"{account}[forms.tour]\naccount = 'harbour'\n")

    assert [each["account"] for each in json.loads(ready("boards", "--json").out)] == ["default", "harbour"]
    assert [each["account"] for each in json.loads(ready("boards", "--account", "harbour", "--json").out)] == [
        "harbour"
    ]


def test_an_unknown_account_is_told_the_known_ones(ready: Terminal) -> None:
    result = ready("boards", "--account", "hull")

    assert (result.code, result.err) == (1, "lead-capture: there is no account 'hull': choose from default\n")


def test_without_credentials_no_boards_can_be_listed(run: Terminal, sqlite: Store) -> None:
    result = run("boards")

    assert result.code == 1
    assert "no Nexudus credentials are set" in result.err
