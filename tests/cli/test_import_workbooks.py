"""Leads in workbooks: the same as in the CSV that a spreadsheet would write of them."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import copy
from xml.sax.saxutils import escape

import pytest

from service.capture.sheets.workbooks import MAX_WORKBOOK_BYTES
from service.store import Store
from tests.cli.conftest import Terminal
from tests.cli.test_import import META, PLAIN, all_of, outcome
from tests.cli.test_import_twins import brought, without

SAMPLES = Path(__file__).parents[1] / "samples" / "sheets"
"""Written by other programmes: openpyxl (.xlsx), xlwt (.xls), odfpy (.ods), msoffcrypto-tool (protected.xlsx)."""

Cells = Sequence[Sequence[str | float | bool]]

HIDDEN = ' state="hidden"'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def workbook(sheets: Mapping[str, Cells], hidden: str = "", stray: str = "") -> str:
    """An .xlsx file in the test's folder; its name. stray: the address of one cell more."""
    names = list(sheets)
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument"'
        ' Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        + "".join(
            f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"{HIDDEN * (name == hidden)}/>'
            for number, name in enumerate(names, 1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}">'
        + "".join(
            f'<Relationship Id="r{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            for number, _ in enumerate(names, 1)
        )
        + "</Relationships>",
    }
    for number, rows in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{number}.xml"] = _sheet(rows, stray)
    with zipfile.ZipFile("leads.xlsx", "w") as file:
        for name, text in parts.items():
            file.writestr(name, text)
    return "leads.xlsx"


def _sheet(rows: Cells, stray: str) -> str:
    lines = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
    more = f'<row><c r="{stray}" t="inlineStr"><is><t>x</t></is></c></row>' if stray else ""
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{lines}{more}</sheetData></worksheet>'


def _cell(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>' if value else "<c/>"
    return f"<c><v>{value!r}</v></c>"


# -- formats


@pytest.mark.parametrize("ending", ["xlsx", "xls", "ods"])
def test_each_kind_of_workbook_is_read_alike(run: Terminal, sqlite: Store, ending: str) -> None:
    file = copy(SAMPLES / f"leads.{ending}", ".")

    assert outcome(run, str(file)) == {"new": 2}

    ann, juergen = (lead.submission for lead in all_of(sqlite))
    assert (ann.contact.full_name, ann.contact.email, ann.contact.phone) == (
        "Ann Lee",
        "ann@example.com",
        "447700900128",
    )
    assert ann.fields["message"] == 'Two desks, please; "soon"\nThank you'
    assert (ann.fields["move_in_date"], ann.fields["budget"], ann.fields["consent"]) == ("2027-01-04", "450.5", "true")
    assert (juergen.contact.full_name, juergen.contact.phone) == ("Jürgen Groß", "07700 900129")
    assert juergen.fields["budget"] == "1200"


def test_a_second_import_of_a_workbook_adds_nothing(run: Terminal, sqlite: Store) -> None:
    file = str(copy(SAMPLES / "leads.xlsx", "."))
    outcome(run, file)

    assert outcome(run, file) == {"known": 2}


def test_a_workbook_is_known_by_what_is_in_it_and_not_by_its_name(run: Terminal, sqlite: Store) -> None:
    copy(SAMPLES / "leads.xlsx", "leads.csv")

    assert outcome(run, "leads.csv") == {"new": 2}


def test_lines_are_those_of_the_spreadsheet(run: Terminal, sqlite: Store) -> None:
    file = workbook({"Leads": [["Leads of November"], [], PLAIN[0], ["Bob", "", "Hi"]]})

    result = run("import", file, "--form", "contact").out

    assert "line 4: parked: " in result
    assert "line 1: Leads of November" in result


# -- cells


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        pytest.param(447700900128, "447700900128", id="a whole number"),
        pytest.param(450.5, "450.5", id="a part of one"),
        pytest.param(0.1 + 0.2, "0.3", id="what a computer makes of 0.1 + 0.2"),
        pytest.param(-3, "-3", id="below zero"),
        pytest.param(7412345678901235001, "7.41234567890123E+18", id="more digits than it keeps"),
        pytest.param(True, "true", id="a box"),
        pytest.param("0044 20 7946", "0044 20 7946", id="digits as text"),
        pytest.param('="0770"', "0770", id="text as a formula"),
    ],
)
def test_cells_are_what_was_typed(run: Terminal, sqlite: Store, cell: str | float | bool, text: str) -> None:
    run("import", workbook({"Leads": [["Email", "Code"], ["a@example.com", cell]]}), "--form", "contact")

    assert all_of(sqlite)[0].submission.extras["Code"] == text


def test_of_phones_that_are_numbers_it_is_told_that_they_lost_something(run: Terminal, sqlite: Store) -> None:
    file = workbook({"Leads": [["Email", "Phone", "Code"], ["a@example.com", 7700900128, 7]]})

    payload = json.loads(run("import", file, "--form", "contact", "--dry-run", "--json").out)

    assert payload["warnings"] == ["Phones in column Phone are stored as numbers: a leading 0 or + is lost."]


def test_platforms_are_known_in_workbooks_too(run: Terminal, sqlite: Store) -> None:
    brought(sqlite)

    assert outcome(run, workbook({"Leads": META})) == {"known": 1}


def test_ids_that_are_numbers_have_lost_digits(run: Terminal, sqlite: Store) -> None:
    brought(sqlite, external_id="7412345678901235001")
    file = workbook({"Leads": [META[0], [7412345678901235001, *META[1][1:]]]})

    payload = json.loads(run("import", file, "--form", "contact", "--dry-run", "--json").out)

    assert (payload["ids"], payload["known"]) == ("rounded", 1)


def test_a_workbook_without_ids_asks_whose_it_is(run: Terminal, sqlite: Store) -> None:
    result = run("import", workbook({"Leads": without("id")}), "--form", "contact")

    assert result.code == 1
    assert "lacks the leads' ids" in result.err


# -- sheets

OTHER = [PLAIN[0], ["Eve", "eve@example.com", "Hello"]]
NOTES = [["How to read this"], ["Ask Kim", 7]]


@pytest.mark.parametrize(
    "sheets",
    [
        pytest.param({"About": NOTES, "Leads": PLAIN, "October": OTHER}, id="the first with leads"),
        pytest.param({"October": OTHER, "Leads": PLAIN}, id="not a hidden one"),
    ],
)
def test_one_sheet_is_read_and_the_others_are_named(run: Terminal, sqlite: Store, sheets: Mapping[str, Cells]) -> None:
    hidden = "October" if len(sheets) == 2 else ""

    result = run("import", workbook(sheets, hidden), "--form", "contact").out

    assert "leads.xlsx: a workbook, its sheet Leads" in result
    assert f"October (2 rows{', hidden' if hidden else ''})" in result
    assert [lead.submission.contact.full_name for lead in all_of(sqlite)] == ["Ann", "Bob"]


def test_another_sheet_can_be_asked_for(run: Terminal, sqlite: Store) -> None:
    file = workbook({"Leads": PLAIN, "October": OTHER})

    assert outcome(run, file, "--sheet", "october") == {"new": 1}
    assert outcome(run, file) == {"new": 2}


# -- what cannot be read


def archive(name: str) -> bytes:
    """A ZIP file that holds a file of this name."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr(name, "x")
    return held.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param((SAMPLES / "protected.xlsx").read_bytes(), "protected by a password", id="protected"),
        pytest.param((SAMPLES / "leads.xlsx").read_bytes()[:3000], "cannot be read as a workbook", id="half an .xlsx"),
        pytest.param((SAMPLES / "leads.xls").read_bytes()[:3000], "cannot be read as a workbook", id="half an .xls"),
        pytest.param(archive("leads.csv"), "is an archive: unpack it", id="CSV in an archive"),
        pytest.param(archive("Index/Document.iwa"), "Apple's Numbers", id="Numbers"),
        pytest.param(archive("notes.txt"), "cannot be read as a workbook", id="another archive"),
        pytest.param(b"<html><table><tr><td>Email</td></tr></table>", "is a web page", id="a page called .xls"),
        pytest.param(b"%PDF-1.7\n", "is a PDF", id="PDF"),
        pytest.param(b"\x1f\x8b\x08", "is compressed", id="gzip"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(
    run: Terminal, sqlite: Store, content: bytes, message: str
) -> None:
    Path("leads.xlsx").write_bytes(content)

    result = run("import", "leads.xlsx", "--form", "contact")

    assert (result.code, result.out, len(result.err.splitlines())) == (1, "", 1)
    assert message in result.err


def test_a_cell_far_below_takes_no_more_memory_than_there_is(run: Terminal, sqlite: Store) -> None:
    result = run("import", workbook({"Leads": PLAIN}, stray="XFD1000000"), "--form", "contact")

    assert result.code == 1
    assert "too large to be read: save the sheet with the leads as CSV" in result.err


def test_a_very_large_file_is_not_opened(run: Terminal, sqlite: Store) -> None:
    with Path("leads.xlsx").open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(MAX_WORKBOOK_BYTES + 1)

    result = run("import", "leads.xlsx", "--form", "contact")

    assert "is larger than" in result.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(
            ["leads.xlsx", "--sheet", "May"], "has no sheet 'May' with rows; it has Leads", id="no such sheet"
        ),
        pytest.param(["leads.csv", "--sheet", "May"], "is not a workbook", id="no workbook"),
        pytest.param(["empty.xlsx"], "is empty", id="nothing in it"),
    ],
)
def test_sheets_that_are_not_there_are_told(run: Terminal, sqlite: Store, words: list[str], message: str) -> None:
    Path(workbook({"Empty": []})).rename("empty.xlsx")
    Path("leads.csv").write_text("Email\na@example.com\n")
    workbook({"Leads": PLAIN})

    result = run("import", *words, "--form", "contact")

    assert result.code == 1
    assert message in result.err
