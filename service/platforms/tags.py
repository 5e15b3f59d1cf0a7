"""Utm values that a platform's campaign stands for: our convention, the same however the lead comes."""

from collections.abc import Mapping

Parts = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""What stands for campaign, content and term: facts without their ending `_id` or `_name`, the first known counts."""

_PARTS: Mapping[str, Parts] = {
    "meta": (("campaign",), ("ad",), ("adset",)),
    "google-ads": (("campaign",), ("creative", "asset_group"), ("adgroup",)),
    "linkedin": (("campaign",), ("creative",), ()),
    "tiktok": (("campaign",), ("ad",), ("adgroup",)),
}


def utm_of(platform: str, facts: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Return utm_source to utm_term; "" for what is not known. Empty for a platform that is none of ours.

    platform: a sender's name: meta, google-ads, linkedin, tiktok. facts: `campaign_id`, `campaign_name` and
    the same of `adset` and `ad` (Meta), `adgroup`, `creative`, `asset_group` (Google), `creative` (LinkedIn),
    `adgroup`, `ad` (TikTok); `platform` ("ig") and `is_organic` ("true") of Meta, `lead_type` of LinkedIn.
    names: the operator's own names of ids, which go before the platform's; an id without any name stands
    for itself.
    """
    if platform not in _PARTS:
        return {}
    campaign, content, term = (_first(parts, facts, names) for parts in _PARTS[platform])
    return {
        "utm_source": _source(platform, facts),
        "utm_medium": _medium(platform, facts),
        "utm_campaign": campaign,
        "utm_content": content,
        "utm_term": term,
    }


def _first(parts: tuple[str, ...], facts: Mapping[str, str], names: Mapping[str, str]) -> str:
    found = (_name(part, facts, names) for part in parts)
    return next((name for name in found if name), "")


def _name(part: str, facts: Mapping[str, str], names: Mapping[str, str]) -> str:
    known = facts.get(f"{part}_id", "")
    known = "" if known == "0" else known
    return names.get(known, "") or facts.get(f"{part}_name", "") or known


def _source(platform: str, facts: Mapping[str, str]) -> str:
    if platform == "meta":
        return "instagram" if facts.get("platform", "").lower() in {"ig", "instagram"} else "facebook"
    return "google" if platform == "google-ads" else platform


def _medium(platform: str, facts: Mapping[str, str]) -> str:
    if platform == "google-ads":
        return "cpc"
    is_organic = (platform == "meta" and facts.get("is_organic", "").lower() in {"true", "1"}) or (
        platform == "linkedin" and facts.get("lead_type", "").upper() not in {"", "SPONSORED"}
    )
    return "organic_social" if is_organic else "paid_social"
