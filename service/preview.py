"""What a submission would become: read, credited and translated, but neither stored nor sent."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from service import clock
from service.admin.lead_json import attribution_json
from service.attribution import attribute
from service.capture.reading import Incoming, read
from service.capture.refusals import Refused
from service.delivery import translate
from service.delivery.routing import route
from service.delivery.targets import known_target
from service.forms import Form
from service.lead import CoworkerId, Lead, LeadId, Status
from service.nexudus import coworkers, opportunities
from service.nexudus.errors import Rejected
from service.nexudus.sketch import UNKNOWN, sketch


def preview(form: Form, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The contact, the verdict and the exact bodies of a PreviewRequest (contract of /api/v1/preview).

    problems: what would be sent back to the visitor, or park the lead.
    """
    now = clock.now()
    try:
        reading = read(_incoming(asked), form)
    except Refused as refused:
        return {"contact": {}, "attribution": {}, "coworker": {}, "opportunity": {}, "problems": [refused.sentence]}
    submission = replace(
        reading.submission,
        evidence=replace(reading.submission.evidence, submitted_at=asked.get("submitted_at")),
    )
    verdict = attribute(submission.evidence, form.crediting)
    lead = Lead(LeadId("0" * 32), form.account, Status.PENDING, now, submission, verdict)
    problems = [f"{name}: {error.message}" for name, found in reading.errors.items() for error in found]
    parking: list[str] = []
    contact = submission.contact
    return {
        "contact": {
            "email": contact.email or None,
            "full_name": contact.full_name or None,
            "phone": contact.phone or None,
            "company": contact.company or None,
        },
        "attribution": attribution_json(verdict, submission.evidence),
        **_bodies(lead, route(form, submission), parking),
        "problems": problems or parking,
    }


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
