"""Which visit counts: this one, the last remembered one or the first."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from service.attribution.links import Host, read_host, web_host
from service.attribution.policy import Policy
from service.attribution.referrers import is_internal, present_referrer
from service.attribution.tags import NO_IDS, NO_UTM, TagSource, Utm, join, read_fields, read_link
from service.attribution.words import number_of
from service.lead import Evidence, StoredTouch

_OLDEST_S = 90 * 24 * 3600
_FUTURE_S = 24 * 3600  # a visitor's clock may be wrong by a day


class Touch(NamedTuple):
    """One visit with its evidence.

    name: "current", "last", "first", or "none" where no visit tells anything. utm_place: where the
    Utm values were. id_places: click id -> where it was.
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
        """Tell whether the visit says anything of where the person came from."""
        return any(self.utm) or bool(self.click_ids) or self.referrer is not None


class _Visit(NamedTuple):
    """The addresses of this visit, "" when unknown, and the hosts that they and the operator call own."""

    landing: str
    page: str
    referrer: str
    own: frozenset[str]


def pick_touch(evidence: Evidence, policy: Policy) -> Touch:
    """Return the first touch with evidence in the order the operator chose.

    By default that is the last one that was not direct: a direct visit never overwrites. Where none
    has evidence, what was wrong with their values is kept.
    """
    codes: frozenset[str] = frozenset()
    for touch in read_touches(evidence, policy):
        if touch.has_evidence:
            return touch
        codes |= touch.codes
    return Touch(codes=codes)


def read_touches(evidence: Evidence, policy: Policy) -> Iterator[Touch]:
    """Yield the touches in the order the operator chose, each read when it is asked for."""
    visit = _read_visit(evidence, policy)
    order = (_first, _last, _current) if policy.first_touch else (_current, _last, _first)
    for read in order:
        yield read(evidence, visit, policy)


def read_current(evidence: Evidence, policy: Policy) -> Touch:
    """Read this visit alone."""
    return _current(evidence, _read_visit(evidence, policy), policy)


def _read_visit(evidence: Evidence, policy: Policy) -> _Visit:
    landing, referrer = url_of(evidence.landing_url), url_of(evidence.referrer)
    page = url_of(evidence.page_url) or _stand_in_page(landing, referrer, policy)
    return _Visit(landing, page, referrer, _with_hosts(policy.own_hosts, landing, page))


def _stand_in_page(landing: str, referrer: str, policy: Policy) -> str:
    """Return the referrer where it must be the page with the form, which did not name itself.

    That is a page of this site; or any, where nothing but the Referer header is known.
    """
    host = read_host(referrer)
    if host is None:
        return ""
    if is_internal(host, _with_hosts(policy.own_hosts, landing)):
        return referrer
    return "" if host.is_app or landing or policy.own_hosts else referrer


def _current(evidence: Evidence, visit: _Visit, policy: Policy) -> Touch:
    carriers = (
        read_fields("in the form's fields", evidence.fields),
        read_link("on the landing page", visit.landing),
        read_link("on the form's page", visit.page),
    )
    return _touch("current", carriers, present_referrer(visit.referrer, visit.own, policy.ignored_hosts))


def _last(evidence: Evidence, visit: _Visit, policy: Policy) -> Touch:
    return _stored("last", evidence.last, evidence.submitted_at, visit, policy)


def _first(evidence: Evidence, visit: _Visit, policy: Policy) -> Touch:
    return _stored("first", evidence.first, evidence.submitted_at, visit, policy)


def _stored(name: str, stored: object, submitted_at: object, visit: _Visit, policy: Policy) -> Touch:
    """Read a remembered visit; one that is missing or out of date tells nothing."""
    if not isinstance(stored, StoredTouch) or not is_in_time(stored.at, submitted_at):
        return Touch()
    url = url_of(stored.url)
    carrier = read_link(f"in the link of the {name} remembered visit", url)
    own = _with_hosts(visit.own, url)
    return _touch(name, (carrier,), present_referrer(url_of(stored.referrer), own, policy.ignored_hosts))


def is_in_time(at: object, submitted_at: object) -> bool:
    """Tell whether a visit is at most 90 days old; one of unknown age does not expire."""
    then, now = number_of(at), number_of(submitted_at)
    return then is None or now is None or -_FUTURE_S <= now - then <= _OLDEST_S


def _touch(name: str, carriers: tuple[TagSource, ...], referrer: Host | None) -> Touch:
    filled = [carrier for carrier in carriers if carrier.utm is not NO_UTM]
    if not filled:
        return Touch(name, referrer=referrer)
    if len(filled) == 1:  # the everyday visit: one tagged link
        only = filled[0]
        place = only.place if any(only.utm) else ""
        return Touch(
            name, only.utm, place, only.click_ids, dict.fromkeys(only.click_ids, only.place), referrer, only.codes
        )
    utm, place = join(carriers)
    ids: dict[str, str] = {}
    places: dict[str, str] = {}
    codes: frozenset[str] = frozenset()
    for carrier in carriers:
        codes |= carrier.codes
        for id_name, value in carrier.click_ids.items():
            if id_name not in ids:
                ids[id_name], places[id_name] = value, carrier.place
    return Touch(name, utm, place, ids, places, referrer, codes)


def url_of(value: object) -> str:
    """Return an address without the space around it, "" for what is no text."""
    return value.strip() if isinstance(value, str) else ""


def _with_hosts(own: frozenset[str], *urls: str) -> frozenset[str]:
    return own.union([host for url in urls if url and (host := web_host(url))])
