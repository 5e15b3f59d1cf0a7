"""What one URL, or one set of form fields, carries: Utm values and click ids."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from service.attribution.cleaning import Cleaned, clean
from service.attribution.click_ids import valid_click_id
from service.attribution.links import link_pairs
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


@dataclass(frozen=True, slots=True)
class Carrier:
    """What was found in one place, cleaned. `place` says where in a marketer's words."""

    place: str
    utm: Utm = NO_UTM
    click_ids: Mapping[str, str] = field(default_factory=dict)
    codes: frozenset[str] = frozenset()


_SPELLINGS = (
    ("utmsource", "mtmsource", "pksource"),
    ("utmmedium", "mtmmedium", "pkmedium"),
    ("utmcampaign", "mtmcampaign", "pkcampaign"),
    ("utmcontent", "mtmcontent", "pkcontent"),
    ("utmterm", "mtmkwd", "mtmkeyword", "pkkwd", "pkkeyword"),
)
"""The folded names of each Utm value in its order; Matomo's count where the first gives nothing."""

_COMPARED = 2  # source and medium are kept in lower case
_UTM_NAMES = frozenset(name for names in _SPELLINGS for name in names)
_LETTERS_AND_DIGITS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_LONGEST_CACHED_NAME = 64


def read_link(place: str, url: str) -> Carrier:
    """Read what a URL carries."""
    return _read(place, link_pairs(url)) if "?" in url or "#" in url else Carrier(place)


def read_fields(place: str, fields: object) -> Carrier:
    """Read what form fields carry; anything but a mapping carries nothing."""
    return _read(place, _field_pairs(fields)) if isinstance(fields, Mapping) else Carrier(place)


def _field_pairs(fields: Mapping[object, object]) -> Iterator[tuple[str, object]]:
    for name, value in fields.items():
        if isinstance(name, str):
            for single in values_of(value):
                yield name, single


def _read(place: str, pairs: Iterable[tuple[str, object]]) -> Carrier:
    found: dict[str, list[object]] = {}
    for written, value in pairs:
        name = known_name(written)
        if name:
            found.setdefault(name, []).append(value)
    if not found:
        return Carrier(place)
    codes: set[str] = set()
    values = (_first_usable(found, names, codes, lower=i < _COMPARED) for i, names in enumerate(_SPELLINGS))
    ids = ((name, valid_click_id(found[name])) for name in found if name in CLICK_IDS)
    return Carrier(place, Utm(*values), {name: value for name, value in ids if value}, frozenset(codes))


def known_name(written: str) -> str:
    """Return the name under which a parameter or field is known, "" when it means nothing here.

    Utm names are told by their letters and digits alone ("UTM Source", "utmSource"); click ids
    must be exact but for case.
    """
    return _cached_name(written) if len(written) <= _LONGEST_CACHED_NAME else _name(written)


def _name(written: str) -> str:
    lowered = written.strip().lower()
    if lowered in CLICK_IDS:
        return lowered
    folded = "".join(character for character in lowered if character in _LETTERS_AND_DIGITS)
    return folded if folded in _UTM_NAMES else ""


_cached_name = lru_cache(maxsize=4096)(_name)


def _first_usable(found: Mapping[str, Sequence[object]], names: Iterable[str], codes: set[str], *, lower: bool) -> str:
    for name in names:
        for value in found.get(name, ()):
            cleaned: Cleaned = clean(value, lower=lower)
            codes |= cleaned.codes
            if cleaned.text:
                return cleaned.text
    return ""


def join(carriers: Sequence[Carrier]) -> tuple[Utm, str]:
    """Take the Utm values of one link, never a mixture of two, and say in which place it was.

    The first carrier with a source or medium is the base, else the first with anything. Its gaps
    are filled from later ones only where they plainly tell of the same link.
    """
    base = next((i for i, carrier in enumerate(carriers) if carrier.utm.source or carrier.utm.medium), None)
    if base is None:
        base = next((i for i, carrier in enumerate(carriers) if any(carrier.utm)), None)
    if base is None:
        return NO_UTM, ""
    utm = carriers[base].utm
    for later in carriers[base + 1 :]:
        if _tells_of_the_same(utm, later.utm):
            utm = Utm(*(mine or other for mine, other in zip(utm, later.utm, strict=True)))
    return utm, carriers[base].place


def _tells_of_the_same(utm: Utm, other: Utm) -> bool:
    return (
        utm.source != ""
        and utm.source == other.source
        and _agree(utm.medium, other.medium)
        and _agree(utm.campaign, other.campaign)
    )


def _agree(one: str, other: str) -> bool:
    return not one or not other or one.casefold() == other.casefold()
