"""The ordered rules of the channel: the first that returns one decides.

They are Google Analytics' table for manually tagged traffic, with a fall-through from tags to
click ids and the referrer, and a few more words. The number before each rule is its number in the description of the
rules.
"""

from collections.abc import Callable

from service.attribution.signals import Signals
from service.attribution.tables import SETS

ChannelRule = Callable[[Signals], str]
"""Returns the channel, "" where the rule does not apply."""

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
_BY_HAND, _BROKER, _AGENT = 9, 11, 12  # LeadSource of e-mails, brokers and property agents


def cross_network(signals: Signals) -> str:
    """1. A Google campaign that runs on all its networks at once."""
    return "Cross-network" if "cross-network" in signals.campaign else ""


def paid_click(signals: Signals) -> str:
    """2. A paid click."""
    if not signals.is_paid:
        return ""
    kind = _paid_kind(signals)
    if kind == "shopping" or signals.is_shop_campaign:
        return "Paid Shopping"
    if kind in _PAID:
        return _PAID[kind]
    return "Display" if "DISPLAY" in signals.medium.kinds else "Paid Other"


def _paid_kind(signals: Signals) -> str:
    """Return the kind of place the ad was in, by the ad id, else utm_source, else the referrer."""
    if signals.ad is None:
        row = signals.source.row or signals.referrer
        return row.category if row else ""
    if signals.ad.kind != "search":
        return signals.ad.kind
    if signals.source_is("video") or signals.referrer_is("video"):
        return "video"
    return "display" if "DISPLAY" in signals.medium.kinds or signals.referrer_is("ads") else "search"


def display(signals: Signals) -> str:
    """3. A banner."""
    return "Display" if "DISPLAY" in signals.medium.kinds or signals.source_is("ads") else ""


def organic_shopping(signals: Signals) -> str:
    """4. A shop, or a campaign named after one."""
    return "Organic Shopping" if signals.source_is("shopping") or signals.is_shop_campaign else ""


def organic_social(signals: Signals) -> str:
    """5. A social network."""
    return "Organic Social" if signals.source_is("social") or "SOCIAL" in signals.medium.kinds else ""


def organic_video(signals: Signals) -> str:
    """6. A video site."""
    return "Organic Video" if signals.source_is("video") or "VIDEO" in signals.medium.kinds else ""


def organic_search(signals: Signals) -> str:
    """7. A search engine."""
    return "Organic Search" if signals.source_is("search") or "ORGANIC" in signals.medium.kinds else ""


def ai_assistant(signals: Signals) -> str:
    """8. An assistant that answers with links."""
    return "AI Assistant" if signals.source_is("ai") or signals.medium.label == "ai-assistant" else ""


def email(signals: Signals) -> str:
    """9. An e-mail, to many or by hand."""
    is_mail = signals.source_is("email") or "EMAIL" in signals.medium.kinds or signals.number == _BY_HAND
    return "Email" if is_mail else ""


def affiliates(signals: Signals) -> str:
    """10. A partner."""
    return "Affiliates" if "AFFILIATE" in signals.medium.kinds else ""


def referral(signals: Signals) -> str:
    """11. A broker, an agent or a site that links here on purpose."""
    is_go_between = signals.source_is("broker", "agent") or signals.number in (_BROKER, _AGENT)
    return "Referral" if is_go_between or "REFERRAL" in signals.medium.kinds else ""


def audio(signals: Signals) -> str:
    """12. A podcast or music service."""
    return "Audio" if "AUDIO" in signals.medium.kinds else ""


def sms(signals: Signals) -> str:
    """13. A text message."""
    return "SMS" if "SMS" in signals.medium.kinds or signals.source_label in SETS["SMS"] else ""


def mobile_push(signals: Signals) -> str:
    """14. A notification of an app or browser."""
    return "Mobile Push" if "PUSH" in signals.medium.kinds else ""


def other_campaign(signals: Signals) -> str:
    """15. A word for something off-line: phone, print, an event."""
    return "Other Campaign" if signals.number is not None else ""


def named_site(signals: Signals) -> str:
    """16. A utm_source that is the host of a site in no table."""
    return "Referral" if signals.source_is("web") else ""


def opened_link(signals: Signals) -> str:
    """17. An id that names the app or mail of the link."""
    return _OPENED.get(signals.link.kind, "") if signals.link else ""


def came_from(signals: Signals) -> str:
    """18. The referring page."""
    return _REFERRED.get(signals.referrer.category, "") if signals.referrer else ""


def unassigned(signals: Signals) -> str:
    """19. Tagged, in words unknown to every rule."""
    return "Unassigned" if signals.is_tagged else ""


def direct(_: Signals) -> str:
    """20. Nothing is known."""
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
"""Rules 2 to 16, which read the tags and ad ids only."""

RULES: tuple[ChannelRule, ...] = (cross_network, *TAG_RULES, opened_link, came_from, unassigned, direct)
"""All rules; position is priority."""


def decide_channel(signals: Signals) -> tuple[str, ChannelRule]:
    """Return the channel and the rule that decided it."""
    return next((channel, rule) for rule in RULES if (channel := rule(signals)))
