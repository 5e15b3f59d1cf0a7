"""The platform of an export, which identifying columns it lacks, and what each column means."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.layout import CLICK_IDS, UTM_KEYS
from service.capture.fields.names import fold, meaning_of
from service.capture.parsing.pairs import dotted
from service.capture.parsing.texts import clean
from service.capture.sheets.cells import unprotect_foreign
from service.capture.tools.any_json.relayed import relay
from service.capture.tools.any_json.surroundings import LEAD_IDS
from service.forms import Form
from service.lead import CANONICAL_FIELDS
from service.platforms.platform import ExportFormat
from service.platforms.registry import PLATFORMS

OWN_COLUMNS = frozenset(("id", "received_at", "status", "lead_source_name", "click_ids", "extras"))
"""Columns that together occur only in an export of this service."""

NO_PLATFORM = "none"
"""The operator's choice for a file that is not a platform's, whatever it looks like."""

_AD_COLUMNS = re.compile(r"(?:adset|adgroup|assetgroup)(?:id|name)?|(?:ad|creative)(?:id|name)|isorganic")
_CAMPAIGN_COLUMNS = re.compile(r"(campaign(?=id|name)|leadtype|lead(?:gen)?form|createdtime)(?:id|name)?")
_BESIDE = re.compile(
    r"(?:form|page|advertiser|account)(?:id|name)|platform|leadtype|gclid|googleclickid|leadstatus|campaign"
)
"""Folded names: of ad leads; of ad leads or a website's; and those that, beside the second, show ad leads."""

_PLATFORM_SPELLINGS = frozenset(("campaign_id", "campaign_name"))
_ANSWERS_BESIDE_TIMES = frozenset(("full_name", "phone_number"))
"""Exact names: only ad platforms write the first, and the second beside `created_time`."""

_LONG_ID_DIGITS = 16  # a spreadsheet keeps fifteen of them
_COUNTER_DIGITS = 7  # shorter than any platform's ids
_FIRST_LINE = 2  # of the rows, below a header
_MIN_LONG_IDS = 3  # that end in zeros: rounded
_MAX_SIGNS = 3  # shown to the operator
_MAX_SAMPLE = 50  # rows in which each lead's platform is looked up
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d+")


class Ids(StrEnum):
    """How far the ids of a file can be trusted."""

    GOOD = "good"
    ROUNDED = "rounded"  # by a spreadsheet: several leads may share one
    COUNTED = "counted"  # row numbers
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """How the rows of a file are read.

    platform: of its leads, "" for none. is_ours: an export of this service. lacks: why the operator must choose the
    platform before anything is imported; "" where nothing is missing.
    """

    header: tuple[str, ...]
    platform: str = ""
    is_ours: bool = False
    ids: Ids = Ids.GOOD
    lacks: str = ""

    @property
    def rounded(self) -> bool:
        return self.ids is Ids.ROUNDED


def plan_of(header: Sequence[str], sample: Sequence[Sequence[str]], choice: str = "") -> ImportPlan:
    """Return how to read a file, by its columns and first rows. choice: the operator's, a platform or NO_PLATFORM."""
    if frozenset(header) >= OWN_COLUMNS:
        return ImportPlan(tuple(header), is_ours=True)
    ids = _ids_of(header, sample)
    if choice:
        return ImportPlan(tuple(header), "" if choice == NO_PLATFORM else choice, ids=ids)
    certain = platform_of(header) or _platform_in(header, sample)
    signs = list(_signs_of(header, sample))
    is_lacking = bool(signs) and (not certain or ids in (Ids.NONE, Ids.COUNTED))
    platform = certain or _guess(header, sample)
    return ImportPlan(
        tuple(header), platform, ids=ids, lacks=_lacks(platform, certain, signs, ids) if is_lacking else ""
    )


def platform_of(header: Sequence[str]) -> str:
    """Return the platform with exports of these columns, "" for none."""
    folded = frozenset(map(fold, header))
    matches = (name for name, each in PLATFORMS.items() if any(columns <= folded for columns in each.export.columns))
    return next(matches, "")


def _platform_in(header: Sequence[str], sample: Sequence[Sequence[str]]) -> str:
    """The platform that every row names, "" for none."""
    platforms = set()
    for cells in sample[:_MAX_SAMPLE]:
        answers = zip(header, map(clean, map(unprotect_foreign, cells)), strict=False)
        platforms.add(relay([NamedAnswer(name, cell) for name, cell in answers], {}, {}).platform)
    return platforms.pop() if len(platforms) == 1 else ""


# -- what it lacks


def _lacks(platform: str, certain: str, signs: Sequence[str], ids: Ids) -> str:
    platform_title = PLATFORMS[platform].title if platform in PLATFORMS else "an ad platform"
    missing = [] if certain else ["the columns that identify the platform"]
    missing += {Ids.NONE: ["the leads' ids"], Ids.COUNTED: ["the leads' ids (its own only count the rows)"]}.get(
        ids, []
    )
    option = f"--sender {platform or '|'.join(PLATFORMS)}"
    return (
        f"looks like an export of {platform_title} ({', '.join(signs[:_MAX_SIGNS])}), but lacks "
        f"{' and '.join(missing)}: "
        f"leads that the webhook already brought would be imported twice. Name the platform with {option}: then "
        "rows are compared with its leads, those without ids by person and time. "
        f"With --sender {NO_PLATFORM} all count as new"
    )


def _signs_of(header: Sequence[str], sample: Sequence[Sequence[str]]) -> Iterator[str]:
    """Signs of an ad platform's export, for the operator."""
    folded = {fold(name): name for name in header if name}
    ads = [name for each, name in folded.items() if _AD_COLUMNS.fullmatch(each)]
    if not ads and not any(each.startswith("utm") for each in folded):
        campaigns = dict(_campaign_columns(folded))
        beside = [name for each, name in folded.items() if _BESIDE.fullmatch(each) and name not in campaigns]
        if "created_time" in campaigns:
            beside += (name for name in folded.values() if name in _ANSWERS_BESIDE_TIMES)
        is_ads = (
            bool(campaigns and beside)
            or len({*campaigns.values()}) > 1
            or not _PLATFORM_SPELLINGS.isdisjoint(campaigns)
        )
        ads = [*campaigns, *beside] if is_ads else []
    yield from (f"column {name}" for name in ads)
    for platform in PLATFORMS.values():
        yield from (f"values such as {value}" for value in _own_values(platform.export, header, sample))


def _campaign_columns(folded: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Columns of campaigns and of their leads' times, each with its kind. CRMs have a "Created Time", too."""
    for each, name in folded.items():
        match = _CAMPAIGN_COLUMNS.fullmatch(each)
        if match and (match[1] != "createdtime" or "_" in name):
            yield name, match[1]


def _own_values(export: ExportFormat, header: Sequence[str], sample: Sequence[Sequence[str]]) -> Iterator[str]:
    """Values that only the platform writes, one for each column; of a prefixed phone only the beginning."""
    for place, name in enumerate(header):
        values = [cells[place].strip() for cells in sample if len(cells) > place and cells[place].strip()]
        prefixed = list(filter(export.prefixed.fullmatch, values)) if export.prefixed else []
        if values and fold(name) == "platform" and export.networks.issuperset(map(str.lower, values)):
            yield values[0]
        elif len(prefixed) * 2 > len(values):
            yield f"{prefixed[0][:4]}…"


def _guess(header: Sequence[str], sample: Sequence[Sequence[str]]) -> str:
    names = list(map(fold, header))
    by_values = (name for name, each in PLATFORMS.items() if any(_own_values(each.export, header, sample)))
    by_names = (name for name, each in PLATFORMS.items() if any(map(each.export.hint.fullmatch, names)))
    return next(chain(by_values, by_names), "")


# -- ids


def _ids_of(header: Sequence[str], sample: Sequence[Sequence[str]]) -> Ids:
    ids = next((cells for place in _id_columns(header) if (cells := _cells_of(place, sample))), [])
    if not ids:
        return Ids.NONE
    if any(_ROUNDED.fullmatch(each) for each in ids):
        return Ids.ROUNDED
    long = [each for each in ids if each.isdecimal() and len(each) >= _LONG_ID_DIGITS]
    if len(long) >= _MIN_LONG_IDS and all(not each[_LONG_ID_DIGITS - 1 :].strip("0") for each in long):
        return Ids.ROUNDED
    return Ids.COUNTED if len(ids) > 1 and _are_counted(ids) else Ids.GOOD


def _are_counted(ids: Sequence[str]) -> bool:
    """Whether they are row numbers: consecutive, from 0, 1 or the first row's line."""
    if not all(each.isdecimal() and len(each) <= _COUNTER_DIGITS for each in ids):
        return False
    numbers = sorted(map(int, ids))
    return numbers[0] <= _FIRST_LINE and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _id_columns(header: Sequence[str]) -> Iterator[int]:
    """The columns that may hold a lead's id, the surest first."""
    names = list(map(fold, header))
    yield from (names.index(name) for name in LEAD_IDS if name in names)
    for place, name in enumerate(header):
        meaning = meaning_of(name)
        if meaning and meaning.target == "external_id" and names[place] not in LEAD_IDS:
            yield place


def _cells_of(place: int, sample: Sequence[Sequence[str]]) -> list[str]:
    cells = (unprotect_foreign(cells[place].strip()).rpartition(":")[2] for cells in sample if len(cells) > place)
    return [cell for cell in cells if cell]


TIMES = frozenset(("createdtime", "createtime", "leadsubmittime", "occurredat", "submittedon", "createdat"))
"""Folded names of the time of submission, beside those in aliases.json."""

_FACTS = re.compile(r"(campaign|ad|adset|adgroup|creative|assetgroup|form|page|advertiser|account)(id|name)")
_MORE_FACTS = frozenset(("platform", "isorganic", "leadtype"))


def meaning_in_words(name: str, plan: ImportPlan, form: Form) -> str:
    """Return what becomes of a column, for the operator."""
    if plan.is_ours:
        return _OWN_MEANINGS.get(name) or _in_words(name if name in CANONICAL_FIELDS else _target_of(name, form))
    folded = fold(name)
    if plan.platform and folded in LEAD_IDS:
        return _ID_MEANINGS.get(plan.ids) or f"lead id at {plan.platform}"
    if plan.platform and (folded in _MORE_FACTS or _FACTS.fullmatch(folded)):
        return "campaign and such"
    return "time of submission" if folded in TIMES else _in_words(_target_of(name, form))


def meanings_of(form: Form) -> Callable[[str], str]:
    """Return the meaning of column names for a form: an answer, a tag or an ad's fact; "" for an unknown one."""

    def meaning(name: str) -> str:
        folded = fold(name)
        is_fact = folded in LEAD_IDS or folded in TIMES or folded in _MORE_FACTS or _FACTS.fullmatch(folded)
        return _target_of(name, form) or ("fact" if is_fact else "")

    return meaning


def _target_of(name: str, form: Form) -> str:
    mapped = {fold(dotted(each)): target for target, names in form.fields.items() for each in names}
    meaning = meaning_of(name)
    return mapped.get(fold(name)) or (meaning.target if meaning else "")


def _in_words(target: str) -> str:
    if target in CANONICAL_FIELDS:
        return target
    if target in UTM_KEYS or target in CLICK_IDS or target in _EVIDENCE:
        return f"source: {target}"
    if target == "submitted_at":
        return "time of submission"
    return "left out" if target.startswith("_") else "kept as it is"


_ID_MEANINGS = {Ids.ROUNDED: "rounded id: not used", Ids.COUNTED: "row number: not used"}
_EVIDENCE = frozenset(("landing_page", "page_url", "referrer", "form_name"))
_OWN_MEANINGS = {
    "id": "id of the lead",
    "received_at": "time of submission",
    "sender": "sender",
    "external_id": "the sender's id",
    "click_ids": "source: click ids",
    "extras": "further answers",
    "status": "whether it may be sent",
    "form_name": "name of the form",
    **dict.fromkeys(
        (
            *("form", "account", "channel", "lead_source", "lead_source_name", "rule", "coworker_id"),
            *("opportunity_id", "delivered_at", "problem", "repeats"),
            *("stage", "sale_status", "value", "currency", "won_at", "lost_at", "loss_reason"),
        ),
        "left out",
    ),
}
