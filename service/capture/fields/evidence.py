"""The evidence in one request of how the person came, and the sites of a form; attribution decides what it means."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit

from service.attribution import stored_touch, translated_host
from service.attribution.links import link_pairs
from service.capture.fields.layout import CLICK_IDS, FIRST_UTM_KEYS, UTM_KEYS, Fields
from service.capture.fields.names import is_address, meaning_of
from service.capture.parsing.texts import Answer
from service.forms import Form
from service.lead import CANONICAL_FIELDS, Evidence, StoredTouch

# -- the sites of a form, compared by their hosts


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


# -- evidence


_SHOWN = frozenset((*CANONICAL_FIELDS, *UTM_KEYS, *CLICK_IDS))
_TAGS = CLICK_IDS | {*UTM_KEYS}
_ORIGIN = re.compile(r"https?://[^/?#\s]+", re.IGNORECASE)
_QUERY_NAME = re.compile(
    r"(?:.*[._\-])?(?:query[ _-]?string|(?:utm|url|query|search)[ _-]?param(?:eter)?s?|search|query|utms?)",
    re.IGNORECASE,
)
_MAX_QUERY = 8192  # characters that are read


def read_evidence(
    fields: Fields,
    form: Form,
    query: str = "",
    referer: str = "",
    received_at: float | None = None,
    current_url: str = "",
) -> Evidence:
    """Return the Evidence in laid-out fields.

    query: the endpoint's own query string, the last place where tags are looked for. referer: the
    HTTP header, used without the page's script. received_at: unix seconds. current_url: the
    header with the address of an htmx page.
    """
    known = fields.known
    landing_url = fields.text("lc_landing_url") or fields.text("landing_page")
    page_url = fields.text("lc_page_url") or _page_url(fields, form, landing_url, referer, current_url)
    carried = _carried_answers(fields, form)
    queries = [text for text in (_query_among(fields.extras), query) if text]
    if queries:
        carried = {**_tags_of("&".join(queries), carried, f"{landing_url} {page_url}".lower()), **carried}
    return Evidence(
        fields=carried,
        landing_url=landing_url,
        page_url=page_url,
        referrer=_referrer(fields, referer),
        first=(stored_touch(fields.text("lc_first")) if "lc_first" in known else None) or _first_touch(fields),
        last=stored_touch(fields.text("lc_last")) if "lc_last" in known else None,
        submitted_at=received_at,
    )


def _page_url(fields: Fields, form: Form, landing_url: str, referer: str, current_url: str) -> str:
    """Return the page with the form, in whichever field a tool put it: the first with tags, else the first.

    A path alone, as WordPress sends it, belongs to the page beside it, or to the Referer.
    """
    page, path = fields.text("page_url"), fields.text("page_path")
    if path.startswith("/") and "?" in path:
        origin = _ORIGIN.match(page or current_url or referer)
        path = f"{origin[0]}{path}" if origin else path
    pages = [page, current_url, path] if "?" in path else [page, current_url]
    tagged = next((each for each in pages if "?" in each), "")
    return tagged or page or current_url or ("" if landing_url else _address_among(fields.extras, form))


def _address_among(extras: Mapping[str, Answer], form: Form) -> str:
    """Return a page named only `url`, which may be anyone's homepage: it counts with tags, or on a site of the form."""
    for name, answer in extras.items():
        if isinstance(answer, str) and answer[:4].lower() == "http" and is_address(name):
            meanings = (meaning_of(parameter) for parameter, _ in link_pairs(answer))
            is_tagged = any(meaning and meaning.target in _TAGS for meaning in meanings)
            if is_tagged or is_own_site(answer, form):
                return answer
    return ""


def _query_among(extras: Mapping[str, Answer]) -> str:
    """Return the page's query where a tool sends it alone: `query_string`, `utm_params`."""
    for name, answer in extras.items():
        if isinstance(answer, str) and "=" in answer and _QUERY_NAME.fullmatch(name):
            return answer.strip().removeprefix("?")
    return ""


def _carried_answers(fields: Fields, form: Form) -> dict[str, str | Sequence[str]]:
    """Return every answer under its canonical or own name, and the answers that attribution maps to a LeadSource."""
    carried: dict[str, str | Sequence[str]] = dict(fields.extras)
    carried.update((target, answer) for target, answer in fields.known.items() if target in _SHOWN)
    for variant in form.variants:
        name = variant.attribution.answer_field
        if not name or name in carried:
            continue
        meaning = meaning_of(name)
        submitted = (target for target, by in fields.submitted_as.items() if by == name)
        target = next(submitted, meaning.target if meaning else "")
        if target in fields.known:
            carried[name] = fields.known[target]
    return carried


def _tags_of(query: str, carried: Mapping[str, object], links: str) -> dict[str, str]:
    """Return the tags in the endpoint's own address: UTM values only where neither answers nor pages have any."""
    pairs = parse_qsl(query[:_MAX_QUERY], errors="replace")
    values = {meaning.target: value for name, value in reversed(pairs) if (meaning := meaning_of(name))}
    is_tagged = "utm" in links or any(key in carried for key in UTM_KEYS)
    return {
        target: value
        for target, value in values.items()
        if (target in UTM_KEYS and not is_tagged) or (target in CLICK_IDS and target not in links)
    }


def _referrer(fields: Fields, referer: str) -> str:
    """Return the referrer that the page sent, also a blank one; else the header."""
    sent = next((name for name in ("lc_referrer", "referrer") if name in fields.submitted_as), "")
    return fields.text(sent) if sent else referer


def _first_touch(fields: Fields) -> StoredTouch | None:
    """Return the first visit as plugins send it, in fields such as `first_utm_source`."""
    pairs = zip(UTM_KEYS, FIRST_UTM_KEYS, strict=True)
    tags = {key: fields.text(first) for key, first in pairs if first in fields.known}
    return StoredTouch(url=f"?{urlencode(tags)}") if tags else None
