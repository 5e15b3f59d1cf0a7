"""What new records must contain for Nexudus to accept them: required custom fields, and a valid `extra`."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.delivery.setup_check.cached_reader import CachedReader, PartUnreadable
from service.delivery.setup_check.problem import FormVariant, SetupProblem, setup_cause
from service.nexudus import coworkers, custom_fields, opportunities
from service.nexudus.boards import Stage
from service.nexudus.coworkers import NewCoworker
from service.nexudus.custom_fields import COWORKER, OPPORTUNITY, CustomField, folded
from service.nexudus.errors import Rejected
from service.nexudus.opportunities import NewOpportunity
from service.nexudus.values import plain

MAX_FIELDS = 60
"""Custom fields of an account that are read by id, one call each."""

MAX_MISSES = 3
"""Unreadable records after which no more are read."""


@dataclass(frozen=True, slots=True)
class FilledFields:
    """The custom fields of one kind of record that a form fills.

    words: the kind in words. table: its key in the forms file. custom: the texts of that table by name or id. others:
    folded names that `contact.extra` fills. business_id: location of the new record.
    """

    record_type: int
    words: str
    table: str
    custom: Mapping[str, str]
    others: frozenset[str]
    business_id: int | None

    def reaches(self, field: CustomField) -> bool:
        """Return whether the field belongs, or may belong, to such a record."""
        is_kind = field.record_type in (None, self.record_type)
        return is_kind and not (self.business_id and field.business_id not in (None, self.business_id))

    def fills(self, field: CustomField) -> bool:
        """Return whether the form fills the field."""
        names = {folded(field.name), str(field.id), f"custom{field.index}" if field.index else ""}
        is_named = any(field.is_called(key) and value.strip() for key, value in self.custom.items())
        return is_named or bool(names & self.others)


def check_custom_fields(reader: CachedReader, variant: FormVariant, stage: Stage | None) -> Iterator[SetupProblem]:
    """Report required custom fields that are left empty, keys without a field, and values without an option.

    Whether the API enforces required fields is unknown, so these are warnings, but they become alerts.
    Raises: PartUnreadable.
    """
    listed = reader.read("the custom fields", "custom_fields", custom_fields.listed, "CustomField-List")
    if len(listed) > MAX_FIELDS:
        problem = f"could not check all custom fields (there are {len(listed)}, {MAX_FIELDS} are looked at)"
        remedy = "see in Nexudus that your forms fill the required ones"
        subject = f"account {variant.account}"
        yield SetupProblem("warning", "custom_fields", subject, problem, remedy, skipped=True)
    for filled in _filleds(variant, stage):
        fields = list(_read(reader, [field for field in listed[:MAX_FIELDS] if filled.reaches(field)]))
        for field in fields:
            if filled.reaches(field):
                yield from _check_field(variant, filled, field)
        yield from _check_keys(variant, filled, [*listed[MAX_FIELDS:], *fields])


def _filleds(variant: FormVariant, stage: Stage | None) -> Iterator[FilledFields]:
    rule, wanted = variant.form.contact, variant.form.destination
    of_stage = stage.business_id if stage else None
    named = frozenset(map(folded, _custom_n(rule.extra)))
    yield FilledFields(COWORKER, "contacts", "contact.custom", rule.custom, named, rule.business_id or of_stage)
    yield FilledFields(OPPORTUNITY, "opportunities", "custom", wanted.custom, frozenset(), of_stage)


def _custom_n(extra: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys Custom1 to Custom30, which are fields of a contact's body."""
    return (name for name, value in extra.items() if re.fullmatch(r"Custom\d+", name) and value != "")


def _read(reader: CachedReader, listed: list[CustomField]) -> Iterator[CustomField]:
    """Yield the fields by their own records; as listed, so not required, if a record is unreadable."""
    misses = 0
    for field in listed:
        whole = field
        if misses < MAX_MISSES:
            try:
                whole = _whole(reader, field.id)
            except PartUnreadable:
                misses += 1
        yield whole


def _whole(reader: CachedReader, field_id: int) -> CustomField:
    return reader.read(
        f"custom field {field_id}",
        "custom_fields",
        lambda nexudus: custom_fields.read(nexudus, field_id),
        "CustomField-Read",
        "every custom field",
    )


def _check_field(variant: FormVariant, filled: FilledFields, field: CustomField) -> Iterator[SetupProblem]:
    name = plain(field.name)
    if field.required and not filled.fills(field):
        answer = re.sub(r"\W+", "_", name.lower()).strip("_")
        line = f'{filled.table}.{json.dumps(name, ensure_ascii=False)} = "{{{answer}}}"'
        remedy = f"write {line} with the name of the right answer, or make the field optional in Nexudus"
        yield _warning(variant, f"new {filled.words} must fill the custom field {name!r}", remedy)
    for key, value in filled.custom.items():
        if field.is_called(key) and "{" not in value and not field.allows(value):
            problem = f"{filled.table}.{key} is {value!r}, which is none of the field's options"
            yield _warning(variant, problem, "write one of the options that Nexudus shows for it")


def _check_keys(variant: FormVariant, filled: FilledFields, known: list[CustomField]) -> Iterator[SetupProblem]:
    ours = [field for field in known if filled.reaches(field)]
    for key in filled.custom:
        if not any(field.is_called(key) for field in ours):
            at = f" at location {filled.business_id}" if filled.business_id else ""
            problem = f"Nexudus has no custom field {key!r} of {filled.words}{at}"
            yield _warning(variant, problem, _nearest(key, [plain(field.name) for field in ours], filled.table))


def _nearest(key: str, names: list[str], table: str) -> str:
    """Return the remedy for a wrong name: the nearest right one."""
    by_folded = {folded(name): name for name in names}
    near = difflib.get_close_matches(folded(key), list(by_folded), n=1)
    return f"did you mean {by_folded[near[0]]!r}?" if near else f"correct {table} in the set-up"


def _warning(variant: FormVariant, problem: str, remedy: str) -> SetupProblem:
    """Return a warning that becomes an alert of the form's set-up."""
    causes = (setup_cause(variant.account, variant.form.name, "custom_fields"),)
    return SetupProblem("warning", "custom_fields", variant.label, problem, remedy, causes)


def check_additions(variant: FormVariant) -> Iterator[SetupProblem]:
    """Check that both bodies can be composed with `extra`; nothing is read or sent."""
    rule, wanted = variant.form.contact, variant.form.destination
    value = wanted.value if isinstance(wanted.value, int | float) else None
    new = NewOpportunity(1, 1, name="any", position=wanted.position, value=value, extra=wanted.extra)
    try:
        opportunities.compose(new)
        coworkers.compose(NewCoworker("Any", "any@example.com", 1, 1, 1, tag=rule.tag, extra=rule.extra))
    except Rejected as error:
        yield variant.problem("error", "extra", error.message, "correct extra in the set-up")
