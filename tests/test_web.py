"""Process 1: its own routes, its error responses, and the real server."""

import gzip
import http.client
import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
import time_machine

from service import web
from service.capture import script
from service.rate_limit import PostCounts
from service.settings import read_settings
from service.store import Store
from tests.builders import NOON, a_form, in_force
from tests.front import ANN, PERSON, SCRIPT, Front, sqlite_store
from tests.processes import Process, bare_environ, free_port

pytestmark = pytest.mark.long

WHO = {
    "email": "ann.lee@example.com",
    "name": "Annabel Leeworthy",
    "phone": "+44 20 7946 0142",
    "message": "Quiet desk",
}
PERSONAL = re.compile("ann|lee|example.com|7946|quiet|desk|192.0.2|127.0.0.1", re.IGNORECASE)


@pytest.fixture
def front(sqlite: Store) -> Front:
    """An application with the form `contact`."""
    return Front(sqlite)


# -- the page's script


@pytest.mark.parametrize("name", script.SCRIPTS)
def test_the_script_may_be_used_by_any_page_and_kept_for_an_hour(front: Front, name: str) -> None:
    answer = front.client.get(f"/{name}")

    assert (answer.status_code, answer.data) == (200, script.SCRIPTS[name].body)
    assert answer.content_type == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br", "gzip"), ("", None), ("br", None), ("gzip;q=0", None), ("identity", None)],
)
def test_the_script_is_compressed_for_those_who_ask(front: Front, accepted: str, encoding: str | None) -> None:
    answer = front.client.get("/attribution.js", headers={"Accept-Encoding": accepted})

    assert answer.headers.get("Content-Encoding") == encoding
    assert (gzip.decompress(answer.data) if encoding else answer.data) == script.SCRIPTS["attribution.js"].body
    assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
def test_a_script_that_did_not_change_is_not_sent_again(front: Front, accepted: str) -> None:
    etag = front.client.get("/attribution.js").headers["ETag"]

    answer = front.client.get("/attribution.js", headers={"If-None-Match": etag, "Accept-Encoding": accepted})

    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == etag


def test_a_script_that_changed_is_sent(front: Front) -> None:
    assert front.client.get("/attribution.js", headers={"If-None-Match": 'W/"older"'}).status_code == 200


# -- the sample page


def test_the_sample_page_is_there_only_when_asked_for(sqlite: Store) -> None:
    assert Front(sqlite).client.get("/sample").status_code == 404
    assert Front(sqlite, SAMPLE_PAGE="true").client.get("/sample").status_code == 200


def test_the_bare_address_leads_to_the_dashboard(sqlite: Store) -> None:
    response = Front(sqlite).client.get("/")

    assert (response.status_code, response.headers["Location"]) == (302, "/admin/")


def test_the_sample_page_posts_to_a_form_that_is_there(sqlite: Store) -> None:
    front = Front(sqlite, SAMPLE_PAGE="true")

    (action,) = re.findall(r'<form[^>]* action="([^"]+)"', front.client.get("/sample").text)

    assert front.client.post(action, data=ANN).status_code == 303


# -- what is not there


@pytest.mark.parametrize("path", ["/no-such", "/f", "/f/", "/api/v1/", "/static/x.js", "/f/contact/thanks/more"])
def test_a_wrong_address_is_explained_in_a_sentence(front: Front, path: str) -> None:
    page, document = (front.client.get(path, headers=headers) for headers in (PERSON, SCRIPT))

    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "There is nothing at this address." in page.text
    assert (document.status_code, document.mimetype) == (404, "application/problem+json")
    assert document.get_json(force=True)["detail"] == "There is nothing at this address."


# -- what is said at the start


@pytest.mark.usefixtures("log_of_the_test")
def test_a_sender_that_proves_nothing_is_named_once_by_all_web_processes_of_a_host(
    sqlite: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(web, "log", structlog.get_logger())  # one that was used keeps the stream of its first test
    strong = {"token": "a-token-of-the-test"}
    form = a_form(webhooks={"tally": {}, "jotform": strong, "meta": {"app_secret": "s"}, "json": {"token": "weak"}})
    settings, visits = read_settings({"FORMS_FILE": "no-such-file.toml"}), PostCounts()

    with time_machine.travel(NOON, tick=False):
        for _ in range(2):
            web.create_app(settings, in_force(form), visits, sqlite)

    line, weak = map(json.loads, capsys.readouterr().err.splitlines())
    assert (weak["event"], weak["sender"]) == ("sender_proves_little", "json")
    assert "its token has 4 characters" in weak["why"]
    assert (line["event"], line["form"], line["sender"]) == ("sender_proves_nothing", "contact", "tally")
    assert 'token = "env:TALLY_TOKEN"' in line["remedy"]


# -- made before the web processes are forked


def test_the_application_is_made_without_a_thread_or_an_open_database(tmp_path: Path) -> None:
    database = tmp_path / "leads.db"
    settings = read_settings({"FORMS_FILE": "none.toml", "DATABASE_URL": f"sqlite:///{database}"})
    threads = threading.enumerate()

    start = web.prepare_app(settings, in_force(a_form()), PostCounts(), None)

    assert callable(start)
    assert threading.enumerate() == threads
    assert database.exists()
    assert str(database) not in {os.path.realpath(file) for file in Path("/proc/self/fd").iterdir()}


# -- our own mistakes

MISTAKEN = """
from service.web import create_app
from service.settings import read_settings
from service.store import Store
from tests.builders import a_form, in_force
class Mistaken(Store):
    def keep_and_enqueue(self, arrivals, *more):
        raise ValueError(f"cannot keep {arrivals[0].lead.submission.contact}")
store = Mistaken("sqlite:///unused.db")
app = create_app(read_settings({"LOG_FORMAT": "json"}), in_force(a_form()), store=store)
answer = app.test_client().post("/f/contact", json={"email": "ann.lee@example.com"}, headers={"Origin": "https://a.b"})
print(answer.status_code, answer.headers["Access-Control-Allow-Origin"], answer.text)
"""


def test_a_mistake_of_ours_is_a_500_and_its_words_stay_out_of_answer_and_log(tmp_path: Path) -> None:
    completed = subprocess.run(
        [sys.executable, "-c", MISTAKEN], cwd=tmp_path, env=bare_environ(), capture_output=True, text=True, check=True
    )

    (line,) = map(json.loads, completed.stderr.splitlines())
    assert completed.stdout.startswith('500 https://a.b {"type"')
    assert (line["event"], line["error"], line["endpoint"]) == ("request_failed", "ValueError", "forms.post")
    assert "capture/accept.py" in line["where"]
    assert not PERSONAL.search(completed.stdout + completed.stderr)


# -- the real server


class Server:
    """`lead-capture web` in a folder of its own, with two processes that accept five posts a day."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        environ = bare_environ(
            DATABASE_URL=f"sqlite:///{folder / 'leads.db'}", SUBMIT_LIMIT="5/day", WEB_PROCESSES="2", LOG_FORMAT="json"
        )
        self.process = Process(["web", "--port", str(self.port)], environ, folder)
        self.process.wait_until(lambda: self.get("/readyz") == 200, 30, "it takes leads")

    def get(self, path: str) -> int:
        """The status of a response; 0 if there is none."""
        try:
            return self.ask("GET", path)[0]
        except OSError:
            return 0

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, str]:
        """Send one request on a new connection; an iterator as the body is sent in chunks."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers)  # type: ignore[arg-type]  # iterators are fine
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of this part: each posts to a form of its own."""
    folder = tmp_path_factory.mktemp("server")
    names = ("contact", "chunks", "much", "limit", "cut", "torn", "odd")
    (folder / "forms.toml").write_text("".join(f"[forms.{name}]\n" for name in names))
    with sqlite_store(folder):
        pass
    running = Server(folder)
    yield running
    running.process.kill()


def test_a_whole_post_leaves_no_trace_of_the_person_in_the_log(server: Server) -> None:
    for body in (WHO, {**WHO, "email": "ann.lee@"}, [WHO], WHO):
        server.ask("POST", "/f/contact", json.dumps(body), Referer="https://example.com/?email=ann.lee@example.com")
    server.ask("POST", "/f/contact", '{"email": "ann.lee@example.com"')
    server.ask("GET", "/f/ann.lee@example.com?email=ann.lee@example.com")

    server.process.wait_until(lambda: "kept_unread" in server.process.output, 10, "the last line of the log")
    assert server.process.output.count("lead_kept") >= 2
    assert not PERSONAL.search(server.process.output)


def test_every_line_of_the_log_about_a_lead_names_it(server: Server) -> None:
    lines = [json.loads(line) for line in server.process.output.splitlines()]

    assert all(re.fullmatch("[0-9a-f]{32}", line["lead"]) for line in lines if line["event"] == "lead_kept")


def test_a_body_in_chunks_is_read(server: Server) -> None:
    status, text = server.ask("POST", "/f/chunks", iter([b"email=ann@", b"example.com"]), Accept="application/json")

    assert (status, json.loads(text)["ok"]) == (200, True)


@pytest.mark.parametrize("sent", [b"x" * (256 * 1024 + 1), [b"x" * 65_536] * 5], ids=["by length", "in chunks"])
def test_what_is_too_much_is_refused(server: Server, sent: bytes | list[bytes]) -> None:
    body = sent if isinstance(sent, bytes) else iter(sent)

    status, text = server.ask("POST", "/f/much", body, Accept="application/json")

    assert (status, json.loads(text)["errors"][0]["code"]) == (413, "TOO_LARGE")


def test_the_limit_counts_over_all_processes(server: Server) -> None:
    answers = [server.ask("POST", "/f/limit", f"email=ann{number}@example.com")[0] for number in range(12)]

    assert answers == [303] * 5 + [429] * 7


@pytest.mark.parametrize(
    ("form", "header", "body"),
    [
        ("cut", ("Content-Length", "1000"), b"lc_key=k&email=ann@example.com&message=Two"),
        ("torn", ("Transfer-Encoding", "chunked"), b"12\r\nlc_key=k&message=T\r\n20\r\nemail"),
    ],
    ids=["by length", "in chunks"],
)
def test_a_post_that_is_cut_off_is_kept_raw_and_is_not_in_the_way_of_the_next_try(
    server: Server, form: str, header: tuple[str, str], body: bytes
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.putrequest("POST", f"/f/{form}")
    connection.putheader(*header)
    connection.endheaders(body)
    connection.close()
    server.process.wait_until(lambda: leads(server, form), 10, "what arrived of it is kept")

    again = server.ask("POST", f"/f/{form}", "lc_key=k&email=ann@example.com&message=Two+desks")

    assert again[0] == 303
    assert leads(server, form) == [("parked", ""), ("pending", "ann@example.com")]


@pytest.mark.parametrize(
    "line", ["POST /f/odd%zz HTTP/1.1", "POST /f/%00 HTTP/1.1", "POST //f/odd HTTP/1.1", "GET /f/odd?%ff"]
)
def test_odd_requests_are_answered(server: Server, line: str) -> None:
    method, path = line.split()[:2]

    assert 0 < server.ask(method, path)[0] < 500


def leads(server: Server, form: str) -> list[tuple[str, str]]:
    """Status and address of each lead of a form, in order of arrival."""
    connection = sqlite3.connect(server.process.log.parent / "leads.db")
    rows = connection.execute("SELECT status, email FROM leads WHERE form = ? ORDER BY id", [form]).fetchall()
    connection.close()
    return rows
