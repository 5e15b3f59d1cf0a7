"""When a request is whole: the same answer however its bytes are cut, and none that gunicorn would not give."""

from collections.abc import Sequence

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.server.request_buffer import RequestBuffer, RequestRefused, RequestStage
from tests.tables import each_row

CFG = Config()
CLIENT = ("192.0.2.1", 1)

TOKENS = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12)
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30)
HEADERS = st.dictionaries(TOKENS.map("X-{}".format), VALUES, max_size=5)


def chunked(parts: Sequence[bytes], extension: str, trailers: dict[str, str]) -> bytes:
    """A body in chunks."""
    chunks = [b"%x%s\r\n%s\r\n" % (len(part), extension.encode(), part) for part in parts if part]
    lines = "".join(f"{name}: {value}\r\n" for name, value in trailers.items())
    return b"".join(chunks) + b"0\r\n" + lines.encode() + b"\r\n"


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A valid request as it is sent, and its body as it was meant."""
    parts = draw(st.lists(st.binary(max_size=60), max_size=4))
    body = b"".join(parts)
    headers = draw(HEADERS)
    kind = draw(st.sampled_from(["none", "length", "chunks"]))
    sent = {"none": b"", "length": body, "chunks": b""}[kind]
    if kind == "length":
        headers["Content-Length"] = str(len(body))
    elif kind == "chunks":
        headers["Transfer-Encoding"] = draw(st.sampled_from(["chunked", "Chunked", " chunked "]))
        sent = chunked(parts, draw(st.sampled_from(["", ";a=b", ' ; a="b;c"'])), draw(HEADERS))
    method = draw(st.sampled_from(["GET", "POST", "OPTIONS", "HEAD"]))
    before = draw(st.sampled_from(["", "\r\n"]))
    lines = [f"{before}{method} /{draw(TOKENS)}?a=b HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + sent, body if kind != "none" else b""


@st.composite
def cuts(draw: st.DrawFn, content: st.SearchStrategy[bytes]) -> tuple[bytes, list[bytes]]:
    """Bytes, and the same in pieces."""
    whole = draw(content)
    places = sorted(draw(st.sets(st.integers(1, max(1, len(whole) - 1)), max_size=8)))
    return whole, [whole[start:end] for start, end in zip([0, *places], [*places, len(whole)], strict=True)]


def arrive(pieces: Sequence[bytes]) -> list[object]:
    """What the loop makes of them: (method, path, body) of each request, or the error at which it ended."""
    buffer, results = RequestBuffer(CFG, CLIENT), list[object]()
    try:
        for piece in pieces:
            buffer.add(piece)
            while buffer.stage is RequestStage.READY:
                request = buffer.take().open()
                results.append((request.method, request.path, request.body.read()))
                if request.should_close():
                    return results
                buffer.advance()
    except RequestRefused as refused:
        results.append(refused.status.value)
    except (ParseException, OSError):
        results.append("refused by gunicorn")
    else:
        results.append((buffer.stage, bytes(buffer.received)))
    return results


def stage_after(buffer: RequestBuffer, piece: bytes) -> RequestStage:
    """How far the request is with this piece."""
    buffer.add(piece)
    return buffer.stage


def read_by_gunicorn(sent: bytes) -> list[object]:
    """What gunicorn alone makes of all the bytes."""
    results = list[object]()
    parser = RequestParser(CFG, iter([sent]), CLIENT)
    try:
        for request in parser:
            results.append((request.method, request.path, request.body.read()))
    except (ParseException, OSError):
        results.append("refused by gunicorn")
    return results


@given(cuts(st.lists(requests(), min_size=1, max_size=3).map(lambda all_: b"".join(sent for sent, _ in all_))))
def test_requests_are_the_same_however_their_bytes_are_cut(cut: tuple[bytes, list[bytes]]) -> None:
    whole, pieces = cut

    assert arrive(pieces) == arrive([whole])


@given(st.lists(requests(), min_size=1, max_size=3))
def test_every_valid_request_is_whole_with_its_last_byte_and_not_before(valid: list[tuple[bytes, bytes]]) -> None:
    buffer = RequestBuffer(CFG, CLIENT)
    for sent, body in valid:
        stages = [stage_after(buffer, piece) for piece in (sent[:-1], sent[-1:])]
        assert stages in ([RequestStage.HEAD, RequestStage.READY], [RequestStage.BODY, RequestStage.READY])
        assert buffer.take().open().body.read() == body


@given(st.lists(requests(), min_size=1, max_size=3))
def test_gunicorn_alone_sees_the_same_requests(valid: list[tuple[bytes, bytes]]) -> None:
    sent = b"".join(each for each, _ in valid)

    assert arrive([sent])[:-1] == read_by_gunicorn(sent)


SHARDS = st.sampled_from(
    [
        b"GET / HTTP/1.1\r\n",
        b"POST /a HTTP/1.1\r\n",
        b"POST /b HTTP/1.0\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 0\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Expect: 100-continue\r\n",
        b"Connection: close\r\n",
        b"X: y\n",
        b" folded\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"0\r\n\r\n",
        b"3\r\nabc\r\n",
        b"ffffffffffffffffffff\r\n",
        b"-1\r\n",
        b"\x00",
        b"hello",
    ]
)
RUBBLE = st.lists(SHARDS | st.binary(max_size=5), min_size=1, max_size=14).map(b"".join)


@settings(max_examples=500)
@given(cuts(RUBBLE))
@example((b"GET / HTTP/1.1\r\nX: y\n\r\n\r\n", [b"GET / HTTP/1.1\r\nX: y\n", b"\r\n\r\n"]))
@example((b"\x80GET / HTTP/1.1\r\n\r\n", [b"\x80GET / HTTP/1.1\r\n\r\n"]))
def test_anything_ends_without_another_error_and_lets_no_request_through_that_gunicorn_does_not_see(
    cut: tuple[bytes, list[bytes]],
) -> None:
    whole, pieces = cut

    seen = [each for each in arrive(pieces) if isinstance(each, tuple) and isinstance(each[0], str)]

    assert seen == read_by_gunicorn(whole)[: len(seen)]


@each_row("number", [1, 53, 54, 55, 99])
def test_a_head_ends_at_its_limit_wherever_it_is_cut(number: int) -> None:
    fields = b"".join(b"X-%d: %s\r\n" % (each, b"a" * 1200) for each in range(number))
    head = b"GET / HTTP/1.1\r\n" + fields + b"\r\n"

    results = [arrive([head[:at], head[at:]]) for at in (1, len(head) // 2, len(head) - 1)]

    assert results[0] == results[1] == results[2]
    assert (results[0] == [431]) == (len(head) > 64 * 1024)


@pytest.mark.parametrize("before", [b"", b"\r\n"])
@pytest.mark.parametrize(("sent", "kept"), [("Grüße".encode(), "Gr%C3%BC%C3%9Fe"), (b"\xff\x80", "%FF%80")])
def test_bytes_beyond_ascii_in_an_address_are_read_as_percent_encoded(before: bytes, sent: bytes, kept: str) -> None:
    head = (
        before
        + b"POST /f/"
        + sent
        + b"?utm_campaign="
        + sent
        + b" HTTP/1.1\r\nX-Name: \xff\r\nContent-Length: 1\r\n\r\n"
    )
    buffer = RequestBuffer(CFG, CLIENT)

    buffer.add(head + b"x")
    request = buffer.take().open()

    assert request.uri == f"/f/{kept}?utm_campaign={kept}"
    assert (request.headers, request.body.read()) == ([("X-NAME", "\xff"), ("CONTENT-LENGTH", "1")], b"x")


@each_row("sign", [b" ", b"\t", b"\x7f", b"\x00", b"\x1b"])
def test_blanks_and_controls_in_an_address_are_refused(sign: bytes) -> None:
    assert arrive([b"GET /a?b=" + sign + b"c\xff HTTP/1.1\r\n\r\n"]) == ["refused by gunicorn"]
