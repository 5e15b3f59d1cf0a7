"""Calls that end badly, for real: each fault over HTTP, and what it is named."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from service.nexudus import directory
from service.nexudus.client import MAX_PAGES_PER_SEARCH, Nexudus
from service.nexudus.errors import (
    Intercepted,
    NexudusError,
    OutcomeUnknown,
    Refused,
    Rejected,
    Throttled,
    Unavailable,
)
from service.nexudus.opportunities import PATH as OPPORTUNITIES
from service.nexudus.tokens import Login
from service.nexudus.transport import Transport
from service.simulator.server import Simulator
from tests.nexudus.conftest import Connect

PAGE = "<!DOCTYPE html><html><body><h1>We will be right back</h1></body></html>"
FAILED = {"Status": 200, "Message": "The board is locked", "Value": None, "Errors": None, "WasSuccessful": False}


@pytest.mark.parametrize(
    ("fault", "of_a_write", "of_a_read"),
    [
        pytest.param({"reset": True}, OutcomeUnknown, Unavailable, id="reset"),
        pytest.param({"hang_s": 5}, OutcomeUnknown, Unavailable, id="silence"),
        pytest.param({"status": 500}, OutcomeUnknown, Unavailable, id="500"),
        pytest.param({"status": 502, "body": PAGE}, Intercepted, Intercepted, id="page with 502"),
        pytest.param({"body": PAGE}, Intercepted, Intercepted, id="page with 200"),
        pytest.param({"firewall": True}, Intercepted, Intercepted, id="a firewall's page"),
        pytest.param({"body": "{"}, OutcomeUnknown, Unavailable, id="broken JSON"),
        pytest.param({"status": 400}, Rejected, Rejected, id="400"),
        pytest.param({"status": 404}, Rejected, Unavailable, id="404"),
        pytest.param({"body": FAILED}, Rejected, Rejected, id="200 that failed"),
        pytest.param({"status": 409}, Throttled, Throttled, id="409"),
        pytest.param({"status": 429, "body": "Wait 3 seconds"}, Throttled, Throttled, id="429"),
        pytest.param({"status": 401, "times": 2}, Refused, Refused, id="401 twice"),
        pytest.param({"status": 403}, Refused, Refused, id="403"),
    ],
)
def test_each_fault_is_named_by_what_to_do_next(
    crm: Simulator, connect: Connect, fault: dict[str, Any], of_a_write: type[Exception], of_a_read: type[Exception]
) -> None:
    nexudus = connect(timeout_s=1)
    crm.faults([{"method": method, "path": OPPORTUNITIES, **fault} for method in ("GET", "POST")])

    with pytest.raises(NexudusError) as write:
        nexudus.post(OPPORTUNITIES, {"Name": "ada@example.com"})
    with pytest.raises(NexudusError) as read:
        nexudus.get(OPPORTUNITIES, {"CrmOpportunity_Coworker_Email": "ada@example.com"})

    assert (type(write.value), type(read.value)) == (of_a_write, of_a_read)
    for trouble in (write.value, read.value):
        assert "ada@" not in trouble.message
        assert "ada@" not in str(trouble.__context__)
        assert getattr(trouble.__context__, "__context__", None) is None  # requests' text holds the URL


def test_a_call_is_made_once_however_it_ends(crm: Simulator, connect: Connect) -> None:
    crm.faults([{"path": OPPORTUNITIES, "reset": True, "times": None}])

    with pytest.raises(OutcomeUnknown):
        connect().post(OPPORTUNITIES, {})

    assert len(crm.calls("POST", OPPORTUNITIES)) == 1


def test_a_write_is_repeated_once_after_a_dead_token(crm: Simulator, nexudus: Nexudus) -> None:
    person = crm.add_coworker("ada@example.com")
    directory.me(nexudus)
    crm.revoke_tokens()

    made = nexudus.post(OPPORTUNITIES, an_opportunity_of(person["Id"]))

    assert [o["Id"] for o in crm.opportunities()] == [made]


def an_opportunity_of(coworker_id: int) -> dict[str, object]:
    return {"CrmBoardColumnId": 1001, "CoworkerId": coworker_id, "Position": 1, "Status": 1}


def test_a_redirect_is_not_followed(crm: Simulator, nexudus: Nexudus) -> None:
    crm.faults([{"path": "/api/auth/me", "status": 307, "headers": {"Location": "/api/sys/users"}, "body": ""}])

    with pytest.raises(Unavailable):
        nexudus.get("/api/auth/me")

    assert [call.path for call in crm.calls("GET")] == ["/api/auth/me"]


def test_the_refused_fields_are_told(crm: Simulator, nexudus: Nexudus) -> None:
    with pytest.raises(Rejected) as caught:
        nexudus.post(OPPORTUNITIES, {"CrmBoardColumnId": 4711})

    assert "CrmBoardColumn" in [p.name for p in caught.value.fields]


def test_the_machines_netrc_does_not_replace_our_token(
    crm: Simulator, nexudus: Nexudus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))

    directory.me(nexudus)

    assert crm.calls("GET", "/api/auth/me")[0].authorization.startswith("Bearer ")


def test_every_call_is_announced_before_it_is_made(crm: Simulator, connect: Connect) -> None:
    announced: list[tuple[str, str]] = []
    nexudus = connect(before_call=lambda method, path: announced.append((method, path)))
    directory.me(nexudus)
    crm.revoke_tokens()
    directory.me(nexudus)

    assert announced == 3 * [("GET", "/api/auth/me")]


def test_a_call_can_be_prevented(crm: Simulator, connect: Connect) -> None:
    def stop(_method: str, _path: str) -> None:
        raise LookupError("not now")

    with pytest.raises(LookupError):
        connect(token="simulator", before_call=stop).get("/api/auth/me")

    assert crm.calls() == []


@pytest.mark.parametrize("value", ["ada+tour@example.com", "a b&c=d#é", "100%"])
def test_what_is_asked_arrives_as_it_is(crm: Simulator, nexudus: Nexudus, value: str) -> None:
    nexudus.get("/api/spaces/coworkers", {"Coworker_Email": value})

    assert list(crm.calls("GET")[0].query) == [("Coworker_Email", value)]


def test_a_plus_is_encoded_for_servers_that_take_it_for_a_space() -> None:
    request_line = request_of(lambda nexudus: nexudus.get("/api/x", {"Coworker_Email": "ada+tour@example.com"}))

    assert b"GET /api/x?Coworker_Email=ada%2Btour%40example.com HTTP/1.1\r\n" in request_line


def test_json_is_asked_for_and_sent() -> None:
    request_line = request_of(lambda nexudus: nexudus.post("/api/x", {"Name": "Zoë"}))

    assert b"Accept: application/json\r\n" in request_line
    assert b"Content-Type: application/json; charset=utf-8\r\n" in request_line
    assert request_line.endswith('{"Name": "Zoë"}'.encode())


def test_all_pages_are_read_and_sorted_by_id(crm: Simulator, nexudus: Nexudus) -> None:
    made = [crm.add_coworker("shared@example.com")["Id"] for _ in range(7)]

    rows = nexudus.records("/api/spaces/coworkers", {"Coworker_Email": "shared@example.com"}, size=3)

    assert [row["Id"] for row in rows] == sorted(made)
    assert [dict(call.query)["page"] for call in crm.calls("GET")] == ["1", "2", "3"]


def test_a_server_that_shows_the_same_page_again_is_not_asked_for_ever(crm: Simulator, nexudus: Nexudus) -> None:
    same = {"Records": [{"Id": 9}, {"Id": 3}], "TotalPages": 99}
    crm.faults([{"path": "/api/spaces/teams", "body": same, "times": None}])

    assert nexudus.records("/api/spaces/teams") == [{"Id": 3}, {"Id": 9}]
    assert len(crm.calls("GET")) == 2


def test_a_search_without_end_is_no_result(crm: Simulator, nexudus: Nexudus) -> None:
    for n in range(MAX_PAGES_PER_SEARCH + 1):
        crm.add_coworker(f"person{n}@example.com")

    with pytest.raises(Unavailable, match=f"more than {MAX_PAGES_PER_SEARCH} pages"):
        nexudus.records("/api/spaces/coworkers", size=1)


@pytest.mark.parametrize("shown", [[], {"Records": None}, {"Records": [7]}, {"Records": [{}]}, {"Id": 7}])
def test_a_search_that_shows_no_list_is_no_result(crm: Simulator, nexudus: Nexudus, shown: object) -> None:
    crm.faults([{"path": "/api/spaces/teams", "body": shown}])

    with pytest.raises(Unavailable):
        nexudus.records("/api/spaces/teams")


@pytest.mark.parametrize("shown", [[], {}, {"Id": "7"}, "Not found"])
def test_one_record_without_an_id_is_no_result(crm: Simulator, nexudus: Nexudus, shown: object) -> None:
    crm.faults([{"path": "/api/spaces/teams/7", "body": json.dumps(shown)}])

    with pytest.raises(Unavailable):
        nexudus.one("/api/spaces/teams/7")


def test_a_list_without_a_page_count_ends_with_a_page_that_is_not_full(crm: Simulator, nexudus: Nexudus) -> None:
    crm.faults([{"path": "/api/spaces/teams", "body": {"Records": [{"Id": 3}]}}])

    assert nexudus.records("/api/spaces/teams", size=2) == [{"Id": 3}]


def test_a_host_that_refuses_got_nothing_not_even_a_write() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    with pytest.raises(Unavailable, match=r"127\.0\.0\.1 could not be reached"):
        a_client(f"http://127.0.0.1:{port}").post(OPPORTUNITIES, {})


def test_a_host_that_does_not_answer_the_phone_got_nothing_either() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        address = deaf.getsockname()
        callers = [socket.socket() for _ in range(4)]
        for caller in callers:  # they fill the queue, so that the next one hangs
            caller.setblocking(False)
            with suppress(BlockingIOError):
                caller.connect(address)

        with pytest.raises(Unavailable, match="could not be reached"):
            a_client(f"http://127.0.0.1:{address[1]}", connect_timeout_s=0.2).post(OPPORTUNITIES, {})

        for caller in callers:
            caller.close()


def test_an_address_that_is_none_got_nothing() -> None:
    with pytest.raises(Unavailable):
        a_client("spaces.example.com").post(OPPORTUNITIES, {})


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", id="half a body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", id="no gzip"),
        pytest.param(b"no HTTP at all\r\n\r\n", id="another protocol"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_an_answer_that_breaks_off_leaves_a_write_in_doubt(answer: bytes) -> None:
    with a_server(answer) as url, pytest.raises(OutcomeUnknown):
        a_client(url).post(OPPORTUNITIES, {})


def test_an_answer_that_trickles_is_given_up() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    with a_server(head, *[b" "] * 100, pause_s=0.05) as url, pytest.raises(OutcomeUnknown):
        a_client(url, timeout_s=0.3).post(OPPORTUNITIES, {})


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_calls_soon_after_each_other_share_a_connection() -> None:
    with a_server(OK, connections=(2,)) as url:
        transport = Transport(url, timeout_s=1, connect_timeout_s=1)
        answers = [transport.send("GET", "/", {}, write=False).status for _ in range(2)]

    assert answers == [200, 200]


def test_a_connection_that_lay_idle_is_not_used_again() -> None:
    with a_server(OK, connections=(1, 1)) as url:
        transport = Transport(url, timeout_s=1, connect_timeout_s=1, idle_s=-1)
        answers = [transport.send("GET", "/", {}, write=False).status for _ in range(2)]

    assert answers == [200, 200]


def a_client(url: str, **options: Any) -> Nexudus:
    return Nexudus(url, Login(token="any"), **{"timeout_s": 2, "connect_timeout_s": 1, **options})


def request_of(call: Callable[[Nexudus], object]) -> bytes:
    """The bytes of the request that a call makes."""
    requests_read: list[bytes] = []
    with a_server(OK, requests_read=requests_read) as url, suppress(OutcomeUnknown):
        call(a_client(url))
    return requests_read[0]


@contextmanager
def a_server(
    *pieces: bytes, pause_s: float = 0, requests_read: list[bytes] | None = None, connections: tuple[int, ...] = (1,)
) -> Iterator[str]:
    """A host that answers these bytes, however wrong they are.

    connections: how many it takes, and how many requests on each.
    """
    stop = threading.Event()

    def answer(connection: socket.socket) -> None:
        request = connection.recv(65536)
        if request.startswith(b"POST") and request.endswith(b"\r\n\r\n"):
            request += connection.recv(65536)
        if requests_read is not None:
            requests_read.append(request)
        for piece in pieces:
            connection.sendall(piece)
            stop.wait(pause_s)

    def serve(listening: socket.socket) -> None:
        for count in connections:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                for _ in range(count):
                    answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        stop.set()
        thread.join(5)
