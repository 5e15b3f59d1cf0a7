"""From a Lead to the CRM's two bodies: where each value comes from, on one screen."""

from dataclasses import dataclass

from service.delivery.filling import additions, custom_fields, expected_value, follow_up, title
from service.delivery.notes import notes
from service.forms import Form
from service.lead import CoworkerId, Lead, marker_of
from service.nexudus.coworkers import NewCoworker
from service.nexudus.opportunities import NewOpportunity


@dataclass(frozen=True, slots=True)
class Target:
    """Where a lead goes, in Nexudus's ids: the stage, and the location of a new contact. 0: not known yet."""

    stage_id: int
    business_id: int
    country_id: int
    time_zone_id: int

    @property
    def is_complete(self) -> bool:
        """Whether every id is known."""
        return all((self.stage_id, self.business_id, self.country_id, self.time_zone_id))


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
        value=expected_value(lead, form).value,
        due_at=follow_up(lead, form).value,
        lead_source=verdict.lead_source,
        utm_source=verdict.utm_source,
        utm_medium=verdict.utm_medium,
        utm_campaign=verdict.utm_campaign,
        utm_content=verdict.utm_content,
        utm_term=verdict.utm_term,
        system_id=marker_of(lead.id),
        extra=additions(wanted.extra, lead, form),
        custom=custom_fields(wanted.custom, lead, form),
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
        extra=additions(form.contact.extra, lead, form),
        custom=custom_fields(form.contact.custom, lead, form),
    )


def full_name(lead: Lead) -> str:
    """The name the person gave, else the e-mail address: Nexudus wants one."""
    contact = lead.submission.contact
    return contact.full_name or contact.email
