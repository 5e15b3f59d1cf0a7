"""Visits of leads stored by an earlier version, read again for reports: landing page, origin, other touch."""

from collections.abc import Mapping

from service.attribution import attribute, other_touch
from service.forms import AttributionConfig, Form
from service.lead import Attribution, Lead, OtherTouch, Status
from service.store import Store, Visit

BATCH_SIZE = 200
"""Leads read and written in one transaction."""

_DEFAULT = AttributionConfig()

_ENGINES = {19: "google"}
_MEDIUMS = {"Organic Search": "organic", "Paid Search": "cpc", "Email": "email"} | dict.fromkeys(
    ("Referral", "Organic Social", "Organic Video", "AI Assistant"), "referral"
)


def read_visits(store: Store, forms: Mapping[str, Form]) -> int:
    """Read the visits of some leads that lack them, the newest first; returns the number of leads.

    What was sent to Nexudus stays: the lead's own attribution is unchanged.
    Raises: StoreUnavailable.
    """
    with store.read() as tx:
        leads = tx.leads.unread(BATCH_SIZE)
    visits = {lead.id: _visit(lead, forms.get(lead.submission.form)) for lead in leads}
    if visits:
        store.write(lambda tx: tx.leads.save_visits(visits))
    return len(leads)


def _visit(lead: Lead, form: Form | None) -> Visit:
    config = form.for_answers(lead.submission).attribution if form else _DEFAULT
    evidence, own = lead.submission.evidence, lead.attribution
    attribution = attribute(evidence, config)
    other: OtherTouch | None = other_touch(evidence, config, attribution)
    origin = "" if own.utm_source or own.utm_medium else attribution.origin
    if lead.status is Status.ERASED:  # only the conclusion is left
        origin = "" if own.utm_source or own.utm_medium else _conclusion(own)
    return Visit(origin, attribution.landing_page, lead.submission.fields, other)


def _conclusion(own: Attribution) -> str:
    """Return source and medium as far as channel and LeadSource still show them."""
    if own.channel == "Direct":
        return "(direct) / (none)"
    source = _ENGINES.get(own.lead_source, "(not set)")
    return f"{source} / {_MEDIUMS.get(own.channel, '(not set)')}"
