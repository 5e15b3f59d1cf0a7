"""URLs taken apart: the host, and the names and values that a link carries.

Written for what really arrives: HTML-escaped links, a second "?", tags in the fragment.
"""

import re
from collections.abc import Container, Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from service.attribution.placeholders import is_placeholder

LONGEST_READ = 8192  # characters of a URL, or of a value that carries more of one
_LONGEST_HOST = 253  # RFC 1035 section 2.3.4, without the final dot
_LONGEST_CACHED = 64  # characters
_URL = re.compile(r"(https?|android-app)://([^/?#\\]*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"[^/?#\\]*")
_SECOND_QUESTION = re.compile(r"\?(?=utm_)", re.IGNORECASE)
_TRANSLATED = ".translate.goog"
_HYPHENS = re.compile("--?")


class Host(NamedTuple):
    """Where a page is: a host name, or the package id of an Android app."""

    name: str
    is_app: bool = False


def read_host(url: str) -> Host | None:
    """Return the host of an http(s) or android-app URL; None when there is none."""
    match = _URL.match(url.strip())
    if match is None:
        return None
    scheme, authority = match.groups()
    return _cached_host(scheme, authority) if len(authority) <= _LONGEST_CACHED else _host(scheme, authority)


def _host(scheme: str, authority: str) -> Host | None:
    name = _bare(authority)
    return Host(name, scheme.lower() == "android-app") if name else None


_cached_host = lru_cache(maxsize=4096)(_host)


def web_host(url: str) -> str:
    """Return the host name of an http(s) URL, "" when there is none."""
    host = read_host(url)
    return "" if host is None or host.is_app else host.name


def listed_host(entry: str) -> str:
    """Read one domain of an operator's list, with or without "https://"; "" when it holds none."""
    entry = entry.strip()
    host = read_host(entry)
    if host is not None:
        return host.name
    match = _AUTHORITY.match(entry)
    return _bare(match[0]) if match else ""


def _bare(authority: str) -> str:
    """Strip user-info, port, final dot and one leading "www."; "" when no host name is left."""
    name = authority.rpartition("@")[2].lower()
    name = name.partition("]")[0] + "]" if name.startswith("[") else name.partition(":")[0]
    name = translated_host(name.removesuffix(".")).removeprefix("www.")
    return name if len(name) <= _LONGEST_HOST else ""


def translated_host(name: str) -> str:
    """Return the host whose page Google Translate shows under `name`; any other name as it is.

    "www-north--yard-example.translate.goog" shows www.north-yard.example: Google writes a dot as "-" and "-" as "--".
    name: in lower case, without a final dot.
    """
    if not name.endswith(_TRANSLATED):
        return name
    shown = name.removesuffix(_TRANSLATED)
    return _HYPHENS.sub(lambda match: "." if match[0] == "-" else "-", shown) or name


def suffixes(host: str) -> Iterator[str]:
    """Yield `host` and every domain it is under, the longest first."""
    while host:
        yield host
        host = host.partition(".")[2]


def is_under(host: str, domains: Container[str]) -> bool:
    """Tell whether `host` is one of `domains` or ends with a dot and one of them."""
    while host:
        if host in domains:
            return True
        host = host.partition(".")[2]
    return False


def link_pairs(url: str) -> list[tuple[str, str]]:
    """Return the decoded names and values of a link's query, then of its fragment.

    Any string will do; only its first 8192 characters are read. Of a fragment with a "?" only
    what follows counts (a single-page site's route comes before it).
    """
    address, _, fragment = url[:LONGEST_READ].partition("#")
    _, _, query = address.partition("?")
    _, question, after = fragment.partition("?")
    return [pair for text in (query, after if question else fragment) if text for pair in query_pairs(text)]


def query_pairs(text: str) -> list[tuple[str, str]]:
    """Return the decoded names and values of a query, or of a fragment that is written like one."""
    if "?" in text:
        text = _SECOND_QUESTION.sub("&", text)
    pairs = [(name, value) for name, _, value in (pair.partition("=") for pair in text.split("&"))]
    if "%" in text or "+" in text:
        pairs = [(_decode(name), _decode(value)) for name, value in pairs]
    return [(_unescape(name) if ";" in name else name.strip(), value) for name, value in pairs]


def _decode(text: str) -> str:
    """Undo form encoding; bytes that are no UTF-8 become U+FFFD.

    "%campaign%" is a placeholder and encodes nothing, though "%ca" could be a byte.
    """
    if "%" not in text and "+" not in text:
        return text
    if text[0] == text[-1] == "%" and is_placeholder(text.lower()):
        return text
    return unquote(text.replace("+", " "))


def _unescape(name: str) -> str:
    """Strip surrounding whitespace and what is left of an HTML-escaped "&" (any number of "amp;")."""
    name = name.strip()
    while name.startswith("amp;"):
        name = name.removeprefix("amp;").strip()
    return name
