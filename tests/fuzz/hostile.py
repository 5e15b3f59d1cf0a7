"""Requests of a hostile or broken client, drawn by hypothesis and passed to the application as by a server.

Not through a test client, which would tidy up the address, the headers and the cookies.
"""

import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes, urlencode

from hypothesis import strategies as st
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "get", "Ä")
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class HostileRequest:
    """One request. path, query: as sent, percent-encoded. headers: as a server gives them, bytes as Latin-1."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    address: str = "192.0.2.1"

    def environ(self) -> dict[str, Any]:
        """The WSGI environment that a server makes of the request (PEP 3333)."""
        environ = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(self.path).decode("latin-1"),
            "QUERY_STRING": _as_served(self.query),
            "RAW_URI": f"{self.path}?{_as_served(self.query)}" if self.query else self.path,
            "SERVER_NAME": "leads.example.com",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "leads.example.com",
            "REMOTE_ADDR": self.address,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": str(len(self.body)),
        }
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
        return environ

    def sent(self) -> bytes:
        """The bytes that a client sends; the connection is not to be kept."""
        target = f"{self.path}?{self.query}" if self.query else self.path
        fields = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        head = f"{self.method} {target} HTTP/1.1\r\n{fields}Connection: close\r\n\r\n"
        return head.encode("latin-1", "replace") + self.body

    def send(self, application: Callable[..., Iterable[bytes]]) -> Response:
        """Let the application answer."""
        content, status, headers = run_wsgi_app(application, self.environ(), buffered=True)
        return Response(b"".join(content), status, headers)


def _as_served(query: str) -> str:
    """Our server percent-encodes bytes beyond ASCII, and refuses blanks and controls."""
    return quote(query, "".join(map(chr, range(0x21, 0x7F))), "latin-1")


# -- difficult words

WORDS = st.sampled_from(
    [
        *("", "0", "-1", "1e999", "NaN", "9" * 400, "2026-13-45", "0001-01-01", "9999-12-31T23:59:59+14:00", "null"),
        *("\0", "a\0b", "\ud800", "\udfff\ud800", "\x1b[2J", "a\r\nSet-Cookie: a=b", "%00", "%", "%zz", "+", "\u202e"),
        *("'; DROP TABLE leads; --", '"', "\\", "{{7*7}}", "{0.__class__}", "%s%n", "<script>alert(1)</script>"),
        *("../../etc/passwd", "//evil.example", "http://[::1", "javascript:alert(1)", "admin", "A" * 5000),
        *("Ünï", "\N{PILE OF POO}" * 9, "İ", "ß", "٣", "e\u0301", "@everyone", "=1+1"),
    ]
) | st.text(st.characters(), max_size=12)
"""Difficult words, among them lone surrogates, which no UTF-8 text has."""


def _to_bytes(word: str) -> bytes:
    return word.encode("utf-8", "surrogatepass")


RAW = (
    WORDS.map(_to_bytes)
    | st.binary(max_size=12)
    | st.sampled_from([b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"\x80"])
)

PIECES = st.one_of(RAW.map(lambda raw: quote_from_bytes(raw, safe="")), WORDS.map(lambda word: quote(_to_bytes(word))))
"""Of an address, percent-encoded; some with slashes as they are."""

LATIN_1 = RAW.map(lambda raw: raw.decode("latin-1").translate({10: None, 13: None, 0: None}))
"""The value of a header: a server lets no line end through."""


# -- headers

_HEADERS: Mapping[str, tuple[str, ...]] = {
    "Accept": ("text/html", "application/json", "*/*;q=x", ",,;", "text/html;level=1;q=1e9"),
    "Accept-Language": ("de", "xx-\xff;q=9", "*", ",".join(["en"] * 200)),
    "Accept-Encoding": ("gzip", "gzip;q=-1", "\xff"),
    "Authorization": (
        "Bearer ",
        "Bearer \xff",
        "Basic ====",
        "Basic /w==",
        "Digest username=a",
        "Bearer " + "x" * 9000,
    ),
    "Content-Encoding": ("gzip", "deflate", "br", "gzip, gzip", "\xff"),
    "Content-Length": ("", "-1", "+3", "0x10", "\xb2", "9" * 30, "3, 3", "1e3"),
    "Cookie": (
        "lead_capture_admin=\xff; lead_capture_browser=a.b",
        "lead_capture_admin",
        ";" * 300,
        'lead_capture_notice="\\377"; a=b',
        "=; ==; lead_capture_admin=" + "x" * 4000,
    ),
    "Host": ("", "[", "a b", "\xff", "evil.example:99999999", "[::1]:x"),
    "Idempotency-Key": ('"k"', "\xff" * 300),
    "If-Modified-Since": ("Thu, 99 Foo 2026", "0"),
    "If-None-Match": ('W/"', "*", '"' * 99),
    "Last-Event-Id": ("\xff",),
    "Origin": ("null", "https://www.example.com", "https://[::1", "\xff", "https://evil.example"),
    "Range": ("bytes=0-0", "bytes=-", "lines=\xff"),
    "Referer": ("https://www.google.com/search?q=a", "https://[", "\xff://\xff", "javascript:1", "a" * 9000),
    "Sec-Fetch-Mode": ("navigate", "cors", "no-cors", "\xff"),
    "Sec-Fetch-Site": ("same-origin", "cross-site"),
    "User-Agent": ("curl/8", "\x1b]0;a\x07", ""),
    "X-Forwarded-For": ("1.2.3.4, ::1", "\xff", ",,,"),
    "X-Forwarded-Host": ("evil.example",),
    "X-Requested-With": ("XMLHttpRequest",),
    "X-HTTP-Method-Override": ("DELETE",),
    "Hx-Current-Url": ("https://www.example.com/?utm_source=\xff", "["),
}

HEADERS = st.dictionaries(st.sampled_from(sorted(_HEADERS)), st.none() | LATIN_1, max_size=4).flatmap(
    lambda drawn: st.fixed_dictionaries(
        {name: st.sampled_from(_HEADERS[name]) if value is None else st.just(value) for name, value in drawn.items()}
    )
)


# -- queries and bodies

_NAMES = st.sampled_from(
    [
        *("email", "name", "phone", "message", "lc_key", "_next", "_gotcha", "token", "lang", "format", "utm_source"),
        *("status", "form", "since", "until", "q", "cursor", "per_page", "page", "by", "touch", "zone", "columns"),
        *("next", "password", "action", "lead", "chosen", "hub.mode", "hub.challenge", "challengeCode", "a[b][c]", ""),
    ]
)
PAIRS = st.lists(st.tuples(_NAMES.map(_to_bytes) | RAW, RAW), max_size=5)

QUERIES = st.one_of(
    st.just(""),
    PAIRS.map(urlencode),
    st.lists(LATIN_1, max_size=3).map("&".join),
    st.sampled_from(["&" * 300, "a=1" + "&a=1" * 1500, "status=pending&status=\xff", "q=%", "cursor=%00"]),
)

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES | WORDS, inner, max_size=3),
    max_leaves=6,
)

_ODD_JSON = st.sampled_from(
    [
        b'{"a":' * 400 + b"1" + b"}" * 400,
        b"[" * 20_000,
        b'{"email":"a@example.com","email":["b@example.com",{}],"email":null}',
        b'{"email":' + b"9" * 4000 + b',"n":1e99999,"m":-0.0,"k":NaN}',
        b'{"\\ud800":"\\udc00","\\u0000":"\\u0000"}',
        b'\xef\xbb\xbf{"email":"a@example.com"}',
        b'{"email":"a@example.com"',
        b'{"leads":["x",1,null,{"id":{}}],"ids":[[]],"fields":{"email":{"a":1}}}',
    ]
)

_MULTIPART = st.lists(st.tuples(_NAMES.map(_to_bytes) | RAW, RAW), max_size=4).map(
    lambda pairs: (
        b"".join(
            b'--b\r\nContent-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value + b"\r\n"
            for name, value in pairs
        )
        + b"--b--\r\n"
    )
)

CONTENTS: st.SearchStrategy[tuple[str, bytes]] = st.one_of(
    st.tuples(st.just(FORM_TYPE), PAIRS.map(urlencode).map(str.encode)),
    st.tuples(st.just("application/json"), _VALUES.map(json.dumps).map(str.encode) | _ODD_JSON),
    st.tuples(st.just("multipart/form-data; boundary=b"), _MULTIPART),
    st.tuples(
        st.sampled_from(["", "text/plain", "multipart/form-data", "application/json; charset=\xff", "image/png", ";"]),
        st.binary(max_size=60) | _ODD_JSON,
    ),
    st.just(("", b"")),
)
"""Content type and body."""
