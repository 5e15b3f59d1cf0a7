"""Where a delivered lead can be seen in Nexudus, or on the board of the simulated one."""

from urllib.parse import urlsplit

from service.admin.pages.window import Link
from service.lead import Lead

API_HOST = "spaces.nexudus.com"
"""Nexudus's own; any other host is a simulator's."""

DASHBOARD = "https://dashboard.nexudus.com"

NOT_SEEN_LIVE = "This version has not met a real Nexudus yet: where the link leads nowhere, search by the number."


def crm_link(base_url: str, lead: Lead) -> Link | None:
    """Where to look; None before anything is there.

    The address of a contact is the one that other programs link to; its opportunities are shown beside it. None is
    documented for the opportunity itself.
    """
    if lead.opportunity_id is None:
        return None
    if urlsplit(base_url).hostname != API_HOST:
        return Link("See it on the simulated board", f"{base_url}/")
    number = f"Opportunity {lead.opportunity_id}. "
    if lead.coworker_id is None:
        return Link("Open Nexudus", f"{DASHBOARD}/", number + NOT_SEEN_LIVE)
    return Link("Open in Nexudus", f"{DASHBOARD}/operations/coworkers/{lead.coworker_id}", number + NOT_SEEN_LIVE)
