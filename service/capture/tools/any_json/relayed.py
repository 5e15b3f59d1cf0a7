"""An ad platform's lead that an automation or a spreadsheet passes on: its platform, its id, its campaign."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.names import fold
from service.capture.parsing.texts import text_of
from service.capture.tools.any_json.surroundings import CAMPAIGN_FACTS, LEAD_IDS, choose_id, is_id_name, strip_urn
from service.capture.tools.sender import SenderConfig
from service.platforms.registry import PLATFORMS

_ALIASES = {alias: name for name, platform in PLATFORMS.items() for alias in platform.aliases}
"""Folded name of a platform in a body -> platform."""

_LEAD_LISTS = {member: name for name, platform in PLATFORMS.items() for member in platform.lead_lists}
"""Name of a list of answers that only one platform has -> platform."""

_PREFIXED = [platform.export.prefixed for platform in PLATFORMS.values() if platform.export.prefixed]
_DUMMY = re.compile(r"<\s*test lead:", re.IGNORECASE)
_IDENTITY = "governmentissuedid"  # a column of Google's, folded
_MAX_EXAMINED = 1000  # answers; further ones count as the person's


@dataclass(frozen=True, slots=True)
class Relayed:
    """A relayed lead.

    answers: the person's. external_id: the platform's lead id. platform: a sender's name, or "". facts: campaign, ad
    and so on, for a known platform. details: the facts under their original names.
    """

    answers: Sequence[NamedAnswer]
    external_id: str = ""
    platform: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    is_test: bool = False


def relay(posted: Sequence[NamedAnswer], whole: Mapping[str, object], config: SenderConfig) -> Relayed:
    """Separate facts about the lead from the person's answers.

    whole: the body; its shape may show the platform. config: the operator's, with its `platform`.
    """
    answers = [each._replace(answer=_bare(each)) for each in posted[:_MAX_EXAMINED]]
    known = {fold(each.name): text_of(each.answer) for each in reversed(answers) if text_of(each.answer)}
    platform = config.get("platform", "") or _platform_of(known, whole)
    facts = [each for each in answers if platform and fold(each.name) in CAMPAIGN_FACTS and text_of(each.answer)]
    lead_id = choose_id(answers, platform)
    mapped = {fold(name) for name in config.get("fields", {}).get("external_id", ())}
    others = [
        each for each in answers if each is not lead_id and is_id_name(each.name) and fold(each.name) not in mapped
    ]
    apart = {id(each) for each in (*facts, *others, *([lead_id] if lead_id else ()))}
    answered = [each for each in answers if id(each) not in apart and not _is_dropped(each)]
    return Relayed(
        [*answered, *posted[_MAX_EXAMINED:]],
        external_id=strip_urn(text_of(lead_id.answer)) if lead_id else "",
        platform=platform,
        facts={CAMPAIGN_FACTS[fold(each.name)]: text_of(each.answer) for each in reversed(facts)},
        details={each.name: text_of(each.answer) for each in reversed([*facts, *others])},
        is_test=_is_test(answers, known, platform),
    )


def _bare(answered: NamedAnswer) -> str | list[str]:
    """The answer without the letters that a platform's spreadsheets put before ids and numbers against rounding."""
    if isinstance(answered.answer, str):
        for pattern in _PREFIXED:
            if prefixed := pattern.fullmatch(answered.answer):
                return str(prefixed[prefixed.lastindex or 0])
    return answered.answer


def _platform_of(known: Mapping[str, str], whole: Mapping[str, object]) -> str:
    """The platform that the body names, with a lead id beside it: a form may ask "Which platform?"."""
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


def _is_dropped(answered: NamedAnswer) -> bool:
    """Whether it is a test's placeholder or the number of an identity card, which is not kept."""
    return _is_dummy(answered) or fold(answered.name).startswith(_IDENTITY)


def _is_dummy(answered: NamedAnswer) -> bool:
    return bool(_DUMMY.match(text_of(answered.answer)))


def _is_test(answers: Sequence[NamedAnswer], known: Mapping[str, str], platform: str) -> bool:
    flagged = any(known.get(name, "").lower() in ("true", "1", "yes") for name in ("istest", "testlead"))
    addresses = PLATFORMS[platform].test_addresses if platform in PLATFORMS else ()
    return flagged or any(_is_dummy(each) or text_of(each.answer).lower() in addresses for each in answers)
