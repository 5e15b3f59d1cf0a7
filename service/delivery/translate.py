"""From a Lead to the CRM's two bodies: where each value comes from, on one screen."""

import re
from dataclasses import dataclass
from datetime import timedelta

from service.delivery.notes import notes
from service.forms import Form
from service.lead import CoworkerId, Lead, marker_of
from service.nexudus.coworkers import NewCoworker
from service.nexudus.opportunities import NewOpportunity

_PLACE = re.compile(r"\{(\w+)\}")

_READ = ("email", "first_name", "last_name", "phone", "company")
"""Of these the reading in Contact is better than the answer as typed."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a lead goes, in Nexudus's ids: the stage, and how a new contact is made."""

    stage_id: int
    business_id: int
    country_id: int
    time_zone_id: int


def opportunity(lead: Lead, form: Form, target: Target, coworker_id: CoworkerId, known: str = "") -> NewOpportunity:
    """The opportunity of a lead. known: a sentence on whether its person is known already, "" where not."""
    wanted, verdict = form.destination, lead.attribution
    return NewOpportunity(
        stage_id=target.stage_id,
        coworker_id=coworker_id,
        name=title(lead, form),
        notes=notes(lead, form, known),
        position=wanted.position,
        opportunity_type_id=wanted.opportunity_type_id,
        responsible_id=wanted.responsible_id,
        team_id=wanted.team_id,
        referrer_id=wanted.referrer_id,
        agent_id=wanted.agent_id,
        value=wanted.value,
        due_at=None if wanted.due_in_days is None else lead.received_at + timedelta(days=wanted.due_in_days),
        lead_source=verdict.lead_source,
        utm_source=verdict.utm_source,
        utm_medium=verdict.utm_medium,
        utm_campaign=verdict.utm_campaign,
        utm_content=verdict.utm_content,
        utm_term=verdict.utm_term,
        system_id=marker_of(lead.id),
        extra=wanted.extra,
    )


def coworker(lead: Lead, form: Form, target: Target) -> NewCoworker:
    """The contact of a person whom Nexudus does not know yet."""
    contact = lead.submission.contact
    return NewCoworker(
        full_name=full_name(lead),
        email=contact.email,
        business_id=target.business_id,
        country_id=target.country_id,
        time_zone_id=target.time_zone_id,
        mobile_phone=contact.phone,
        company_name=contact.company,
        tag=form.contact.tag,
        extra=form.contact.extra,
    )


def full_name(lead: Lead) -> str:
    """The name the person gave, else the e-mail address: Nexudus wants one."""
    contact = lead.submission.contact
    return contact.full_name or contact.email


def title(lead: Lead, form: Form) -> str:
    """CrmOpportunity.Name from the form's template; an answer that was not given leaves no gap."""
    contact = lead.submission.contact
    known = {
        **{name: _one(value) for name, value in lead.submission.fields.items()},
        **{name: value for name in _READ if (value := getattr(contact, name))},
        "full_name": full_name(lead),
        "form": form.name,
        "title": form.title or form.name,
    }
    filled = _PLACE.sub(lambda place: known.get(place[1], ""), form.destination.name)
    return " ".join(filled.split()).strip(" -|·,:")


def _one(value: object) -> str:
    return value if isinstance(value, str) else ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else ""
