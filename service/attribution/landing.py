"""What reports show of a visit besides its tags: its first page, and its source and medium where it has no tags."""

import re
from functools import lru_cache

from service.attribution.links import Host
from service.attribution.signals import TouchFacts, row_of_host
from service.attribution.tables import CLICK_IDS
from service.attribution.touches import url_of
from service.lead import Evidence, StoredTouch

MAX_PAGE_LENGTH = 200
"""Longer paths are cut."""

JOINT = " / "
"""Stands between source and medium."""

DIRECT = f"(direct){JOINT}(none)"

_PATH = re.compile(r"https?://[^/?#\\]*([^?#]*)", re.IGNORECASE)
_PAID_MEDIUM = {"search": "cpc", "social": "paid_social"}
_SECOND_LEVEL = frozenset(("co", "com", "net", "org", "ac", "gov"))


def landing_page(touch: str, evidence: Evidence) -> str:
    """Return the path of the first page of the visit that counts, "" where it is unknown.

    touch: the visit's name. The query, which may hold anything, is left out; so is a path with an e-mail address.
    """
    stored = {"first": evidence.first, "last": evidence.last}.get(touch)
    url = url_of(stored.url) if isinstance(stored, StoredTouch) else ""
    match = _PATH.match(url or url_of(evidence.landing_url) or url_of(evidence.page_url))
    if match is None:
        return ""
    path = match[1].rstrip("/") or "/"
    return "" if "@" in path or "%40" in path else path[:MAX_PAGE_LENGTH]


@lru_cache(maxsize=4096)
def origin_of(facts: TouchFacts) -> str:
    """Return the source and medium of a visit without utm_source and utm_medium, as Google Analytics writes them."""
    if ad := CLICK_IDS.get(facts.ad):
        return f"{ad.row.name if ad.row else ad.name}{JOINT}{_PAID_MEDIUM.get(ad.kind, ad.kind)}"
    if facts.referrer is not None:
        return _referred(facts.referrer)
    link = CLICK_IDS.get(facts.link)
    if link is None:
        return f"(not set){JOINT}(not set)" if facts.is_tagged else DIRECT
    medium = link.kind if link.kind in ("email", "affiliate") else "referral"
    return f"{link.row.name if link.row else link.name}{JOINT}{medium}"


def _referred(host: Host) -> str:
    row = row_of_host(host)
    if row.category == "search":
        return f"{_engine(host.name) if row.name == 'search' else row.name}{JOINT}organic"
    return f"{host.name}{JOINT}{'email' if row.category == 'email' else 'referral'}"


def _engine(host: str) -> str:
    """Return the name of a search engine by its host: "ecosia" of www.ecosia.org."""
    *parts, _ending = host.split(".")
    if len(parts) > 1 and parts[-1] in _SECOND_LEVEL:
        parts.pop()
    return parts[-1] if parts else host
