"""LinkedIn: Lead Gen Forms."""

import re

from service.platforms.platform import ApiUrl, CampaignTags, ExportFormat, Platform

LINKEDIN = Platform(
    name="linkedin",
    title="LinkedIn",
    keys=("client_id", "client_secret", "access_token", "refresh_token", "organizations", "version", "names"),
    needs=("client_secret",),
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
    aliases=("linkedin", "linkedinads"),
)
