"""What new records must hold before Nexudus takes them: required custom fields, and a sound `extra`."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.delivery.setup_check.cached_reader import CachedReader, PartUnreadable
from service.delivery.setup_check.problem import SetupProblem, setup_cause
from service.delivery.setup_check.routes import Variant
from service.nexudus import coworkers, custom_fields, opportunities
from service.nexudus.boards import Stage
from service.nexudus.coworkers import NewCoworker
from service.nexudus.custom_fields import COWORKER, OPPORTUNITY, CustomField, folded
from service.nexudus.errors import Rejected
from service.nexudus.opportunities import NewOpportunity
from service.nexudus.text import plain

FIELDS_MAX = 60
"""Custom fields of an account whose records are read, one call each."""

MISSES_MAX = 3
"""Records that may fail to show before no more are read."""


@dataclass(frozen=True, slots=True)
class Filling:
    """What a form puts into the custom fields of one kind of record.

    words: what that kind is called. table: the key of the forms file. custom: of that table, by name or id.
    others: names that `contact.extra` fills, folded. business_id: the location of the new record.
    """

    record_type: int
    words: str
    table: str
    custom: Mapping[str, str]
    others: frozenset[str]
    business_id: int | None

    def reaches(self, field: CustomField) -> bool:
        """Whether the field is, or may be, of such a record."""
        is_kind = field.record_type in (None, self.record_type)
        return is_kind and not (self.business_id and field.business_id not in (None, self.business_id))

    def fills(self, field: CustomField) -> bool:
        """Whether the form fills the field."""
        names = {folded(field.name), str(field.id), f"custom{field.index}" if field.index else ""}
        is_named = any(field.is_called(key) and value.strip() for key, value in self.custom.items())
        return is_named or bool(names & self.others)


def check_custom_fields(seen: CachedReader, variant: Variant, stage: Stage | None) -> Iterator[SetupProblem]:
    """Custom fields that are required and left empty, keys that name no field, and values that are no option.

    Whether the API insists on required ones is not known, so none of these is an error; they are kept as concerns.
    Raises: Unseen.
    """
    listed = seen.ask("the custom fields", "custom_fields", custom_fields.listed, "CustomField-List")
    if len(listed) > FIELDS_MAX:
        problem = f"could not check all custom fields (there are {len(listed)}, {FIELDS_MAX} are looked at)"
        remedy = "see in Nexudus that your forms fill the required ones"
        subject = f"account {variant.account}"
        yield SetupProblem("warning", "custom_fields", subject, problem, remedy, skipped=True)
    for filling in _fillings(variant, stage):
        fields = list(_read(seen, [field for field in listed[:FIELDS_MAX] if filling.reaches(field)]))
        for field in fields:
            if filling.reaches(field):
                yield from _check_field(variant, filling, field)
        yield from _check_keys(variant, filling, [*listed[FIELDS_MAX:], *fields])


def _fillings(variant: Variant, stage: Stage | None) -> Iterator[Filling]:
    rule, wanted = variant.form.contact, variant.form.destination
    of_stage = stage.business_id if stage else None
    named = frozenset(map(folded, _custom_n(rule.extra)))
    yield Filling(COWORKER, "contacts", "contact.custom", rule.custom, named, rule.business_id or of_stage)
    yield Filling(OPPORTUNITY, "opportunities", "custom", wanted.custom, frozenset(), of_stage)


def _custom_n(extra: Mapping[str, Any]) -> Iterator[str]:
    """Custom1 to Custom30 are fields of a contact's body."""
    return (name for name, value in extra.items() if re.fullmatch(r"Custom\d+", name) and value != "")


def _read(seen: CachedReader, listed: list[CustomField]) -> Iterator[CustomField]:
    """The fields by their own records; as listed, so not required, where a record does not show."""
    misses = 0
    for field in listed:
        whole = field
        if misses < MISSES_MAX:
            try:
                whole = _whole(seen, field.id)
            except PartUnreadable:
                misses += 1
        yield whole


def _whole(seen: CachedReader, field_id: int) -> CustomField:
    return seen.ask(
        f"custom field {field_id}",
        "custom_fields",
        lambda nexudus: custom_fields.read(nexudus, field_id),
        "CustomField-Read",
        "every custom field",
    )


def _check_field(variant: Variant, filling: Filling, field: CustomField) -> Iterator[SetupProblem]:
    name = plain(field.name)
    if field.required and not filling.fills(field):
        answer = re.sub(r"\W+", "_", name.lower()).strip("_")
        line = f'{filling.table}.{json.dumps(name, ensure_ascii=False)} = "{{{answer}}}"'
        remedy = f"write {line} with the name of the right answer, or make the field optional in Nexudus"
        yield _kept(variant, f"new {filling.words} must fill the custom field {name!r}", remedy)
    for key, value in filling.custom.items():
        if field.is_called(key) and "{" not in value and not field.allows(value):
            problem = f"{filling.table}.{key} is {value!r}, which is none of the field's options"
            yield _kept(variant, problem, "write one of the options that Nexudus shows for it")


def _check_keys(variant: Variant, filling: Filling, known: list[CustomField]) -> Iterator[SetupProblem]:
    ours = [field for field in known if filling.reaches(field)]
    for key in filling.custom:
        if not any(field.is_called(key) for field in ours):
            at = f" at location {filling.business_id}" if filling.business_id else ""
            problem = f"Nexudus has no custom field {key!r} of {filling.words}{at}"
            yield _kept(variant, problem, _nearest(key, [plain(field.name) for field in ours], filling.table))


def _nearest(key: str, names: list[str], table: str) -> str:
    """The name that was meant, as far as it can be guessed."""
    by_folded = {folded(name): name for name in names}
    near = difflib.get_close_matches(folded(key), list(by_folded), n=1)
    return f"did you mean {by_folded[near[0]]!r}?" if near else f"correct {table} in the forms file"


def _kept(variant: Variant, problem: str, remedy: str) -> SetupProblem:
    """A warning that is kept as a concern of the form's set-up."""
    causes = (setup_cause(variant.account, variant.form.name, "custom_fields"),)
    return SetupProblem("warning", "custom_fields", variant.label, problem, remedy, causes)


def check_additions(variant: Variant) -> Iterator[SetupProblem]:
    """Whether both bodies can be made with what `extra` adds; nothing is asked or sent."""
    rule, wanted = variant.form.contact, variant.form.destination
    value = wanted.value if isinstance(wanted.value, int | float) else None
    new = NewOpportunity(1, 1, name="any", position=wanted.position, value=value, extra=wanted.extra)
    try:
        opportunities.compose(new)
        coworkers.compose(NewCoworker("Any", "any@example.com", 1, 1, 1, tag=rule.tag, extra=rule.extra))
    except Rejected as error:
        yield variant.finding("error", "extra", error.said, "correct extra in the forms file")
