"""Nexudus: get, post, records. One per account and process; threads may share it."""

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
from service.nexudus.responses import NexudusResponse, meaning, new_id
from service.nexudus.tokens import Login, MemoryTokenStore, TokenStore
from service.nexudus.transport import Transport
from service.nexudus.values import Row

Params = Mapping[str, str | int]

PAGES_MAX = 200
"""Pages that one search may have: 20,000 records at 100 a page."""


class Nexudus:
    """The CRM of one account.

    base_url: scheme and host; every path begins with `/api/`.
    token_store: where tokens are shared by processes; without one they live in this object.
    before_call: told method and path before each call (not before token exchanges); may sleep, or raise to prevent it.
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
    ) -> None:
        """Sends nothing yet."""
        self.username = login.username
        self.has_login = login.is_set
        self._scheme, self._ready_token = login.ready_authorization
        self._before_call = before_call
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
        """The headers of answers so far that may state limits."""
        return self._transport.limit_headers

    def is_corrected(self) -> bool:
        """Whether the last sign-in was refused, but with other settings than these: it may be tried again."""
        return self._bearer.is_corrected()

    def get(self, path: str, params: Params | None = None) -> Any:
        """The JSON value of one read.

        Raises: Throttled, Unavailable (404 too; without credentials), Intercepted, Rejected, Refused.
        """
        # quote_via: "+" becomes %2B and a space %20, right for every reader of queries.
        query = "?" + urlencode(params, quote_via=quote, safe="") if params else ""
        return self._call("GET", path, query, None)

    def post(self, path: str, body: Mapping[str, object]) -> int:
        """Create a record; returns its id.

        Raises: Throttled, Unavailable (nothing was sent), OutcomeUnknown, Intercepted, Rejected, Refused.
        """
        sent = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
        return new_id(self._call("POST", path, "", sent))

    def one(self, path: str) -> Row | None:
        """One record by the path that ends in its id; None where there is no such (any more).

        Raises: as `get`, but for the 404.
        """
        try:
            row = self.get(path)
        except Unavailable as trouble:
            if trouble.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        if not _is_record(row):
            raise Unavailable("the answer holds no record", HTTPStatus.OK)
        return cast("Row", row)

    def page(self, path: str, params: Params, number: int = 1, size: int = 100) -> tuple[list[Row], int]:
        """The records of one page, and how many pages there are.

        Raises: as `get`; Unavailable where the answer is no list.
        """
        value = self.get(path, {**params, "page": number, "size": size})
        found = value.get("Records") if isinstance(value, dict) else None
        if not isinstance(found, list) or not all(map(_is_record, found)):
            raise Unavailable("the answer to a search holds no records", HTTPStatus.OK)
        pages = value.get("TotalPages")
        return found, pages if isinstance(pages, int) else number + (len(found) >= size)

    def records(self, path: str, params: Params | None = None, size: int = 100) -> list[Row]:
        """All records of a search, in the order of their ids: the CRM documents its sort order in three ways.

        Raises: as `page`; Unavailable beyond PAGES_MAX pages, because half a search proves nothing.
        """
        found: dict[int, Row] = {}
        for number in range(1, PAGES_MAX + 1):
            rows, pages = self.page(path, params or {}, number, size)
            new = {row["Id"]: row for row in rows if row["Id"] not in found}
            found |= new
            if number >= pages or not new:  # nothing new: a server that shows page 1 again and again
                return [found[key] for key in sorted(found)]
        raise Unavailable(f"{path} has more than {PAGES_MAX} pages", HTTPStatus.OK)

    def _call(self, method: str, path: str, query: str, body: bytes | None) -> Any:
        def send(with_token: str) -> NexudusResponse:
            return self._send(method, path, query, body, with_token)

        if not self.has_login:
            raise Unavailable("no Nexudus credentials are set")
        token = self._token()
        answer = send(token)
        kind: RefusedKind | None = None
        if answer.status == HTTPStatus.UNAUTHORIZED and not (answer.is_page and method != "GET"):
            # Certainly not saved, so a write can be repeated too. After a page nobody knows: the look before the next
            # try is a read, and finds a dead token out.
            with self._denials.judging:
                answer, kind = self._find_out(method, path, token, answer, send)
        if _passes(answer):
            self._denials.acquit(method, path)
        if answer.status == HTTPStatus.UNAUTHORIZED and kind is not None and not answer.is_page:
            raise Refused(answer.said, answer.status, kind=kind)
        return meaning(answer, write=method != "GET")

    def _token(self) -> str:
        return self._ready_token or self._bearer.current()

    def _find_out(
        self, method: str, path: str, token: str, refused: NexudusResponse, send: Callable[[str], NexudusResponse]
    ) -> tuple[NexudusResponse, RefusedKind | None]:
        """Tell a dead token from a missing role: the answer that counts, and what a 401 in it means.

        A page with a 401 may be the login page that a dead token leads to, so the token is looked at as well. What
        that finds is believed of such pages alone: of a 401 without one it says nothing.
        """
        known = self._denials.known(method, path, is_page=refused.is_page)
        if known:
            return refused, known
        if self._token() != token:  # somebody exchanged it meanwhile
            token = self._token()
            refused = send(token)
            if refused.status != HTTPStatus.UNAUTHORIZED:
                return refused, None
        answer, kind = self._probe(token, refused, send, asks_who=path == PROBE)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._denials.judge(method, path, kind, is_page=answer.is_page)
        return answer, kind

    def _probe(
        self, token: str, refused: NexudusResponse, send: Callable[[str], NexudusResponse], *, asks_who: bool
    ) -> tuple[NexudusResponse, RefusedKind]:
        """Ask who we are; where the token is refused there, too, exchange it once and try again.

        asks_who: the refused call was this very question.
        """
        probed = refused if asks_who else self._ask_who(token)
        if _passes(probed):
            return send(token), "role"  # once more: it may have been a slip
        if self._ready_token:
            return refused, "denied"
        token = self._bearer.instead_of(token)
        if asks_who:
            return send(token), "denied"
        if probed.status == HTTPStatus.UNAUTHORIZED:
            probed = self._ask_who(token)
            if probed.status == HTTPStatus.UNAUTHORIZED:
                return refused, "denied"
        return send(token), "role" if _passes(probed) else "denied"

    def _ask_who(self, token: str) -> NexudusResponse:
        return self._send("GET", PROBE, "", None, token)

    def _send(self, method: str, path: str, query: str, body: bytes | None, token: str) -> NexudusResponse:
        if self._before_call:
            self._before_call(method, path)
        headers = {"Authorization": f"{self._scheme} {token}"}
        if body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        return self._transport.send(method, path + query, headers, body, write=method != "GET")


def _passes(answer: NexudusResponse) -> bool:
    """Whether the CRM let the call in; a page with a 200 comes from something in front of it."""
    return answer.status < HTTPStatus.BAD_REQUEST and not answer.is_page


def _is_record(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("Id"), int)


PROBE = "/api/auth/me"
"""Who am I: costs nothing, needs no role, and is refused where the token is."""

BELIEVED_S = 300.0
"""How long a judgement holds. A call that goes well ends it sooner."""


class Denials:
    """What was found out about the refused calls of one account in one process; threads share it."""

    def __init__(self) -> None:
        """Nothing was refused yet."""
        self.judging = threading.Lock()  # one finds out, the others believe it
        self._judged: dict[tuple[str, str, bool], tuple[RefusedKind, float]] = {}

    def known(self, method: str, path: str, *, is_page: bool = False) -> RefusedKind | None:
        """What is believed of a call, None when it must be found out. is_page: of a 401 that came as a web page."""
        kind, until = self._judged.get((*_endpoint(method, path), is_page), (None, 0.0))
        return kind if clock.monotonic() < until else None

    def judge(self, method: str, path: str, kind: RefusedKind, *, is_page: bool = False) -> None:
        """Remember what was found out."""
        self._judged[(*_endpoint(method, path), is_page)] = (kind, clock.monotonic() + BELIEVED_S)

    def acquit(self, method: str, path: str) -> None:
        """The call went well."""
        for is_page in (False, True):
            self._judged.pop((*_endpoint(method, path), is_page), None)


def _endpoint(method: str, path: str) -> tuple[str, str]:
    return method, re.sub(r"/\d+$", "", path)
