"""The rules of the channel, one by one and in their order."""

from service.attribution import channel
from service.attribution.tables import SETS
from tests.attribution.visits import attributed, rule_of
from tests.tables import each_row

RULES = {
    "cross network": ("utm_campaign=Brand+Cross-Network&gclid=a1", "", "cross_network", "Cross-network"),
    "ad id": ("gclid=a1", "", "paid_click", "Paid Search"),
    "ad id before tags": ("utm_source=newsletter&utm_medium=email&li_fat_id=a1", "", "paid_click", "Paid Social"),
    "ad id on a video source": ("utm_source=youtube&gclid=a1", "", "paid_click", "Paid Video"),
    "ad id after a video page": ("gclid=a1", "https://www.youtube.com/", "paid_click", "Paid Video"),
    "ad id on an ad network": ("gclid=a1", "https://googleads.g.doubleclick.net/", "paid_click", "Display"),
    "ad id and banner": ("gclid=a1&utm_medium=cpm", "", "paid_click", "Display"),
    "social ad id and banner stay social": ("ttclid=a1&utm_medium=banner", "", "paid_click", "Paid Social"),
    "ad id and shop campaign": ("gclid=a1&utm_campaign=eshop", "", "paid_click", "Paid Shopping"),
    "display ad id": ("obclid=a1", "", "paid_click", "Display"),
    "paid medium by a word": ("utm_source=bing&utm_medium=SEM", "", "paid_click", "Paid Search"),
    "paid medium by what it contains": ("utm_source=linkedin&utm_medium=my_cpl_cpc", "", "paid_click", "Paid Social"),
    "paid medium by its beginning": ("utm_source=vimeo&utm_medium=paid+video", "", "paid_click", "Paid Video"),
    "paid medium by the place of an ad": ("utm_source=ig&utm_medium=Instagram_Reels", "", "paid_click", "Paid Social"),
    "place of an ad on nobody's page": ("utm_medium=an_classic", "", "paid_click", "Paid Other"),
    "no place of an ad": ("utm_source=ig&utm_medium=instagram_bio", "", "organic_social", "Organic Social"),
    "paid shop": ("utm_source=amazon&utm_medium=ppc", "", "paid_click", "Paid Shopping"),
    "paid source": ("utm_source=google+ads", "", "paid_click", "Paid Search"),
    "paid medium, kind by the referrer": ("utm_medium=ppc", "https://www.bing.com/", "paid_click", "Paid Search"),
    "paid medium, unknown source before referrer": (
        "utm_source=local&utm_medium=ppc",
        "https://www.bing.com/",
        "paid_click",
        "Paid Search",
    ),
    "paid medium on a site": ("utm_source=a.example&utm_medium=ppc", "https://bing.com/", "paid_click", "Paid Other"),
    "paid banner": ("utm_source=local&utm_medium=cpm", "", "paid_click", "Display"),
    "paid on an ad network": ("utm_source=taboola.com&utm_medium=cpc", "", "paid_click", "Display"),
    "banner": ("utm_source=facebook&utm_medium=banner", "", "display", "Display"),
    "source is an ad network": ("utm_source=criteo.com", "", "display", "Display"),
    "shop": ("utm_source=etsy&utm_medium=social", "", "organic_shopping", "Organic Shopping"),
    "shop campaign": ("utm_source=facebook&utm_campaign=Pop-up+Shop", "", "organic_shopping", "Organic Shopping"),
    "workshop is no shop": ("utm_source=facebook&utm_campaign=Workshop", "", "organic_social", "Organic Social"),
    "social source": ("utm_source=ig&utm_medium=email", "", "organic_social", "Organic Social"),
    "social medium": ("utm_medium=social_media", "", "organic_social", "Organic Social"),
    "video source": ("utm_source=yt-channel", "", "organic_video", "Organic Video"),
    "video medium": ("utm_medium=videos", "", "organic_video", "Organic Video"),
    "search source": ("utm_source=duckduckgo", "", "organic_search", "Organic Search"),
    "search medium": ("utm_medium=gbp", "", "organic_search", "Organic Search"),
    "assistant source": ("utm_source=perplexity", "", "ai_assistant", "AI Assistant"),
    "assistant medium": ("utm_medium=AI+Assistant", "", "ai_assistant", "AI Assistant"),
    "mail source": ("utm_source=mailchimp", "", "email", "Email"),
    "mail medium": ("utm_medium=weekly-newsletter", "", "email", "Email"),
    "mail by hand": ("utm_source=jane&utm_medium=outreach", "", "email", "Email"),
    "affiliate": ("utm_source=hubblehq&utm_medium=partner", "", "affiliates", "Affiliates"),
    "broker source": ("utm_source=kontor", "", "referral", "Referral"),
    "agent source": ("utm_source=savills", "", "referral", "Referral"),
    "referring medium": ("utm_medium=listing", "", "referral", "Referral"),
    "broker word": ("utm_source=smith&utm_medium=introducer", "", "referral", "Referral"),
    "agent word as source": ("utm_source=letting+agent", "", "referral", "Referral"),
    "audio": ("utm_medium=podcast", "", "audio", "Audio"),
    "text message": ("utm_medium=text_message", "", "sms", "SMS"),
    "text message as source": ("utm_source=sms", "", "sms", "SMS"),
    "push": ("utm_medium=web-push", "", "mobile_push", "Mobile Push"),
    "notification": ("utm_medium=notifications", "", "mobile_push", "Mobile Push"),
    "off-line medium": ("utm_source=zoom&utm_medium=webinar", "", "other_campaign", "Other Campaign"),
    "off-line source": ("utm_source=flyer", "", "other_campaign", "Other Campaign"),
    "site as source": ("utm_source=somewhere.example", "https://www.bing.com/", "named_site", "Referral"),
    "link id": ("fbclid=f1", "https://www.google.com/", "opened_link", "Organic Social"),
    "link id of a mail": ("_hsenc=h1", "", "opened_link", "Email"),
    "link id of an affiliate": ("awc=a1", "", "opened_link", "Affiliates"),
    "unknown tags fall through to the referrer": ("utm_source=q3", "https://chatgpt.com/", "came_from", "AI Assistant"),
    "referring site": ("", "https://www.somewhere.example/", "came_from", "Referral"),
    "webmail": ("", "https://webmail.company.example/", "came_from", "Email"),
    "referring agent": ("", "https://www.cbre.com/", "came_from", "Referral"),
    "unknown tags": ("utm_term=q3", "", "unassigned", "Unassigned"),
    "nothing": ("", "", "direct", "Direct"),
}


@each_row(("query", "referrer", "rule", "expected"), RULES.values(), ids=RULES)
def test_a_rule_decides_the_channel(query: str, referrer: str, rule: str, expected: str) -> None:
    result = attributed(query, referrer)

    assert (rule_of(result, "channel"), result.channel) == (rule, expected)


def test_every_rule_has_a_case() -> None:
    assert {rule for _, _, rule, _ in RULES.values()} == {rule.__name__ for rule in channel.RULES}


MEDIUM_SETS = {
    "PAID": "Paid Other",
    "PLACEMENT": "Paid Other",
    "DISPLAY": "Display",
    "SOCIAL": "Organic Social",
    "ORGANIC": "Organic Search",
    "EMAIL": "Email",
    "AFFILIATE": "Affiliates",
    "REFERRAL": "Referral",
    "AUDIO": "Audio",
    "SMS": "SMS",
}


@each_row(("name", "word"), [(name, word) for name in MEDIUM_SETS for word in sorted(SETS[name])])
def test_every_word_of_a_set_works_as_medium(name: str, word: str) -> None:
    assert attributed(f"utm_medium={word}").channel == MEDIUM_SETS[name]
