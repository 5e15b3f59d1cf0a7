"""Which number in a body is the enquiry's own: not the contact's, the form's, the product's or the webhook's."""

from collections.abc import Mapping, Sequence

from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.names import fold, meaning_of
from service.capture.parsing.texts import text_of

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
