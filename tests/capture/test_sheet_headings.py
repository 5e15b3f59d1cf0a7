"""Which line of a file names its columns, and which lines are not leads."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.capture.sheets.cells import NoSheet
from service.capture.sheets.columns import meanings_of
from service.capture.sheets.opening import ImportSheet, open_sheet
from tests.builders import a_form

MEANS = meanings_of(a_form())
LEADS = "Email,Name,Phone\r\nann@example.com,Ann Lee,07700900128\r\n"


def opened(folder: Path, text: str, encoding: str = "utf-8") -> ImportSheet:
    """A file with this text, as it is opened."""
    path = folder / "leads.csv"
    path.write_bytes(text.encode(encoding))
    return open_sheet(path, MEANS)


def leads_of(sheet: ImportSheet) -> list[list[str] | None]:
    """Its rows that are leads."""
    return [row.cells for row in sheet.rows() if not sheet.heading.why_no_lead(row.cells or [])]


def above(sheet: ImportSheet) -> list[str]:
    """What stands above the header."""
    return [text for _, text in sheet.heading.above]


# -- above


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["Leads export,,", "Generated 28/11/2026,,"], id="a title and a date"),
        pytest.param(["Leads export"], id="a title without separators"),
        pytest.param(['"Leads, all of them"', "28/11/2026 14:05"], id="a title with a comma"),
        pytest.param(["# exported by a tool 1.2", "# 1 row"], id="comments"),
        pytest.param(["Form name,Spring enquiry", "Campaign,Winter", "Date,2026-11-28"], id="names with values"),
        pytest.param(["Exported by,ops@ours.example"], id="who exported it"),
        pytest.param(["Page 1 of 1,,", "Leads,export,November"], id="a title over all columns"),
        pytest.param(["Contact,,Number"], id="groups of columns"),
        pytest.param(["Name and Email of all leads,,"], id="a title that speaks of the columns"),
    ],
)
@pytest.mark.parametrize("between", ["", ",,\r\n", "\r\n\r\n"], ids=["at once", "empty cells", "empty lines"])
def test_lines_above_the_header_are_shown_and_no_leads(tmp_path: Path, lines: Sequence[str], between: str) -> None:
    sheet = opened(tmp_path, "\r\n".join([*lines, ""]) + between + LEADS)

    assert sheet.header == ("Email", "Name", "Phone")
    assert leads_of(sheet) == [["ann@example.com", "Ann Lee", "07700900128"]]
    assert len(above(sheet)) == len(lines)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encoding_and_separator_are_found_out_below_a_title(tmp_path: Path, encoding: str, separator: str) -> None:
    rows = ["Vorname|Nachname|E-Mail|Nachricht", "Eva|Weiß|eva@example.com|Hallo"]
    table = "\n".join(row.replace("|", separator) for row in rows)

    sheet = opened(tmp_path, f"Anfragen, alle; für März\nErstellt am 28.11.2026\n\n{table}\n", encoding)

    assert sheet.header == ("Vorname", "Nachname", "E-Mail", "Nachricht")
    assert leads_of(sheet) == [["Eva", "Weiß", "eva@example.com", "Hallo"]]


def test_a_title_may_follow_the_line_in_which_excel_names_the_separator(tmp_path: Path) -> None:
    sheet = opened(tmp_path, "sep=;\nReport, all\n\nName;E-Mail\nLee, Ann;ann@example.com\n")

    assert above(sheet) == ["Report, all"]
    assert [(row.line, row.cells) for row in sheet.rows()] == [(5, ["Lee, Ann", "ann@example.com"])]


def test_a_header_in_unknown_words_is_recognised_by_the_rows_below(tmp_path: Path) -> None:
    sheet = opened(tmp_path, "Umfrage Herbst,,,\n,,,\nWer,Womit,Wie oft,Anschrift\nAnn,Zug,2,a@example.com\n")

    assert sheet.header == ("Wer", "Womit", "Wie oft", "Anschrift")
    assert above(sheet) == ["Umfrage Herbst"]


def test_answers_that_are_names_of_fields_are_no_header(tmp_path: Path) -> None:
    sheet = opened(tmp_path, "Preferred,Otherwise,Address\nEmail,Phone,\nPhone,Email,a@example.com\n")

    assert sheet.header == ("Preferred", "Otherwise", "Address")
    assert len(leads_of(sheet)) == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("Ann,ann@example.com\nBob,bob@example.com\n", "begins with a lead", id="none"),
        pytest.param("Ann,ann@example.com\nName,Email\nBob,bob@example.com\n", "in line 1, above", id="sorted"),
        pytest.param("\n,\n \n", "is empty", id="nothing"),
    ],
)
def test_leads_above_the_header_are_not_passed_over(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(NoSheet, match=problem):
        opened(tmp_path, text)


# -- two lines of names


def test_groups_with_questions_below_are_one_header(tmp_path: Path) -> None:
    sheet = opened(
        tmp_path,
        "Respondent ID,Start Date,Contact details,,,How did you hear about us?,\n"
        ",,First name,Last name,Email address,Friend,Google\n"
        "118,11/27/2026,Ann,Lee,ann@example.com,Friend,\n",
    )

    question = "How did you hear about us?"
    assert sheet.header[2:] == ("First name", "Last name", "Email address", f"{question} Friend", f"{question} Google")
    assert sheet.header[:2] == ("Respondent ID", "Start Date")
    assert len(leads_of(sheet)) == 1


def test_choices_below_their_question_are_part_of_the_header(tmp_path: Path) -> None:
    sheet = opened(tmp_path, "Name,Email,Interests,,\n,,Sofas,Offices,Rooms\nAnn,a@example.com,Sofas,,Rooms\n")

    assert sheet.header == ("Name", "Email", "Interests Sofas", "Interests Offices", "Interests Rooms")
    assert leads_of(sheet) == [["Ann", "a@example.com", "Sofas", "", "Rooms"]]


def test_names_that_are_named_three_times_are_one_header(tmp_path: Path) -> None:
    ids = ",".join(f'"{{""ImportId"":""{name}""}}"' for name in ("start", "q1", "q2", "email"))
    names = "StartDate,Q1,Q2,RecipientEmail\nStart Date,What is your name?,How many?,Recipient Email\n"
    sheet = opened(tmp_path, f"{names}{ids}\n2026-11-27 10:00,Ann,3,ann@example.com\n")

    assert sheet.header == ("Start Date", "What is your name?", "How many?", "Recipient Email")
    assert leads_of(sheet) == [["2026-11-27 10:00", "Ann", "3", "ann@example.com"]]


# -- below


@pytest.mark.parametrize(
    "line", ["Total,2", "Summe,,2", "Total: 2 leads", "Grand total,,", "2 leads", "Name,Email,Budget", "Records: 1,204"]
)
def test_totals_and_the_header_once_more_are_no_leads(tmp_path: Path, line: str) -> None:
    has_figure = any(letter.isdigit() for letter in line) or line.startswith("Name")
    sheet = opened(tmp_path, f"Name,Email,Budget\nAnn,a@example.com,5\n{line}\nBob,b@example.com,6\n")

    assert len(leads_of(sheet)) == (2 if has_figure else 3)


@pytest.mark.parametrize(
    "line", ["Total Energies,info@total.example,", "Total,info@total.example,9", "Count Dracula,,", "Sum Ting,,two"]
)
def test_people_are_no_totals(tmp_path: Path, line: str) -> None:
    sheet = opened(tmp_path, f"Name,Email,Budget\nAnn,a@example.com,5\n{line}\n")

    assert len(leads_of(sheet)) == 2


# -- whatever stands there


@given(text=st.text(alphabet="ab@.,;\t|\"\n\r =1'é\ufeff", max_size=300), encoding=st.sampled_from(["utf-8", "utf-16"]))
def test_any_file_is_opened_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str, encoding: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(text.encode(encoding))

    try:
        sheet = open_sheet(path, MEANS)
    except NoSheet:
        return
    assert all(row.line > sheet.heading.line for row in sheet.rows())


@given(st.lists(st.sampled_from(["Report", "All leads of 2026", "1 Nov - 28 Nov", "", "Owner: Ann"]), max_size=8))
def test_no_lead_is_lost_below_any_titles(tmp_path_factory: pytest.TempPathFactory, titles: list[str]) -> None:
    folder = tmp_path_factory.getbasetemp()

    sheet = opened(folder, "\n".join([*titles, "Name,Email", "Ann,ann@example.com", "Bob,bob@example.com"]))

    assert leads_of(sheet) == [["Ann", "ann@example.com"], ["Bob", "bob@example.com"]]
    assert above(sheet) == [title for title in titles if title]
