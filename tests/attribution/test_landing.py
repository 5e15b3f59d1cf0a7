"""What reports show of a visit besides its tags."""

from typing import Any

from service.attribution import attribute, other_touch
from service.forms import AttributionConfig
from service.lead import Evidence, StoredTouch
from tests.attribution.visits import SITE, attributed
from tests.tables import each_row

AD = f"{SITE}/offices/?utm_source=google&utm_medium=cpc&utm_campaign=city"


@each_row(
    ("query", "referrer", "origin"),
    [
        ("", "", "(direct) / (none)"),
        ("", "https://www.google.de/", "google / organic"),
        ("", "https://duckduckgo.com/", "duckduckgo / organic"),
        ("", "https://search.brave.com/", "brave / organic"),
        ("", "https://l.facebook.com/", "l.facebook.com / referral"),
        ("", "https://chatgpt.com/", "chatgpt.com / referral"),
        ("", "https://mail.google.com/", "mail.google.com / email"),
        ("gclid=1", "", "google / cpc"),
        ("msclkid=1", "https://www.bing.com/", "bing / cpc"),
        ("ttclid=1", "", "tiktok / paid_social"),
        ("fbclid=1", "", "facebook / referral"),
        ("mc_eid=1", "", "email / email"),
        ("utm_campaign=may", "", "(not set) / (not set)"),
        ("utm_source=news", "https://www.google.com/", ""),
    ],
)
def test_a_visit_without_tags_has_the_source_and_medium_of_google_analytics(
    query: str, referrer: str, origin: str
) -> None:
    assert attributed(query, referrer).origin == origin


@each_row(
    ("evidence", "page"),
    [
        ({"landing_url": AD}, "/offices"),
        ({"landing_url": f"{SITE}"}, "/"),
        ({"landing_url": "", "page_url": f"{SITE}/contact?x=1#y"}, "/contact"),
        ({"landing_url": "", "page_url": ""}, ""),
        ({"landing_url": f"{SITE}/hello/ann@example.com"}, ""),
        ({"landing_url": f"{SITE}/{'x' * 300}"}, "/" + "x" * 199),
        ({"landing_url": f"{SITE}/", "last": StoredTouch(AD)}, "/offices"),
    ],
    ids=["of this visit", "the site's own", "the form's", "unknown", "an address", "too long", "of the visit before"],
)
def test_the_landing_page_is_the_path_of_the_visit_that_counts(evidence: dict[str, Any], page: str) -> None:
    assert attributed(**evidence).landing_page == page


def test_the_touch_that_the_form_does_not_use_is_kept_where_it_differs() -> None:
    evidence = Evidence(landing_url=f"{SITE}/?utm_source=news&utm_medium=email", first=StoredTouch(AD))

    for touch, other, source in (("last", "first", "google"), ("first", "last", "news")):
        config = AttributionConfig(touch=touch)
        kept = other_touch(evidence, config, attribute(evidence, config))
        assert kept is not None
        assert (kept.touch, kept.attribution.utm_source) == (other, source)


def test_one_visit_has_no_other_touch() -> None:
    config = AttributionConfig()
    for evidence in (Evidence(landing_url=AD), Evidence(landing_url=AD, first=StoredTouch(AD))):
        assert other_touch(evidence, config, attribute(evidence, config)) is None
