"""The disk is full or read-only: no visitor is thanked, no acknowledged lead is lost, and the service recovers."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from service.lead import LeadId, marker_of
from tests.journey.installation import TOKEN, Installation, Nexudus, is_any_pending, leads, status
from tests.processes import free_port, wait_until

pytestmark = pytest.mark.journey

FULL_AT_KB = 400
"""Well over the size of a new database, well under that of a few hundred leads."""

# No file may grow beyond that for whatever `sh` becomes; POSIX counts in 512 bytes.
FULL_DISK = ("sh", "-c", 'ulimit -f "$0" && exec "$@"', str(FULL_AT_KB * 2))

# Root may write everywhere; without these two powers it is held to the rights of files like everybody else.
AS_ANYBODY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()

SETTINGS = {"ADMIN_TOKEN": TOKEN, "SUBMIT_LIMIT": "off", "NEXUDUS_LIMITS": "1000/s", "LOG_LEVEL": "warning"}


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An installation whose database is in a folder of its own."""
    folder = tmp_path / "kept"
    folder.mkdir()
    with Installation(tmp_path, DATABASE_URL=f"sqlite:///{folder / 'leads.db'}", **SETTINGS) as installation:
        yield installation
    folder.chmod(0o700)


def post(port: int, number: int, accept: str = "application/json") -> requests.Response:
    """An enquiry of half a kilobyte."""
    return requests.post(
        f"http://127.0.0.1:{port}/f/contact",
        data={"email": f"visitor{number}@example.com", "message": f"Enquiry {number} " + "desks " * 80},
        headers={"Accept": accept},
        timeout=20,
        allow_redirects=False,
    )


def fill(port: int) -> set[str]:
    """Send enquiries until one is refused; the ids of those that were acknowledged."""
    acknowledged: set[str] = set()
    for number in range(2000):
        answer = post(port, number)
        if answer.status_code != requests.codes.ok:
            return acknowledged
        acknowledged.add(answer.json()["id"])
    raise AssertionError("the disk never became full")


class TestFullDisk:
    """The database cannot grow any more."""

    def test_a_form_is_refused_with_a_time_to_come_back_and_no_thanks(self, installation: Installation) -> None:
        port = free_port()
        installation.migrate()
        installation.start_web(port, under=FULL_DISK)
        fill(port)

        answers = [post(port, number, accept) for number, accept in ((5000, "application/json"), (5001, "text/html"))]

        assert [answer.status_code for answer in answers] == [requests.codes.service_unavailable] * 2
        # The other web process may have been asked for nothing yet: what it knew holds for five seconds.
        readyz = f"http://127.0.0.1:{port}/readyz"
        wait_until(lambda: status(readyz) == requests.codes.service_unavailable, 6, "/readyz")
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
        assert answers[0].json()["ok"] is False
        assert "Enquiry 5001 desks" in answers[1].text  # what was typed comes back, to be sent again
        assert "thank you" not in answers[1].text.lower()

    def test_what_was_acknowledged_is_delivered_once_there_is_room(self, installation: Installation) -> None:
        port = free_port()
        nexudus = Nexudus.start(installation)
        installation.migrate()
        web = installation.start_web(port, under=FULL_DISK)
        acknowledged = fill(port)
        web.kill()

        installation.start_web(port)
        installation.start_worker()
        acknowledged.add(post(port, 5000).json()["id"])
        wait_until(lambda: not is_any_pending(port), 30, "every lead is delivered")

        markers = [each["SystemId"] for each in nexudus.opportunities()]
        assert sorted(markers) == sorted(marker_of(LeadId(ident)) for ident in acknowledged)


class TestNoRight:
    """The folder of the database may not be written."""

    def test_migrate_says_so_in_one_line(self, installation: Installation) -> None:
        (installation.folder / "kept").chmod(0o500)

        migration = installation.run("migrate", under=AS_ANYBODY)

        assert migration.exit_code == 1
        assert len(migration.output.splitlines()) == 1
        assert "check DATABASE_URL" in migration.output

    def test_a_form_is_refused_until_the_right_is_back(self, installation: Installation) -> None:
        port, folder = free_port(), installation.folder / "kept"
        installation.migrate()
        folder.chmod(0o500)
        for file in folder.iterdir():
            file.chmod(0o400)
        installation.start("web", "--port", str(port), under=AS_ANYBODY).wait_until(
            lambda: _refuses(port), 20, "the form is refused"
        )

        folder.chmod(0o700)
        for file in folder.iterdir():
            file.chmod(0o600)

        wait_until(lambda: post(port, 2).status_code == requests.codes.ok, 10, "the form is taken")
        wait_until(lambda: not _refuses_to_list(port), 10, "each web process reads the set-up")
        assert [lead["contact"]["email"] for lead in leads(port)] == ["visitor2@example.com"]


def _refuses_to_list(port: int) -> bool:
    """Whether any of several calls, which reach both web processes, is refused."""
    return any(status(f"http://127.0.0.1:{port}/readyz") != requests.codes.ok for _ in range(20))


def _refuses(port: int) -> bool:
    try:
        answer = post(port, 1)
    except requests.ConnectionError:
        return False  # it does not listen yet
    assert answer.status_code == requests.codes.service_unavailable, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    return True
