"""The attribution in a marketer's words: one sentence for every rule, and nothing personal in it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.attribution import attribute, channel, lead_source
from service.attribution.tables import CLICK_IDS
from service.forms import AttributionConfig
from service.lead import Evidence
from tests.attribution.visits import a_touch, attributed, rule_of
from tests.tables import each_row

WEB = "LeadSource 1 for Direct"

CHANNELS: dict[str, tuple[str, str, str]] = {
    "cross_network": (
        "utm_campaign=pmax-cross-network",
        "",
        (
            "utm_campaign on the landing page names Google's cross-network campaigns: Cross-network;"
            " LeadSource 19 for Cross-network"
        ),
    ),
    "paid_click": (
        "utm_source=google&utm_medium=cpc",
        "",
        "utm_source google and utm_medium cpc on the landing page: Paid Search; LeadSource 19 for Google",
    ),
    "display": (
        "utm_source=taboola.com&utm_medium=banner",
        "",
        "utm_source taboola.com and utm_medium banner on the landing page: Display; LeadSource 1 for an ad network",
    ),
    "organic_shopping": (
        "utm_source=facebook&utm_campaign=Pop-up+Shop",
        "",
        "utm_campaign on the landing page names a shop: Organic Shopping; LeadSource 13 for Facebook",
    ),
    "organic_social": (
        "utm_source=linkedin&utm_medium=social",
        "",
        "utm_source linkedin and utm_medium social on the landing page: Organic Social; LeadSource 14 for LinkedIn",
    ),
    "organic_video": (
        "utm_source=youtube",
        "",
        "utm_source youtube on the landing page: Organic Video; LeadSource 98 for a video site",
    ),
    "organic_search": (
        "utm_source=google&utm_medium=gbp",
        "",
        "utm_source google and utm_medium gbp on the landing page: Organic Search; LeadSource 19 for Google",
    ),
    "ai_assistant": (
        "utm_source=chatgpt.com",
        "",
        "utm_source chatgpt.com on the landing page: AI Assistant; LeadSource 1 for an AI assistant",
    ),
    "email": (
        "utm_source=mailchimp&utm_medium=email",
        "",
        "utm_source mailchimp and utm_medium email on the landing page: Email; LeadSource 10 for Email",
    ),
    "affiliates": (
        "utm_medium=partner",
        "",
        "utm_medium partner on the landing page: Affiliates; LeadSource 5 for Affiliates",
    ),
    "referral": (
        "utm_source=Instant+Offices",
        "",
        "utm_source instant offices on the landing page: Referral; LeadSource 21 for Instant Offices",
    ),
    "audio": ("utm_medium=podcast", "", "utm_medium podcast on the landing page: Audio; LeadSource 99 for Audio"),
    "sms": ("utm_source=sms", "", "utm_source sms on the landing page: SMS; LeadSource 99 for SMS"),
    "mobile_push": (
        "utm_medium=web-push",
        "",
        "utm_medium web-push on the landing page: Mobile Push; LeadSource 99 for Mobile Push",
    ),
    "other_campaign": (
        "utm_medium=flyer",
        "",
        "utm_medium flyer on the landing page: Other Campaign; LeadSource 6 from the word in utm_medium",
    ),
    "named_site": (
        "utm_source=somewhere.example",
        "",
        "utm_source (another website) on the landing page: Referral; LeadSource 5 for Referral",
    ),
    "opened_link": (
        "fbclid=a1",
        "",
        "Meta (Facebook) link id fbclid on the landing page: Organic Social; LeadSource 13 for Facebook",
    ),
    "came_from": (
        "",
        "https://www.bing.com/",
        "The visit came from bing.com (Bing): Organic Search; LeadSource 1 for Bing",
    ),
    "unassigned": (
        "utm_source=q3",
        "",
        "UTM values on the landing page that no rule knows: Unassigned; LeadSource 1 for Unassigned",
    ),
    "direct": ("", "", f"Nothing shows where the visit came from: Direct; {WEB}"),
}


@each_row(("query", "referrer", "reason"), CHANNELS.values(), ids=CHANNELS)
def test_every_rule_of_the_channel_is_told(query: str, referrer: str, reason: str) -> None:
    assert attributed(query, referrer).reason == reason


def test_no_rule_of_the_channel_is_without_its_case() -> None:
    decided = [rule_of(attributed(query, referrer), "channel") for query, referrer, _ in CHANNELS.values()]

    assert decided == [*CHANNELS] == [rule.__name__ for rule in channel.RULES]


NUMBERS: dict[str, tuple[dict[str, Any], str]] = {
    "fixed": ({"config": AttributionConfig(lead_source=2)}, "LeadSource 2 is fixed for this form (lead_source)"),
    "answer": (
        {"config": AttributionConfig(answer_field="how", answer_map={"A friend": 8}), "fields": {"how": "a friend"}},
        "LeadSource 8 from the person's own answer (answer_map)",
    ),
    "mapped": (
        {"config": AttributionConfig(source_map={"Q3": 5}), "query": "utm_source=q3&utm_medium=email"},
        "LeadSource 5 from the form's source_map",
    ),
    "known_source": ({"query": "utm_source=hubblehq"}, "LeadSource 17 for HubbleHQ"),
    "by_word": ({"query": "utm_source=word_of_mouth"}, "LeadSource 8 from the word in utm_source"),
    "form_default": (
        {"config": AttributionConfig(default_lead_source=99)},
        "LeadSource 99 from the form's default_lead_source",
    ),
    "by_channel": (
        {"referrer": "https://outlook.live.com/"},
        "LeadSource 9: an untagged click in webmail counts as a personal e-mail",
    ),
}


@each_row(("visit", "ending"), NUMBERS.values(), ids=NUMBERS)
def test_every_rule_of_the_lead_source_is_told(visit: dict[str, Any], ending: str) -> None:
    assert attributed(**visit).reason.rpartition("; ")[2] == ending


def test_no_rule_of_the_lead_source_is_without_its_case() -> None:
    decided = [rule_of(attributed(**visit), "lead_source") for visit, _ in NUMBERS.values()]

    assert decided == [*NUMBERS] == [rule.__name__ for rule in lead_source.RULES]


CLICKS = {
    "gclid": "Google Ads click id gclid on the landing page: Paid Search; LeadSource 19 for Google",
    "msclkid": "Microsoft Ads (Bing) click id msclkid on the landing page: Paid Search; LeadSource 1 for Bing",
    "li_fat_id": "LinkedIn Ads click id li_fat_id on the landing page: Paid Social; LeadSource 14 for LinkedIn",
    "ttclid": "TikTok Ads click id ttclid on the landing page: Paid Social; LeadSource 98 for TikTok",
    "dclid": "Google display ad click id dclid on the landing page: Display; LeadSource 1 for Display",
    "tblci": "Taboola ad click id tblci on the landing page: Display; LeadSource 1 for Display",
    "igsh": "Instagram link id igsh on the landing page: Organic Social; LeadSource 15 for Instagram",
    "mc_cid": "Mailchimp campaign id mc_cid on the landing page: Email; LeadSource 10 for Email",
    "awc": "Awin affiliate id awc on the landing page: Affiliates; LeadSource 5 for Affiliates",
}


@each_row(("name", "reason"), CLICKS.items(), ids=CLICKS)
def test_a_click_id_is_called_by_the_name_of_its_network(name: str, reason: str) -> None:
    assert attributed(f"{name}=a1").reason == reason


MORE: dict[str, tuple[dict[str, Any], str]] = {
    "place of an ad": (
        {"query": "utm_source=fb&utm_medium=Facebook_Mobile_Feed"},
        "utm_source fb and utm_medium facebook_mobile_feed on the landing page: Paid Social",
    ),
    "ids of a visit that does not count": (
        {"query": "utm_medium=email", "first": a_touch("gclid=a1"), "last": a_touch("fbclid=b1")},
        "utm_medium email on the landing page: Email",
    ),
    "translated page": (
        {"referrer": "https://www-bing-com.translate.goog/"},
        "The visit came from bing.com (Bing): Organic Search",
    ),
    "in a field": ({"fields": {"gclid": "a1"}}, "Google Ads click id gclid in the form's fields: Paid Search"),
    "source in a field, medium in the link": (
        {"query": "utm_source=google&utm_medium=cpc", "fields": {"utm_source": "google"}},
        "utm_source google and utm_medium cpc in the form's fields and on the landing page: Paid Search",
    ),
    "video page": (
        {"query": "gclid=a1", "referrer": "https://www.youtube.com/"},
        "Google Ads click id gclid on the landing page, and the visit came from youtube.com (a video site): Paid Video",
    ),
    "video source": (
        {"query": "gclid=a1&utm_source=youtube"},
        "Google Ads click id gclid on the landing page, and utm_source youtube: Paid Video",
    ),
    "ad network": (
        {"query": "gclid=a1", "referrer": "https://g.doubleclick.net/"},
        (
            "Google Ads click id gclid on the landing page, and the visit came from g.doubleclick.net (an ad network):"
            " Display"
        ),
    ),
    "banner": (
        {"query": "gclid=a1&utm_medium=cpm"},
        "Google Ads click id gclid on the landing page, and utm_medium cpm: Display",
    ),
    "shop": (
        {"query": "gclid=a1&utm_campaign=eshop"},
        "Google Ads click id gclid on the landing page, and utm_campaign names a shop: Paid Shopping",
    ),
    "paid, kind by the referrer": (
        {"query": "utm_medium=ppc", "referrer": "https://www.bing.com/"},
        "utm_medium ppc on the landing page, and the visit came from bing.com (Bing): Paid Search",
    ),
    "paid by what it contains": (
        {"query": "utm_source=facebook_mary&utm_medium=marys_cpc"},
        "utm_source (Facebook) and utm_medium (paid) on the landing page: Paid Social",
    ),
    "mail by what it contains": (
        {"query": "utm_medium=marys-newsletter"},
        "utm_medium (e-mail) on the landing page: Email",
    ),
    "site nobody should print": (
        {"referrer": "https://<b>.com/"},
        "The visit came from another website: Referral",
    ),
    "source that no rule knows": (
        {"query": "utm_source=mary&utm_medium=email"},
        "utm_medium email on the landing page: Email; no rule knows this utm_source",
    ),
}


@each_row(("visit", "beginning"), MORE.values(), ids=MORE)
def test_what_else_decided_is_told_too(visit: dict[str, Any], beginning: str) -> None:
    assert attributed(**visit).reason.startswith(f"{beginning}; LeadSource")


def test_the_referrer_is_named_where_it_gives_the_number() -> None:
    reason = attributed("utm_medium=social", "https://www.linkedin.com/").reason

    assert reason.endswith("LeadSource 14 for LinkedIn, as the visit came from linkedin.com (LinkedIn)")


VISITS: dict[tuple[str, str], tuple[dict[str, Any], str]] = {
    ("last", "last"): (
        {"last": a_touch("gclid=a1")},
        (
            "Google Ads click id gclid in the link of the last remembered visit: Paid Search;"
            " this visit shows no origin, so the last remembered one counts; LeadSource 19 for Google"
        ),
    ),
    ("last", "first"): (
        {"first": a_touch(referrer="https://www.bing.com/")},
        (
            "The first remembered visit came from bing.com (Bing): Organic Search;"
            " only the first remembered visit shows an origin; LeadSource 1 for Bing"
        ),
    ),
    ("first", "first"): (
        {"first": a_touch("fbclid=a1")},
        (
            "Meta (Facebook) link id fbclid in the link of the first remembered visit: Organic Social;"
            " this form uses the first visit (touch); LeadSource 13 for Facebook"
        ),
    ),
    ("first", "last"): (
        {"last": a_touch("fbclid=a1")},
        (
            "Meta (Facebook) link id fbclid in the link of the last remembered visit: Organic Social; this form uses"
            " the first visit (touch); the earliest with an origin is the last remembered one;"
            " LeadSource 13 for Facebook"
        ),
    ),
    ("first", "current"): (
        {"query": "fbclid=a1"},
        (
            "Meta (Facebook) link id fbclid on the landing page: Organic Social;"
            " this form uses the first visit (touch); no earlier one shows an origin; LeadSource 13 for Facebook"
        ),
    ),
}


@each_row(("wanted", "visit", "reason"), [(key[0], *case) for key, case in VISITS.items()], ids=str)
def test_the_visit_that_counts_is_told(wanted: str, visit: dict[str, Any], reason: str) -> None:
    assert attributed(**visit, config=AttributionConfig(touch=wanted)).reason == reason


SECRET = "zqmary"
mixed = st.sampled_from(
    [SECRET, f"google-{SECRET}", f"{SECRET}_cpc", f"email {SECRET}", f"{SECRET}.example", f"shop {SECRET}", "cpc"]
)
names = st.sampled_from(["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", *CLICK_IDS, SECRET])


@given(st.dictionaries(names, mixed), st.dictionaries(names, mixed), st.sampled_from(["", "https://www.bing.com/"]))
def test_no_value_of_the_visitor_is_in_the_reason(fields: dict[str, str], query: dict[str, str], referrer: str) -> None:
    link = "&".join(f"{name}={value}" for name, value in query.items())

    result = attribute(Evidence(fields, f"https://{SECRET}.example/?{link}", "", referrer), AttributionConfig())

    assert SECRET not in result.reason
    assert result.reason.isprintable()
