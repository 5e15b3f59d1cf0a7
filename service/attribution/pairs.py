"""The names and values of one carrier that mean something here, in the order in which they count."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from service.attribution.links import LONGEST_READ, query_pairs
from service.attribution.tables import CLICK_IDS

Pairs = list[tuple[str, object]]
"""Known names with their values."""

SPELLINGS = (
    ("utmsource", "mtmsource", "pksource"),
    ("utmmedium", "mtmmedium", "pkmedium"),
    ("utmcampaign", "mtmcampaign", "pkcampaign"),
    ("utmcontent", "mtmcontent", "pkcontent"),
    ("utmterm", "mtmkwd", "mtmkeyword", "pkkwd", "pkkeyword"),
)
"""The folded names of each Utm value in its order; Matomo's count where the first gives nothing."""

_KEYS = frozenset(names[0] for names in SPELLINGS)
_UTM_NAMES = frozenset(name for names in SPELLINGS for name in names)
_LETTERS_AND_DIGITS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_LONGEST_CACHED_NAME = 64
_NUMBER = re.compile(r"\[([0-9]*)\]$")
_SEPARATOR = re.compile("&(?=(?:amp;)*utm_)", re.IGNORECASE)


def known_pairs(pairs: Iterable[tuple[object, object]]) -> Pairs:
    """Return what means something here; of numbered names ("utm_source[1]") the values in the order of the numbers."""
    known: Pairs = []
    numbers: dict[int, str] = {}
    for written, value in pairs:
        if isinstance(written, str) and (name := known_name(written)):
            if "]" in written:
                numbers[len(known)] = _number_of(written)
            known.append((name, value))
    return _by_number(known, numbers) if numbers else known


def known_name(written: str) -> str:
    """Return the name under which a parameter or field is known, "" when it means nothing here.

    Utm names are told by their letters and digits alone ("UTM Source", "utmSource"); click ids
    must be exact but for case. Brackets at the end, empty or with a number, are no part of a name.
    """
    return _cached_name(written) if len(written) <= _LONGEST_CACHED_NAME else _name(written)


def is_tag(name: str) -> bool:
    """Tell whether a field, or the last part of a dotted name, is a Utm value or a click id."""
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


def _number_of(written: str) -> str:
    """Return the digits in the brackets that a name ends in, "" when there are none."""
    match = _NUMBER.search(written.strip())
    return match[1] if match else ""


def _by_number(pairs: Pairs, numbers: Mapping[int, str]) -> Pairs:
    """Put the numbered values of each name in the order of their numbers, at the places where they stand.

    numbers: place -> digits, "" for brackets without any.
    """
    ordered = list(pairs)
    for shared in {pairs[place][0] for place in numbers}:
        places = [place for place, digits in numbers.items() if digits and pairs[place][0] == shared]
        for place, source in zip(places, sorted(places, key=lambda place: _size(numbers[place])), strict=True):
            ordered[place] = pairs[source]
    return ordered


def _size(digits: str) -> tuple[int, str]:
    """A key that sorts whole numbers of any length: a name may hold more digits than Python reads as a number."""
    significant = digits.lstrip("0")
    return len(significant), significant


def split_values(pairs: Pairs) -> Pairs:
    """Cut Utm values where a tool has encoded the separators, and put the pairs that they carry behind all others.

    "utm_source=mailchimp%26utm_medium%3Demail" is a source that carries the medium. Only Utm values
    are carried so, no click ids: nothing proves an ad but what stands in the link itself.
    """
    own: Pairs = []
    carried: Pairs = []
    for name, value in pairs:
        cut = _SEPARATOR.search(value, 0, LONGEST_READ) if name in _KEYS and isinstance(value, str) else None
        if cut is None:
            own.append((name, value))
            continue
        own.append((name, cut.string[: cut.start()]))
        carried += [pair for pair in known_pairs(query_pairs(cut.string[cut.end() : LONGEST_READ])) if pair[0] in _KEYS]
    return own + split_values(carried) if carried else own
