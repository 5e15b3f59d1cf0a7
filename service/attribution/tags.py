"""What one URL, or one set of form fields, carries: Utm values and click ids."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from service.attribution.cleaning import Cleaned, clean
from service.attribution.click_ids import valid_click_id
from service.attribution.links import link_pairs
from service.attribution.pairs import SPELLINGS, Pairs, known_pairs, split_values
from service.attribution.tables import CLICK_IDS
from service.attribution.words import values_of


class Utm(NamedTuple):
    """The five Utm values, "" when unknown."""

    source: str = ""
    medium: str = ""
    campaign: str = ""
    content: str = ""
    term: str = ""


NO_UTM = Utm()
NO_IDS: Mapping[str, str] = MappingProxyType({})


class TagSource(NamedTuple):
    """What was found in one place, cleaned.

    place: where, in a marketer's words. utm: NO_UTM itself where there was nothing to look at.
    """

    place: str
    utm: Utm = NO_UTM
    click_ids: Mapping[str, str] = NO_IDS
    codes: frozenset[str] = frozenset()


_COMPARED = 2  # source and medium are kept in lower case


def read_link(place: str, url: str) -> TagSource:
    """Read what a URL carries."""
    if "?" not in url and "#" not in url:
        return TagSource(place)
    known = known_pairs(link_pairs(url))
    return _read(place, split_values(known) if "%26" in url else known)


def read_click_ids(url: str) -> Mapping[str, str]:
    """Read the click ids of a URL alone."""
    if "?" not in url and "#" not in url:
        return NO_IDS
    return _click_ids(_by_name(known_pairs(link_pairs(url))))


def read_fields(place: str, fields: object) -> TagSource:
    """Read what form fields carry; anything but a mapping carries nothing."""
    if not isinstance(fields, (dict, Mapping)):  # the first is told at once
        return TagSource(place)
    known = [(name, single) for name, value in known_pairs(fields.items()) for single in values_of(value)]
    return _read(place, split_values(known))


def _read(place: str, pairs: Pairs) -> TagSource:
    if not pairs:
        return TagSource(place)
    found = _by_name(pairs)
    codes: set[str] = set()
    values = [
        "" if found.keys().isdisjoint(names) else _first_usable(found, names, codes, lower=i < _COMPARED)
        for i, names in enumerate(SPELLINGS)
    ]
    return TagSource(place, Utm._make(values), _click_ids(found), frozenset(codes))


def _by_name(pairs: Pairs) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _click_ids(found: Mapping[str, Sequence[object]]) -> dict[str, str]:
    return {name: value for name in found if name in CLICK_IDS and (value := valid_click_id(found[name]))}


def _first_usable(found: Mapping[str, Sequence[object]], names: Iterable[str], codes: set[str], *, lower: bool) -> str:
    for name in names:
        if name not in found:
            continue
        for value in found[name]:
            cleaned: Cleaned = clean(value, lower=lower)
            codes |= cleaned.codes
            if cleaned.text:
                return cleaned.text
    return ""


def join(carriers: Sequence[TagSource]) -> tuple[Utm, str]:
    """Take the Utm values of one link, never a mixture of two, and say in which place it was.

    The first carrier with a source or medium is the base, else the first with anything. Its gaps
    are filled from later ones only where they plainly tell of the same link.
    """
    base = next((i for i, carrier in enumerate(carriers) if carrier.utm.source or carrier.utm.medium), None)
    if base is None:
        base = next((i for i, carrier in enumerate(carriers) if any(carrier.utm)), None)
    if base is None:
        return NO_UTM, ""
    utm, place = carriers[base].utm, carriers[base].place
    for later in carriers[base + 1 :]:
        if _tells_of_the_same(utm, later.utm):
            if later.utm.medium and not utm.medium:
                place = f"{place} and {later.place}"
            utm = Utm(*(mine or other for mine, other in zip(utm, later.utm, strict=True)))
    return utm, place


def _tells_of_the_same(utm: Utm, other: Utm) -> bool:
    return (
        utm.source != ""
        and utm.source == other.source
        and _agree(utm.medium, other.medium)
        and _agree(utm.campaign, other.campaign)
    )


def _agree(one: str, other: str) -> bool:
    return not one or not other or one.casefold() == other.casefold()
