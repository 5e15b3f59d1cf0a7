"""Which visit counts, and what of the page before is looked at."""

import pytest

from service.attribution import attribute, attribute_others
from service.forms import AttributionConfig
from service.lead import Evidence, StoredTouch
from tests.attribution.visits import SITE, a_touch, a_visit, attributed, rule_of
from tests.tables import each_row

DAY_S = 86_400
NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("touch", "query", "picked"),
    [
        pytest.param("last", "utm_source=a", "current", id="this visit, if it shows an origin"),
        pytest.param("last", "", "last", id="else the last remembered one"),
        pytest.param("first", "utm_source=a", "first", id="the first where the form wants it"),
        pytest.param("neither", "utm_source=a", "current", id="an unknown wish means the last"),
    ],
)
def test_one_touch_is_picked(touch: str, query: str, picked: str) -> None:
    result = attributed(
        query, config=AttributionConfig(touch=touch), first=a_touch("fbclid=b"), last=a_touch("gclid=c")
    )

    assert rule_of(result, "touch") == picked


def test_the_first_remembered_visit_is_the_last_resort() -> None:
    assert rule_of(attributed(first=a_touch("gclid=a1"), last=a_touch()), "touch") == "first"


def test_no_touch_is_picked_where_none_tells_anything() -> None:
    assert rule_of(attributed(first=a_touch(), last=a_touch("utm_source=null")), "touch") == "none"


@pytest.mark.parametrize(
    ("age_s", "picked"),
    [
        pytest.param(90 * DAY_S, "last", id="90 days old"),
        pytest.param(90 * DAY_S + 1, "none", id="older"),
        pytest.param(-DAY_S, "last", id="a day ahead"),
        pytest.param(-DAY_S - 1, "none", id="further ahead"),
    ],
)
def test_a_remembered_visit_expires(age_s: float, picked: str) -> None:
    result = attributed(last=a_touch("gclid=a1", at=NOW - age_s), submitted_at=NOW)

    assert rule_of(result, "touch") == picked


@pytest.mark.parametrize(("at", "submitted_at"), [(None, NOW), (1.0, None), (float("nan"), NOW)])
def test_a_visit_of_unknown_age_does_not_expire(at: float | None, submitted_at: float | None) -> None:
    result = attributed(last=a_touch("gclid=a1", at=at), submitted_at=submitted_at)

    assert rule_of(result, "touch") == "last"


REFERRERS = {
    "another site": ("https://www.somewhere.example/", True),
    "app": ("android-app://com.linkedin.android/", True),
    "app without a dot": ("android-app://someapp/", True),
    "app of a local network": ("android-app://printer.local/", False),
    "this host": ("https://northyard.example/x", False),
    "host under this one": ("https://blog.northyard.example/", False),
    "host this one is under": ("https://example./", False),
    "own domain": ("https://shop.northyard-shop.example/", False),
    "this page through a translator": ("https://northyard-example.translate.goog/", False),
    "two hyphens through a translator": ("https://shop-northyard----shop-example.translate.goog/", True),
    "host under an own domain through a translator": ("https://shop-northyard--shop-example.translate.goog/", False),
    "another page through a translator": ("https://www-somewhere-example.translate.goog/", True),
    "ignored by the operator": ("https://pay.tickets.example/", False),
    "payment": ("https://checkout.stripe.com/", False),
    "sign-in": ("https://accounts.google.com/", False),
    "the CRM": ("https://northyard.spaces.nexudus.com/", False),
    "localhost": ("http://localhost:3000/", False),
    "local network": ("http://printer.local/", False),
    "address of version 4": ("http://192.168.0.1/", False),
    "address of version 6": ("http://[2001:db8::1]/", False),
    "no host": ("about:blank", False),
}


@each_row(("referrer", "is_present"), REFERRERS.values(), ids=REFERRERS)
def test_a_referrer_counts_where_it_tells_of_another_site(referrer: str, is_present: bool) -> None:
    wishes = AttributionConfig(own_domains=("northyard-shop.example",), ignored_referrers=("https://tickets.example",))

    assert (attributed(referrer=referrer, config=wishes).channel != "Direct") is is_present


def test_the_page_of_a_remembered_visit_is_its_own_site_too() -> None:
    touch = StoredTouch(url="https://promo.example/", referrer="https://www.promo.example/x")

    assert attributed(last=touch).channel == "Direct"


def test_a_page_that_does_not_name_itself_is_read_from_an_internal_referrer() -> None:
    evidence = Evidence(landing_url=f"{SITE}/", referrer=f"{SITE}/contact?utm_source=instagram")

    assert attribute(evidence, AttributionConfig()).utm_source == "instagram"


def test_a_foreign_referrer_is_not_the_page_where_the_landing_page_is_known() -> None:
    evidence = Evidence(landing_url=f"{SITE}/", referrer="https://other.example/?utm_source=instagram")

    assert attribute(evidence, AttributionConfig()).utm_source == ""


def test_a_foreign_referrer_is_not_the_page_where_the_own_domains_are_known() -> None:
    evidence = Evidence(referrer="https://other.example/?utm_source=instagram")

    result = attribute(evidence, AttributionConfig(own_domains=("northyard.example",)))

    assert (result.utm_source, result.channel) == ("", "Referral")


def test_the_only_page_known_is_own_for_remembered_visits_too() -> None:
    evidence = Evidence(referrer=f"{SITE}/contact", last=StoredTouch(referrer=f"{SITE}/"))

    assert attribute(evidence, AttributionConfig()).channel == "Direct"


def test_an_own_page_through_a_translator_is_the_page_with_the_form() -> None:
    evidence = Evidence(
        landing_url=f"{SITE}/", referrer="https://www-northyard-example.translate.goog/contact?utm_source=instagram"
    )

    assert attribute(evidence, AttributionConfig()).utm_source == "instagram"


def test_a_site_is_its_own_where_the_page_is_read_through_a_translator() -> None:
    evidence = Evidence(page_url="https://www-northyard-example.translate.goog/", referrer=f"{SITE}/")

    assert attribute(evidence, AttributionConfig()).channel == "Direct"


def test_a_search_engine_through_a_translator_is_that_search_engine() -> None:
    assert attributed(referrer="https://www-bing-com.translate.goog/").channel == "Organic Search"


def test_a_blank_page_url_counts_as_absent() -> None:
    evidence = Evidence(page_url="  ", referrer=f"{SITE}/contact?utm_source=instagram")

    assert attribute(evidence, AttributionConfig()).utm_source == "instagram"


# -- what the visits say that do not count

NOTHING = a_visit()


@each_row(
    ("evidence", "others"),
    [
        pytest.param(NOTHING, {}, id="none shows an origin"),
        pytest.param(a_visit("gclid=a1"), {}, id="only one shows an origin"),
        pytest.param(a_visit("gclid=a1", first=a_touch("fbclid=b")), {"first": "Organic Social"}, id="the first"),
        pytest.param(
            a_visit(first=a_touch("fbclid=b"), last=a_touch("gclid=c")), {"first": "Organic Social"}, id="last"
        ),
        pytest.param(
            a_visit("utm_medium=sms", first=a_touch("fbclid=b"), last=a_touch("gclid=c")),
            {"last": "Paid Search", "first": "Organic Social"},
            id="both",
        ),
    ],
)
def test_the_visits_that_lost_are_credited_beside(evidence: Evidence, others: dict[str, str]) -> None:
    attributions = attribute_others(evidence, AttributionConfig())

    assert {name: result.channel for name, result in attributions.items()} == others


def test_a_visit_that_lost_is_told_without_who_won() -> None:
    (lost,) = attribute_others(a_visit("utm_medium=sms", first=a_touch("fbclid=b")), AttributionConfig()).values()

    assert lost.reason == (
        "Meta (Facebook) link id fbclid in the link of the first remembered visit: Organic Social;"
        " LeadSource 13 for Facebook"
    )
