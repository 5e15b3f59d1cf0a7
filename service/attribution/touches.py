"""The visits that are known, their first pages, and which of them counts: this, the last remembered or the first."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from service.attribution.links import Host, external_referrer, is_internal, read_host, web_host
from service.attribution.policy import Policy
from service.attribution.tags import NO_IDS, NO_UTM, TagSource, Utm, join, read_fields, read_link
from service.attribution.values import number_of
from service.lead import Evidence, StoredTouch

_MAX_AGE_S = 90 * 24 * 3600
_MAX_FUTURE_S = 24 * 3600  # a visitor's clock may be wrong by a day
_MAX_STORED_LENGTH = 32_768  # characters; four times the size of a browser's cookie, percent-encoded


class Touch(NamedTuple):
    """One visit with its evidence.

    name: "current", "last", "first", or "none" where no visit has evidence. utm_place: where the
    UTM values were. id_places: click id -> where it was.
    """

    name: str = "none"
    utm: Utm = NO_UTM
    utm_place: str = ""
    click_ids: Mapping[str, str] = NO_IDS
    id_places: Mapping[str, str] = NO_IDS
    referrer: Host | None = None
    codes: frozenset[str] = frozenset()

    @property
    def has_evidence(self) -> bool:
        """Whether the visit says anything about where the person came from."""
        return any(self.utm) or bool(self.click_ids) or self.referrer is not None


class _Visit(NamedTuple):
    """The addresses of this visit, "" when unknown, and the site's own hosts, from these addresses and the settings."""

    landing: str
    page: str
    referrer: str
    own: frozenset[str]


def pick_touch(evidence: Evidence, policy: Policy) -> Touch:
    """Return the first touch with evidence in the order the operator chose.

    By default that is the last one that was not direct: a direct visit never overwrites. Where no touch
    has evidence, the remarks on their values are kept.
    """
    codes: frozenset[str] = frozenset()
    for touch in read_touches(evidence, policy):
        if touch.has_evidence:
            return touch
        codes |= touch.codes
    return Touch(codes=codes)


def read_touches(evidence: Evidence, policy: Policy) -> Iterator[Touch]:
    """Yield the touches in the order the operator chose, reading each only when it is reached."""
    visit = _read_visit(evidence, policy)
    for name in ("first", "last", "current") if policy.first_touch else ("current", "last", "first"):
        if name == "current":
            yield _current(evidence, visit, policy)
        else:
            stored = evidence.last if name == "last" else evidence.first
            yield _stored(name, stored, evidence.submitted_at, visit, policy)


def read_current(evidence: Evidence, policy: Policy) -> Touch:
    """Read this visit alone."""
    return _current(evidence, _read_visit(evidence, policy), policy)


def _read_visit(evidence: Evidence, policy: Policy) -> _Visit:
    landing, referrer = url_of(evidence.landing_url), url_of(evidence.referrer)
    page = url_of(evidence.page_url) or _stand_in_page(landing, referrer, policy)
    return _Visit(landing, page, referrer, _with_hosts(policy.own_hosts, landing, page))


def _stand_in_page(landing: str, referrer: str, policy: Policy) -> str:
    """Return the referrer where it must be the page with the form, which did not name itself.

    That is a page of this site, or any page where only the Referer header is known.
    """
    host = read_host(referrer)
    if host is None:
        return ""
    if is_internal(host, _with_hosts(policy.own_hosts, landing)):
        return referrer
    return "" if host.is_app or landing or policy.own_hosts else referrer


def _current(evidence: Evidence, visit: _Visit, policy: Policy) -> Touch:
    sources = (
        read_fields("in the form's fields", evidence.fields),
        read_link("on the landing page", visit.landing),
        read_link("on the form's page", visit.page),
    )
    return _touch("current", sources, external_referrer(visit.referrer, visit.own, policy.ignored_hosts))


def _stored(name: str, stored: object, submitted_at: object, visit: _Visit, policy: Policy) -> Touch:
    """Read a remembered visit; a missing or expired one has no evidence."""
    if not isinstance(stored, StoredTouch) or not is_in_time(stored.at, submitted_at):
        return Touch()
    url = url_of(stored.url)
    source = read_link(f"in the link of the {name} remembered visit", url)
    own = _with_hosts(visit.own, url)
    return _touch(name, (source,), external_referrer(url_of(stored.referrer), own, policy.ignored_hosts))


def is_in_time(at: object, submitted_at: object) -> bool:
    """Return whether a visit is at most 90 days old; one of unknown age does not expire."""
    then, now = number_of(at), number_of(submitted_at)
    return then is None or now is None or -_MAX_FUTURE_S <= now - then <= _MAX_AGE_S


def _touch(name: str, sources: tuple[TagSource, ...], referrer: Host | None) -> Touch:
    filled = [source for source in sources if source.utm is not NO_UTM]
    if not filled:
        return Touch(name, referrer=referrer)
    if len(filled) == 1:  # the everyday visit: one tagged link
        only = filled[0]
        place = only.place if any(only.utm) else ""
        id_places = dict.fromkeys(only.click_ids, only.place)
        return Touch(name, only.utm, place, only.click_ids, id_places, referrer, only.codes)
    utm, place = join(sources)
    ids: dict[str, str] = {}
    places: dict[str, str] = {}
    for source in sources:
        for id_name, value in source.click_ids.items():
            if id_name not in ids:
                ids[id_name], places[id_name] = value, source.place
    return Touch(name, utm, place, ids, places, referrer, frozenset().union(*(source.codes for source in sources)))


def url_of(value: object) -> str:
    """Return a URL without surrounding space, "" for anything but text."""
    return value.strip() if isinstance(value, str) else ""


def _with_hosts(own: frozenset[str], *urls: str) -> frozenset[str]:
    return own.union([host for url in urls if url and (host := web_host(url))])


def stored_touch(value: object) -> StoredTouch | None:
    """Decode one visit that the page's script remembered: an object `u` url, `r` referrer, `t` unix seconds.

    value: the object itself, its JSON, or its JSON percent-encoded once or twice. Anything else
    gives None; members of a wrong type count as absent. Raises: nothing.
    """
    if isinstance(value, StoredTouch):
        return value
    members = _decode(value) if isinstance(value, str) else value
    if not isinstance(members, Mapping):
        return None
    url, referrer = members.get("u"), members.get("r")
    return StoredTouch(
        url=url if isinstance(url, str) else "",
        referrer=referrer if isinstance(referrer, str) else "",
        at=number_of(members.get("t")),
    )


def _decode(text: str) -> object:
    """Read JSON, undoing percent-encoding until an object begins; None when it is not JSON."""
    if not text or len(text) > _MAX_STORED_LENGTH:
        return None
    for _ in range(2):
        if text.lstrip().startswith("{"):
            break
        text = unquote(text)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


# -- the first page of the visit that counts

MAX_PAGE_LENGTH = 200
"""Maximum characters of a path; longer ones are cut."""

_PATH = re.compile(r"https?://[^/?#\\]*([^?#]*)", re.IGNORECASE)


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
