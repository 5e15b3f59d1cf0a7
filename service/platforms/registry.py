"""Every ad platform by its name, and the UTM values of its campaigns; a new platform is a folder and a line here."""

from collections.abc import Mapping
from types import MappingProxyType

from service.platforms.google_ads import GOOGLE_ADS
from service.platforms.linkedin import LINKEDIN
from service.platforms.meta import META
from service.platforms.platform import Facts, Platform
from service.platforms.tiktok import TIKTOK

PLATFORMS: Mapping[str, Platform] = MappingProxyType(
    {platform.name: platform for platform in (META, GOOGLE_ADS, LINKEDIN, TIKTOK)}
)

COSTS: Mapping[str, Platform] = MappingProxyType({platform.costs.source: platform for platform in PLATFORMS.values()})
"""The same by the source of their costs."""


def title_of(name: str) -> str:
    """Return a platform's title; any other sender's name as it is."""
    return PLATFORMS[name].title if name in PLATFORMS else name


def utm_of(platform: str, facts: Facts, names: Facts) -> dict[str, str]:
    """Return utm_source to utm_term of a campaign, "" where unknown; nothing for any other sender.

    facts: what the platform reports: `campaign_id`, `campaign_name`, likewise of ad, ad set, ad group, creative or
    asset group; and the facts that the platform's CampaignTags read.
    names: the operator's names by id. They win over the platform's; an id without a name stands for itself.
    """
    if platform not in PLATFORMS:
        return {}
    tags = PLATFORMS[platform].tags
    return {
        "utm_source": tags.sources.get(facts.get("platform", "").lower(), tags.source),
        "utm_medium": "organic_social" if tags.is_organic(facts) else tags.medium,
        "utm_campaign": _name_of(("campaign",), facts, names),
        "utm_content": _name_of(tags.content, facts, names),
        "utm_term": _name_of(tags.term, facts, names),
    }


def _name_of(parts: tuple[str, ...], facts: Facts, names: Facts) -> str:
    """Return the first name, or else id, that is known of these parts of a campaign."""
    for part in parts:
        part_id = facts.get(f"{part}_id", "")
        part_id = "" if part_id == "0" else part_id
        if name := names.get(part_id, "") or facts.get(f"{part}_name", "") or part_id:
            return name
    return ""
