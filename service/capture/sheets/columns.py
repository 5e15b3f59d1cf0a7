"""What each column of a file means."""

import re
from collections.abc import Callable

from service.capture.fields.layout import CLICK_IDS, UTM_KEYS
from service.capture.fields.names import fold, meaning_of
from service.capture.parsing.nesting import dotted
from service.capture.sheets.origin import Ids, ImportPlan
from service.capture.tools.any_json.surroundings import LEAD_IDS
from service.forms import Form
from service.lead import CANONICAL_FIELDS

TIMES = frozenset(("createdtime", "createtime", "leadsubmittime", "occurredat", "submittedon", "createdat"))
"""When it was submitted, folded, beside what aliases.json knows."""

_FACTS = re.compile(r"(campaign|ad|adset|adgroup|creative|assetgroup|form|page|advertiser|account)(id|name)")
_MORE_FACTS = frozenset(("platform", "isorganic", "leadtype"))


def meaning_in_words(name: str, plan: ImportPlan, form: Form) -> str:
    """What becomes of a column, for people."""
    if plan.is_ours:
        return _OF_OURS.get(name) or _in_words(name if name in CANONICAL_FIELDS else _target_of(name, form))
    folded = fold(name)
    if plan.platform and folded in LEAD_IDS:
        return _OF_IDS.get(plan.ids) or f"lead id at {plan.platform}"
    if plan.platform and (folded in _MORE_FACTS or _FACTS.fullmatch(folded)):
        return "campaign and such"
    return "time of submission" if folded in TIMES else _in_words(_target_of(name, form))


def meanings_of(form: Form) -> Callable[[str], str]:
    """How columns are understood for a form: a name -> an answer, a tag or a fact of an ad; "" where nobody knows."""

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


_OF_IDS = {Ids.ROUNDED: "rounded id: not used", Ids.COUNTED: "row number: not used"}
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
