"""LinkedIn: Lead Gen Forms."""

import re

from service.i18n import N_
from service.platforms.platform import AdVisit, ApiUrl, CampaignTags, CostExport, CostHeader, ExportFormat, Platform

_SPENT = ("total spent", "gesamtausgaben", "total des dépenses", "spesa totale", "total gastado")


def _is_cost_export(header: CostHeader) -> bool:
    return header.amount in _SPENT or "utc" in header.day


LINKEDIN = Platform(
    name="linkedin",
    title="LinkedIn",
    keys=("client_id", "client_secret", "access_token", "refresh_token", "organizations", "version", "names"),
    needs=("client_secret",),
    menu="developer.linkedin.com",
    steps=(
        N_("Create an app for your company and apply for Lead Sync. Copy its ID and secret into this page."),
        N_("Generate a token with r_marketing_leadgen_automation, as a person with a role on the ad account."),
        N_("Publish first: LinkedIn checks the address at once. Then enter it in the app's webhooks."),
        N_("Subscribe the ad account: the documentation, “Leads of ad platforms”, has the API call."),
    ),
    announces=True,
    pull_interval_s=1800.0,
    api_urls=(
        ApiUrl("LINKEDIN_API_URL", "https://api.linkedin.com/rest", "where LinkedIn leads are read"),
        ApiUrl("LINKEDIN_OAUTH_URL", "https://www.linkedin.com/oauth/v2", "where LinkedIn tokens are renewed"),
    ),
    proof_remedy="Check that client_secret in {table} is the client secret of the LinkedIn app that sends.",
    after_refusal="LinkedIn does not say whether it sends a refused lead again.",
    tags=CampaignTags(
        source="linkedin",
        content=("creative",),
        is_organic=lambda facts: facts.get("lead_type", "").upper() not in {"", "SPONSORED"},
    ),
    export=ExportFormat(
        (frozenset(("leadtype", "formname", "campaignname")), frozenset(("leadid", "leadtype"))),
        hint=re.compile(r"leadtype"),
    ),
    costs=CostExport(  # LinkedIn Help a424547, and exports of Campaign Manager that its users publish
        source="linkedin",
        origins=frozenset(("linkedin",)),
        columns={
            "day": (
                *("start date (in utc)", "startdatum (in utc)", "date de début (en utc)", "fecha de inicio (en utc)"),
                "data de início (em utc)",
            ),
            "end": ("end date (in utc)",),
            "amount": _SPENT,
        },
        is_own=_is_cost_export,
        day_first=False,
    ),
    aliases=("linkedin", "linkedinads"),
    ad_visit=AdVisit(
        N_("from a LinkedIn ad"),
        "utm_source=linkedin&utm_medium=paid-social&utm_campaign=hybrid-teams&li_fat_id=demo",
    ),
)
