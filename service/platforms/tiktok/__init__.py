"""TikTok: lead generation forms."""

import re

from service.platforms.platform import ApiUrl, CampaignTags, ExportFormat, Platform

TIKTOK = Platform(
    name="tiktok",
    title="TikTok",
    keys=("app_id", "app_secret", "access_token", "names"),
    needs=("app_secret",),
    pull_interval_s=24 * 3600.0,  # each search makes an export at TikTok
    api_urls=(
        ApiUrl(
            "TIKTOK_API_URL",
            "https://business-api.tiktok.com/open_api/v1.3",
            "where TikTok leads are read, with the version",
        ),
    ),
    proof_remedy="Check that app_secret in {table} is the secret of the TikTok app that sends.",
    after_refusal="TikTok sends a refused lead again for 24 hours.",
    tags=CampaignTags(source="tiktok", content=("ad",), term=("adgroup",)),
    export=ExportFormat(
        (
            frozenset(("leadid", "createdtime", "adgroupid")),
            frozenset(("leadid", "createtime", "adgroupid")),
        ),
        hint=re.compile(r"advertiser(?:id|name)"),
        times_are_utc=True,
    ),
    aliases=("tiktok", "tiktokads"),
    lead_lists=("changes",),
    test_addresses=("test_email_address@mail.com",),
)
