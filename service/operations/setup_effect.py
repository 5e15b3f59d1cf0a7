"""The effect of a change of the set-up: how the newest leads would differ under it. Nothing is sent."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from service.attribution import attribute
from service.capture.fields.reading import Incoming, read
from service.capture.parsing import InvalidBody
from service.delivery import translate
from service.delivery.targets import known_target
from service.forms import Form
from service.lead import Answers, Contact, CoworkerId, Lead, Status, Submission
from service.setup.publishing import Proposal
from service.store import Query, Store

LOOKED_AT = 200
"""Number of newest leads that are compared."""

MAX_EXAMPLES = 20
"""Maximum differences that are shown; one of each lead comes before the second of any."""

_UNSHOWN = frozenset(("coworker_id", "stage_id", "notes", "system_id", "position", "extra", "custom"))
"""Values of an opportunity that are the same for both, or shown differently."""

_OTHER_IDS = ("business_id", "country_id", "time_zone_id")


@dataclass(frozen=True, slots=True)
class LeadDifference:
    """One value of one lead. key: its name in the forms file, or the CRM's name of a Utm field."""

    lead: str
    key: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class SetupEffect:
    """The effect of a change on leads. leads: number compared; changed: number that would turn out differently."""

    leads: int
    changed: int
    examples: tuple[LeadDifference, ...] = ()

    def as_row(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        examples = [
            {"lead": each.lead, "key": each.key, "from": each.before, "to": each.after} for each in self.examples
        ]
        return {"leads": self.leads, "changed": self.changed, "examples": examples}


def proposal_json(proposal: Proposal, effect: SetupEffect | None) -> dict[str, Any]:
    """Return a proposal, published or not, as the API and the terminal show it."""
    return {
        "version": proposal.version,
        "changes": [each.as_row() for each in proposal.changes],
        "effect": effect and effect.as_row(),
        "warnings": [each._asdict() for each in proposal.warnings],
    }


def effect_of(store: Store, before: Mapping[str, Form], after: Mapping[str, Form]) -> SetupEffect:
    """Return how a change from one set of forms to another would affect the newest leads, of any status.

    Raises: StoreUnavailable.
    """
    with store.read() as tx:
        leads = tx.search.leads(Query(), LOOKED_AT)
    by_lead = [different for lead in leads if (different := _differences(lead, before, after))]
    examples = [each for rank in range(MAX_EXAMPLES) for several in by_lead for each in several[rank : rank + 1]]
    return SetupEffect(len(leads), len(by_lead), tuple(examples[:MAX_EXAMPLES]))


def _differences(lead: Lead, before: Mapping[str, Form], after: Mapping[str, Form]) -> list[LeadDifference]:
    name = lead.submission.form
    old, new = before.get(name), after.get(name)
    if old == new or lead.status in (Status.ERASED, Status.ANNOUNCED):
        return []
    if old is None or new is None:
        return [LeadDifference(lead.id, "form", old and old.name, new and new.name)]
    was, becomes = dict(_values(lead, old)), dict(_values(lead, new))
    keys = [key for key in dict.fromkeys((*was, *becomes)) if was.get(key) != becomes.get(key)]
    return [LeadDifference(lead.id, key, was.get(key), becomes.get(key)) for key in keys]


def _values(lead: Lead, form: Form) -> Iterator[tuple[str, Any]]:
    """Yield the values of a lead under a form: its contact as its answers would be read, and the CRM's bodies."""
    submission = _read_again(lead.submission, form)
    routed = form.for_answers(submission)
    attributed = attribute(submission.evidence, routed.attribution)
    lead = replace(lead, submission=submission, attribution=attributed, account=routed.account)
    yield "account", routed.account
    yield "stage", _stage(routed)
    if people := routed.destination.responsible:
        yield "responsible", list(people)
    target = known_target(routed)
    opportunity = translate.opportunity(lead, routed, target, CoworkerId(0))
    for field in fields(opportunity):
        if field.name not in _UNSHOWN:
            yield field.name, _plain(getattr(opportunity, field.name))
    yield "notes_prefix", routed.destination.notes_prefix
    coworker = translate.coworker(lead, routed, target)
    for name in ("full_name", "email", "mobile_phone", "company_name", "tag", *_OTHER_IDS):
        yield f"contact.{name}", getattr(coworker, name) or None
    for place, table in (("", opportunity), ("contact.", coworker)):
        for kind in ("extra", "custom"):
            yield from ((f"{place}{kind}.{name}", _plain(value)) for name, value in getattr(table, kind).items())


def _read_again(submission: Submission, form: Form) -> Submission:
    """Return the submission as the form would read its answers now; unchanged if they cannot be read again."""
    if submission.sender != "browser":
        return submission
    answers: Answers = {**submission.extras, **{submission.names.get(n, n): v for n, v in submission.fields.items()}}
    body = json.dumps(answers).encode()
    try:
        again = read(Incoming(body, "application/json"), form).submission
    except InvalidBody:
        return submission
    return replace(submission, fields=again.fields, extras=again.extras, contact=again.contact or Contact())


def _stage(form: Form) -> str | int | None:
    wanted = form.destination
    if wanted.stage_id:
        return wanted.stage_id
    named = [str(each) for each in (wanted.board, wanted.stage) if each is not None]
    return " / ".join(named) or None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value or None
