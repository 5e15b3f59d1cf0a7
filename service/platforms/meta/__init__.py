"""Meta: lead ads on Facebook and Instagram, and the Conversions API."""

import re

from service.i18n import N_
from service.platforms.platform import ApiUrl, CampaignTags, CostExport, ExportFormat, Platform

_SPENT = (
    *("amount spent", "ausgegebener betrag", "montant dépensé", "importe gastado", "importo speso"),
    *("valor usado", "valor gasto"),
)

META = Platform(
    name="meta",
    title="Meta",
    keys=("app_id", "app_secret", "verify_token", "access_token", "page_tokens", "lead_forms", "names"),
    needs=("app_secret",),
    menu="developers.facebook.com",
    steps=(
        N_("Create an app for your business and switch it to Live mode. Copy its App secret into this page."),
        N_("Publish first, with a verify token: Meta checks the address at once."),
        N_("In the app add Webhooks, object Page: enter address and token, and subscribe to the field leadgen."),
        N_("In the business settings create a system user with your Pages, and a token with leads_retrieval."),
        N_("Subscribe the app to each Page: the documentation, “Leads of ad platforms”, has the API call."),
        N_("Press Create lead on developers.facebook.com/tools/lead-ads-testing: it appears as a test."),
    ),
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
        networks=frozenset(("fb", "ig")),
        prefixed=re.compile(r"(?:l|f|ag|as|c):(\d{5,})|p:(\+?[\d ()./-]{6,})"),
    ),
    costs=CostExport(  # Meta Business Help 1434403930138000, and exports that its users publish
        source="meta",
        origins=frozenset(("facebook", "instagram")),
        columns={
            "day": (
                *("reporting starts", "reporting start", "berichtsbeginn", "beginn des berichtszeitraums"),
                *("auswertungsbeginn", "début des rapports", "inicio del informe", "inizio report"),
                "início dos relatórios",
            ),
            "end": (
                *("reporting ends", "reporting end", "berichtsende", "ende des berichtszeitraums", "auswertungsende"),
                *("fin des rapports", "fin del informe", "fine report", "término dos relatórios"),
            ),
            "amount": _SPENT,
        },
        is_own=lambda header: header.amount in _SPENT and "utc" not in header.day,  # its days are the ad account's
    ),
    aliases=("fb", "ig", "facebook", "instagram", "meta", "facebookads", "metaads"),
    lead_lists=("field_data",),
    test_addresses=("test@fb.com", "test@meta.com"),
    conversions="meta",
)
