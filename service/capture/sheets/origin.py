"""Whose export a file is, told by its columns, and what it lacks of what tells one lead from another."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.names import fold, meaning_of
from service.capture.parsing.texts import clean
from service.capture.sheets.cells import bare_foreign
from service.capture.tools.any_json.relayed import relay
from service.capture.tools.any_json.surroundings import LEAD_IDS
from service.platforms.registry import PLATFORMS

OURS = frozenset(("id", "received_at", "status", "lead_source_name", "click_ids", "extras"))
"""Columns that only an export of this service has together."""

NOBODY = "none"
"""What an operator says of a file that is no platform's, whatever it looks like."""

_OF_ADS = re.compile(r"(?:adset|adgroup|assetgroup)(?:id|name)?|(?:ad|creative)(?:id|name)|isorganic")
_OF_CAMPAIGNS = re.compile(r"(campaign(?=id|name)|leadtype|lead(?:gen)?form|createdtime)(?:id|name)?")
_BESIDE = re.compile(
    r"(?:form|page|advertiser|account)(?:id|name)|platform|leadtype|gclid|googleclickid|leadstatus|campaign"
)
"""Folded names: of any ad's leads; of an ad's or a website's; what makes the second the first."""

_WRITTEN_SO = frozenset(("campaign_id", "campaign_name"))
_ANSWERS_BESIDE_TIMES = frozenset(("full_name", "phone_number"))
"""Names letter by letter: by itself only an ad platform writes the first, and the second beside `created_time`."""

_PREFIXED = re.compile(r"(?:l|f|ag|as|c):\d{5,}|p:\+?[\d ()./-]{6,}")  # Meta's spreadsheets keep ids from rounding so
_META_PLATFORMS = frozenset(("fb", "ig"))

_LONG_ID_DIGITS = 16  # a spreadsheet keeps fifteen of them
_COUNTER_DIGITS = 7  # no platform has so short ids
_FIRST_LINE = 2  # of the rows, below a header
_FEW = 3
_SOME = 50  # rows that are read for what each says of itself
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d+")


class Ids(StrEnum):
    """What the ids of a file are worth."""

    GOOD = "good"
    ROUNDED = "rounded"  # by a spreadsheet: several leads may have the same
    COUNTED = "counted"  # the rows' own numbers
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """How the rows of a file are read.

    platform: whose leads they are, "" for nobody's. is_ours: an export of this service. lacks: why an operator must
    say whose it is before anything is taken; "" where nothing is missing.
    """

    header: tuple[str, ...]
    platform: str = ""
    is_ours: bool = False
    ids: Ids = Ids.GOOD
    lacks: str = ""

    @property
    def rounded(self) -> bool:
        """Whether a spreadsheet has spoilt the ids."""
        return self.ids is Ids.ROUNDED


def plan_of(header: Sequence[str], sample: Sequence[Sequence[str]], said: str = "") -> ImportPlan:
    """Tell how to read a file by its columns and its first rows. said: a platform, or NOBODY, as the operator says."""
    if frozenset(header) >= OURS:
        return ImportPlan(tuple(header), is_ours=True)
    ids = _ids_of(header, sample)
    if said:
        return ImportPlan(tuple(header), "" if said == NOBODY else said, ids=ids)
    certain = platform_of(header) or _platform_in(header, sample)
    signs = list(_signs_of(header, sample))
    is_lacking = bool(signs) and (not certain or ids in (Ids.NONE, Ids.COUNTED))
    platform = certain or _guess(header, sample)
    return ImportPlan(
        tuple(header), platform, ids=ids, lacks=_lacks(platform, certain, signs, ids) if is_lacking else ""
    )


def platform_of(header: Sequence[str]) -> str:
    """Whose export has these columns, "" for nobody's that we know."""
    folded = frozenset(map(fold, header))
    matches = (name for name, each in PLATFORMS.items() if any(columns <= folded for columns in each.export.columns))
    return next(matches, "")


def _platform_in(header: Sequence[str], sample: Sequence[Sequence[str]]) -> str:
    """The platform that every row names beside its id."""
    named = {
        relay(
            [NamedAnswer(name, clean(bare_foreign(cell))) for name, cell in zip(header, cells, strict=False)], {}, {}
        ).platform
        for cells in sample[:_SOME]
    }
    return named.pop() if len(named) == 1 else ""


# -- what it lacks


def _lacks(platform: str, certain: str, signs: Sequence[str], ids: Ids) -> str:
    whose = PLATFORMS[platform].title if platform in PLATFORMS else "an ad platform"
    missing = [] if certain else ["the columns that tell whose it is"]
    missing += {Ids.NONE: ["the leads' ids"], Ids.COUNTED: ["the leads' ids (its own only count the rows)"]}.get(
        ids, []
    )
    option = f"--sender {platform or '|'.join(PLATFORMS)}"
    return (
        f"looks like an export of {whose} ({', '.join(signs[:_FEW])}), but lacks {' and '.join(missing)}: people whom "
        f"the webhook brought would come twice. Say whose it is with {option}: then rows are compared with its leads, "
        f"those without ids by person and time. With --sender {NOBODY} all are taken as new"
    )


def _signs_of(header: Sequence[str], sample: Sequence[Sequence[str]]) -> Iterator[str]:
    """What an ad platform's export has and hardly anybody else's, for people."""
    folded = {fold(name): name for name in header if name}
    ads = [name for each, name in folded.items() if _OF_ADS.fullmatch(each)]
    if not ads and not any(each.startswith("utm") for each in folded):
        campaigns = dict(_campaign_columns(folded))
        beside = [name for each, name in folded.items() if _BESIDE.fullmatch(each) and name not in campaigns]
        beside += (
            [name for name in folded.values() if name in _ANSWERS_BESIDE_TIMES] if "created_time" in campaigns else []
        )
        is_ads = bool(campaigns and beside) or len({*campaigns.values()}) > 1 or not _WRITTEN_SO.isdisjoint(campaigns)
        ads = [*campaigns, *beside] if is_ads else []
    yield from (f"column {name}" for name in ads)
    yield from (f"values such as {value}" for value in _meta_values(header, sample))


def _campaign_columns(folded: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Columns of campaigns and of when their leads came, each with its kind. CRMs have a "Created Time", too."""
    for each, name in folded.items():
        found = _OF_CAMPAIGNS.fullmatch(each)
        if found and (found[1] != "createdtime" or "_" in name):
            yield name, found[1]


def _meta_values(header: Sequence[str], sample: Sequence[Sequence[str]]) -> Iterator[str]:
    """Values as only Meta writes them, one a column. Of a prefixed phone the beginning will do."""
    for place, name in enumerate(header):
        values = [cells[place].strip() for cells in sample if len(cells) > place and cells[place].strip()]
        if values and fold(name) == "platform" and _META_PLATFORMS.issuperset(map(str.lower, values)):
            yield values[0]
        elif values and sum(bool(_PREFIXED.fullmatch(value)) for value in values) * 2 > len(values):
            yield f"{next(value for value in values if _PREFIXED.fullmatch(value))[:4]}…"


def _guess(header: Sequence[str], sample: Sequence[Sequence[str]]) -> str:
    names = list(map(fold, header))
    if any(_meta_values(header, sample)):
        return "meta"
    return next((name for name, platform in PLATFORMS.items() if any(map(platform.export.hint.fullmatch, names))), "")


# -- ids


def _ids_of(header: Sequence[str], sample: Sequence[Sequence[str]]) -> Ids:
    ids = next((found for place in _id_columns(header) if (found := _cells_of(place, sample))), [])
    if not ids:
        return Ids.NONE
    if any(_ROUNDED.fullmatch(each) for each in ids):
        return Ids.ROUNDED
    long = [each for each in ids if each.isdecimal() and len(each) >= _LONG_ID_DIGITS]
    if len(long) >= _FEW and all(not each[_LONG_ID_DIGITS - 1 :].strip("0") for each in long):
        return Ids.ROUNDED
    return Ids.COUNTED if len(ids) > 1 and _are_counted(ids) else Ids.GOOD


def _are_counted(ids: Sequence[str]) -> bool:
    """Whether they are the numbers of the rows: one after the other, from 0, 1 or the line of the first."""
    if not all(each.isdecimal() and len(each) <= _COUNTER_DIGITS for each in ids):
        return False
    numbers = sorted(map(int, ids))
    return numbers[0] <= _FIRST_LINE and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _id_columns(header: Sequence[str]) -> Iterator[int]:
    """Where a lead's id may stand, the surest first."""
    names = list(map(fold, header))
    yield from (names.index(name) for name in LEAD_IDS if name in names)
    for place, name in enumerate(header):
        meaning = meaning_of(name)
        if meaning and meaning.target == "external_id" and names[place] not in LEAD_IDS:
            yield place


def _cells_of(place: int, sample: Sequence[Sequence[str]]) -> list[str]:
    cells = (bare_foreign(cells[place].strip()).rpartition(":")[2] for cells in sample if len(cells) > place)
    return [cell for cell in cells if cell]
