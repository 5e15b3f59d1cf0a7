"""The verdict in a marketer's words. Of the visitor's values only a plain host, so it may be logged."""

import re

from service.attribution import channel, lead_source
from service.attribution.channel import ChannelRule
from service.attribution.clues import Clues
from service.attribution.lead_source import LeadSourceRule
from service.attribution.tables import ClickId

_PLAIN_HOST = re.compile(r"[a-z0-9._-]+")
_VISITS = {"current": "the visit", "last": "the last remembered visit", "first": "the first remembered visit"}
_LEAD_SOURCES: dict[LeadSourceRule, str] = {
    lead_source.fixed: "LeadSource fixed for this form",
    lead_source.answer: "LeadSource by the person's own answer",
    lead_source.mapped: "LeadSource by the form's source_map",
    lead_source.form_default: "LeadSource by the form's default",
}


def explain(clues: Clues, channel_name: str, channel_rule: ChannelRule, lead_source_rule: LeadSourceRule) -> str:
    """Say in one sentence why the lead was credited so."""
    because = _because(clues, channel_name, channel_rule)
    wish = _LEAD_SOURCES.get(lead_source_rule)
    sentence = f"{because}; {wish}" if wish else because
    return sentence if sentence.startswith("utm_") else sentence[0].upper() + sentence[1:]


def _because(clues: Clues, channel_name: str, rule: ChannelRule) -> str:
    place = clues.touch.utm_place
    if rule is channel.direct:
        return "nothing tells where the visit came from"
    if rule is channel.unassigned:
        return f"Utm values {place} in words that no rule knows"
    if rule is channel.came_from and clues.touch.referrer and clues.referrer:
        name = clues.touch.referrer.name
        site = name if _PLAIN_HOST.fullmatch(name) else "another site"
        return f"{_VISITS[clues.touch.name]} came from {site} ({clues.referrer.category})"
    if rule is channel.paid_click and clues.ad:
        return _click_id(clues, clues.ad)
    if rule is channel.opened_link and clues.link:
        return _click_id(clues, clues.link)
    return f"{_tags(clues)} {place}: {channel_name}"


def _click_id(clues: Clues, click_id: ClickId) -> str:
    network = f"{click_id.row.name} " if click_id.row else ""
    sort = "ad" if click_id.is_ad else "link"
    return f"{network}{sort} click id {click_id.name} {clues.touch.id_places[click_id.name]}"


def _tags(clues: Clues) -> str:
    """Name the tags that are there and that rules look at."""
    names = ("utm_source", "utm_medium", "utm_campaign")
    return " and ".join(name for name, value in zip(names, clues.utm, strict=False) if value)
