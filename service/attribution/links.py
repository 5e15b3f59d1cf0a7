"""URLs taken apart: hosts, referrers, and the names and values that a link carries.

Written for links as they arrive: HTML-escaped, with a second "?", with tags in the fragment.
"""

import re
from collections.abc import Container, Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from service.attribution.tables import IGNORED_REFERRERS
from service.attribution.values import is_placeholder

MAX_READ = 8192
"""Characters read of a URL, or of a value that carries more of one."""

_MAX_HOST = 253  # characters without the final dot (RFC 1035 section 2.3.4)
_MAX_CACHED = 64  # characters
_URL = re.compile(r"(https?|android-app)://([^/?#\\]*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"[^/?#\\]*")
_SECOND_QUESTION = re.compile(r"\?(?=utm_)", re.IGNORECASE)
_TRANSLATED = ".translate.goog"
_HYPHENS = re.compile("--?")


class Host(NamedTuple):
    """The host of a page: a host name, or the package id of an Android app."""

    name: str
    is_app: bool = False


def read_host(url: str) -> Host | None:
    """Return the host of an http(s) or android-app URL; None when there is none."""
    match = _URL.match(url.strip())
    if match is None:
        return None
    scheme, authority = match.groups()
    return _cached_host(scheme, authority) if len(authority) <= _MAX_CACHED else _host(scheme, authority)


def _host(scheme: str, authority: str) -> Host | None:
    name = _bare(authority)
    return Host(name, scheme.lower() == "android-app") if name else None


_cached_host = lru_cache(maxsize=4096)(_host)


def web_host(url: str) -> str:
    """Return the host name of an http(s) URL, "" when there is none."""
    host = read_host(url)
    return "" if host is None or host.is_app else host.name


def listed_host(entry: str) -> str:
    """Return the host of one domain in an operator's list, with or without "https://"; "" when it holds none."""
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
    return name if len(name) <= _MAX_HOST else ""


def translated_host(name: str) -> str:
    """Return the original host of a page shown by Google Translate; any other name unchanged.

    "www-north--yard-example.translate.goog" shows www.north-yard.example: Google writes a dot as "-" and "-" as "--".
    name: in lower case, without a final dot.
    """
    if not name.endswith(_TRANSLATED):
        return name
    shown = name.removesuffix(_TRANSLATED)
    return _HYPHENS.sub(lambda match: "." if match[0] == "-" else "-", shown) or name


def suffixes(host: str) -> Iterator[str]:
    """Yield `host` and every domain above it, the longest first."""
    while host:
        yield host
        host = host.partition(".")[2]


def is_under(host: str, domains: Container[str]) -> bool:
    """Return whether `host` is one of `domains` or lies under one of them."""
    while host:
        if host in domains:
            return True
        host = host.partition(".")[2]
    return False


# -- the page before


def external_referrer(referrer: str, own: AbstractSet[str], ignored: AbstractSet[str]) -> Host | None:
    """Return the host of `referrer` if it says where people came from, else None.

    own: hosts of this site. ignored: further hosts that the operator does not count.
    Most sites send only their origin, so the path is never looked at.
    """
    host = read_host(referrer)
    if host is None or not _is_public(host) or is_internal(host, own):
        return None
    if is_under(host.name, IGNORED_REFERRERS) or is_under(host.name, ignored):
        return None
    return host


def is_internal(host: Host, own: AbstractSet[str]) -> bool:
    """Return whether `host` belongs to this site: it lies under one of its own hosts, or one of them under it."""
    above = "." + host.name
    return is_under(host.name, own) or any(each.endswith(above) for each in own)


def _is_public(host: Host) -> bool:
    """Distinguish a public name from localhost, LAN names and IP addresses (IPv6 comes in brackets).

    The package id of an app may do without a dot.
    """
    _, dot, ending = host.name.rpartition(".")
    is_named = bool(dot) or host.is_app
    return is_named and not (dot and ending == "local") and not ending.isdigit() and not ending.endswith("]")


# -- names and values


def link_pairs(url: str) -> list[tuple[str, str]]:
    """Return the decoded names and values of a link's query, then of its fragment.

    Any string will do; only its first 8192 characters are read. In a fragment with a "?" only
    the part behind it counts (a single-page site's route comes before it).
    """
    address, _, fragment = url[:MAX_READ].partition("#")
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
    """Undo form encoding; bytes that are not UTF-8 become U+FFFD.

    "%campaign%" is a placeholder and encodes nothing, though "%ca" could be a byte.
    """
    if "%" not in text and "+" not in text:
        return text
    if text[0] == text[-1] == "%" and is_placeholder(text.lower()):
        return text
    return unquote(text.replace("+", " "))


def _unescape(name: str) -> str:
    """Strip surrounding whitespace and the remains of an HTML-escaped "&" (any number of "amp;")."""
    name = name.strip()
    while name.startswith("amp;"):
        name = name.removeprefix("amp;").strip()
    return name
