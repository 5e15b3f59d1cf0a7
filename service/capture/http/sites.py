"""The sites of a form, compared by their hosts."""

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from service.attribution import translated_host
from service.forms import Form


def is_own_site(site: str, form: Form) -> bool:
    """Return whether a host, or a URL's host, is one of the form's own sites or below one."""
    host = host_of(site)
    return bool(host) and is_below(host, own_hosts(form))


def has_own_sites(form: Form) -> bool:
    """Return whether the operator named the form's own sites; its redirect alone says little about them."""
    return bool(form.allowed_origins or form.attribution.own_domains)


def own_hosts(form: Form) -> frozenset[str]:
    """Return the hosts of the form's redirect, its allowed origins and its own domains."""
    sites = (form.redirect, *form.allowed_origins, *form.attribution.own_domains)
    return frozenset(host for host in map(host_of, sites) if host)


def is_below(host: str, sites: Iterable[str]) -> bool:
    """Return whether a host is one of the sites or below one."""
    return any(host == site or host.endswith(f".{site}") for site in sites if site)


@lru_cache(maxsize=1024)
def host_of(url: str) -> str:
    """Return the host of a URL or a bare domain, in lower case without "www."; "" when there is none.

    A page read through Google Translate has its own host, not the translator's.
    """
    try:
        host = urlsplit(url if "://" in url else f"https://{url}").hostname or ""
    except ValueError:
        return ""
    return translated_host(host.removesuffix(".")).removeprefix("www.")
