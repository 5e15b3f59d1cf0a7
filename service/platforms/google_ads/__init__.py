"""Google Ads: lead form webhooks and conversion uploads."""

import re

from service.i18n import N_
from service.platforms.platform import AdVisit, CampaignTags, CostExport, ExportFormat, Platform

GOOGLE_ADS = Platform(
    name="google-ads",
    title="Google Ads",
    keys=("key", "names"),
    needs=("key",),
    steps=(
        N_("In Google Ads open the lead form and find its webhook option. Each lead form has its own."),
        N_("Enter the address as the webhook URL, and the key."),
        N_("Press Send test data: it appears as a test."),
    ),
    is_secret_ours=True,
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
    costs=CostExport(  # Google Ads Help 2404176, and exports that its users publish
        source="google",
        origins=frozenset(("google", "video")),
        beside=frozenset(
            (
                *("currency code", "währungscode", "code de devise", "código de moneda", "codice valuta"),
                *("código da moeda", "impr.", "avg. cpc", "campaign status", "kampagnenstatus", "customer id"),
                *("kunden-id", "conv. value"),
            )
        ),
    ),
    aliases=("google", "googleads", "adwords"),
    lead_lists=("user_column_data",),
    conversions="google",
    ad_visit=AdVisit(
        N_("from a Google ad"), "utm_source=google&utm_medium=cpc&utm_campaign=leeds-offices&gclid=demo-click"
    ),
)
