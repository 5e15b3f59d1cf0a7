"""`lead-capture leads export`: everything, in a form that other programs read and that runs in none."""

import csv
import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from shutil import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.capture.sheets.cells import protect, protect_all, unprotect, unprotect_foreign
from service.cli import export
from service.cli.demo import ACCOUNT
from service.cli.demo.history import histories
from service.lead import Contact, Evidence, Status, StoredTouch
from service.operations.exports import COLUMNS
from service.store import Store
from tests.admin.stored_leads import keep, keep_as, keep_delivered, keep_many
from tests.builders import NOON, a_lead, a_submission
from tests.cli.conftest import Terminal
from tests.front import sqlite_store
from tests.tables import each_row

pytestmark = pytest.mark.long

PAGE_SIZE = 50
"""Leads read at a time, where a test fills several pages."""

FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "'=1", "x;=1", "x\n- 1", "x\t@1"]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that are filled by few leads."""
    monkeypatch.setattr(export, "PAGE_SIZE", PAGE_SIZE)


def rows(message: str) -> list[dict[str, str]]:
    """What any program reads of the CSV."""
    return list(csv.DictReader(StringIO(message, newline="")))


# -- CSV


def test_the_columns_are_always_the_same(run: Terminal, sqlite: Store) -> None:
    assert run("leads", "export").out == ",".join(COLUMNS) + "\r\n"


def test_each_lead_is_a_row_oldest_first(run: Terminal, sqlite: Store) -> None:
    leads = keep_many(sqlite, 3)

    assert [row["id"] for row in rows(run("leads", "export").out)] == [lead.id for lead in leads]


def test_a_row_tells_who_asked_what_and_how_they_came(run: Terminal, sqlite: Store) -> None:
    keep(sqlite, a_lead())

    (row,) = rows(run("leads", "export").out)

    assert row["email"] == "ada@example.com"
    assert row["message"] == "Two desks, please."
    assert (row["utm_source"], row["channel"], row["lead_source_name"]) == ("google", "Paid Search", "GoogleSearch")
    assert row["landing_url"] == "https://www.example.com/?utm_source=google&utm_medium=cpc"
    assert json.loads(row["extras"]) == {"how_heard": "a friend"}


def test_a_row_tells_what_became_of_it(run: Terminal, sqlite: Store) -> None:
    keep_delivered(sqlite)

    (row,) = rows(run("leads", "export").out)

    assert (row["status"], row["opportunity_id"], row["coworker_id"]) == ("delivered", "9", "7")
    assert (row["received_at"], row["delivered_at"]) == ("2026-11-24T12:00:00.000Z", "2026-11-24T12:00:01.000Z")


@pytest.mark.usefixtures("small_pages")
def test_more_than_a_page_is_exported_whole(run: Terminal, sqlite: Store) -> None:
    run("demo-data", "--leads", str(2 * PAGE_SIZE + 1))

    ids = [row["id"] for row in rows(run("leads", "export").out)]

    assert len(ids) == len(set(ids)) == 2 * PAGE_SIZE + 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--status parked", {"parked"}),
        ("--form tour", {"tour"}),
        ("--since 2026-11-25", {"tomorrow"}),
        ("--until 2026-11-25", {"parked", "tour"}),
    ],
)
def test_the_filters_are_those_of_the_list(run: Terminal, sqlite: Store, words: str, expected: set[str]) -> None:
    leads = {
        "parked": keep(sqlite, a_lead(status=Status.PARKED)),
        "tour": keep(sqlite, a_lead(submission=a_submission(form="tour"))),
        "tomorrow": keep(sqlite, a_lead(received_at=NOON.replace(day=25))),
    }

    assert {row["id"] for row in rows(run("leads", "export", *words.split()).out)} == {
        leads[name].id for name in expected
    }


def test_letters_of_all_scripts_are_utf_8(run: Terminal, sqlite: Store) -> None:
    keep(sqlite, a_lead(submission=a_submission(contact=Contact("a@example.com", "Jürgen 田中"))))

    assert rows(run("leads", "export").out)[0]["full_name"] == "Jürgen 田中"


def test_excel_is_told_that_it_is_utf_8_when_asked(run: Terminal, sqlite: Store) -> None:
    assert run("leads", "export", "--excel").out.startswith("\ufeffid,")


def test_an_erased_person_is_not_in_it(run: Terminal, sqlite: Store) -> None:
    lead = keep_as(sqlite, Status.DELIVERED)
    sqlite.erase([lead.id], NOON)

    result = run("leads", "export").out

    assert rows(result)[0]["status"] == "erased"
    assert "ada" not in result.lower().replace(lead.id, "")


# -- formulas


@pytest.mark.parametrize("cell", FORMULAS)
def test_no_cell_of_a_stranger_is_a_formula(run: Terminal, sqlite: Store, cell: str) -> None:
    contact = Contact(email="a@example.com", full_name=cell, company=cell)
    keep(sqlite, a_lead(submission=a_submission(message=cell, contact=contact, form_name=cell)))

    (row,) = rows(run("leads", "export").out)

    assert [row[name] for name in ("full_name", "company", "form_name", "message")] == [protect(cell)] * 4
    assert not protect(cell).lstrip("'") or protect(cell)[0] not in "=+-@\t\r\n＝"


@given(st.text(alphabet="=+-@';\t\r\n ab1＝"))
def test_reading_a_cell_takes_away_what_writing_added(text: str) -> None:
    assert unprotect(protect(text)) == text


@given(st.lists(st.text(alphabet="=+-@';\t\r\n ab1＝"), max_size=4))
def test_many_cells_are_made_safe_as_each_would_be(cells: list[str]) -> None:
    assert list(protect_all(cells)) == [protect(cell) for cell in cells]


def test_what_cannot_run_stays_as_it_is() -> None:
    for text in ("", "ann@example.com", "Two desks, please.", "a=b", "1-2", "so; it is"):
        assert protect(text) == text


@each_row(
    ("cell", "read"),
    [("'123", "123"), ('="0123"', "0123"), ("'+44 20", "+44 20"), ("'t Hoen", "'t Hoen"), ("plain", "plain")],
)
def test_cells_that_excel_was_kept_from_are_read_bare(cell: str, read: str) -> None:
    assert unprotect_foreign(cell) == read


def test_extras_cannot_run_either_and_stay_json(run: Terminal, sqlite: Store) -> None:
    keep(sqlite, a_lead(submission=a_submission(extras={"x": "y;=1+1"})))

    (row,) = rows(run("leads", "export").out)

    assert ";" not in row["extras"]
    assert json.loads(row["extras"]) == {"x": "y;=1+1"}


def test_extras_are_read_by_people_in_any_language(run: Terminal, sqlite: Store) -> None:
    keep(sqlite, a_lead(submission=a_submission(extras={"Größe": "später"})))

    (row,) = rows(run("leads", "export").out)

    assert row["extras"] == '{"Größe": "später"}'


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_half_a_character_does_not_stop_the_export(run: Terminal, sqlite: Store, kind: str) -> None:
    keep(sqlite, a_lead(submission=a_submission(message="\ud800", extras={"x": "\ud800"})))

    result = run("leads", "export", "--format", kind)

    assert result.code == 0
    assert "ann" in result.out or "ada" in result.out


# -- two processes


@pytest.fixture(scope="module")
def four_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with four pages of leads and one lead more, of the two months before March 2026."""
    folder = tmp_path_factory.mktemp("four_pages")
    with sqlite_store(folder) as store:
        leads = [*histories(ACCOUNT, 4 * PAGE_SIZE + 1, 60, datetime(2026, 3, 1, tzinfo=UTC), 1)]
        store.write(lambda tx: tx.leads.write_histories(leads))
    return folder / "leads.db"


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("choice", [(), ("--format", "jsonl"), ("--since", "2026-01-20"), ("--until", "2026-02-10")])
def test_two_processes_write_the_same_as_one(
    run: Terminal, folder: Path, four_pages: Path, monkeypatch: pytest.MonkeyPatch, choice: tuple[str, ...]
) -> None:
    copy(four_pages, folder / "leads.db")
    alone = run("leads", "export", *choice).out
    monkeypatch.setattr(export, "MIN_PAGES_FOR_TWO", 2)

    assert run("leads", "export", *choice).out == alone
    assert len(alone.splitlines()) > 2 * PAGE_SIZE


# -- JSON lines


def test_json_lines_are_the_leads_as_the_api_tells_them(run: Terminal, sqlite: Store) -> None:
    lead = keep_delivered(sqlite)

    (line,) = run("leads", "export", "--format", "jsonl").out.splitlines()

    assert json.loads(line) == json.loads(run("leads", "show", lead.id).out)


def test_every_kind_of_lead_is_told_as_the_list_tells_it(run: Terminal, sqlite: Store) -> None:
    run("demo-data", "--leads", "600", "--days", "60")
    corrected = keep(sqlite, a_lead(received_at=NOON.replace(year=2030), status=Status.PARKED))
    run("leads", "correct", corrected.id, "--field", "email=eve@example.com")
    touched = a_submission(evidence=Evidence(first=StoredTouch("https://a.example/", "", 1.5), last=StoredTouch()))
    keep(sqlite, a_lead(received_at=NOON.replace(year=2031), submission=touched))

    exported = run("leads", "export", "--format", "jsonl").out.splitlines()
    listed = run("leads", "list", "--limit", "1000", "--json").out.splitlines()

    assert [json.loads(line) for line in exported] == [json.loads(line) for line in reversed(listed)]


@pytest.mark.usefixtures("small_pages")
def test_more_than_a_page_of_json_lines_is_exported_whole(run: Terminal, sqlite: Store) -> None:
    run("demo-data", "--leads", str(PAGE_SIZE + 1))

    assert len(run("leads", "export", "--format", "jsonl").out.splitlines()) == PAGE_SIZE + 1


def test_no_leads_are_no_lines(run: Terminal, sqlite: Store) -> None:
    assert run("leads", "export", "--format", "jsonl").out == ""
