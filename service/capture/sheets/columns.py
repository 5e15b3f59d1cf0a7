"""Whose export a file is, told by its columns, and what each column means."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.capture.fields import CLICK_IDS, UTM_KEYS
from service.capture.names import fold, meaning_of
from service.capture.nesting import dotted
from service.capture.tools.enquiry_ids import LEAD_IDS
from service.forms import Form
from service.lead import CANONICAL_FIELDS

OURS = frozenset(("id", "received_at", "status", "lead_source_name", "click_ids", "extras"))
"""Columns that only an export of this service has together."""

TIMES = frozenset(("createdtime", "createtime", "leadsubmittime", "occurredat", "submittedon", "createdat"))
"""When it was submitted, folded, beside what aliases.json knows."""

_SIGNS: Mapping[str, Sequence[frozenset[str]]] = {
    "meta": (frozenset(("createdtime", "adsetid")), frozenset(("createdtime", "isorganic"))),
    "tiktok": (frozenset(("leadid", "createdtime", "adgroupid")), frozenset(("leadid", "createtime", "adgroupid"))),
    "google-ads": (frozenset(("leadid", "gclid")), frozenset(("leadid", "googleclickid"))),
    "linkedin": (frozenset(("leadtype", "formname", "campaignname")), frozenset(("leadid", "leadtype"))),
}
"""Platform -> folded names of columns that its exports have together."""

_FACTS = re.compile(r"(campaign|ad|adset|adgroup|creative|assetgroup|form|page|advertiser|account)(id|name)")
_MORE_FACTS = frozenset(("platform", "isorganic", "leadtype"))

_LONG_ID_DIGITS = 16  # a spreadsheet keeps fifteen of them
_FEW = 3
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d+")


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rows of a file are read.

    platform: whose leads they are, "" for nobody's. is_ours: an export of this service. rounded: a spreadsheet has
    spoilt the ids, so that several leads may have the same.
    """

    header: tuple[str, ...]
    platform: str = ""
    is_ours: bool = False
    rounded: bool = False


def plan_of(header: Sequence[str], sample: Sequence[Sequence[str]], platform: str = "") -> Plan:
    """Tell how to read a file by its columns and its first rows. platform: as the operator says."""
    is_ours = frozenset(header) >= OURS
    found = "" if is_ours else platform or platform_of(header)
    return Plan(tuple(header), found, is_ours, rounded=not is_ours and _is_rounded(header, sample))


def platform_of(header: Sequence[str]) -> str:
    """Whose export has these columns, "" for nobody's that we know."""
    names = frozenset(map(fold, header))
    return next((platform for platform, signs in _SIGNS.items() if any(sign <= names for sign in signs)), "")


def _is_rounded(header: Sequence[str], sample: Sequence[Sequence[str]]) -> bool:
    place = next((place for place, name in enumerate(header) if fold(name) in LEAD_IDS), None)
    ids = [] if place is None else [cells[place].rpartition(":")[2] for cells in sample if len(cells) > place]
    if any(_ROUNDED.fullmatch(each) for each in ids):
        return True
    long = [each for each in ids if each.isdecimal() and len(each) >= _LONG_ID_DIGITS]
    return len(long) >= _FEW and all(not each[_LONG_ID_DIGITS - 1 :].strip("0") for each in long)


def meaning_in_words(name: str, plan: Plan, form: Form) -> str:
    """What becomes of a column, for people."""
    if plan.is_ours:
        return _OF_OURS.get(name) or _in_words(name if name in CANONICAL_FIELDS else _target_of(name, form))
    folded = fold(name)
    if plan.platform and folded in LEAD_IDS:
        return "rounded id: not used" if plan.rounded else f"lead id at {plan.platform}"
    if plan.platform and (folded in _MORE_FACTS or _FACTS.fullmatch(folded)):
        return "campaign and such"
    return "time of submission" if folded in TIMES else _in_words(_target_of(name, form))


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


_EVIDENCE = frozenset(("landing_page", "page_url", "referrer", "form_name"))
_OF_OURS = {
    "id": "id of the lead",
    "received_at": "time of submission",
    "sender": "who sent it",
    "external_id": "the sender's id",
    "click_ids": "source: click ids",
    "extras": "further answers",
    "status": "whether it may be sent",
    "form_name": "name of the form",
    **dict.fromkeys(
        (
            *("form", "account", "channel", "lead_source", "lead_source_name", "rule", "coworker_id"),
            *("opportunity_id", "delivered_at", "problem", "repeats"),
        ),
        "left out",
    ),
}
