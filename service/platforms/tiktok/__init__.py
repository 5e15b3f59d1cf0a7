"""TikTok: lead generation forms."""

import re

from service.i18n import N_
from service.platforms.platform import ApiUrl, CampaignTags, CostExport, CostHeader, ExportFormat, Platform

_DAYS = ("by day", "stat time day")
_CAMPAIGNS = (
    *("campaign name", "kampagnenname", "nom de la campagne", "nombre de la campaña"),
    "nome da campanha",
)


def _is_cost_export(header: CostHeader) -> bool:
    return header.is_usual and (header.day in _DAYS or header.campaign in _CAMPAIGNS)


TIKTOK = Platform(
    name="tiktok",
    title="TikTok",
    keys=("app_id", "app_secret", "access_token", "names"),
    needs=("app_secret",),
    menu="business-api.tiktok.com",
    steps=(
        N_("Create an app with permission to read leads, and have an admin of the ad account authorise it."),
        N_("Copy its ID, its secret and the token into this page."),
        N_("Subscribe the ad account: the documentation, “Leads of ad platforms”, has the API call."),
    ),
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
    costs=CostExport(  # TikTok Ads Help, and exports that its users publish
        source="tiktok", origins=frozenset(("tiktok",)), columns={"day": _DAYS}, is_own=_is_cost_export
    ),
    aliases=("tiktok", "tiktokads"),
    lead_lists=("changes",),
    test_addresses=("test_email_address@mail.com",),
)
