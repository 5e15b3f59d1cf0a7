"""From evidence to attribution: touch -> UTM values -> channel -> LeadSource."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from service.attribution.channel import ChannelRule, decide_channel
from service.attribution.lead_source import LeadSourceInputs, LeadSourceRule, decide_lead_source
from service.attribution.policy import Policy, policy_of
from service.attribution.reasons import ReasonInputs, explain
from service.attribution.signals import Signals, TouchFacts, origin_of, read_signals
from service.attribution.tags import NO_UTM, Utm, ad_id, link_id, read_click_ids
from service.attribution.touches import Touch, is_in_time, landing_page, pick_touch, read_current, read_touches, url_of
from service.attribution.values import number_of
from service.forms import AttributionConfig
from service.lead import Attribution, Evidence, OtherTouch, StoredTouch

RULES_VERSION = 3
"""Version of the rules and tables, recorded in every attribution."""


class Click(NamedTuple):
    """One click id. at: when its link was opened, in unix seconds; None when unknown, or in this visit."""

    name: str
    value: str
    at: float | None


def attribute(evidence: Evidence, config: AttributionConfig) -> Attribution:
    """Decide where a person came from, by the rules and the form's configuration.

    Pure and repeatable. Raises: nothing, whatever is inside `evidence` and `config`; values of
    a wrong type count as absent. `rule` of the result is
    "rules:<version> touch:<current, last, first, form or none> channel:<rule> lead_source:<rule>". Its
    click ids are those of all visits; only those of the visit that counts decide anything. The form's own
    UTM values are shown where the visit has none; they decide the channel only where nothing else
    says how the visitor came.
    """
    policy = policy_of(config)
    touch = pick_touch(evidence, policy)
    click_ids = _all_click_ids(touch, evidence, policy)
    if any(touch.utm) or not any(policy.utm):
        return _attribute(touch, click_ids, evidence, policy, policy.first_touch)
    if touch.has_evidence:
        return _attribute(touch, click_ids, evidence, policy, policy.first_touch, own=policy.utm)
    by_form = Touch("form", policy.utm, "set for this form (utm)", codes=touch.codes)
    return _attribute(by_form, click_ids, evidence, policy, policy.first_touch)


def attribute_others(evidence: Evidence, config: AttributionConfig) -> Mapping[str, Attribution]:
    """Return the attribution by each visit with evidence that does not count, by the visit's name.

    For operators who want to see the visits that were left out. Raises: nothing.
    """
    policy = policy_of(config)
    picked, *others = [touch for touch in read_touches(evidence, policy) if touch.has_evidence] or [Touch()]
    return {
        touch.name: _attribute(touch, touch.click_ids, evidence, policy, None)
        for touch in others
        if touch.name != picked.name
    }


def other_touch(evidence: Evidence, config: AttributionConfig, own: Attribution) -> OtherTouch | None:
    """Return the attribution by the touch that the form does not use, for reports; None where it is the same.

    own: the attribution by the touch that the form uses. Raises: nothing.
    """
    if evidence.first is None and evidence.last is None:
        return None
    other = _config_of_other_touch(config)
    attribution = attribute(evidence, other)
    return None if _reported(attribution) == _reported(own) else OtherTouch(other.touch, attribution)


@lru_cache(maxsize=512)
def _config_of_other_touch(config: AttributionConfig) -> AttributionConfig:
    return replace(config, touch="last" if config.touch == "first" else "first")


def _reported(attribution: Attribution) -> tuple[object, ...]:
    return (
        *(attribution.utm_source, attribution.utm_medium, attribution.utm_campaign, attribution.channel),
        *(attribution.lead_source, attribution.origin, attribution.landing_page),
    )


def clicks(evidence: Evidence, config: AttributionConfig) -> tuple[Click, ...]:
    """Return the click ids of all visits, those of the newest visit first, each once with its earliest time.

    Pure. Raises: nothing.
    """
    current = read_current(evidence, policy_of(config)).click_ids
    times: dict[tuple[str, str], float | None] = dict.fromkeys(current.items())
    for stored in _remembered(evidence):
        at = number_of(stored.at)
        ids = read_click_ids(url_of(stored.url))
        times.update((click, times.get(click) if at is None else at) for click in ids.items())
    return tuple(Click(name, value, at) for (name, value), at in times.items())


def _all_click_ids(touch: Touch, evidence: Evidence, policy: Policy) -> Mapping[str, str]:
    """Return the click ids of all visits by name: those of `touch`, which counts, then those of the newest visit.

    Ids of other visits change neither channel nor LeadSource. But an ad platform that learns the outcome of a click
    needs its id even if another visit counts: an ad began what a newsletter closed.
    """
    ids = touch.click_ids
    if policy.first_touch and touch.name != "current":  # else this visit counts, or has no evidence
        ids = {**ids, **read_current(evidence, policy).click_ids, **ids}
    previous = url_of(evidence.landing_url)
    for stored in _remembered(evidence):
        url = url_of(stored.url)
        if url != previous and (more := read_click_ids(url)):  # a single visit leaves the same address everywhere
            ids = {**ids, **more, **ids}
        previous = url
    return ids


def _remembered(evidence: Evidence) -> list[StoredTouch]:
    """Return the remembered visits that have not expired, the last before the first."""
    return [
        stored
        for stored in (evidence.last, evidence.first)
        if isinstance(stored, StoredTouch) and is_in_time(stored.at, evidence.submitted_at)
    ]


def _attribute(
    touch: Touch,
    click_ids: Mapping[str, str],
    evidence: Evidence,
    policy: Policy,
    first_touch: bool | None,
    own: Utm = NO_UTM,
) -> Attribution:
    """Attribute by one touch. own: the form's UTM values where the visit has none: shown, but not decisive."""
    utm = touch.utm
    has_own = any(own)
    shown = own if has_own else utm
    facts = TouchFacts(
        *(utm.source, utm.medium, utm.campaign, any(utm)),
        *(ad_id(touch.click_ids), link_id(touch.click_ids), touch.referrer),
    )
    signals, channel, channel_rule = _decide(facts)
    answers = evidence.fields if isinstance(evidence.fields, (dict, Mapping)) else {}
    host = touch.referrer.name if touch.referrer else ""
    number, number_rule = decide_lead_source(LeadSourceInputs(signals, host, channel, channel_rule, policy, answers))
    id_place = touch.id_places.get(facts.ad or facts.link, "")
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
        reason=_reason(touch.name, touch.utm_place, id_place, facts, number, number_rule, first_touch, has_own),
        click_ids=click_ids or {},
        codes=tuple(sorted(touch.codes)),
        origin="" if shown.source or shown.medium else origin_of(facts),
        landing_page=landing_page(touch.name, evidence),
    )


@lru_cache(maxsize=4096)
def _decide(facts: TouchFacts) -> tuple[Signals, str, ChannelRule]:
    """Decide the channel, which depends on nothing else: all visits of one campaign share it."""
    signals = read_signals(facts)
    return (signals, *decide_channel(signals))


@lru_cache(maxsize=4096)
def _reason(
    visit: str,
    utm_place: str,
    id_place: str,
    facts: TouchFacts,
    number: int,
    number_rule: LeadSourceRule,
    first_touch: bool | None,
    has_own_tags: bool,
) -> str:
    inputs = (visit, utm_place, id_place, facts, *_decide(facts), number, number_rule, first_touch, has_own_tags)
    return explain(ReasonInputs(*inputs))
