"""The client of one Nexudus account; one per account and process. Threads may share it."""

import json
import re
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote, urlencode

from service import clock
from service.nexudus.authentication import Bearer, Grants
from service.nexudus.errors import Refused, RefusedKind, Unavailable
from service.nexudus.tokens import Login, MemoryTokenStore, TokenStore
from service.nexudus.transport import THROTTLED, NexudusResponse, Transport, new_id, value_of
from service.nexudus.values import Row

Params = Mapping[str, str | int]

MAX_PAGES_PER_SEARCH = 200
"""Maximum pages that one search reads: 20,000 records at 100 a page."""

OWN_USER_PATH = "/api/auth/me"
"""Path of our own user: free, needs no role, and is refused only for a bad token."""

DIAGNOSIS_S = 300.0
"""Seconds for which the meaning of a refusal is cached. A successful call ends it sooner."""


class Denials:
    """The known meanings of refused calls of one account in one process; threads may share it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()  # one thread diagnoses, the others use its result
        self._kinds: dict[tuple[str, str, bool], tuple[RefusedKind, float]] = {}

    def known(self, method: str, path: str, *, is_page: bool = False) -> RefusedKind | None:
        """Return the known meaning of a refused call, else None. is_page: the 401 came as a web page."""
        kind, until = self._kinds.get((*_endpoint(method, path), is_page), (None, 0.0))
        return kind if clock.monotonic() < until else None

    def save(self, method: str, path: str, kind: RefusedKind, *, is_page: bool = False) -> None:
        """Cache the meaning of a refused call."""
        self._kinds[(*_endpoint(method, path), is_page)] = (kind, clock.monotonic() + DIAGNOSIS_S)

    def clear(self, method: str, path: str) -> None:
        """Forget the meanings of a call that succeeded."""
        for is_page in (False, True):
            self._kinds.pop((*_endpoint(method, path), is_page), None)


def _endpoint(method: str, path: str) -> tuple[str, str]:
    return method, re.sub(r"/\d+$", "", path)


class Nexudus:
    """Calls the API of one account.

    base_url: scheme and host; every path begins with `/api/`.
    token_store: shares tokens between processes; by default they live in this object.
    before_call: called with method and path before each call except token exchanges; it may sleep, or raise to stop it.
    on_throttled: called after each call except token exchanges that was throttled.
    """

    def __init__(
        self,
        base_url: str,
        login: Login,
        token_store: TokenStore | None = None,
        client_id: str = "",
        timeout_s: float = 30,
        connect_timeout_s: float = 5,
        before_call: Callable[[str, str], object] | None = None,
        on_throttled: Callable[[], object] = lambda: None,
    ) -> None:
        """Make a client, which sends nothing yet."""
        self.username = login.username
        self.has_login = login.is_set
        self._scheme, self._ready_token = login.ready_authorization
        self._before_call, self._on_throttled = before_call, on_throttled
        self._transport = Transport(base_url, timeout_s=timeout_s, connect_timeout_s=connect_timeout_s)
        self._bearer = Bearer(
            Grants(self._transport, login, client_id),
            token_store or MemoryTokenStore(),
            connect_timeout_s=connect_timeout_s,
        )
        self._denials = Denials()

    @property
    def base_url(self) -> str:
        """Scheme and host, without a slash at the end."""
        return self._transport.base_url

    @property
    def limit_headers(self) -> Mapping[str, str]:
        """Headers of the responses so far that may state limits."""
        return self._transport.limit_headers

    def is_corrected(self) -> bool:
        """Return whether the last sign-in was refused with other settings, so that these may be tried."""
        return self._bearer.is_corrected()

    def get(self, path: str, params: Params | None = None) -> Any:
        """Return the JSON value of one read.

        Raises: Throttled, Unavailable (404 too; without credentials), Intercepted, Rejected, Refused.
        """
        # quote_via: "+" becomes %2B and a space %20, which every server reads alike.
        query = "?" + urlencode(params, quote_via=quote, safe="") if params else ""
        return self._call("GET", path, query, None)

    def post(self, path: str, body: Mapping[str, object]) -> int:
        """Create a record; return its id.

        Raises: Throttled, Unavailable (nothing was sent), OutcomeUnknown, Intercepted, Rejected, Refused.
        """
        sent = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        return new_id(self._call("POST", path, "", sent))

    def one(self, path: str) -> Row | None:
        """Return one record by the path that ends in its id; None if it does not exist.

        Raises: as `get`, except for the 404.
        """
        try:
            row = self.get(path)
        except Unavailable as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        if not _is_record(row):
            raise Unavailable("the answer holds no record", HTTPStatus.OK)
        return cast("Row", row)

    def page(self, path: str, params: Params, number: int = 1, size: int = 100) -> tuple[list[Row], int]:
        """Return the records of one page, and the number of pages.

        Raises: as `get`; Unavailable if the response is not a list.
        """
        value = self.get(path, {**params, "page": number, "size": size})
        rows = value.get("Records") if isinstance(value, dict) else None
        if not isinstance(rows, list) or not all(map(_is_record, rows)):
            raise Unavailable("the answer to a search holds no records", HTTPStatus.OK)
        pages = value.get("TotalPages")
        return rows, pages if isinstance(pages, int) else number + (len(rows) >= size)

    def records(self, path: str, params: Params | None = None, size: int = 100) -> list[Row]:
        """Return all records of a search, ordered by id, as the documents contradict each other about the sort order.

        Raises: as `page`; Unavailable beyond MAX_PAGES_PER_SEARCH, because a partial result proves nothing.
        """
        by_id: dict[int, Row] = {}
        for number in range(1, MAX_PAGES_PER_SEARCH + 1):
            rows, pages = self.page(path, params or {}, number, size)
            new = {row["Id"]: row for row in rows if row["Id"] not in by_id}
            by_id |= new
            if number >= pages or not new:  # nothing new: a server that repeats page 1
                return [by_id[key] for key in sorted(by_id)]
        raise Unavailable(f"{path} has more than {MAX_PAGES_PER_SEARCH} pages", HTTPStatus.OK)

    def _call(self, method: str, path: str, query: str, body: bytes | None) -> Any:
        def send(with_token: str) -> NexudusResponse:
            return self._send(method, path, query, body, with_token)

        if not self.has_login:
            raise Unavailable("no Nexudus credentials are set")
        token = self._token()
        response = send(token)
        kind: RefusedKind | None = None
        if response.status == HTTPStatus.UNAUTHORIZED and not (response.is_page and method != "GET"):
            # Certainly not saved, so a write can be repeated as well. A page proves nothing; then the search before the
            # next try is a read, and shows a dead token.
            with self._denials.lock:
                response, kind = self._diagnose(method, path, token, response, send)
        if _passes(response):
            self._denials.clear(method, path)
        if response.status == HTTPStatus.UNAUTHORIZED and kind is not None and not response.is_page:
            raise Refused(response.message, response.status, kind=kind)
        return value_of(response, write=method != "GET")

    def _token(self) -> str:
        return self._ready_token or self._bearer.current()

    def _diagnose(
        self, method: str, path: str, token: str, refused: NexudusResponse, send: Callable[[str], NexudusResponse]
    ) -> tuple[NexudusResponse, RefusedKind | None]:
        """Distinguish a dead token from a missing role: return the final response, and the meaning of a 401 in it.

        A page with a 401 may be the login page for a dead token, so the token is checked as well. That result holds for
        such pages only, not for a 401 without a page.
        """
        known = self._denials.known(method, path, is_page=refused.is_page)
        if known:
            return refused, known
        if self._token() != token:  # another thread or process has exchanged it
            token = self._token()
            refused = send(token)
            if refused.status != HTTPStatus.UNAUTHORIZED:
                return refused, None
        response, kind = self._probe(token, refused, send, is_probe=path == OWN_USER_PATH)
        if response.status == HTTPStatus.UNAUTHORIZED:
            self._denials.save(method, path, kind, is_page=response.is_page)
        return response, kind

    def _probe(
        self, token: str, refused: NexudusResponse, send: Callable[[str], NexudusResponse], *, is_probe: bool
    ) -> tuple[NexudusResponse, RefusedKind]:
        """Read our own user; if the token is refused there, too, exchange it once and try again.

        is_probe: the refused call was this read itself.
        """
        probed = refused if is_probe else self._read_own_user(token)
        if _passes(probed):
            return send(token), "role"  # once more: the refusal may have been a glitch
        if self._ready_token:
            return refused, "denied"
        token = self._bearer.instead_of(token)
        if is_probe:
            return send(token), "denied"
        if probed.status == HTTPStatus.UNAUTHORIZED:
            probed = self._read_own_user(token)
            if probed.status == HTTPStatus.UNAUTHORIZED:
                return refused, "denied"
        return send(token), "role" if _passes(probed) else "denied"

    def _read_own_user(self, token: str) -> NexudusResponse:
        return self._send("GET", OWN_USER_PATH, "", None, token)

    def _send(self, method: str, path: str, query: str, body: bytes | None, token: str) -> NexudusResponse:
        if self._before_call:
            self._before_call(method, path)
        headers = {"Authorization": f"{self._scheme} {token}"}
        if body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        response = self._transport.send(method, path + query, headers, body, write=method != "GET")
        if response.status in THROTTLED:
            self._on_throttled()
        return response


def _passes(response: NexudusResponse) -> bool:
    """Return whether the CRM accepted the call; a page with a 200 comes from something in front of it."""
    return response.status < HTTPStatus.BAD_REQUEST and not response.is_page


def _is_record(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("Id"), int)
