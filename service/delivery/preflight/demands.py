"""What new records must hold before Nexudus takes them: required custom fields, and a sound `extra`."""

from collections.abc import Iterator, Mapping
from typing import Any

from service.delivery.preflight.finding import Finding
from service.delivery.preflight.seen import Seen
from service.delivery.preflight.variants import Variant
from service.nexudus import coworkers, custom_fields, opportunities
from service.nexudus.boards import Stage
from service.nexudus.coworkers import NewCoworker
from service.nexudus.custom_fields import COWORKER, CustomField
from service.nexudus.errors import Rejected
from service.nexudus.opportunities import NewOpportunity
from service.nexudus.text import plain


def check_custom_fields(seen: Seen, variant: Variant, stage: Stage | None) -> Iterator[Finding]:
    """Custom fields that are required and that this form leaves empty. An account without that list has none.

    Raises: Unseen.
    """
    required = seen.ask("the custom fields", "custom_fields", custom_fields.required, "CustomField-List", absent=())
    for field in required:
        elsewhere = stage and stage.business_id and field.business_id not in (None, stage.business_id)
        if elsewhere or _name_of(field) in _extra_for(field, variant):
            continue
        whose, key = ("contacts", "contact.extra") if field.record_type == COWORKER else ("opportunities", "extra")
        problem = f"new {whose} must fill the custom field {plain(field.name)!r}"
        remedy = f"write {key}.{_name_of(field)}, or make the field optional in Nexudus"
        yield variant.finding("warning", "custom_fields", problem, remedy)


def _name_of(field: CustomField) -> str:
    return f"Custom{field.index or '...'}"


def _extra_for(field: CustomField, variant: Variant) -> Mapping[str, Any]:
    return variant.form.contact.extra if field.record_type == COWORKER else variant.form.destination.extra


def check_additions(variant: Variant) -> Iterator[Finding]:
    """Whether both bodies can be made with what `extra` adds; nothing is asked or sent."""
    rule, wanted = variant.form.contact, variant.form.destination
    value = wanted.value if isinstance(wanted.value, int | float) else None
    new = NewOpportunity(1, 1, name="any", position=wanted.position, value=value, extra=wanted.extra)
    try:
        opportunities.compose(new)
        coworkers.compose(NewCoworker("Any", "any@example.com", 1, 1, 1, tag=rule.tag, extra=rule.extra))
    except Rejected as error:
        yield variant.finding("error", "extra", error.said, "correct extra in the forms file")
