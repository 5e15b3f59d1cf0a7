"""What a submission would become: read, credited and translated, but neither stored nor sent."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from service import clock
from service.attribution import attribute, attribute_others
from service.capture.fields.reading import Incoming, read
from service.capture.parsing.errors import InvalidBody
from service.delivery import translate
from service.delivery.targets import known_target
from service.delivery.translate import origins
from service.forms import Form
from service.forms.given import answers_given
from service.forms.templates import fill_address
from service.lead import Attribution, Contact, CoworkerId, Evidence, Lead, LeadId, Status
from service.nexudus import coworkers, opportunities
from service.nexudus.coworkers import NewCoworker
from service.nexudus.enumerations import lead_source_name
from service.nexudus.errors import Rejected
from service.nexudus.opportunities import NewOpportunity
from service.nexudus.values import Row
from service.operations.lead_json import attribution_json


def preview(form: Form, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The contact, the verdict and the exact bodies of a PreviewRequest (contract of /api/v1/preview).

    redirect: where the visitor goes, unless the page says otherwise; None: our thank-you page. origins: where values
    come from that were worked out of answers. problems: what would be sent back to the visitor, or park the lead.
    """
    now = clock.now()
    try:
        reading = read(_incoming(asked), form)
    except InvalidBody as refused:
        return _unread(asked, form, refused.sentence)
    submission = replace(
        reading.submission,
        evidence=replace(reading.submission.evidence, submitted_at=asked.get("submitted_at")),
    )
    routed = form.for_answers(submission)
    verdict = attribute(submission.evidence, routed.attribution)
    lead = Lead(LeadId("0" * 32), routed.account, Status.PENDING, now, submission, verdict)
    problems = [f"{name}: {error.message}" for name, found in reading.errors.items() for error in found]
    parking: list[str] = []
    return {
        "contact": _contact(submission.contact),
        "attribution": _credited(verdict, submission.evidence, routed),
        **_bodies(lead, routed, parking),
        "redirect": fill_address(routed.redirect, answers_given(submission, routed).text) or None,
        "origins": [{"field": origin.field, "reason": origin.reason} for origin in origins(lead, routed)],
        "problems": problems or parking,
    }


def _unread(asked: Mapping[str, Any], form: Form, problem: str) -> dict[str, Any]:
    """Of answers that cannot be read only the visit is told."""
    landing_url, page_url, referrer = (asked.get(name) or "" for name in ("landing_url", "page_url", "referrer"))
    visit = Evidence(landing_url=landing_url, page_url=page_url, referrer=referrer)
    told = _credited(attribute(visit, form.attribution), visit, form)
    return {
        "contact": _contact(Contact()),
        "attribution": told,
        "coworker": {},
        "opportunity": {},
        "redirect": None,
        "origins": [],
        "problems": [problem],
    }


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        "email": contact.email or None,
        "full_name": contact.full_name or None,
        "phone": contact.phone or None,
        "company": contact.company or None,
    }


def _credited(verdict: Attribution, evidence: Evidence, form: Form) -> dict[str, Any]:
    return {**attribution_json(verdict, evidence), "others": _others(attribute_others(evidence, form.attribution))}


def _others(verdicts: Mapping[str, Attribution]) -> list[dict[str, Any]]:
    """What the visits say that do not count, without their values."""
    return [
        {
            "touch": name,
            "channel": verdict.channel,
            "lead_source": verdict.lead_source,
            "lead_source_name": lead_source_name(verdict.lead_source),
            "reason": verdict.reason,
        }
        for name, verdict in verdicts.items()
    ]


def _incoming(asked: Mapping[str, Any]) -> Incoming:
    """The request that a page with our script would have sent."""
    hidden = {
        "lc_page_url": asked.get("page_url"),
        "lc_landing_url": asked.get("landing_url"),
        "lc_referrer": asked.get("referrer"),
    }
    answers = {**(asked.get("fields") or {}), **{name: value for name, value in hidden.items() if value}}
    return Incoming(
        body=json.dumps(answers).encode(),
        content_type="application/json",
        headers={},
        query="",
        ip="",
        received_at=clock.now().timestamp(),
    )


def _bodies(lead: Lead, form: Form, problems: list[str]) -> dict[str, Any]:
    """Both bodies; {} for one that Nexudus would reject, and why among `problems`."""
    target = known_target(form)
    bodies: dict[str, Callable[[], dict[str, Any]]] = {
        "coworker": lambda: sketch(coworkers.compose, translate.coworker(lead, form, target)),
        "opportunity": lambda: sketch(
            opportunities.compose, translate.opportunity(lead, form, target, CoworkerId(UNKNOWN))
        ),
    }
    found: dict[str, Any] = {}
    for name, body in bodies.items():
        try:
            found[name] = body()
        except Rejected as rejected:
            found[name] = {}
            problems.append(rejected.said)
    return found


def readable_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """An opportunity body for display: each custom field becomes an entry of its own."""
    custom = {f"custom {each['Name']}": each["Value"] for each in body.get("CustomFields", {}).get("Data", ())}
    return {**{name: value for name, value in body.items() if name != "CustomFields"}, **custom}


UNKNOWN = 0
"""An id that is looked up or made only when the record is sent."""

New = TypeVar("New", NewCoworker, NewOpportunity)


def sketch(compose: Callable[[New], Row], new: New) -> Row:
    """The exact body that `compose` makes, with null in the places of ids that are UNKNOWN.

    Raises: Rejected, as compose.
    """
    open_ids = [each.name for each in fields(new) if each.name.endswith("_id") and getattr(new, each.name) == UNKNOWN]
    one, other = (compose(_filled(new, open_ids, number)) for number in (1, 2))
    return {name: value if other[name] == value else None for name, value in one.items()}


def _filled(new: New, names: Iterable[str], number: int) -> New:
    changes: dict[str, Any] = dict.fromkeys(names, number)
    return replace(new, **changes)
