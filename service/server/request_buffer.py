"""The bytes of one connection become requests: each is parsed by gunicorn, and whole before a thread sees it."""

import io
from collections import deque
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.http.errors import ChunkMissingTerminator, NoMoreData
from gunicorn.http.message import Request
from gunicorn.http.unreader import Unreader

from service.server.framing import BodyTooLarge, ChunkScan, HeadScan, HeadTooLarge, Malformed, in_ascii
from service.server.limits import MAX_BODY_BYTES, MAX_HEAD_BYTES

PIECE_BYTES = 8192
"""gunicorn's chunk reader copies its whole input at each chunk, so it gets no more than it would read itself."""


class RequestRefused(Exception):
    """The request is refused without a thread. status: the answer."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class RequestStage(Enum):
    """How far the next request of a connection has arrived."""

    NOTHING = auto()
    HEAD = auto()
    BODY = auto()
    READY = auto()


class BufferedUnreader(Unreader):
    """Gives gunicorn the received bytes in place of the socket; after the last piece the connection seems to end."""

    def __init__(self, head: bytes) -> None:
        super().__init__()
        self.pieces = deque([head])

    def chunk(self, size_hint: int | None = None) -> bytes:  # noqa: ARG002 (a piece is a piece)
        """Return the next piece."""
        return self.pieces.popleft() if self.pieces else b""

    def hold(self, body: bytes) -> None:
        """Add the bytes after the head."""
        self.pieces.extend(body[at : at + PIECE_BYTES] for at in range(0, len(body), PIECE_BYTES))

    @property
    def is_used_up(self) -> bool:
        """Whether gunicorn has read everything."""
        return not self.pieces and not self.buf.getvalue()


class CutOffBody(io.BytesIO):
    """Decoded chunks without the last: reading ends with an error, as it would on the socket."""

    def read(self, size: int | None = -1) -> bytes:
        """Return the next part. Raises: NoMoreData at the end."""
        piece = super().read(size)
        if not piece or size is None or size < 0:
            raise NoMoreData
        return piece


class BufferedRequest:
    """A request for a thread: parsed, or refused by the parser."""

    def __init__(self, request: Any, unreader: BufferedUnreader, error: Exception | None = None) -> None:
        """request: gunicorn's; None if its parser raised `error`."""
        self.request = request
        self.size = 0
        self._is_cut_off = False
        self._unreader = unreader
        self._error = error

    @property
    def is_chunked(self) -> bool:
        """Whether the body came in chunks."""
        return isinstance(self.request.body.reader, ChunkedReader)

    @property
    def length(self) -> int:
        """Length of the body by its Content-Length; 0 without one."""
        reader = self.request.body.reader
        return int(reader.length) if isinstance(reader, LengthReader) else 0

    def complete(self, body: bytes, *, is_whole: bool, is_cut_off: bool) -> None:
        """Add the body as it was sent.

        is_whole: False if it ends early, and with it the connection. is_cut_off: by the client.
        """
        self.size, self._is_cut_off = len(body), is_cut_off
        if self.is_chunked:
            self._unreader.hold(body)
        else:
            self.request.body = io.BytesIO(body)
        if not is_whole:
            self.request.force_close()

    def open(self) -> Any:
        """Return gunicorn's request with its body in memory.

        Raises: errors that gunicorn answers with a status.
        """
        if self._error is not None:
            raise self._error
        if not isinstance(self.request.body, io.BytesIO):
            self.request.body = self._decode()
        return self.request

    def _decode(self) -> io.BytesIO:
        """Decode the chunks now, as the application would take a malformed one for an error of its own."""
        body = self.request.body
        try:
            decoded = io.BytesIO(body.read())
        except NoMoreData:
            if not self._is_cut_off:
                raise ChunkMissingTerminator(b"") from None
            return CutOffBody(body.buf.getvalue() + body.reader.buf.getvalue())
        if not self._unreader.is_used_up:
            raise ChunkMissingTerminator(b"")
        return decoded


class RequestBuffer:
    """Everything received on one connection that no thread has taken yet."""

    def __init__(self, cfg: Any, client: Any) -> None:
        """cfg: gunicorn's. client: the address as the socket gives it."""
        self._cfg, self._client = cfg, client
        self.received = bytearray()
        self._restart()

    def _restart(self) -> None:
        self._head = HeadScan()
        self._chunks = ChunkScan()
        self._request: BufferedRequest | None = None
        self._expects_continue = False
        self.stage = RequestStage.NOTHING

    def add(self, piece: bytes) -> None:
        """Add received bytes, and determine how far the request has arrived: see `stage`.

        Raises: RequestRefused.
        """
        self.received += piece
        self.advance()

    def advance(self) -> None:
        """Examine the bytes already received. Raises: RequestRefused."""
        if self._request is None and self.received:
            self.stage = RequestStage.HEAD
            self._read_head()
        if self._request is not None and self.stage is not RequestStage.READY:
            self._read_body(self._request)

    def end(self) -> bool:
        """Note that the client sends no more; return whether a thread can answer what has arrived all the same."""
        if self._request is None:
            return False
        self._ready(self._request, len(self.received), is_whole=False, is_cut_off=True)
        return True

    def take(self) -> BufferedRequest:
        """Return the request that is ready; the bytes after it begin the next one."""
        request = self._request
        self._restart()
        if request is None:
            raise RuntimeError("no request is ready")
        return request

    def take_continue(self) -> bool:
        """Return, once, whether the client waits for "100 Continue" before it sends its body."""
        expects, self._expects_continue = self._expects_continue, False
        return expects and self.stage is RequestStage.BODY

    @property
    def path(self) -> str:
        """The path of the request that is ready; "" if it could not be read."""
        request = self._request
        return "" if request is None or request.request is None else str(request.request.path)

    def _read_head(self) -> None:
        try:
            length = self._head.end(self.received)
        except Malformed:
            self._parse(len(self.received), HTTPStatus.BAD_REQUEST)
        except HeadTooLarge:
            self._parse(MAX_HEAD_BYTES, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        else:
            if length is not None:
                self._parse(length, HTTPStatus.BAD_REQUEST)

    def _parse(self, length: int, otherwise: HTTPStatus) -> None:
        """Let gunicorn read the head; a request that it refuses is ready for the thread that answers it.

        otherwise: the status if gunicorn's only objection is that the end is missing or elsewhere.
        """
        unreader = BufferedUnreader(in_ascii(bytes(self.received[:length])))
        del self.received[:length]
        try:
            request = Request(self._cfg, unreader, self._client)
        except (NoMoreData, StopIteration):
            raise RequestRefused(otherwise) from None
        except Exception as error:  # noqa: BLE001 (raised again where gunicorn turns it into a response)
            self._request = BufferedRequest(None, unreader, error)
            self.stage = RequestStage.READY
            return
        if not unreader.is_used_up:
            raise RequestRefused(otherwise)
        self._request = BufferedRequest(request, unreader)
        self.stage = RequestStage.BODY
        self._expects_continue = request._expected_100_continue  # noqa: SLF001 (no public name)
        request._expected_100_continue = False  # noqa: SLF001 (answered by the loop: gunicorn would be late)

    def _read_body(self, request: BufferedRequest) -> None:
        if request.is_chunked:
            self._read_chunks(request)
        elif request.length > MAX_BODY_BYTES:  # the application says so without reading it
            self._ready(request, len(self.received), is_whole=False)
        elif len(self.received) >= request.length:
            self._ready(request, request.length, is_whole=True)

    def _read_chunks(self, request: BufferedRequest) -> None:
        try:
            length = self._chunks.end(self.received)
        except BodyTooLarge as error:
            raise RequestRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE) from error
        except Malformed:
            self._ready(request, len(self.received), is_whole=False)
        else:
            if length is not None:
                self._ready(request, length, is_whole=True)

    def _ready(self, request: BufferedRequest, length: int, *, is_whole: bool, is_cut_off: bool = False) -> None:
        request.complete(bytes(self.received[:length]), is_whole=is_whole, is_cut_off=is_cut_off)
        del self.received[:length]
        self.stage = RequestStage.READY
