"""The page before the landing page, where it tells anything."""

from collections.abc import Set as AbstractSet

from service.attribution.links import Host, is_under, read_host, suffixes
from service.attribution.tables import IGNORED_REFERRERS


def present_referrer(referrer: str, own: AbstractSet[str], ignored: AbstractSet[str]) -> Host | None:
    """Return the host of `referrer` if people came from there, None if it tells nothing.

    own: hosts of this site. ignored: further hosts that the operator does not count.
    Most sites send only their origin, so the path is never looked at.
    """
    host = read_host(referrer)
    if host is None or not (host.is_app or _is_public(host.name)) or is_internal(host, own):
        return None
    if is_under(host.name, IGNORED_REFERRERS) or is_under(host.name, ignored):
        return None
    return host


def is_internal(host: Host, own: AbstractSet[str]) -> bool:
    """Tell whether `host` belongs to this site: under one of its own hosts, or one of them under it."""
    return is_under(host.name, own) or any(host.name in suffixes(mine) for mine in own)


def _is_public(name: str) -> bool:
    """Tell a name of the public web from localhost, LAN names and IP addresses (IPv6 comes in brackets)."""
    ending = name.rpartition(".")[2]
    return "." in name and ending != "local" and not ending.isdigit() and not name.startswith("[")
