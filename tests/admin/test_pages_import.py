"""Import in the browser: a file is checked, shown, and imported; its progress is in the store."""

from datetime import timedelta
from io import BytesIO

import pytest
from werkzeug.test import TestResponse

from service import clock
from service.operations.imports.jobs import STALE
from service.store import ImportJob, JobState, Store
from tests.admin.dashboard import Operator, words
from tests.builders import NOON, a_form
from tests.processes import wait_until

ROWS = b"E-mail,Name,Message\nann@example.com,Ann Lee,Two desks\nbob@example.com,Bob Ray,A room\n"


@pytest.fixture
def operator(sqlite: Store) -> Operator:
    """Signed in, with two forms."""
    return Operator(sqlite, a_form(), a_form("tour", title="Book a tour"))


def send_file(operator: Operator, contents: bytes, name: str = "leads.csv") -> TestResponse:
    """Choose a file and have it checked."""
    fields = {"token": operator.token, "form": "tour", "file": (BytesIO(contents), name)}
    return operator.client.post("/admin/leads/import", data=fields)


def finished(operator: Operator, response: TestResponse) -> TestResponse:
    """The page of the import once its work is done."""
    assert response.status_code == 303, words(response.text)
    address = response.headers["Location"]
    wait_until(lambda: "Refresh" not in operator.see(address), 8, "the end of the import")
    return operator.client.get(address)


def test_a_file_is_checked_shown_and_imported_once(sqlite: Store, operator: Operator) -> None:
    checked = finished(operator, send_file(operator, ROWS))
    assert all(text in words(checked.text) for text in ("What would be imported", "2 rows", "Ann Lee", "E-mail"))
    assert operator.front.leads() == []

    done = finished(operator, operator.press_button(checked, checked.request.path + "/run"))
    assert "2 new" in words(done.text)
    assert {lead.submission.form for lead in operator.front.leads()} == {"tour"}

    again = words(finished(operator, send_file(operator, ROWS)).text)
    assert "2 known already" in again
    assert "Import 2 leads" not in again


def test_the_file_is_deleted_once_it_is_imported(sqlite: Store, operator: Operator) -> None:
    checked = finished(operator, send_file(operator, ROWS))
    job_id = checked.request.path.rpartition("/")[2]
    finished(operator, operator.press_button(checked, checked.request.path + "/run"))

    with sqlite.read() as tx:
        assert tx.imports.contents(job_id) is None


@pytest.mark.parametrize(
    ("contents", "name", "sentence"),
    [
        (b"a,b\n1,2\n", "x.csv", "It cannot be imported"),
        (b"PK\x03\x04nonsense", "../../x.xlsx", "It cannot be imported"),
    ],
)
def test_a_file_that_is_not_understood_says_why(
    sqlite: Store, operator: Operator, contents: bytes, name: str, sentence: str
) -> None:
    page_text = words(finished(operator, send_file(operator, contents, name)).text)

    assert sentence in page_text
    assert "leads.xlsx" not in page_text


def test_without_a_file_nothing_happens(operator: Operator) -> None:
    assert send_file(operator, b"").status_code == 400
    assert operator.client.get("/admin/leads/import/" + "0" * 32).status_code == 404


def test_an_import_that_was_cut_off_is_continued(sqlite: Store, operator: Operator) -> None:
    then = clock.now() - STALE - timedelta(seconds=1)
    job = ImportJob("1" * 32, "tour", "", "leads.csv", JobState.IMPORTING, then, then)
    sqlite.write(lambda tx: tx.imports.add(job, ROWS))

    page = operator.client.get(f"/admin/leads/import/{job.id}")
    assert "It was cut off" in words(page.text)
    finished(operator, operator.press_button(page, f"/admin/leads/import/{job.id}/run"))

    assert len(operator.front.leads()) == 2


def test_files_are_kept_for_a_day_at_most(sqlite: Store) -> None:
    job = ImportJob("1" * 32, "tour", "", "leads.csv", JobState.CHECKED, NOON, NOON)
    sqlite.write(lambda tx: tx.imports.add(job, ROWS))

    sqlite.write(lambda tx: tx.imports.tidy(NOON + timedelta(seconds=1)))

    with sqlite.read() as tx:
        assert tx.imports.get(job.id) is None
