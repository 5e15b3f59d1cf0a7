"""What stands around the answers in a tool's call: the form, the call, the operator's account, the tool's own texts.

None of it was said by the person. It is kept beside the answers; what tells how the person came counts all the same.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.layout import CLICK_IDS, FIRST_UTM_KEYS, UTM_KEYS
from service.capture.fields.names import HIDDEN_FIELDS, fold, meaning_of
from service.capture.parsing.shapes import Json, table_at, text_at
from service.capture.parsing.texts import Answer, text_of

_THINGS = frozenset(
    (
        *("form", "survey", "quiz", "questionnaire", "poll", "webhook", "hook", "owner", "account", "workspace"),
        *("inbox", "agent", "assignee", "assignedto", "host", "organizer", "property", "project", "site", "table"),
        *("channel", "bot", "flow", "workflow", "automation", "trigger", "integration", "app", "template"),
        *("accountability", "environment", "execution", "geo", "geoip", "ipdetails", "origin", "device", "browser"),
        *("useragent", "network", "headers", "clientinfo", "createdby", "updatedby", "pagination", "links", "ttc"),
    )
)
"""Objects about something else than the person, folded."""

_OF_A_CAMPAIGN = (
    "campaign",
    "ad",
    "adset",
    "adgroup",
    "creative",
    "asset_group",
    "form",
    "page",
    "advertiser",
    "account",
)
CAMPAIGN_FACTS: Mapping[str, str] = {
    **{fold(fact): fact for part in _OF_A_CAMPAIGN for fact in (f"{part}_id", f"{part}_name")},
    "platform": "platform",
    "isorganic": "is_organic",
    "leadtype": "lead_type",
}
"""What a platform tells of a lead's campaign: folded name -> the fact as service.platforms.registry calls it."""

_STRUCTURES = frozenset(("definition", "formstructure", "fieldstructure", "schema", "endings", "validations"))
"""How the form is built, folded: it is read for its labels and not kept with every lead."""

_SECRETS = frozenset(("authorization", "cookie", "setcookie", "xapikey", "apikey", "xwebhooktoken", "token", "secret"))
"""Members of a call's headers that are nobody's business."""

_NOTICES = frozenset(
    (
        *("confirmationmessage", "successmessage", "thankyoumessage", "thankyoutext", "thankyou", "responsemessage"),
        *("submitmessage", "aftersubmitmessage", "confirmation", "formdescription", "nonce", "wpnonce"),
    )
)
"""What the tool says to people, folded, and its own marks."""

_EARLIER = ("old", "previous", "prior")
"""How names begin of what was said before a change."""

_MARKS = ("form", "survey", "event", "webhook", "site", "workspace", "account", "table")
_MARKS_ALONE = frozenset(
    ("success", "ok", "status", "statuscode", "type", "topic", "trigger", "action", "object", "model")
)
_NAMES_OF_FORMS = ("name", "title", "Name", "Title", "label")

_CARRIED = frozenset(
    (
        *(*UTM_KEYS, *FIRST_UTM_KEYS, *CLICK_IDS, *HIDDEN_FIELDS, "utm_id", "fbc", "fbp", "ga_client_id", "hubspotutk"),
        *("landing_page", "page_url", "page_title", "referrer", "ip_address", "user_agent", "submitted_at", "language"),
    )
)
"""What tells how and when the person came, wherever it stands."""

_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "full_name": ("full_name", "first_name", "last_name"),
    "first_name": ("full_name", "first_name"),
    "last_name": ("full_name", "last_name"),
}


@lru_cache(maxsize=8192)
def target_of(name: str) -> str:
    """What a name asks the person for, "" for nothing known."""
    meaning = meaning_of(name)
    return meaning.target if meaning and not meaning.target.startswith("_") else ""


def is_carried(target: str) -> bool:
    """Tell what counts wherever it stands."""
    return target in _CARRIED


def is_thing(key: str) -> bool:
    """Tell the name of an object that speaks of something else than the person."""
    return fold(key) in _THINGS


def is_structure(key: str, value: object) -> bool:
    """Tell an object that describes the form."""
    return isinstance(value, list | Mapping) and fold(key) in _STRUCTURES


def is_notice(key: str) -> bool:
    """Tell the name of a text that the tool speaks itself."""
    return fold(key) in _NOTICES


def is_earlier(key: str) -> bool:
    """Tell the name of what was so before a change."""
    folded = fold(key)
    return folded.startswith(_EARLIER) and folded not in _EARLIER[:1]


def is_marked(member: Json) -> bool:
    """Tell a tool's envelope, which speaks of its form or of an event, from a mere wrapping."""
    return any(
        fold(key) in _MARKS_ALONE or fold(key).startswith(_MARKS)
        for key, value in member.items()
        if not isinstance(value, list)
    )


def form_name_of(member: Json) -> str:
    """The form's name, where it stands in an object or as a text of its own."""
    for key, value in member.items():
        if fold(key) in ("form", "survey", "quiz", "definition", "formstructure"):
            names = [text_at(table_at(value), name) for name in _NAMES_OF_FORMS]
            text = next(filter(None, names), "") if isinstance(value, Mapping) else text_at(value)
            if any(character.isalpha() for character in text) and "/" not in text:
                return text
    return ""


def without_secrets(key: str, value: object) -> object:
    """What is kept of a call's headers."""
    if fold(key) != "headers" or not isinstance(value, Mapping):
        return value
    return {name: text for name, text in value.items() if fold(name) not in _SECRETS}


def is_taken(target: str, targets: frozenset[str] | set[str]) -> bool:
    """Whether what a name asks for is answered already: a first name is part of the full name."""
    return any(each in targets for each in _FAMILIES.get(target, (target,)))


def keep_beside(details: dict[str, Answer], name: str, answer: Answer) -> None:
    """Keep a fact under its name; several of one name are a list."""
    known = details.get(name)
    if not known:
        details[name] = answer
    elif known != answer:
        more = [answer] if isinstance(answer, str) else answer
        details[name] = [known, *more] if isinstance(known, str) else [*known, *more]


LEAD_IDS = ("leadgenid", "leadid", "id")
"""What a platform's lead id is called, folded; the surest first."""

_EXTERNAL = "externalid"  # what an owner chose on purpose
_ENQUIRIES = frozenset(
    (
        *("uniqueid", "resourceid", "resultid", "formresponsetoken", "responsetoken", "submissiontoken", "ticketid"),
        *("submissionuuid", "responseuuid", "entryuuid", "formsubmissionid", "formresponseid", "formentryid"),
        *("entrynumber", "submissionnumber", "enquiryid", "inquiryid", "conversionid", "chatid", "callid", "calluuid"),
    )
)
"""Numbers of one enquiry, folded, beside those that aliases.json knows."""

_BARE = ("id", "uuid", "_id")  # may be anything's: only counts where no constant looks like it
_NUMBERS = frozenset(("id", "uuid", "token", "number"))
_KEY = "lckey"  # of one view of a form
_SHORTEST_ID = 6  # characters
_AD_DIGITS = 15
_URN = "urn:li:"


def choose_id(answers: Sequence[NamedAnswer], platform: str) -> NamedAnswer | None:
    """The answer that is the enquiry's number; None where there is none.

    platform: whose lead it is, where an automation hands on one of an ad platform's: "" for none.
    """
    named: dict[str, NamedAnswer] = {}
    for answered in answers:
        if text_of(answered.answer):
            named.setdefault(fold(answered.name), answered)
    own = [folded for folded, answered in named.items() if is_enquiry_id(answered.name) or _is_of_an_ad(answered)]
    bare = [name for name in (*LEAD_IDS[:2], *_BARE) if platform or _is_one_of_a_kind(named, name)]
    wanted = [*bare, *own] if platform else [_EXTERNAL, *own, *bare]
    return next((named[fold(name)] for name in wanted if fold(name) in named), None)


def is_enquiry_id(name: str) -> bool:
    """Tell the name of an enquiry's number. A lead in a CRM is a person: the number within it is not the enquiry's."""
    folded = fold(name)
    if "." in name and folded in LEAD_IDS:
        return False
    meaning = meaning_of(name)
    return folded in _ENQUIRIES or (meaning is not None and meaning.target == "external_id")


def names_an_id(name: str) -> bool:
    """Tell what must not be taken for the enquiry's number once another was."""
    meaning = meaning_of(name)
    return fold(name) in LEAD_IDS[:2] or (meaning is not None and meaning.target == "external_id")


def _is_of_an_ad(answered: NamedAnswer) -> bool:
    """Whether a lead's number is that of an ad platform, which has more digits than those of any CRM."""
    text = text_of(answered.answer)
    return fold(answered.name) in LEAD_IDS and text.isdigit() and len(text) >= _AD_DIGITS


def bare_id(text: str) -> str:
    """The id alone; LinkedIn's are URNs in some places."""
    return text.rpartition(":")[2] if text.startswith(_URN) else text


def _is_one_of_a_kind(named: Mapping[str, NamedAnswer], name: str) -> bool:
    """Whether what is only called `id` can be an enquiry's: a constant, such as a form's number, is none."""
    answered = named.get(fold(name))
    text = text_of(answered.answer) if answered and "." not in answered.name else ""
    return len(text) >= _SHORTEST_ID and any(character.isdigit() for character in text)


def is_number(name: str) -> bool:
    """Tell the name of a number or key that something is known by."""
    return fold(name.rpartition(".")[2]) in _NUMBERS or fold(name) == _KEY or is_enquiry_id(name)
