"""The surroundings of the answers in a tool's call: the form, the call, ids, the operator's account, the tool's texts.

None of it is the person's answer, so it is kept as details; data about the visit counts wherever it stands.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.layout import CLICK_IDS, FIRST_UTM_KEYS, UTM_KEYS
from service.capture.fields.names import HIDDEN_FIELDS, fold, meaning_of
from service.capture.parsing.json_values import Json, table_at, text_at
from service.capture.parsing.texts import Answer, text_of

_OTHER_OBJECTS = frozenset(
    (
        *("form", "survey", "quiz", "questionnaire", "poll", "webhook", "hook", "owner", "account", "workspace"),
        *("inbox", "agent", "assignee", "assignedto", "host", "organizer", "property", "project", "site", "table"),
        *("channel", "bot", "flow", "workflow", "automation", "trigger", "integration", "app", "template"),
        *("accountability", "environment", "execution", "geo", "geoip", "ipdetails", "origin", "device", "browser"),
        *("useragent", "network", "headers", "clientinfo", "createdby", "updatedby", "pagination", "links", "ttc"),
    )
)
"""Folded names of objects that are not about the person."""

_CAMPAIGN_PARTS = (
    *("campaign", "ad", "adset", "adgroup", "creative", "asset_group", "form", "page", "advertiser"),
    "account",
)
CAMPAIGN_FACTS: Mapping[str, str] = {
    **{fold(fact): fact for part in _CAMPAIGN_PARTS for fact in (f"{part}_id", f"{part}_name")},
    "platform": "platform",
    "isorganic": "is_organic",
    "leadtype": "lead_type",
}
"""A platform's facts about a lead's campaign: folded name -> name in service.platforms.registry."""

_STRUCTURES = frozenset(("definition", "formstructure", "fieldstructure", "schema", "endings", "validations"))
"""Folded names of a form's definition, which is read for its labels and not kept with every lead."""

_SECRETS = frozenset(("authorization", "cookie", "setcookie", "xapikey", "apikey", "xwebhooktoken", "token", "secret"))
"""Folded names of headers that are not kept."""

_TOOL_TEXTS = frozenset(
    (
        *("confirmationmessage", "successmessage", "thankyoumessage", "thankyoutext", "thankyou", "responsemessage"),
        *("submitmessage", "aftersubmitmessage", "confirmation", "formdescription", "nonce", "wpnonce"),
    )
)
"""Folded names of the tool's own texts and marks."""

_PREVIOUS = ("old", "previous", "prior")
"""Beginnings of names of values before a change."""

_MARKS = ("form", "survey", "event", "webhook", "site", "workspace", "account", "table")
_MARKS_ALONE = frozenset(
    ("success", "ok", "status", "statuscode", "type", "topic", "trigger", "action", "object", "model")
)
_NAMES_OF_FORMS = ("name", "title", "Name", "Title", "label")

_VISIT_DATA = frozenset(
    (
        *(*UTM_KEYS, *FIRST_UTM_KEYS, *CLICK_IDS, *HIDDEN_FIELDS, "utm_id", "fbc", "fbp", "ga_client_id", "hubspotutk"),
        *("landing_page", "page_url", "page_title", "referrer", "ip_address", "user_agent", "submitted_at", "language"),
    )
)
"""Targets of data about the visit, which count wherever they stand."""

_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "full_name": ("full_name", "first_name", "last_name"),
    "first_name": ("full_name", "first_name"),
    "last_name": ("full_name", "last_name"),
}


@lru_cache(maxsize=8192)
def target_of(name: str) -> str:
    """Return the meaning of a name, "" for an unknown one."""
    meaning = meaning_of(name)
    return meaning.target if meaning and not meaning.target.startswith("_") else ""


def is_visit_data(target: str) -> bool:
    """Return whether a target is data about the visit."""
    return target in _VISIT_DATA


def is_other_object(key: str) -> bool:
    """Return whether a name is of an object that is not about the person."""
    return fold(key) in _OTHER_OBJECTS


def is_structure(key: str, value: object) -> bool:
    """Return whether a member is the form's definition."""
    return isinstance(value, list | Mapping) and fold(key) in _STRUCTURES


def is_tool_text(key: str) -> bool:
    """Return whether a name is of one of the tool's own texts."""
    return fold(key) in _TOOL_TEXTS


def is_previous_state(key: str) -> bool:
    """Return whether a name is of a value before a change."""
    folded = fold(key)
    return folded.startswith(_PREVIOUS) and folded not in _PREVIOUS[:1]


def is_tool_envelope(member: Json) -> bool:
    """Return whether an object names a form or an event, as a tool's envelope does and a mere wrapper does not."""
    return any(
        fold(key) in _MARKS_ALONE or fold(key).startswith(_MARKS)
        for key, value in member.items()
        if not isinstance(value, list)
    )


def form_name_of(member: Json) -> str:
    """Return the form's name, from an object about the form or a text of its own; "" for none."""
    for key, value in member.items():
        if fold(key) in ("form", "survey", "quiz", "definition", "formstructure"):
            names = [text_at(table_at(value), name) for name in _NAMES_OF_FORMS]
            text = next(filter(None, names), "") if isinstance(value, Mapping) else text_at(value)
            if any(character.isalpha() for character in text) and "/" not in text:
                return text
    return ""


def without_secrets(key: str, value: object) -> object:
    """Return a member; a call's headers without secrets."""
    if fold(key) != "headers" or not isinstance(value, Mapping):
        return value
    return {name: text for name, text in value.items() if fold(name) not in _SECRETS}


def is_already_answered(target: str, targets: frozenset[str] | set[str]) -> bool:
    """Return whether a target is answered already; a first name is part of the full name."""
    return any(each in targets for each in _FAMILIES.get(target, (target,)))


def add_detail(details: dict[str, Answer], name: str, answer: Answer) -> None:
    """Add a detail under its name; several of one name become a list."""
    known = details.get(name)
    if not known:
        details[name] = answer
    elif known != answer:
        more = [answer] if isinstance(answer, str) else answer
        details[name] = [known, *more] if isinstance(known, str) else [*known, *more]


LEAD_IDS = ("leadgenid", "leadid", "id")
"""Folded names of a platform's lead id, the surest first."""

_EXTERNAL = "externalid"  # chosen by the operator on purpose
_ENQUIRY_IDS = frozenset(
    (
        *("uniqueid", "resourceid", "resultid", "formresponsetoken", "responsetoken", "submissiontoken", "ticketid"),
        *("submissionuuid", "responseuuid", "entryuuid", "formsubmissionid", "formresponseid", "formentryid"),
        *("entrynumber", "submissionnumber", "enquiryid", "inquiryid", "conversionid", "chatid", "callid", "calluuid"),
    )
)
"""Folded names of an enquiry's id, beside those in aliases.json."""

_BARE_IDS = ("id", "uuid", "_id")  # of anything: counts only if it is not a constant
_NUMBERS = frozenset(("id", "uuid", "token", "number"))
_VIEW_KEY = "lckey"  # of one view of a form
_MIN_ID_LENGTH = 6
_MIN_AD_DIGITS = 15
_URN = "urn:li:"


def choose_id(answers: Sequence[NamedAnswer], platform: str) -> NamedAnswer | None:
    """Return the answer that is the enquiry's id, None for none.

    platform: of a lead that an automation passes on, "" for none.
    """
    named: dict[str, NamedAnswer] = {}
    for answered in answers:
        if text_of(answered.answer):
            named.setdefault(fold(answered.name), answered)
    own = [folded for folded, answered in named.items() if is_enquiry_id(answered.name) or _is_ad_lead_id(answered)]
    bare = [name for name in (*LEAD_IDS[:2], *_BARE_IDS) if platform or _is_no_constant(named, name)]
    wanted = [*bare, *own] if platform else [_EXTERNAL, *own, *bare]
    return next((named[fold(name)] for name in wanted if fold(name) in named), None)


def is_enquiry_id(name: str) -> bool:
    """Return whether a name is of an enquiry's id. A CRM's lead is a person: the id inside it is not the enquiry's."""
    folded = fold(name)
    if "." in name and folded in LEAD_IDS:
        return False
    meaning = meaning_of(name)
    return folded in _ENQUIRY_IDS or (meaning is not None and meaning.target == "external_id")


def is_id_name(name: str) -> bool:
    """Return whether a name may be of an enquiry's id; only one such answer counts."""
    meaning = meaning_of(name)
    return fold(name) in LEAD_IDS[:2] or (meaning is not None and meaning.target == "external_id")


def _is_ad_lead_id(answered: NamedAnswer) -> bool:
    """Whether a lead's id is an ad platform's, which has more digits than any CRM's."""
    text = text_of(answered.answer)
    return fold(answered.name) in LEAD_IDS and text.isdigit() and len(text) >= _MIN_AD_DIGITS


def strip_urn(text: str) -> str:
    """Return an id without the prefix of its URN: "urn:li:sponsoredCampaign:7" becomes "7"."""
    return text.rpartition(":")[2] if text.startswith(_URN) else text


def _is_no_constant(named: Mapping[str, NamedAnswer], name: str) -> bool:
    """Whether a plain `id` can be an enquiry's: a constant, such as a form's number, cannot."""
    answered = named.get(fold(name))
    text = text_of(answered.answer) if answered and "." not in answered.name else ""
    return len(text) >= _MIN_ID_LENGTH and any(character.isdigit() for character in text)


def is_identifier(name: str) -> bool:
    """Return whether a name is of any id or key."""
    return fold(name.rpartition(".")[2]) in _NUMBERS or fold(name) == _VIEW_KEY or is_enquiry_id(name)
