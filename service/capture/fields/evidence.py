"""What one request tells of how the person came; attribution decides what it means."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode

from service.attribution import stored_touch
from service.attribution.links import link_pairs
from service.capture.fields.layout import CLICK_IDS, FIRST_UTM_KEYS, UTM_KEYS, Fields
from service.capture.fields.names import is_address, meaning_of
from service.capture.http.sites import is_own_site
from service.capture.parsing.texts import Answer
from service.forms import Form
from service.lead import CANONICAL_FIELDS, Evidence, StoredTouch

_SHOWN = frozenset((*CANONICAL_FIELDS, *UTM_KEYS, *CLICK_IDS))
_TAGS = CLICK_IDS | {*UTM_KEYS}
_ORIGIN = re.compile(r"https?://[^/?#\s]+", re.IGNORECASE)
_QUERY_NAME = re.compile(
    r"(?:.*[._\-])?(?:query[ _-]?string|(?:utm|url|query|search)[ _-]?param(?:eter)?s?|search|query|utms?)",
    re.IGNORECASE,
)
_LONGEST_QUERY = 8192  # characters that are read


def read_evidence(
    found: Fields,
    form: Form,
    query: str = "",
    referer: str = "",
    received_at: float | None = None,
    current_url: str = "",
) -> Evidence:
    """Return the Evidence of laid-out fields.

    query: the endpoint's own query string, the last place where tags are looked for. referer: the
    HTTP header, used where the page's script says nothing. received_at: unix seconds. current_url: the
    header in which htmx says where its page is.
    """
    landing_url = found.text("lc_landing_url") or found.text("landing_page")
    page_url = found.text("lc_page_url") or _page_url(found, form, landing_url, referer, current_url)
    fields = _carried_fields(found, form)
    query = "&".join(filter(None, (_query_among(found.extras), query)))
    if query:
        fields = {**_tags_of(query, fields, f"{landing_url} {page_url}".lower()), **fields}
    return Evidence(
        fields=fields,
        landing_url=landing_url,
        page_url=page_url,
        referrer=_referrer(found, referer),
        first=stored_touch(found.text("lc_first")) or _first_touch(found),
        last=stored_touch(found.text("lc_last")),
        submitted_at=received_at,
    )


def _page_url(found: Fields, form: Form, landing_url: str, referer: str, current_url: str) -> str:
    """The page with the form, wherever a tool put its address: the first that has tags, else the first.

    A path alone, as WordPress sends it, is one of the page it stands beside, or of the Referer.
    """
    page, path = found.text("page_url"), found.text("page_path")
    if path.startswith("/") and "?" in path:
        origin = _ORIGIN.match(page or current_url or referer)
        path = f"{origin[0]}{path}" if origin else path
    pages = [page, current_url, path] if "?" in path else [page, current_url]
    tagged = next((each for each in pages if "?" in each), "")
    return tagged or page or current_url or ("" if landing_url else _address_among(found.extras, form))


def _address_among(extras: Mapping[str, Answer], form: Form) -> str:
    """What is only called `url` may be anyone's homepage: it counts with tags, or on the operator's own site."""
    for name, answer in extras.items():
        if isinstance(answer, str) and answer[:4].lower() == "http" and is_address(name):
            named = (meaning_of(parameter) for parameter, _ in link_pairs(answer))
            is_tagged = any(meaning and meaning.target in _TAGS for meaning in named)
            if is_tagged or is_own_site(answer, form):
                return answer
    return ""


def _query_among(extras: Mapping[str, Answer]) -> str:
    """The query of the page, where a tool sends that alone: `query_string`, `utm_params`."""
    for name, answer in extras.items():
        if isinstance(answer, str) and "=" in answer and _QUERY_NAME.fullmatch(name):
            return answer.strip().removeprefix("?")
    return ""


def _carried_fields(found: Fields, form: Form) -> dict[str, str | Sequence[str]]:
    """Every answer under its canonical or own name, and those that the form, or a route of it, is credited by."""
    fields: dict[str, str | Sequence[str]] = dict(found.extras)
    fields.update((target, answer) for target, answer in found.known.items() if target in _SHOWN)
    for by in dict.fromkeys(variant.attribution.answer_field for variant in form.variants):
        if not by or by in fields:
            continue
        meaning = meaning_of(by)
        named = next((target for target, name in found.asked.items() if name == by), meaning.target if meaning else "")
        fields.update({by: found.known[named]} if named in found.known else {})
    return fields


def _tags_of(query: str, fields: Mapping[str, object], links: str) -> dict[str, str]:
    """Tags in the endpoint's own address: Utm values only where nothing nearer has any."""
    pairs = parse_qsl(query[:_LONGEST_QUERY], errors="replace")
    named = {meaning.target: value for name, value in reversed(pairs) if (meaning := meaning_of(name))}
    is_tagged = "utm" in links or any(key in fields for key in UTM_KEYS)
    return {
        target: value
        for target, value in named.items()
        if (target in UTM_KEYS and not is_tagged) or (target in CLICK_IDS and target not in links)
    }


def _referrer(found: Fields, referer: str) -> str:
    """What the page said, also when it said that there is none; else the header."""
    if "lc_referrer" in found.asked:
        return found.text("lc_referrer")
    return found.text("referrer") if "referrer" in found.asked else referer


def _first_touch(found: Fields) -> StoredTouch | None:
    """The first visit as plugins tell it, in fields such as `first_utm_source`."""
    pairs = zip(UTM_KEYS, FIRST_UTM_KEYS, strict=True)
    tags = {key: found.text(first) for key, first in pairs if first in found.known}
    return StoredTouch(url=f"?{urlencode(tags)}") if tags else None
