"""What a campaign stands for, and where the attribution rules take it."""

from service.capture.fields.enquiries import Enquiry
from service.platforms.registry import utm_of
from tests.capture.senders.sent_records import lead_of
from tests.tables import each_row

META = {
    "platform": "fb",
    "campaign_id": "1",
    "campaign_name": "Spring",
    "adset_id": "2",
    "adset_name": "London",
    "ad_id": "3",
    "ad_name": "Desk",
}
CASES = [
    ("meta", META, "facebook paid_social Spring Desk London"),
    ("meta", {**META, "platform": "ig"}, "instagram paid_social Spring Desk London"),
    ("meta", {**META, "platform": "messenger"}, "facebook paid_social Spring Desk London"),
    ("meta", {"is_organic": "true"}, "facebook organic_social - - -"),
    ("meta", {"ad_id": "3"}, "facebook paid_social - 3 -"),
    ("google-ads", {"campaign_id": "1", "adgroup_id": "2", "creative_id": "3"}, "google cpc 1 3 2"),
    ("google-ads", {"campaign_id": "1", "creative_id": "0", "asset_group_id": "4"}, "google cpc 1 4 -"),
    ("linkedin", {"campaign_id": "1", "creative_id": "2"}, "linkedin paid_social 1 2 -"),
    ("linkedin", {"campaign_id": "1", "campaign_name": "UK", "lead_type": "SPONSORED"}, "linkedin paid_social UK - -"),
    ("linkedin", {"lead_type": "EVENT"}, "linkedin organic_social - - -"),
    ("tiktok", {"campaign_name": "C", "ad_name": "A", "adgroup_id": "5"}, "tiktok paid_social C A 5"),
]
CREDIT = [
    ("meta", META, "Paid Social", 13),
    ("meta", {**META, "platform": "ig"}, "Paid Social", 15),
    ("meta", {"is_organic": "true"}, "Organic Social", 13),
    ("google-ads", {"campaign_id": "1"}, "Paid Search", 19),
    ("linkedin", {"campaign_id": "1"}, "Paid Social", 14),
    ("tiktok", {"campaign_id": "1"}, "Paid Social", 98),
]


@each_row(("platform", "facts", "tags"), CASES)
def test_a_campaign_stands_for_tags(platform: str, facts: dict[str, str], tags: str) -> None:
    values = utm_of(platform, facts, {})

    assert list(values) == ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"]
    assert " ".join(value or "-" for value in values.values()) == tags


def test_the_operator_s_names_go_before_the_platform_s() -> None:
    tags = utm_of("meta", META, {"1": "Spring offices", "9": "Other"})

    assert (tags["utm_campaign"], tags["utm_content"]) == ("Spring offices", "Desk")


def test_a_platform_that_is_none_of_ours_stands_for_nothing() -> None:
    assert utm_of("snapchat", META, {}) == {}


@each_row(("platform", "facts", "channel", "lead_source"), CREDIT)
def test_the_rules_credit_the_platform(platform: str, facts: dict[str, str], channel: str, lead_source: int) -> None:
    verdict = lead_of(Enquiry([], utm=utm_of(platform, facts, {})), platform).attribution

    assert (verdict.channel, verdict.lead_source) == (channel, lead_source)
