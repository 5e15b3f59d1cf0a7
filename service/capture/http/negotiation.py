"""How to answer a stranger: as page or JSON, where to send them next, and what their browser may read.

Pure decisions over headers and the form's own sites; the sources are form-tool practice and the
Fetch standard.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import parse_qs, urlsplit

from werkzeug.datastructures import Headers

from service.attribution import translated_host
from service.forms import Form
from service.forms.templates import Find, fill_address, no_answer

_METHODS = "POST, OPTIONS"
_HEADERS = ("content-type", "accept", "x-requested-with", "idempotency-key")
_FORBIDDEN = frozenset(("cookie", "cookie2", "set-cookie", "host", "origin", "referer", "authorization"))
_TOKEN = re.compile(r"[a-z0-9-]{1,64}")
_MOST_HEADERS = 20
_PREFLIGHT_AGE_S = 7200  # the longest that Chromium keeps a preflight
_LOCAL_HOSTS = frozenset(("localhost", "127.0.0.1", "::1"))
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


def wants_json(headers: Mapping[str, str], content_type: str, query: str) -> bool:
    """Tell whether a script waits for the answer and not a person with a page.

    headers: by lower-case name. query: of the endpoint, without its "?".
    """
    kind = content_type.partition(";")[0].strip().lower()
    return (
        "application/json" in headers.get("accept", "").lower()
        or bool(headers.get("x-requested-with"))
        or kind.endswith(("/json", "+json"))
        or headers.get("sec-fetch-mode", "").lower() in {"cors", "no-cors"}
        or "json" in parse_qs(query).get("format", ())
    )


def nobody_reads(headers: Mapping[str, str], content_type: str) -> bool:
    """Tell whether the answer goes unread: a beacon, so there is no second chance to send it better."""
    if headers.get("sec-fetch-mode", "").lower() == "no-cors":
        return True
    # Browsers that send no Sec-Fetch-Mode (Safari before 16.4) still tell a beacon by its type; a
    # page's own text/plain form asks for HTML.
    is_plain = content_type.partition(";")[0].strip().lower() == "text/plain"
    return is_plain and "sec-fetch-mode" not in headers and "text/html" not in headers.get("accept", "")


def redirect_target(wanted: str, form: Form, headers: Mapping[str, str], find: Find = no_answer) -> str:
    """Return where to send the visitor, "" for our own thank-you page.

    wanted: what the page asked for: an https URL on one of the form's own sites, or a path, which
    is taken on the site that posted. Anything else is ignored for the form's own `redirect`.
    find: gives the answers that stand in it.
    """
    wanted = wanted.strip()
    if wanted and not _UNSAFE.search(wanted):
        own = _own_hosts(form)
        if wanted.startswith("/") and not wanted.startswith("//"):
            site = _site(headers.get("origin", "")) or _site(headers.get("referer", ""))
            wanted = f"{site}{wanted}" if site else ""
        if _is_own(wanted, own):
            return wanted
    return fill_address(form.redirect, find)


def origin_allowed(origin: str, form: Form) -> bool:
    """Tell whether a page of this Origin may post; hosts count, "www." does not.

    `allowed_origins` name single sites, `own_domains` all that lies under them. A missing Origin and
    "null" are let in: servers send none, sandboxed pages and old browsers the other.
    """
    if not form.allowed_origins or origin in {"", "null"}:
        return True
    host = _host(origin)
    if not host:
        return False
    is_named = any(_host(allowed) == host for allowed in form.allowed_origins)
    return is_named or _lies_under(host, map(_host, form.attribution.own_domains))


def cors_headers(origin: str, form: Form | None) -> dict[str, str]:
    """Return what lets a page's script read an answer, errors included; form: None for an unknown one."""
    if not origin or (form is not None and not origin_allowed(origin, form)):
        return {"Vary": "Origin"}
    # The Origin and not "*": beacons come with credentials, for which browsers refuse "*".
    return {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
    }


def preflight_headers(headers: Mapping[str, str] | Headers, form: Form) -> dict[str, str]:
    """Return what a browser wants to know before it posts JSON or headers of its own.

    headers: of the OPTIONS request, by lower-case name or in any case as werkzeug has them.
    """
    cors = cors_headers(headers.get("origin", ""), form)
    if "Access-Control-Allow-Origin" not in cors:
        return cors
    requested = headers.get("access-control-request-headers", "").lower().split(",")[:_MOST_HEADERS]
    allowed = dict.fromkeys((*_HEADERS, *(name.strip() for name in requested)))
    return {
        **cors,
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": ", ".join(name for name in allowed if _is_safe(name)),
        "Access-Control-Max-Age": str(_PREFLIGHT_AGE_S),
    }


def _is_safe(name: str) -> bool:
    return bool(_TOKEN.fullmatch(name)) and name not in _FORBIDDEN and not name.startswith(("sec-", "proxy-"))


def is_own_site(site: str, form: Form) -> bool:
    """Tell whether a host, or a URL's, is one of the form's own sites or lies under one."""
    host = _host(site)
    return bool(host) and _lies_under(host, _own_hosts(form))


def has_own_sites(form: Form) -> bool:
    """Tell whether the operator said which sites are the form's own; where it leads afterwards says little of that."""
    return bool(form.allowed_origins or form.attribution.own_domains)


def _own_hosts(form: Form) -> frozenset[str]:
    sites = (form.redirect, *form.allowed_origins, *form.attribution.own_domains)
    return frozenset(host for host in map(_host, sites) if host)


def _is_own(url: str, own: Iterable[str]) -> bool:
    host = _host(url)
    scheme = url.partition(":")[0].lower()
    if not host or not (scheme == "https" or (scheme == "http" and host in _LOCAL_HOSTS)):
        return False
    return "@" not in urlsplit(url).netloc and _lies_under(host, own)


def _lies_under(host: str, own: Iterable[str]) -> bool:
    return any(host == site or host.endswith(f".{site}") for site in own if site)


def _site(url: str) -> str:
    """Scheme and authority of a URL, "" when it has none."""
    host = _host(url)
    return f"{url.partition(':')[0]}://{urlsplit(url).netloc}" if host and "://" in url else ""


@lru_cache(maxsize=1024)
def _host(url: str) -> str:
    """The host of a URL or a bare domain, in lower case without "www."; "" when there is none.

    A page read through Google Translate has its own host, not the translator's.
    """
    try:
        found = urlsplit(url if "://" in url else f"https://{url}").hostname or ""
    except ValueError:
        return ""
    return translated_host(found.removesuffix(".")).removeprefix("www.")
