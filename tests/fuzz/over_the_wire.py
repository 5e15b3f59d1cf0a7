"""Hostile requests as bytes, to a running `lead-capture web`: each is answered or closed in time, none with an error of
ours, and the service works on. Part of `make fuzz`, and not of the tests.
"""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests as http
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from service.capture.tools.registry import SENDERS
from service.platforms.registry import PLATFORMS
from tests.front import sqlite_store
from tests.fuzz.hostile import CONTENTS, HEADERS, METHODS, PIECES, QUERIES, HostileRequest
from tests.processes import Process, bare_environ, free_port

TIMEOUT_S = 60.0
"""Of the clock: the head alone may take ten seconds."""

WITHOUT_FAULT = {501, 503, 505}
"""Statuses above 500 that say what the client did: another transfer coding or version, a form that is not there."""

PATHS = st.one_of(
    st.sampled_from(["/", "/f/tour", "/f/tour/thanks", "/healthz", "/readyz", "/metrics", "/docs", "/admin/", "*"]),
    st.sampled_from([f"/webhooks/{name}/tour" for name in SENDERS]),
    st.sampled_from(["/admin/sign-in", "/admin/leads", "/api/v1/leads", "/api/v1/forget", "/attribution.js"]),
    PIECES.map("/f/{}".format),
    PIECES.map("/{}".format),
)


class WebServer:
    """`lead-capture web` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        senders = "".join(f"[forms.tour.webhooks.{name}]\n" for name in SENDERS if name not in PLATFORMS)
        (folder / "forms.toml").write_text(f"[forms.tour]\n{senders}")
        environ = bare_environ(
            DATABASE_URL=f"sqlite:///{folder / 'leads.db'}",
            FORMS_FILE=str(folder / "forms.toml"),
            HOST="127.0.0.1",
            LOG_FORMAT="json",
            SUBMIT_LIMIT="off",
        )
        self.process = Process(["web", "--port", str(self.port)], environ, folder)
        self.process.wait_until(lambda: self.get("/readyz") == 200, 60, "it takes leads")

    def get(self, path: str) -> int:
        """The status of an answer; 0 when there is none."""
        try:
            return http.get(f"http://127.0.0.1:{self.port}{path}", timeout=TIMEOUT_S).status_code
        except http.RequestException:
            return 0

    def send(self, sent: bytes) -> bytes:
        """All that is answered to some bytes, after which the client sends no more."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S) as client:
            parts = []
            with suppress(ConnectionError):  # it may end before it has read everything
                client.sendall(sent)
                client.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                while part := client.recv(65536):
                    parts.append(part)
        return b"".join(parts)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """One for all requests."""
    folder = tmp_path_factory.mktemp("wire")
    with sqlite_store(folder):
        pass
    running = WebServer(folder)
    yield running
    running.process.kill()


@st.composite
def sent_bytes(draw: st.DrawFn) -> bytes:
    """A request, mostly with the right length, and sometimes anything."""
    content_type, body = draw(CONTENTS)
    headers = {"Host": "localhost", "Content-Type": content_type, "Content-Length": str(len(body)), **draw(HEADERS)}
    request = HostileRequest(draw(st.sampled_from(METHODS)), draw(PATHS), draw(QUERIES), headers, body)
    sent = request.sent()
    return draw(st.sampled_from([sent, sent, sent, sent + sent, sent[: len(sent) // 2]]) | st.binary(max_size=200))


def test_the_running_service_stumbles_over_nothing(server: WebServer) -> None:
    @settings(max_examples=2000, database=None, suppress_health_check=[*HealthCheck])
    @given(sent=sent_bytes())
    def stumbles_nowhere(sent: bytes) -> None:
        note(repr(sent))
        answer = server.send(sent)
        statuses = {int(status) for status in re.findall(rb"^HTTP/1\.1 (\d{3}) ", answer, re.MULTILINE)}
        assert not answer or answer.startswith(b"HTTP/1.1 ")
        assert {status for status in statuses if status >= 500} <= WITHOUT_FAULT
        assert b"Traceback" not in answer

    stumbles_nowhere()

    lines = [json.loads(line) for line in server.process.output.splitlines()]
    assert [line for line in lines if line["event"] in {"request_failed", "response_failed"}] == []
    assert server.get("/healthz") == server.get("/readyz") == 200
