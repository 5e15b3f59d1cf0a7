"""The web server's worker: slow and greedy clients, and requests that gunicorn's own worker serves as well."""

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from service.server.limits import MAX_BODY_BYTES, ServerLimits
from tests.processes import SLOWEST_MACHINE, wait_until
from tests.server.serving import EXPRESS, Served, closing, one_response, post, rest_of, serving

FAST = ServerLimits(
    head_s=0.6, body_s=1.2, idle_s=0.6, response_s=0.6, closing_s=0.5, express_paths=frozenset({EXPRESS})
)
HEAD = b"POST /post HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def served() -> Iterator[Served]:
    """A worker of two threads with the limits of the service."""
    with serving() as worker:
        yield worker


@pytest.fixture
def hasty() -> Iterator[Served]:
    """The same with deadlines that a test can wait for."""
    with serving(FAST) as worker:
        yield worker


def body_of(response: bytes) -> bytes:
    """What follows the head."""
    return response.partition(b"\r\n\r\n")[2]


def answers(response: bytes) -> list[object]:
    """What Echo said of the request."""
    content: list[object] = json.loads(body_of(response))
    return content


def drip(clients: list[socket.socket], content: bytes, until: threading.Event) -> threading.Thread:
    """Send one byte every 0.1 s on each."""

    def run() -> None:
        for byte in content:
            if until.wait(0.1):
                return
            for client in clients:
                with suppress(OSError):
                    client.send(bytes([byte]))

    thread = threading.Thread(target=run)
    thread.start()
    return thread


# -- slow clients


@pytest.mark.parametrize(
    ("begin", "rest"),
    [
        (b"", b"POST /post HTTP/1.1\r\nX-Long: " + b"a" * 200),
        (b"P", b"OST /post HTTP/1.1\r\nX-Long: " + b"a" * 200),
        (HEAD + b"Content-Length: 5000\r\n\r\n", b"a" * 200),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"ff\r\n" + b"a" * 200),
        (b"", b""),
    ],
    ids=["heads from nothing", "heads", "bodies", "chunks", "silence"],
)
def test_sixty_four_clients_that_send_a_byte_at_a_time_stop_no_other_client(
    served: Served, begin: bytes, rest: bytes
) -> None:
    done = threading.Event()
    slow = [served.client(begin) for _ in range(64)]
    dripping = drip(slow, rest, done)

    times_s = [served.health_s() for _ in range(5)]
    replies = [answers(served.exchange(post(b"a" * number))) for number in range(20)]

    done.set()
    dripping.join()
    assert max(times_s) < SLOWEST_MACHINE
    assert [reply[2] for reply in replies] == list(range(20))


def test_a_head_has_one_deadline_however_its_bytes_arrive(hasty: Served) -> None:
    done = threading.Event()
    client = hasty.client(b"GET / HTTP/1.1\r\n")
    began = time.monotonic()
    dripping = drip([client], b"a" * 100, done)

    response = rest_of(client)

    done.set()
    dripping.join()
    assert response.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nConnection: close\r\n" in response
    assert time.monotonic() - began < 2.5 * SLOWEST_MACHINE


def test_a_body_has_one_deadline_however_its_bytes_arrive(hasty: Served) -> None:
    done = threading.Event()
    client = hasty.client(HEAD + b"Content-Length: 500\r\n\r\n")
    dripping = drip([client], b"a" * 100, done)

    response = rest_of(client)

    done.set()
    dripping.join()
    assert response.startswith(b"HTTP/1.1 408 ")
    assert hasty.app.seen == []
    assert +hasty.worker.refused == {"body_timeout": 1}


def test_a_client_that_says_nothing_is_left_without_a_word(hasty: Served) -> None:
    assert hasty.exchange(b"") == b""


def test_a_kept_connection_is_closed_when_nothing_follows(hasty: Served) -> None:
    client = hasty.client(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    one_response(client)

    assert rest_of(client) == b""


def test_an_address_holds_no_more_connections_than_its_limit(served: Served) -> None:
    oldest = served.client(b"GET /a")
    wait_until(lambda: served.worker.nr_conns == 1, 5, "the first is accepted")
    clients = [served.client(b"GET /b") for _ in range(64)]

    assert rest_of(oldest).startswith(b"HTTP/1.1 503 ")
    clients[-1].sendall(b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert one_response(clients[-1]).startswith(b"HTTP/1.1 200 ")
    assert +served.worker.refused == {"address_limit": 1}


def test_where_all_connections_are_taken_the_one_that_waits_longest_makes_room() -> None:
    with serving(ServerLimits(per_address=None), connections=20) as served:
        idle = [served.client() for _ in range(40)]

        assert answers(served.exchange(post(b"abc")))[2] == 3
        assert rest_of(idle[0]) == b""
        assert served.worker.nr_conns <= 20


def test_memory_is_bounded_by_dropping_whoever_holds_most() -> None:
    with serving(ServerLimits(held_bytes=2_000_000, per_address=None)) as served:
        small = served.client(HEAD + b"Content-Length: 5000\r\n\r\n" + b"a" * 4000)
        greedy = [served.client(HEAD + b"Content-Length: 900000\r\n\r\n" + b"a" * 700_000) for _ in range(3)]

        wait_until(lambda: served.worker.refused["memory_limit"], 5, "one is dropped")
        small.sendall(b"a" * 1000)
        assert one_response(small).startswith(b"HTTP/1.1 200 ")
        assert sum(is_open(client) for client in greedy) == 2


def is_open(client: socket.socket) -> bool:
    """Whether the server still waits for it."""
    client.settimeout(0.3)
    try:
        return bool(client.recv(1, socket.MSG_PEEK)) and False
    except TimeoutError:
        return True
    except OSError:
        return False


# -- busy threads


def test_the_health_check_answers_while_every_thread_waits(served: Served) -> None:
    for _ in range(2):
        served.client(closing("GET /wait"))
        served.app.entered.acquire(timeout=5)
    waiting = [served.client(post(b"abc")) for _ in range(10)]

    assert served.health_s() < 1

    served.app.gate.set()
    assert [answers(rest_of(client))[2] for client in waiting] == [3] * 10


def test_more_requests_than_may_wait_are_told_to_come_again() -> None:
    limits = ServerLimits(waiting_requests=3, express_paths=frozenset({EXPRESS}))
    with serving(limits, threads=1) as served:
        held = [served.client(closing("GET /wait")) for _ in range(3)]
        wait_until(lambda: served.worker._working == 3, 5, "they wait")

        refused = served.exchange(post(b"abc"))

        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 5\r\n" in refused
        assert served.health_s() < 1
        served.app.gate.set()
        assert all(rest_of(client).startswith(b"HTTP/1.1 200 ") for client in held)


# -- clients that do not read


@pytest.mark.parametrize("path", ["/large?bytes=30000000", "/stream?parts=500"])
def test_a_client_that_does_not_read_gives_back_its_thread(hasty: Served, path: str) -> None:
    for _ in range(4):
        hasty.client(closing(f"GET {path}"), small_window=True)

    assert answers(hasty.exchange(post(b"abc")))[2] == 3
    wait_until(lambda: hasty.worker.refused["response_timeout"] == 4, 10, "all four are given up")


def test_a_response_that_the_client_has_not_read_yet_holds_no_thread() -> None:
    with serving(threads=1) as served:
        slow = [served.client(closing("GET /large?bytes=900000"), small_window=True) for _ in range(5)]
        wait_until(lambda: served.app.seen.count("/large") == 5, 5, "all are answered by the one thread")

        assert answers(served.exchange(post(b"abc")))[2] == 3
        assert [len(body_of(rest_of(client))) for client in slow] == [900_000] * 5


def test_a_client_that_is_gone_before_its_response_is_no_error(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    client = served.client(closing("GET /wait"))
    served.app.entered.acquire(timeout=5)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    served.app.gate.set()

    wait_until(lambda: served.worker.nr_conns == 0, 5, "it is closed")
    assert capsys.readouterr().err == ""


# -- what every server must do


def test_a_body_may_arrive_with_its_head_or_in_any_pieces(served: Served) -> None:
    client = served.client(HEAD + b"Content-Le")
    for piece in (b"ngth: 6\r\n", b"\r", b"\nab", b"cd", b"efGET /next HTTP/1.1\r\nHost: localhost\r\n\r\n"):
        time.sleep(0.02)
        client.sendall(piece)

    assert answers(one_response(client)) == ["POST", "/post", 6, "abcdef", "6"]
    assert answers(one_response(client))[1] == "/next"


def test_requests_that_do_not_wait_for_responses_are_answered_in_order(served: Served) -> None:
    client = served.client(b"".join(b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % number for number in range(50)))

    assert [answers(one_response(client))[1] for _ in range(50)] == [f"/{number}" for number in range(50)]


@pytest.mark.parametrize(
    ("version", "header", "keeps"),
    [("1.1", "X: y", True), ("1.1", "Connection: close", False), ("1.0", "X: y", False)],
)
def test_a_connection_is_kept_as_the_client_wishes(served: Served, version: str, header: str, keeps: bool) -> None:
    client = served.client(f"GET /one HTTP/{version}\r\nHost: localhost\r\n{header}\r\n\r\n".encode())

    one_response(client)
    assert is_open(client) is keeps


def test_a_response_to_head_has_no_body(served: Served) -> None:
    response = served.exchange(closing("HEAD /one"))

    assert response.startswith(b"HTTP/1.1 200 ")
    assert body_of(response) == b""


def test_a_client_that_expects_continue_gets_it_once_and_before_its_body(served: Served) -> None:
    client = served.client(HEAD + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 3\r\n\r\n")

    assert one_response(client) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(b"abc")
    response = rest_of(client)
    assert response.startswith(b"HTTP/1.1 200 ")
    assert b"100 Continue" not in response


def test_a_body_that_is_too_large_is_not_waited_for(served: Served) -> None:
    head = HEAD + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1)

    response = served.exchange(head)

    assert response.startswith(b"HTTP/1.1 200 ")  # the application says what it thinks of it
    assert b"\r\nConnection: close\r\n" in response
    assert answers(response)[2] == 0


def test_what_follows_a_body_that_was_not_read_is_no_request(served: Served) -> None:
    hidden = b"GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"
    client = served.client(HEAD + b"Content-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1))
    time.sleep(0.1)
    with suppress(OSError):
        client.sendall(hidden)
    rest_of(client)

    assert served.app.seen == ["/post"]


def test_a_body_of_five_megabytes_arrives_whole(served: Served) -> None:
    content = b"ab" * (MAX_BODY_BYTES // 2)

    assert answers(served.exchange(post(content)))[2] == MAX_BODY_BYTES


def test_a_chunked_body_arrives_whole_and_what_follows_is_the_next_request(served: Served) -> None:
    chunks = b"5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: y\r\n\r\n"
    client = served.client(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + closing("GET /next"))

    assert answers(one_response(client)) == ["POST", "/post", 11, "hello world", ""]
    assert answers(rest_of(client))[1] == "/next"


def test_a_large_chunked_body_of_many_pieces_takes_no_time(served: Served) -> None:
    chunks = b"ff\r\n" + b"a" * 255 + b"\r\n"
    number = MAX_BODY_BYTES // 255
    began = time.monotonic()

    response = served.exchange(closing("POST /post", "Transfer-Encoding: chunked") + chunks * number + b"0\r\n\r\n")

    assert answers(response)[2] == number * 255
    assert time.monotonic() - began < 5 * SLOWEST_MACHINE


@pytest.mark.parametrize(
    "chunks",
    [(b"100000\r\n" + b"a" * 0x100000 + b"\r\n") * 5 + b"1\r\n", b"500001\r\n", b"1\r\na\r\n" * 60_000],
    ids=["in several", "in one", "in tiny ones"],
)
def test_a_chunked_body_that_is_too_large_is_not_waited_for(served: Served, chunks: bytes) -> None:
    response = served.exchange(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)

    assert response.startswith(b"HTTP/1.1 413 ")
    assert served.app.seen == []


@pytest.mark.parametrize(
    "chunks",
    [b"xyz\r\nabc\r\n", b"3\r\nabcd\r\n0\r\n\r\n", b"3 x\r\nabc\r\n0\r\n\r\n", b"\r\nabc", b"-1\r\n", b"3\nabc\n0\n\n"],
)
def test_a_malformed_chunk_is_the_client_s_error(served: Served, chunks: bytes) -> None:
    response = served.exchange(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)

    assert response.startswith(b"HTTP/1.1 400 ")
    assert served.app.seen == []


def test_requests_are_read_by_the_parser_that_is_tested_whatever_else_is_installed(served: Served) -> None:
    assert served.worker.cfg.http_parser == "python"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /" + b"a" * 70_000, b"414"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000, b"431"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 9_000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 101 + b"\r\n", b"431"),
        (b"GET / HTTP/1.1\nHost: x\n\n", b"400"),
        (b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\n", b"400"),
        (b"GET / HTTP/3.1\r\nHost: x\r\n\r\n", b"400"),
    ],
)
def test_a_head_that_is_too_large_or_wrong_is_refused_at_once(served: Served, sent: bytes, status: bytes) -> None:
    assert served.exchange(sent).startswith(b"HTTP/1.1 " + status)


def test_a_body_that_breaks_off_reaches_the_application_which_sees_how_much_came(served: Served) -> None:
    client = served.client(HEAD + b"Content-Length: 10\r\n\r\nabc")
    client.shutdown(socket.SHUT_WR)

    assert answers(rest_of(client)) == ["POST", "/post", 3, "abc", "10"]


def test_reading_a_chunked_body_that_breaks_off_ends_with_an_error(served: Served) -> None:
    client = served.client(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n9\r\nde")
    client.shutdown(socket.SHUT_WR)

    assert rest_of(client) == b""  # the application lets the error pass
    wait_until(lambda: served.worker.nr_conns == 0, 5, "it is closed")


# -- smuggling


SMUGGLED = b"GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 0\r\nTransfer-Encoding: chunked",
        b"Content-Length: 5\r\nContent-Length: 0",
        b"Content-Length: 0, 5",
        b"Content-Length: +5",
        b"Content-Length: 0x5",
        b"Content-Length: -1",
        b"Content-Length: 5 5",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: identity",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding: gzip",
        b"Transfer-Encoding:\x0bchunked",
        b"X: y\nContent-Length: 50",
        b" Content-Length: 50",
        b"X: a\r\n folded: b",
        b"X: \x00",
        b"Content-Length: 99999999999999999999",
    ],
)
def test_no_framing_lets_a_second_request_through(served: Served, headers: bytes) -> None:
    response = served.exchange(HEAD + headers + b"\r\n\r\n" + SMUGGLED)

    assert "/hidden" not in served.app.seen
    assert response[9:12] in {b"400", b"501", b"200"}


def test_a_tab_before_chunked_is_read_as_chunked(served: Served) -> None:
    head = HEAD + b"Connection: close\r\nTransfer-Encoding:\tchunked\r\n\r\n"

    assert answers(served.exchange(head + b"3\r\nabc\r\n0\r\n\r\n"))[2] == 3


# -- the end


def test_a_stopping_worker_finishes_what_has_begun_and_closes_the_rest(served: Served) -> None:
    silent = served.client()
    kept = served.client(b"GET /one HTTP/1.1\r\nHost: localhost\r\n\r\n")
    one_response(kept)
    working = served.client(closing("GET /wait"))
    served.app.entered.acquire(timeout=5)
    arriving = served.client(HEAD + b"Content-Length: 6\r\n\r\nabc")
    wait_until(lambda: served.worker.nr_conns == 4, 5, "all are accepted")

    served.stop()
    time.sleep(0.3)
    arriving.sendall(b"def")
    kept.sendall(b"GET /two HTTP/1.1\r\nHost: localhost\r\n\r\n")
    served.app.gate.set()

    assert answers(rest_of(arriving))[2] == 6
    assert answers(rest_of(working))[1] == "/wait"
    assert b"\r\nConnection: close\r\n" in rest_of(kept)
    assert rest_of(silent) == b""


def test_a_worker_that_has_served_its_number_of_requests_ends(served: Served) -> None:
    served.worker.max_requests = 3
    statuses = [one_response(served.client(b"GET /one HTTP/1.1\r\nHost: x\r\n\r\n"))[9:12] for _ in range(3)]

    assert statuses == [b"200"] * 3
    wait_until(lambda: not served.worker.alive, 5, "it ends")
