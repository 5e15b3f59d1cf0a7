"""How the invented people came: campaigns, searches, posts and friends, each attributed by the real rules once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from service.attribution import attribute
from service.forms import AttributionConfig
from service.lead import Attribution, Evidence
from service.platforms.registry import utm_of

_SITE = "https://www.example.com"
_PAGES = ("/", "/tour", "/private-offices", "/hot-desks", "/meeting-rooms", "/pricing")


@dataclass(frozen=True, slots=True)
class DemoVisit:
    """One way to come. sender: where its leads come from; form_name: the name of the form there."""

    evidence: Evidence
    attribution: Attribution
    sender: str = "browser"
    form_name: str = ""


def all_visits() -> tuple[Sequence[DemoVisit], Sequence[float]]:
    """Every visit, and the cumulative weights to draw them by."""
    weighted = [*_of_the_site(), *_of_platforms()]
    return [visit for _, visit in weighted], [*accumulate(weight for weight, _ in weighted)]


def _of_the_site() -> list[tuple[float, DemoVisit]]:
    visits = []
    for weight, query, referrer in _SITE_VISITS:
        for number, page in enumerate(_PAGES):
            landing = f"{_SITE}{page}?{query}" if query else f"{_SITE}{page}"
            evidence = Evidence(landing_url=landing, page_url=f"{_SITE}/tour", referrer=referrer)
            visits.append((weight / (number + 1), DemoVisit(evidence, attribute(evidence, AttributionConfig()))))
    return visits


_SITE_VISITS: Sequence[tuple[float, str, str]] = (
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
"""Weight, query of the landing page, referrer."""


def _of_platforms() -> list[tuple[float, DemoVisit]]:
    visits = []
    for weight, platform, form_name, facts in _LEAD_ADS:
        evidence = Evidence(fields=utm_of(platform, facts, {}))
        visits.append((weight, DemoVisit(evidence, attribute(evidence, AttributionConfig()), platform, form_name)))
    return visits


_LEAD_ADS: Sequence[tuple[float, str, str, Mapping[str, str]]] = (
    (9, "meta", "Desks this month", {"campaign_name": "Desks this month", "ad_name": "Window seat", "platform": "fb"}),
    (7, "meta", "Desks this month", {"campaign_name": "Desks this month", "ad_name": "Reel 2", "platform": "ig"}),
    (6, "google-ads", "Tour form", {"campaign_name": "Lead form tours"}),
    (4, "linkedin", "Offices for teams", {"campaign_name": "Heads of office", "lead_type": "SPONSORED"}),
    (2, "tiktok", "First day free", {"campaign_name": "First day free", "ad_name": "Creator 1"}),
)
"""Weight, platform, name of its form, and its facts about the campaign."""
