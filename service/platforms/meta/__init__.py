"""Meta: lead ads on Facebook and Instagram, and the Conversions API."""

import re

from service.platforms.platform import ApiUrl, CampaignTags, ExportFormat, Platform

META = Platform(
    name="meta",
    title="Meta",
    keys=("app_id", "app_secret", "verify_token", "access_token", "page_tokens", "lead_forms", "names"),
    needs=("app_secret",),
    announces=True,
    pull_interval_s=6 * 3600.0,  # Meta counts calls
    api_urls=(
        ApiUrl("META_GRAPH_URL", "https://graph.facebook.com/v26.0", "where Meta leads are read, with the version"),
    ),
    proof_remedy="Check that app_secret in {table} is the App Secret of the Meta app that sends.",
    after_refusal="Meta sends a refused lead again for 36 hours.",
    tags=CampaignTags(
        source="facebook",
        sources={"ig": "instagram", "instagram": "instagram"},
        content=("ad",),
        term=("adset",),
        is_organic=lambda facts: facts.get("is_organic", "").lower() in {"true", "1"},
    ),
    export=ExportFormat(
        (frozenset(("createdtime", "adsetid")), frozenset(("createdtime", "isorganic"))),
        hint=re.compile(r"adset(?:id|name)?|isorganic"),
    ),
    aliases=("fb", "ig", "facebook", "instagram", "meta", "facebookads", "metaads"),
    lead_lists=("field_data",),
    test_addresses=("test@fb.com", "test@meta.com"),
    conversions="meta",
)
