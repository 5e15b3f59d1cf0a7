"""Hosts and utm_source values looked up in the table of sources."""

import re
from functools import lru_cache
from typing import NamedTuple

from service.attribution.links import Host, suffixes, web_host
from service.attribution.tables import ALIASES, HOSTS, PREFIXES, ROWS, SETS, WEB, SourceRow
from service.attribution.words import label

_COUNTRY_ENDING = re.compile(r"\.(?:com|[a-z]{2})\Z")
_LONG_COUNTRY_ENDING = re.compile(r"\.com?\.[a-z]{2}\Z")
_WEBMAIL = re.compile(r"(?:web|e)?mail[0-9]*[a-z]?")
_HOST_NAME = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}")
_MAIL_WORDS = ("newsletter", "email", "e-mail")


class Source(NamedTuple):
    """What a utm_source means: its row, and whether one of its words says that it was paid for."""

    row: SourceRow | None
    is_paid: bool = False


@lru_cache(maxsize=4096)
def row_of_host(host: Host) -> SourceRow:
    """Return the row with the longest entry that `host` matches, else webmail, else the web."""
    row = _listed(host.name)
    if row is not None:
        return row
    return ROWS["email"] if not host.is_app and _is_webmail(host.name) else WEB


def _listed(name: str) -> SourceRow | None:
    endings = [match[0] for ending in (_COUNTRY_ENDING, _LONG_COUNTRY_ENDING) if (match := ending.search(name))]
    for suffix in suffixes(name):
        entries = [suffix] + [suffix.removesuffix(ending) + ".*" for ending in endings if suffix.endswith(ending)]
        if suffix == name:
            entries += ["=" + entry for entry in entries]
        row = next((HOSTS[entry] for entry in entries if entry in HOSTS), None)
        if row is not None:
            return row
    return None


def _is_webmail(name: str) -> bool:
    """Tell "webmail.company.com", "mail2.company.com" and their like."""
    return any(_WEBMAIL.fullmatch(part) for part in name.split(".")[:-2])


@lru_cache(maxsize=4096)
def read_source(utm_source: str) -> Source:
    """Look up a cleaned utm_source, first as a URL, then as an alias, a host name, a mail word."""
    if utm_source.startswith(("http://", "https://")):
        host = web_host(utm_source)
        return Source(row_of_host(Host(host)) if host else None)
    name = label(utm_source)
    row = _row_of_alias(name)
    if row is not None:
        return Source(row, is_paid=not SETS["PAID_SOURCE"].isdisjoint(name.split("-")))
    if _HOST_NAME.fullmatch(name):
        return Source(row_of_host(Host(name.removeprefix("www."))))
    if any(word in name for word in _MAIL_WORDS):
        return Source(ROWS["email"])
    return Source(None)


def _row_of_alias(name: str) -> SourceRow | None:
    """Return the row of the alias that equals `name`, else of the longest that begins it."""
    if name in ALIASES:
        return ALIASES[name]
    while "-" in name:
        name = name.rpartition("-")[0]
        if name in PREFIXES:
            return PREFIXES[name]
    return None
