"""How they came: campaigns, searches, posts and friends, each credited by the real rules once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from service.attribution import attribute
from service.forms import AttributionConfig
from service.lead import Attribution, Evidence
from service.platforms.registry import utm_of

_SITE = "https://www.example.com"
_PAGES = ("/", "/tour", "/private-offices", "/hot-desks", "/meeting-rooms", "/pricing")


@dataclass(frozen=True, slots=True)
class Visit:
    """One way to come, and what it is credited to. sender: what brings its leads; form_name: its own name there."""

    evidence: Evidence
    verdict: Attribution
    sender: str = "browser"
    form_name: str = ""


@dataclass(frozen=True, slots=True)
class Visits:
    """All ways with their shares."""

    ways: Sequence[Visit]
    shares: Sequence[float] = field(default_factory=list)

    def pick(self, random: Random) -> Visit:
        """One of them, by its share."""
        return random.choices(self.ways, cum_weights=self.shares)[0]


def all_visits() -> Visits:
    """Every way."""
    found = [*_of_the_site(), *_of_platforms()]
    total, shares = 0.0, []
    for share, _ in found:
        total += share
        shares.append(total)
    return Visits([visit for _, visit in found], shares)


def _of_the_site() -> list[tuple[float, Visit]]:
    found = []
    for share, query, referrer in _LINKS:
        for number, page in enumerate(_PAGES):
            landing = f"{_SITE}{page}?{query}" if query else f"{_SITE}{page}"
            evidence = Evidence(landing_url=landing, page_url=f"{_SITE}/tour", referrer=referrer)
            found.append((share / (number + 1), Visit(evidence, attribute(evidence, AttributionConfig()))))
    return found


_LINKS: Sequence[tuple[float, str, str]] = (
    (24, "", "https://www.google.com/"),
    (16, "", ""),
    (13, "utm_source=google&utm_medium=cpc&utm_campaign=offices-city&utm_term=office+rent&gclid=Cj0Demo", ""),
    (7, "utm_source=google&utm_medium=cpc&utm_campaign=brand&gclid=Cj0Demo", "https://www.google.com/"),
    (6, "utm_source=newsletter&utm_medium=email&utm_campaign=autumn-letter", ""),
    (4, "utm_source=newsletter&utm_medium=email&utm_campaign=open-day", ""),
    (4, "", "https://www.bing.com/"),
    (4, "utm_source=linkedin&utm_medium=paid_social&utm_campaign=founders&li_fat_id=demo", "https://www.linkedin.com/"),
    (3, "", "https://www.linkedin.com/"),
    (3, "utm_source=facebook&utm_medium=paid_social&utm_campaign=Summer+desks&fbclid=demo", "https://l.facebook.com/"),
    (3, "", "https://www.instagram.com/"),
    (2, "", "https://chatgpt.com/"),
    (2, "", "https://coworking.directory.example/london"),
    (2, "utm_source=partner&utm_medium=referral&utm_campaign=harbour-hotel", "https://hotel.example/"),
    (1, "utm_source=poster&utm_medium=qr&utm_campaign=station", ""),
)
"""Share, query of the landing page, page before it."""


def _of_platforms() -> list[tuple[float, Visit]]:
    found = []
    for share, platform, form_name, facts in _LEAD_ADS:
        evidence = Evidence(fields=utm_of(platform, facts, {}))
        found.append((share, Visit(evidence, attribute(evidence, AttributionConfig()), platform, form_name)))
    return found


_LEAD_ADS: Sequence[tuple[float, str, str, Mapping[str, str]]] = (
    (9, "meta", "Desks this month", {"campaign_name": "Desks this month", "ad_name": "Window seat", "platform": "fb"}),
    (7, "meta", "Desks this month", {"campaign_name": "Desks this month", "ad_name": "Reel 2", "platform": "ig"}),
    (6, "google-ads", "Tour form", {"campaign_name": "Lead form tours"}),
    (4, "linkedin", "Offices for teams", {"campaign_name": "Heads of office", "lead_type": "SPONSORED"}),
    (2, "tiktok", "First day free", {"campaign_name": "First day free", "ad_name": "Creator 1"}),
)
"""Share, platform, its form's name, and what it tells of the campaign."""
