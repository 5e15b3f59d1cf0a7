"""The UTM values and click ids that one URL, or one set of form fields, carries."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from service.attribution.links import MAX_READ, link_pairs, query_pairs
from service.attribution.tables import CLICK_IDS
from service.attribution.values import MACRO, clean, is_placeholder, text_of, values_of

Pairs = list[tuple[str, object]]
"""Known names with their values."""

SPELLINGS = (
    ("utmsource", "mtmsource", "pksource"),
    ("utmmedium", "mtmmedium", "pkmedium"),
    ("utmcampaign", "mtmcampaign", "pkcampaign"),
    ("utmcontent", "mtmcontent", "pkcontent"),
    ("utmterm", "mtmkwd", "mtmkeyword", "pkkwd", "pkkeyword"),
)
"""The folded names of each UTM value in order of precedence; Matomo's count where the first gives nothing."""

_KEYS = frozenset(names[0] for names in SPELLINGS)
_UTM_NAMES = frozenset(name for names in SPELLINGS for name in names)
_LETTERS_AND_DIGITS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_MAX_CACHED_NAME = 64  # characters
_NUMBER = re.compile(r"\[([0-9]*)\]$")
_SEPARATOR = re.compile("&(?=(?:amp;)*utm_)", re.IGNORECASE)
_LOWERED = 2  # source and medium are kept in lower case


class Utm(NamedTuple):
    """The five UTM values, "" when unknown."""

    source: str = ""
    medium: str = ""
    campaign: str = ""
    content: str = ""
    term: str = ""


NO_UTM = Utm()
NO_IDS: Mapping[str, str] = MappingProxyType({})


class TagSource(NamedTuple):
    """The tags found in one place, cleaned.

    place: in a marketer's words. utm: NO_UTM itself where there was nothing to look at.
    """

    place: str
    utm: Utm = NO_UTM
    click_ids: Mapping[str, str] = NO_IDS
    codes: frozenset[str] = frozenset()


def read_link(place: str, url: str) -> TagSource:
    """Read the tags of a URL."""
    if "?" not in url and "#" not in url:
        return TagSource(place)
    pairs = known_pairs(link_pairs(url))
    return _read(place, _split_values(pairs) if "%26" in url else pairs)


def read_click_ids(url: str) -> Mapping[str, str]:
    """Read the click ids of a URL alone."""
    if "?" not in url and "#" not in url:
        return NO_IDS
    return _click_ids(_by_name(known_pairs(link_pairs(url))))


def read_fields(place: str, fields: object) -> TagSource:
    """Read the tags of form fields; anything but a mapping carries none."""
    if not isinstance(fields, (dict, Mapping)):  # dict first: it is recognised at once
        return TagSource(place)
    pairs = [(name, single) for name, value in known_pairs(fields.items()) for single in values_of(value)]
    return _read(place, _split_values(pairs))


def _read(place: str, pairs: Pairs) -> TagSource:
    if not pairs:
        return TagSource(place)
    values = _by_name(pairs)
    codes: set[str] = set()
    utm = [
        "" if values.keys().isdisjoint(names) else _first_usable(values, names, codes, lower=i < _LOWERED)
        for i, names in enumerate(SPELLINGS)
    ]
    return TagSource(place, Utm._make(utm), _click_ids(values), frozenset(codes))


def _by_name(pairs: Pairs) -> dict[str, list[object]]:
    values: dict[str, list[object]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def _first_usable(values: Mapping[str, Sequence[object]], names: Iterable[str], codes: set[str], *, lower: bool) -> str:
    for name in names:
        for value in values.get(name, ()):
            cleaned = clean(value, lower=lower)
            codes |= cleaned.codes
            if cleaned.text:
                return cleaned.text
    return ""


def join(sources: Sequence[TagSource]) -> tuple[Utm, str]:
    """Return the UTM values of one link, never a mixture of two, and the place where they were found.

    The first source with a utm_source or utm_medium is the base, else the first with any value. Its gaps
    are filled from later ones only where those plainly describe the same link.
    """
    base = next((i for i, each in enumerate(sources) if each.utm.source or each.utm.medium), None)
    if base is None:
        base = next((i for i, each in enumerate(sources) if any(each.utm)), None)
    if base is None:
        return NO_UTM, ""
    utm, place = sources[base].utm, sources[base].place
    for later in sources[base + 1 :]:
        if _is_same_link(utm, later.utm):
            if later.utm.medium and not utm.medium:
                place = f"{place} and {later.place}"
            utm = Utm(*(mine or other for mine, other in zip(utm, later.utm, strict=True)))
    return utm, place


def _is_same_link(utm: Utm, other: Utm) -> bool:
    is_same_source = utm.source != "" and utm.source == other.source
    return is_same_source and _agree(utm.medium, other.medium) and _agree(utm.campaign, other.campaign)


def _agree(one: str, other: str) -> bool:
    return not one or not other or one.casefold() == other.casefold()


# -- known names


def known_pairs(pairs: Iterable[tuple[object, object]]) -> Pairs:
    """Return the pairs with a known name; numbered names ("utm_source[1]") in the order of their numbers."""
    known: Pairs = []
    numbers: dict[int, str] = {}
    for written, value in pairs:
        if isinstance(written, str) and (name := known_name(written)):
            if "]" in written:
                match = _NUMBER.search(written.strip())
                numbers[len(known)] = match[1] if match else ""
            known.append((name, value))
    return _by_number(known, numbers) if numbers else known


def known_name(written: str) -> str:
    """Return the name under which a parameter or field is known, "" when it is not known.

    UTM names are recognised by their letters and digits alone ("UTM Source", "utmSource"); click ids
    must be exact but for case. Brackets at the end, empty or with a number, are ignored.
    """
    return _cached_name(written) if len(written) <= _MAX_CACHED_NAME else _name(written)


def is_tag(name: str) -> bool:
    """Return whether a field, or the last part of a dotted name, is a UTM value or a click id."""
    return known_name(name.rpartition(".")[2]) != ""


def _name(written: str) -> str:
    lowered = written.strip().lower()
    if lowered.endswith("]"):
        lowered = _NUMBER.sub("", lowered).rstrip()
    if lowered in CLICK_IDS:
        return lowered
    folded = "".join(character for character in lowered if character in _LETTERS_AND_DIGITS)
    return folded if folded in _UTM_NAMES else ""


_cached_name = lru_cache(maxsize=4096)(_name)


def _by_number(pairs: Pairs, numbers: Mapping[int, str]) -> Pairs:
    """Sort the numbered values of each name by their numbers, keeping the places they occupy.

    numbers: index in `pairs` -> digits, "" for empty brackets.
    """
    ordered = list(pairs)
    for shared in {pairs[place][0] for place in numbers}:
        places = [place for place, digits in numbers.items() if digits and pairs[place][0] == shared]
        for place, source in zip(places, sorted(places, key=lambda place: _size(numbers[place])), strict=True):
            ordered[place] = pairs[source]
    return ordered


def _size(digits: str) -> tuple[int, str]:
    """Return a key that sorts whole numbers of any length: a name may hold more digits than Python converts."""
    significant = digits.lstrip("0")
    return len(significant), significant


def _split_values(pairs: Pairs) -> Pairs:
    """Cut UTM values where a tool has encoded the separators, and append the pairs they carry.

    "utm_source=mailchimp%26utm_medium%3Demail" is a source that carries the medium. Click ids are not
    taken from values: only one that stands in the link itself proves an ad.
    """
    own: Pairs = []
    carried: Pairs = []
    for name, value in pairs:
        cut = _SEPARATOR.search(value, 0, MAX_READ) if name in _KEYS and isinstance(value, str) else None
        if cut is None:
            own.append((name, value))
            continue
        own.append((name, cut.string[: cut.start()]))
        carried += [pair for pair in known_pairs(query_pairs(cut.string[cut.end() : MAX_READ])) if pair[0] in _KEYS]
    return own + _split_values(carried) if carried else own


# -- click ids

_VALID = re.compile(r"[A-Za-z0-9._~:|+=/-]{1,512}")
_MACRO = re.compile(MACRO)
_INVISIBLE = frozenset({"Cc", "Cf"})
_RANKS = {name: rank for rank, name in enumerate(CLICK_IDS)}
_AD_IDS = frozenset(name for name, click_id in CLICK_IDS.items() if click_id.is_ad)
_LINK_IDS = frozenset(CLICK_IDS) - _AD_IDS


def _click_ids(values: Mapping[str, Sequence[object]]) -> dict[str, str]:
    return {name: value for name in values if name in CLICK_IDS and (value := valid_click_id(values[name]))}


def valid_click_id(values: Iterable[object]) -> str:
    """Return the first of `values` that a network can have written, "" when there is none.

    A macro or a placeholder proves no click: it only shows that the network did not fill it in.
    """
    for value in values:
        text = text_of(value).strip()
        if not _VALID.fullmatch(text):  # copying a link leaves invisible characters in it
            text = "".join(letter for letter in text if unicodedata.category(letter) not in _INVISIBLE).strip()
        is_macro = text.startswith("__") and _MACRO.fullmatch(text) is not None
        if _VALID.fullmatch(text) and not is_macro and not is_placeholder(text.lower()):
            return text
    return ""


def ad_id(names: Collection[str]) -> str:
    """Return the most telling of the click ids that prove an ad click, "" when there is none."""
    return _most_telling(names, _AD_IDS) if names else ""


def link_id(names: Collection[str]) -> str:
    """Return the most telling of the click ids that only name the app or mail of the link, "" when there is none."""
    return _most_telling(names, _LINK_IDS) if names else ""


def _most_telling(names: Iterable[str], among: AbstractSet[str]) -> str:
    return min((name for name in names if name in among), key=_RANKS.__getitem__, default="")
