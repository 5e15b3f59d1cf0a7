"""Leads of ad platforms that come by way of an automation or a spreadsheet: whose they are, and what they stand for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.names import fold
from service.capture.parsing.texts import text_of
from service.capture.tools.any_json.surroundings import CAMPAIGN_FACTS, LEAD_IDS, bare_id, choose_id, names_an_id
from service.capture.tools.sender import SenderConfig
from service.platforms.registry import PLATFORMS

_ALIASES = {alias: name for name, platform in PLATFORMS.items() for alias in platform.aliases}
"""What bodies call a platform, folded."""

_LEAD_LISTS = {member: name for name, platform in PLATFORMS.items() for member in platform.lead_lists}
"""A list of answers that only one platform has."""

_PREFIX = re.compile(r"(?:l|f|ag|as|c):(\d{5,})|p:(\+?[\d ()./-]{6,})")  # of Meta's spreadsheets
_DUMMY = re.compile(r"<\s*test lead:", re.IGNORECASE)
_IDENTITY = "governmentissuedid"  # of Google's columns, folded
_MOST_ASKED = 1000  # answers; the rest are the person's, whatever their names are


@dataclass(frozen=True, slots=True)
class Relayed:
    """What is known of a relayed lead.

    answers: without what follows. external_id: the lead's, as its platform knows it. platform: a sender's name, or "".
    facts: campaign, ad and the like, where a platform is known. details: the same under their names as they came.
    """

    answers: Sequence[NamedAnswer]
    external_id: str = ""
    platform: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    is_test: bool = False


def relay(posted: Sequence[NamedAnswer], whole: Mapping[str, object], table: SenderConfig) -> Relayed:
    """Tell what is about the lead from what its person answered.

    whole: the body, whose shape may say which platform it is of. table: the operator's, with its `platform`.
    """
    answers = [each._replace(answer=_bare(each)) for each in posted[:_MOST_ASKED]]
    known = {fold(each.name): text_of(each.answer) for each in reversed(answers) if text_of(each.answer)}
    platform = table.get("platform", "") or _platform_of(known, whole)
    about = [each for each in answers if platform and fold(each.name) in CAMPAIGN_FACTS and text_of(each.answer)]
    the_id = choose_id(answers, platform)
    meant = {fold(name) for name in table.get("fields", {}).get("external_id", ())}
    others = [
        each for each in answers if each is not the_id and names_an_id(each.name) and fold(each.name) not in meant
    ]
    apart = {id(each) for each in (*about, *others, *([the_id] if the_id else ()))}
    said = [each for each in answers if id(each) not in apart and not _is_left_out(each)]
    return Relayed(
        [*said, *posted[_MOST_ASKED:]],
        external_id=bare_id(text_of(the_id.answer)) if the_id else "",
        platform=platform,
        facts={CAMPAIGN_FACTS[fold(each.name)]: text_of(each.answer) for each in reversed(about)},
        details={each.name: text_of(each.answer) for each in reversed([*about, *others])},
        is_test=_is_test(answers, known, platform),
    )


def _bare(answered: NamedAnswer) -> str | list[str]:
    """Without the letters that Meta's spreadsheets put before ids and numbers, so that no programme rounds them."""
    found = _PREFIX.fullmatch(answered.answer) if isinstance(answered.answer, str) else None
    return (found[1] or found[2]) if found else answered.answer


def _platform_of(known: Mapping[str, str], whole: Mapping[str, object]) -> str:
    """The platform that the body itself names. Only with a lead's id: a form may ask "Which platform?"."""
    if not any(known.get(name) for name in LEAD_IDS):
        return ""
    lists = {
        key
        for level in (whole, *whole.values())
        if isinstance(level, Mapping)
        for key, value in level.items()
        if isinstance(value, list)
    }
    by_shape = next((platform for key, platform in _LEAD_LISTS.items() if key in lists), "")
    return by_shape or _ALIASES.get(fold(known.get("platform", "")), "")


def _is_left_out(answered: NamedAnswer) -> bool:
    """Placeholders of tests, and numbers of identity cards: those are nobody's business here."""
    return _is_dummy(answered) or fold(answered.name).startswith(_IDENTITY)


def _is_dummy(answered: NamedAnswer) -> bool:
    return bool(_DUMMY.match(text_of(answered.answer)))


def _is_test(answers: Sequence[NamedAnswer], known: Mapping[str, str], platform: str) -> bool:
    flagged = any(known.get(name, "").lower() in ("true", "1", "yes") for name in ("istest", "testlead"))
    addresses = PLATFORMS[platform].test_addresses if platform in PLATFORMS else ()
    return flagged or any(_is_dummy(each) or text_of(each.answer).lower() in addresses for each in answers)
