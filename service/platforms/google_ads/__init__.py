"""Google Ads: lead form webhooks and conversion uploads."""
