"""The sites of a form: which pages may post and read the response (CORS), and where a visitor may be sent next.

Pure decisions over headers and the form's own sites; sources: form tools' practice and the Fetch standard.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers

from service.attribution import translated_host
from service.forms import Form
from service.forms.templates import Find, fill_address, no_answer

_METHODS = "POST, OPTIONS"
_ALLOWED_HEADERS = ("content-type", "accept", "x-requested-with", "idempotency-key")
_FORBIDDEN_HEADERS = frozenset(("cookie", "cookie2", "set-cookie", "host", "origin", "referer", "authorization"))
_HEADER_NAME = re.compile(r"[a-z0-9-]{1,64}")
_MAX_REQUESTED_HEADERS = 20
_PREFLIGHT_MAX_AGE_S = 7200  # Chromium's upper limit
_LOCAL_HOSTS = frozenset(("localhost", "127.0.0.1", "::1"))
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


def redirect_target(wanted: str, form: Form, headers: Mapping[str, str], find: Find = no_answer) -> str:
    """Return where to send the visitor, "" for our own thank-you page.

    wanted: what the page asked for: an https URL on one of the form's own sites, or a path on the site that posted.
    Anything else is ignored, and the form's own `redirect` counts. find: returns the answers that its template names.
    """
    wanted = wanted.strip()
    if wanted and not _UNSAFE.search(wanted):
        if wanted.startswith("/") and not wanted.startswith("//"):
            site = _origin(headers.get("origin", "")) or _origin(headers.get("referer", ""))
            wanted = f"{site}{wanted}" if site else ""
        if _is_own_page(wanted, _own_hosts(form)):
            return wanted
    return fill_address(form.redirect, find) if form.redirect else ""


def origin_allowed(origin: str, form: Form) -> bool:
    """Return whether a page of this Origin may post; hosts are compared, "www." is ignored.

    `allowed_origins` name single sites, `own_domains` all below them too. No Origin and "null" are allowed: servers
    send none, sandboxed pages and old browsers the other.
    """
    if not form.allowed_origins or origin in {"", "null"}:
        return True
    host = _host(origin)
    if not host:
        return False
    is_named = any(_host(allowed) == host for allowed in form.allowed_origins)
    return is_named or _is_below(host, map(_host, form.attribution.own_domains))


def cors_headers(origin: str, form: Form | None) -> dict[str, str]:
    """Return the headers that let a page's script read a response, errors included. form: None for an unknown one."""
    if not origin or (form is not None and not origin_allowed(origin, form)):
        return {"Vary": "Origin"}
    # The Origin and not "*": beacons come with credentials, for which browsers refuse "*".
    return {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
    }


def preflight_headers(headers: Mapping[str, str] | Headers, form: Form) -> dict[str, str]:
    """Return the response headers to a preflight (OPTIONS) request with these headers."""
    cors = cors_headers(headers.get("origin", ""), form)
    if "Access-Control-Allow-Origin" not in cors:
        return cors
    requested = headers.get("access-control-request-headers", "").lower().split(",")[:_MAX_REQUESTED_HEADERS]
    allowed = dict.fromkeys((*_ALLOWED_HEADERS, *(name.strip() for name in requested)))
    return {
        **cors,
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": ", ".join(name for name in allowed if _is_safe_header(name)),
        "Access-Control-Max-Age": str(_PREFLIGHT_MAX_AGE_S),
    }


def is_own_site(site: str, form: Form) -> bool:
    """Return whether a host, or a URL's host, is one of the form's own sites or below one."""
    host = _host(site)
    return bool(host) and _is_below(host, _own_hosts(form))


def has_own_sites(form: Form) -> bool:
    """Return whether the operator named the form's own sites; its redirect alone says little about them."""
    return bool(form.allowed_origins or form.attribution.own_domains)


def _is_safe_header(name: str) -> bool:
    is_allowed = name not in _FORBIDDEN_HEADERS and not name.startswith(("sec-", "proxy-"))
    return is_allowed and bool(_HEADER_NAME.fullmatch(name))


def _own_hosts(form: Form) -> frozenset[str]:
    sites = (form.redirect, *form.allowed_origins, *form.attribution.own_domains)
    return frozenset(host for host in map(_host, sites) if host)


def _is_own_page(url: str, own: Iterable[str]) -> bool:
    host = _host(url)
    scheme = url.partition(":")[0].lower()
    if not host or not (scheme == "https" or (scheme == "http" and host in _LOCAL_HOSTS)):
        return False
    return "@" not in urlsplit(url).netloc and _is_below(host, own)


def _is_below(host: str, sites: Iterable[str]) -> bool:
    return any(host == site or host.endswith(f".{site}") for site in sites if site)


def _origin(url: str) -> str:
    """Scheme and authority of a URL, "" when it has none."""
    return f"{url.partition(':')[0]}://{urlsplit(url).netloc}" if _host(url) and "://" in url else ""


@lru_cache(maxsize=1024)
def _host(url: str) -> str:
    """The host of a URL or a bare domain, in lower case without "www."; "" when there is none.

    A page read through Google Translate has its own host, not the translator's.
    """
    try:
        host = urlsplit(url if "://" in url else f"https://{url}").hostname or ""
    except ValueError:
        return ""
    return translated_host(host.removesuffix(".")).removeprefix("www.")
