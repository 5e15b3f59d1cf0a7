"""The page before the landing page, where it tells anything."""

from collections.abc import Set as AbstractSet

from service.attribution.links import Host, is_under, read_host
from service.attribution.tables import IGNORED_REFERRERS


def present_referrer(referrer: str, own: AbstractSet[str], ignored: AbstractSet[str]) -> Host | None:
    """Return the host of `referrer` if people came from there, None if it tells nothing.

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
    """Tell whether `host` belongs to this site: under one of its own hosts, or one of them under it."""
    above = "." + host.name
    return is_under(host.name, own) or any(mine.endswith(above) for mine in own)


def _is_public(host: Host) -> bool:
    """Tell a name of the public web from localhost, LAN names and IP addresses (IPv6 comes in brackets).

    The package id of an app may do without a dot.
    """
    _, dot, ending = host.name.rpartition(".")
    is_named = bool(dot) or host.is_app
    return is_named and not (dot and ending == "local") and not ending.isdigit() and not ending.endswith("]")
