"""The ordered rules of the channel: the first that answers decides.

They are Google Analytics' table for manually tagged traffic, with a fall-through from tags to
click ids and the referrer, and a few more words. The number before each is the one in the rules'
description.
"""

from collections.abc import Callable

from service.attribution.signals import Signals
from service.attribution.tables import SETS

ChannelRule = Callable[[Signals], str]
"""Returns the channel, "" where the rule has nothing to say."""

_PAID = {
    "search": "Paid Search",
    "social": "Paid Social",
    "video": "Paid Video",
    "display": "Display",
    "ads": "Display",
}
_OPENED = {"social": "Organic Social", "email": "Email", "affiliate": "Affiliates"}
_REFERRED = {
    "search": "Organic Search",
    "social": "Organic Social",
    "video": "Organic Video",
    "shopping": "Organic Shopping",
    "ai": "AI Assistant",
    "email": "Email",
    "ads": "Display",
    "broker": "Referral",
    "agent": "Referral",
    "web": "Referral",
}
_BY_HAND, _BROKER, _AGENT = 9, 11, 12  # LeadSource of mails, brokers and property agents


def cross_network(clues: Signals) -> str:
    """1. A Google campaign that runs on all its networks at once."""
    return "Cross-network" if "cross-network" in clues.campaign else ""


def paid_click(clues: Signals) -> str:
    """2. Somebody paid for the click."""
    if not clues.is_paid:
        return ""
    kind = _paid_kind(clues)
    if kind == "shopping" or clues.is_shop_campaign:
        return "Paid Shopping"
    if kind in _PAID:
        return _PAID[kind]
    return "Display" if "DISPLAY" in clues.medium.kinds else "Paid Other"


def _paid_kind(clues: Signals) -> str:
    """Return what sort of place the ad was in: told by the ad id, else utm_source, else the referrer."""
    if clues.ad is None:
        row = clues.source.row or clues.referrer
        return row.category if row else ""
    if clues.ad.kind != "search":
        return clues.ad.kind
    if clues.source_is("video") or clues.referrer_is("video"):
        return "video"
    return "display" if "DISPLAY" in clues.medium.kinds or clues.referrer_is("ads") else "search"


def display(clues: Signals) -> str:
    """3. A banner."""
    return "Display" if "DISPLAY" in clues.medium.kinds or clues.source_is("ads") else ""


def organic_shopping(clues: Signals) -> str:
    """4. A shop, or a campaign named after one."""
    return "Organic Shopping" if clues.source_is("shopping") or clues.is_shop_campaign else ""


def organic_social(clues: Signals) -> str:
    """5. A social network."""
    return "Organic Social" if clues.source_is("social") or "SOCIAL" in clues.medium.kinds else ""


def organic_video(clues: Signals) -> str:
    """6. A video site."""
    return "Organic Video" if clues.source_is("video") or "VIDEO" in clues.medium.kinds else ""


def organic_search(clues: Signals) -> str:
    """7. A search engine."""
    return "Organic Search" if clues.source_is("search") or "ORGANIC" in clues.medium.kinds else ""


def ai_assistant(clues: Signals) -> str:
    """8. An assistant that answers with links."""
    return "AI Assistant" if clues.source_is("ai") or clues.medium.label == "ai-assistant" else ""


def email(clues: Signals) -> str:
    """9. A mail, to many or by hand."""
    is_mail = clues.source_is("email") or "EMAIL" in clues.medium.kinds or clues.number == _BY_HAND
    return "Email" if is_mail else ""


def affiliates(clues: Signals) -> str:
    """10. A partner."""
    return "Affiliates" if "AFFILIATE" in clues.medium.kinds else ""


def referral(clues: Signals) -> str:
    """11. A broker, an agent or a site that links here on purpose."""
    is_go_between = clues.source_is("broker", "agent") or clues.number in (_BROKER, _AGENT)
    return "Referral" if is_go_between or "REFERRAL" in clues.medium.kinds else ""


def audio(clues: Signals) -> str:
    """12. A podcast or music service."""
    return "Audio" if "AUDIO" in clues.medium.kinds else ""


def sms(clues: Signals) -> str:
    """13. A text message."""
    return "SMS" if "SMS" in clues.medium.kinds or clues.source_label in SETS["SMS"] else ""


def mobile_push(clues: Signals) -> str:
    """14. A notification of an app or browser."""
    return "Mobile Push" if "PUSH" in clues.medium.kinds else ""


def other_campaign(clues: Signals) -> str:
    """15. A word for something off-line: phone, print, an event."""
    return "Other Campaign" if clues.number is not None else ""


def named_site(clues: Signals) -> str:
    """16. A utm_source that is the host of a site no table knows."""
    return "Referral" if clues.source_is("web") else ""


def opened_link(clues: Signals) -> str:
    """17. An id that tells where the link was opened or mailed."""
    return _OPENED.get(clues.link.kind, "") if clues.link else ""


def came_from(clues: Signals) -> str:
    """18. The page before."""
    return _REFERRED.get(clues.referrer.category, "") if clues.referrer else ""


def unassigned(clues: Signals) -> str:
    """19. Tagged, in words that no rule knows."""
    return "Unassigned" if clues.is_tagged else ""


def direct(_: Signals) -> str:
    """20. Nothing known."""
    return "Direct"


TAG_RULES: tuple[ChannelRule, ...] = (
    paid_click,
    display,
    organic_shopping,
    organic_social,
    organic_video,
    organic_search,
    ai_assistant,
    email,
    affiliates,
    referral,
    audio,
    sms,
    mobile_push,
    other_campaign,
    named_site,
)
"""Rules 2 to 16, which read the tags (and of the rest only ad ids)."""

RULES: tuple[ChannelRule, ...] = (cross_network, *TAG_RULES, opened_link, came_from, unassigned, direct)
"""All rules; position is priority."""


def decide_channel(clues: Signals) -> tuple[str, ChannelRule]:
    """Return the channel and the rule that decided it."""
    return next((channel, rule) for rule in RULES if (channel := rule(clues)))
