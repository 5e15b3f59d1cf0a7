"""Previews: a submission read, attributed and translated, but neither stored nor sent."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from service import clock
from service.attribution import attribute, attribute_others
from service.capture.fields.reading import Incoming, read
from service.capture.parsing import InvalidBody
from service.delivery import translate
from service.delivery.targets import known_target
from service.delivery.translate import origins
from service.forms import Form
from service.forms.templates import answers_given, fill_address
from service.lead import Attribution, Contact, CoworkerId, Evidence, Lead, LeadId, Status
from service.nexudus import coworkers, opportunities
from service.nexudus.coworkers import NewCoworker
from service.nexudus.errors import Rejected
from service.nexudus.opportunities import NewOpportunity
from service.nexudus.values import Row, lead_source_name
from service.operations.lead_json import attribution_json, contact_json

UNKNOWN_ID = 0
"""An id that is looked up or created only when the record is sent."""

New = TypeVar("New", NewCoworker, NewOpportunity)


def preview(form: Form, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return contact, attribution and the exact bodies for a PreviewRequest, as the API's PreviewBody.

    redirect: where the visitor goes unless the page says otherwise; None: the built-in thank-you page. origins: the
    reasons of values computed from answers. problems: errors that the visitor would see, or else that would park the
    lead.
    """
    now = clock.now()
    try:
        reading = read(_incoming(request), form)
    except InvalidBody as error:
        return _visit_only(request, form, error.sentence)
    evidence = replace(reading.submission.evidence, submitted_at=request.get("submitted_at"))
    submission = replace(reading.submission, evidence=evidence)
    routed = form.for_answers(submission)
    attribution = attribute(evidence, routed.attribution)
    lead = Lead(LeadId("0" * 32), routed.account, Status.PENDING, now, submission, attribution)
    problems = [f"{name}: {error.message}" for name, errors in reading.errors.items() for error in errors]
    parking: list[str] = []
    return {
        "contact": contact_json(submission.contact),
        "attribution": _attribution(attribution, evidence, routed),
        **_bodies(lead, routed, parking),
        "redirect": fill_address(routed.redirect, answers_given(submission, routed).text) or None,
        "origins": [{"field": origin.field, "reason": origin.reason} for origin in origins(lead, routed)],
        "problems": problems or parking,
    }


def _visit_only(request: Mapping[str, Any], form: Form, problem: str) -> dict[str, Any]:
    """Return the preview of unreadable answers: only the visit is attributed."""
    landing_url, page_url, referrer = (request.get(name) or "" for name in ("landing_url", "page_url", "referrer"))
    evidence = Evidence(landing_url=landing_url, page_url=page_url, referrer=referrer)
    return {
        "contact": contact_json(Contact()),
        "attribution": _attribution(attribute(evidence, form.attribution), evidence, form),
        "coworker": {},
        "opportunity": {},
        "redirect": None,
        "origins": [],
        "problems": [problem],
    }


def _attribution(attribution: Attribution, evidence: Evidence, form: Form) -> dict[str, Any]:
    """Return the attribution, and what the visits that do not count would have led to."""
    others = [
        {
            "touch": touch,
            "channel": other.channel,
            "lead_source": other.lead_source,
            "lead_source_name": lead_source_name(other.lead_source),
            "reason": other.reason,
        }
        for touch, other in attribute_others(evidence, form.attribution).items()
    ]
    return {**attribution_json(attribution, evidence), "others": others}


def _incoming(request: Mapping[str, Any]) -> Incoming:
    """Return the request that a page with our script would have sent."""
    hidden = {f"lc_{name}": request.get(name) for name in ("page_url", "landing_url", "referrer")}
    answers = {**(request.get("fields") or {}), **{name: value for name, value in hidden.items() if value}}
    return Incoming(json.dumps(answers).encode(), "application/json", received_at=clock.now().timestamp())


def _bodies(lead: Lead, form: Form, problems: list[str]) -> dict[str, Any]:
    """Return both bodies; {} for one that Nexudus would reject, with the reason added to `problems`."""
    target = known_target(form)
    bodies: dict[str, Callable[[], Row]] = {
        "coworker": lambda: sketch(coworkers.compose, translate.coworker(lead, form, target)),
        "opportunity": lambda: sketch(
            opportunities.compose, translate.opportunity(lead, form, target, CoworkerId(UNKNOWN_ID))
        ),
    }
    composed: dict[str, Any] = {}
    for name, body in bodies.items():
        try:
            composed[name] = body()
        except Rejected as rejected:
            composed[name] = {}
            problems.append(rejected.message)
    return composed


def sketch(compose: Callable[[New], Row], new: New) -> Row:
    """Return the exact body that `compose` makes, with null for every id that is still unknown.

    A value that changes with the unknown ids counts as one of them.
    Raises: Rejected, as compose.
    """
    unknown = [each.name for each in fields(new) if each.name.endswith("_id") and getattr(new, each.name) == UNKNOWN_ID]
    one, other = (compose(_with_ids(new, unknown, number)) for number in (1, 2))
    return {name: value if other[name] == value else None for name, value in one.items()}


def _with_ids(new: New, names: Iterable[str], number: int) -> New:
    changes: dict[str, Any] = dict.fromkeys(names, number)
    return replace(new, **changes)


def readable_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an opportunity body for display: each custom field becomes an entry of its own."""
    custom = {f"custom {each['Name']}": each["Value"] for each in body.get("CustomFields", {}).get("Data", ())}
    return {**{name: value for name, value in body.items() if name != "CustomFields"}, **custom}
