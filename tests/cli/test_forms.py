"""`lead-capture forms`: the set-up in the database from a terminal."""

import io
import json
from pathlib import Path

import pytest

from service.store import Store
from tests.admin.stored_leads import keep
from tests.builders import a_lead
from tests.cli.conftest import Terminal

FIRST = "# by hand\n[forms.contact]\nstage_id = 1001\n"
TOUR = FIRST + "[forms.tour]\nstage_id = 1002\n"


@pytest.fixture
def document(folder: Path) -> Path:
    """A document that is no forms file of this installation."""
    path = folder / "applied.toml"
    path.write_text(FIRST)
    return path


def test_what_is_applied_is_exported_and_in_the_history(run: Terminal, sqlite: Store, document: Path) -> None:
    assert run("forms", "export").out == "[forms.contact]\n"
    assert "nothing has been published yet" in run("forms", "history").out

    applied = run("forms", "apply", str(document), "--note", "by terminal")

    assert (applied.code, applied.out.splitlines()[0][:24]) == (0, "version 1 is published: ")
    assert run("forms", "export").out == FIRST
    assert run("forms", "history").out.rstrip().endswith("terminal  by terminal")
    (row,) = json.loads(run("forms", "history", "--json").out)
    assert (row["version"], row["note"]) == (1, "by terminal")


def test_a_document_that_is_in_force_already_is_not_published_again(
    run: Terminal, sqlite: Store, document: Path
) -> None:
    run("forms", "apply", str(document))

    again = run("forms", "apply", str(document))

    assert (again.code, again.out.splitlines()[0]) == (0, "nothing was published: version 1 has the same content")


def test_a_dry_run_shows_changes_and_their_effect_and_publishes_nothing(
    run: Terminal, sqlite: Store, document: Path
) -> None:
    run("forms", "apply", str(document))
    lead = keep(sqlite, a_lead())
    document.write_text(FIRST.replace("1001", "1002"))

    shown = run("forms", "apply", str(document), "--dry-run")

    assert (shown.code, shown.err) == (0, "")
    assert "  forms.contact.stage_id: 1001 -> 1002" in shown.out
    assert "of the last 1 lead, 1 would turn out differently" in shown.out
    assert f"  {lead.id}  stage: 1001 -> 1002" in shown.out
    assert run("forms", "export").out == FIRST
    payload = json.loads(run("forms", "apply", str(document), "--dry-run", "--json").out)
    assert (payload["version"], payload["effect"]["changed"]) == (1, 1)


def test_a_faulty_document_is_refused_a_line_for_each_problem(run: Terminal, sqlite: Store, document: Path) -> None:
    document.write_text("[forms.tour]\nstge_id = 1\ntouch = 'middle'\n")

    refused = run("forms", "apply", str(document))

    assert refused.code == 1
    assert sorted(line[:36] for line in refused.err.splitlines()) == [
        "lead-capture: set-up: forms.tour.stg",
        "lead-capture: set-up: forms.tour.tou",
    ]
    assert run("forms", "export").out == "[forms.contact]\n"


def test_versions_are_compared_and_taken_back(
    run: Terminal, sqlite: Store, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("forms", "apply", str(document))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TOUR.encode())))
    run("forms", "apply", "-")

    assert "+[forms.tour]" in run("forms", "diff", "1", "2").out.splitlines()
    assert json.loads(run("forms", "diff", "1", "2", "--json").out) == [
        {"form": "tour", "key": "stage_id", "from": None, "to": 1002}
    ]
    assert run("forms", "revert", "1").code == 0
    assert run("forms", "export").out == FIRST
    assert run("forms", "export", "--version", "2").out == TOUR
    assert json.loads(run("forms", "export", "--json").out)["version"] == 3
    unknown = run("forms", "revert", "99")
    assert (unknown.code, unknown.err) == (1, "lead-capture: there is no version 99\n")


def test_where_a_forms_file_lies_it_is_exported_and_nothing_is_published(
    run: Terminal, sqlite: Store, folder: Path, document: Path
) -> None:
    (folder / "forms.toml").write_text(TOUR)

    assert run("forms", "export").out == TOUR
    refused = run("forms", "apply", str(document))
    assert refused.code == 1
    assert "the set-up is the file forms.toml" in refused.err


def test_other_commands_use_what_was_published(run: Terminal, sqlite: Store, document: Path) -> None:
    document.write_text(TOUR + 'name = "{full_name} - tour"\n')
    run("forms", "apply", str(document))

    assert "Ann - tour" in run("preview", "tour", "--field", "email=ann@x.example", "--field", "name=Ann").out
    assert run("leads", "list", "--form", "tour").code == 0
