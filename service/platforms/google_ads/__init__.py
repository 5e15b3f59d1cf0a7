"""Google Ads: lead form webhooks and conversion uploads."""

import re

from service.platforms.platform import CampaignTags, ExportFormat, Platform

GOOGLE_ADS = Platform(
    name="google-ads",
    title="Google Ads",
    keys=("key", "names"),
    needs=("key",),
    proof_remedy=(
        "Check that key in {table} and the key of each lead form in Google Ads are the same: every lead form there has "
        'its own. Then press "Send test data".'
    ),
    after_refusal="Google never sends a refused lead again.",
    download=(
        "Download the leads as a CSV in Google Ads (it keeps them for 60 days), then run "
        "`lead-capture import FILE.csv --form {form}`: leads that are here already are left alone."
    ),
    tags=CampaignTags(source="google", medium="cpc", content=("creative", "asset_group"), term=("adgroup",)),
    export=ExportFormat(
        (frozenset(("leadid", "gclid")), frozenset(("leadid", "googleclickid"))),
        hint=re.compile(r"gclid|assetgroup(?:id|name)?"),
    ),
    aliases=("google", "googleads", "adwords"),
    lead_lists=("user_column_data",),
    conversions="google",
)
