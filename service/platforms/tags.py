"""The Utm values of an ad platform's campaign; our own convention, the same however the lead arrives."""

from service.platforms.platform import Facts
from service.platforms.registry import PLATFORMS


def utm_of(platform: str, facts: Facts, names: Facts) -> dict[str, str]:
    """Return utm_source to utm_term, "" where unknown; nothing for a sender that is no ad platform.

    facts: what the platform reports: `campaign_id`, `campaign_name`, likewise of ad, ad set, ad group, creative or
    asset group; Meta's `platform` and `is_organic`, LinkedIn's `lead_type`.
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
        part_id = "" if (given := facts.get(f"{part}_id", "")) == "0" else given
        if name := names.get(part_id, "") or facts.get(f"{part}_name", "") or part_id:
            return name
    return ""
