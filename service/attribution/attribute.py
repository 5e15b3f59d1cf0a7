"""The walk from evidence to verdict: touch -> Utm values -> channel -> LeadSource."""

from collections.abc import Mapping
from functools import lru_cache

from service.attribution.channel import ChannelRule, decide_channel
from service.attribution.click_ids import ad_id, link_id
from service.attribution.clicks import all_click_ids
from service.attribution.lead_source import LeadSourceInputs, LeadSourceRule, decide_lead_source
from service.attribution.policy import Policy, policy_of
from service.attribution.reasons import ReasonInputs, explain
from service.attribution.signals import Signals, TouchFacts, read_clues
from service.attribution.tags import NO_UTM, Utm
from service.attribution.touches import Touch, pick_touch, read_touches
from service.forms import AttributionConfig
from service.lead import Attribution, Evidence

RULES_VERSION = 3
"""Of the rules and tables; every verdict says by which it was reached."""


def attribute(evidence: Evidence, config: AttributionConfig) -> Attribution:
    """Decide where a person came from, as the form's operator wants leads credited.

    Pure and repeatable. Raises: nothing, whatever is inside `evidence` and `config`; values of
    a wrong type count as absent. `rule` of the verdict is
    "rules:<version> touch:<current, last, first, form or none> channel:<rule> lead_source:<rule>". Its
    click ids are those of all visits; only those of the visit that counts decide anything. The form's own
    Utm values are those of a verdict whose visit has none; they decide the channel only where nothing else
    says how the visitor came.
    """
    policy = policy_of(config)
    touch = pick_touch(evidence, policy)
    click_ids = all_click_ids(touch, evidence, policy)
    if any(touch.utm) or not any(policy.utm):
        return _credit(touch, click_ids, evidence, policy, policy.first_touch)
    if touch.has_evidence:
        return _credit(touch, click_ids, evidence, policy, policy.first_touch, own=policy.utm)
    by_form = Touch("form", policy.utm, "set for this form (utm)", codes=touch.codes)
    return _credit(by_form, click_ids, evidence, policy, policy.first_touch)


def attribute_others(evidence: Evidence, config: AttributionConfig) -> Mapping[str, Attribution]:
    """Return what each visit that tells something but does not count would be credited to, by the visit's name.

    For operators who wonder what the verdict left out. Raises: nothing.
    """
    policy = policy_of(config)
    picked, *others = [touch for touch in read_touches(evidence, policy) if touch.has_evidence] or [Touch()]
    return {
        touch.name: _credit(touch, touch.click_ids, evidence, policy, None)
        for touch in others
        if touch.name != picked.name
    }


def _credit(
    touch: Touch,
    click_ids: Mapping[str, str],
    evidence: Evidence,
    policy: Policy,
    first_touch: bool | None,
    own: Utm = NO_UTM,
) -> Attribution:
    """own: the form's Utm values, where the visit has none: the verdict shows them, and they decide nothing."""
    utm = touch.utm
    shown = own if any(own) else utm
    found = TouchFacts(
        *(utm.source, utm.medium, utm.campaign, any(utm)),
        *(ad_id(touch.click_ids), link_id(touch.click_ids), touch.referrer),
    )
    clues, channel, channel_rule = _judge(found)
    answers = evidence.fields if isinstance(evidence.fields, (dict, Mapping)) else {}
    referrer = touch.referrer.name if touch.referrer else ""
    number, number_rule = decide_lead_source(LeadSourceInputs(clues, referrer, channel, channel_rule, policy, answers))
    return Attribution(
        utm_source=shown.source,
        utm_medium=shown.medium,
        utm_campaign=shown.campaign,
        utm_content=shown.content,
        utm_term=shown.term,
        channel=channel,
        lead_source=number,
        rule=f"rules:{RULES_VERSION} touch:{touch.name} channel:{channel_rule.__name__}"
        f" lead_source:{number_rule.__name__}",
        reason=_reason(
            *(touch.name, touch.utm_place, touch.id_places.get(found.ad or found.link, "")),
            *(found, number, number_rule, first_touch, any(own)),
        ),
        click_ids=click_ids or {},
        codes=tuple(sorted(touch.codes)),
    )


@lru_cache(maxsize=4096)
def _judge(found: TouchFacts) -> tuple[Signals, str, ChannelRule]:
    """Look up and decide what depends on nothing else: the visits of one campaign are all alike in this."""
    clues = read_clues(found)
    return (clues, *decide_channel(clues))


@lru_cache(maxsize=4096)
def _reason(
    visit: str,
    utm_place: str,
    id_place: str,
    found: TouchFacts,
    number: int,
    number_rule: LeadSourceRule,
    first_touch: bool | None,
    has_own_tags: bool,
) -> str:
    verdict = ReasonInputs(
        visit, utm_place, id_place, found, *_judge(found), number, number_rule, first_touch, has_own_tags
    )
    return explain(verdict)
