"""What the forms file makes of a lead's answers: texts with answers in them, amounts and dates, and why."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Generic, TypeVar

from service.delivery.dates import read_day
from service.delivery.money import read_amount
from service.forms import AmountTable, AnswerAmount, Form
from service.forms.given import GivenAnswers, answers_given
from service.forms.templates import Find, fill_line, fill_lines, has_slots, list_slots
from service.lead import Lead

FILLED_LIMIT = 1000
"""Characters of one text with answers in it, but for those of Notes: Nexudus publishes no limit."""

PREFIX_LIMIT = 2000
"""Characters of the text in front of the message."""

MOST_SHOWN = 60
"""Characters of an answer that an explanation repeats."""

NOON = time(12, tzinfo=UTC)
"""The time of a day whose zone is not known: at noon UTC it is the same day nearly everywhere."""

Result = TypeVar("Result", float, datetime)
_TAG = re.compile(r"<(?![ \n\t\d=-])")


@dataclass(frozen=True, slots=True)
class Derived(Generic[Result]):
    """A value that was worked out. value: None where it could not be. reason: how, or why not; "" for a fixed one."""

    value: Result | None
    reason: str = ""


def defuse(text: str) -> str:
    """Text that no browser reads as markup: a space behind `<` makes it plain.

    Also where only a control character stands between it and a name: those are taken out before sending.
    """
    return _TAG.sub("< ", text)


def cut(text: str, at_most: int) -> str:
    """At most so many characters; a cut shows as "…"."""
    return text if len(text) <= at_most else text[: at_most - 1].rstrip() + "…"


def title(lead: Lead, form: Form) -> str:
    """CrmOpportunity.Name; a person without a name goes by the address."""
    given = answers_given(lead.submission, form)
    address = lead.submission.contact.email

    def find(name: str) -> str:
        return given.text(name) or (address if name == "full_name" else "")

    return defuse(fill_line(form.destination.name, find))


def notes_prefix(lead: Lead, form: Form) -> str:
    """What stands in front of the message; "" where nothing shall."""
    return cut(fill_lines(form.destination.notes_prefix, answers_given(lead.submission, form).text), PREFIX_LIMIT)


def custom_fields(custom: Mapping[str, str], lead: Lead, form: Form) -> dict[str, str]:
    """Custom fields with their texts; one for which nothing was answered is left out."""
    find = answers_given(lead.submission, form).text
    return {name: text for name, template in custom.items() if (text := _fill(template, find))}


def additions(extra: Mapping[str, Any], lead: Lead, form: Form) -> dict[str, Any]:
    """The fields of an `extra` table; one for which nothing was answered is left out. Answers stay text."""
    filled = _fill_all(extra, answers_given(lead.submission, form).text)
    return filled if isinstance(filled, dict) else {}


def _fill_all(value: Any, find: Find) -> Any:
    """A literal with its texts filled; None where it held nothing but answers that were not given."""
    if isinstance(value, Mapping):
        table = {name: filled for name, below in value.items() if (filled := _fill_all(below, find)) is not None}
        return table or (None if value else table)
    if isinstance(value, list | tuple):
        items = [filled for below in value if (filled := _fill_all(below, find)) is not None]
        return items or (None if value else items)
    if isinstance(value, str):
        return _fill(value, find) or (None if has_slots(value) else "")
    return value


def _fill(template: str, find: Find) -> str:
    filled = fill_lines(template, find)
    return cut(defuse(filled), FILLED_LIMIT) if has_slots(template) else filled


# -- amounts and dates


def expected_value(lead: Lead, form: Form) -> Derived[float]:
    """What the opportunity is worth, in the board's currency. What is not certain gives no value."""
    rule = form.destination.value
    if isinstance(rule, AnswerAmount):
        return _answered_amount(rule, form, answers_given(lead.submission, form))
    if isinstance(rule, AmountTable):
        return _amount_by_table(rule, answers_given(lead.submission, form))
    return Derived(rule)


def _answered_amount(rule: AnswerAmount, form: Form, given: GivenAnswers) -> Derived[float]:
    text = given.text(rule.answer)
    amount = read_amount(text, form.country)
    if amount is None:
        return Derived(None, f"{_spoken(rule.answer, text)}{' names no certain amount' * bool(text)}: no value")
    return Derived(amount, f"{_spoken(rule.answer, text)} names this amount")


def _amount_by_table(rule: AmountTable, given: GivenAnswers) -> Derived[float]:
    text = given.text(rule.answer)
    row = rule.find(text) if text else None
    if row is None:
        return Derived(None, f"{_spoken(rule.answer, text)}{' is not in the table of value' * bool(text)}: no value")
    return Derived(row[1], f"{_spoken(rule.answer, text)} is {row[0]!r} in the table of value")


def follow_up(lead: Lead, form: Form) -> Derived[datetime]:
    """When somebody shall follow up: by the answered date, else so many days after the lead came.

    Never before the day the lead came: a follow-up in the past helps nobody.
    """
    rule, days = form.destination.due_date, form.destination.due_in_days
    fixed = None if days is None else lead.received_at + timedelta(days=days)
    if rule is None:
        return Derived(fixed)
    text = answers_given(lead.submission, form).text(rule.answer)
    day = read_day(text, form.language, form.country, lead.received_at) if text else None
    if day is None:
        instead = "no follow-up" if days is None else f"due_in_days = {days} counts"
        return Derived(fixed, f"{_spoken(rule.answer, text)}{' is no certain date' * bool(text)}: {instead}")
    due_at = datetime.combine(day + timedelta(days=rule.days), NOON)
    shift = f", {abs(rule.days)} days {'earlier' if rule.days < 0 else 'later'}" if rule.days else ""
    reason = f"{_spoken(rule.answer, text)} means {day}{shift}"
    if due_at < lead.received_at:
        return Derived(lead.received_at, f"{reason}; that day is past, so the day the lead came counts")
    return Derived(due_at, reason)


# -- why


@dataclass(frozen=True, slots=True)
class FieldOrigin:
    """Where one field of a body comes from, or why it is not there. field: the CRM's name, a custom field's as well."""

    field: str
    reason: str


def origins(lead: Lead, form: Form) -> list[FieldOrigin]:
    """Every value that was worked out of answers, and every addition that was left out for want of them."""
    wanted, rule = form.destination, form.contact
    derived = (("Value", expected_value(lead, form).reason), ("DueDate", follow_up(lead, form).reason))
    explained = [FieldOrigin(name, reason) for name, reason in derived if reason]
    for place, table in (("", wanted.extra), ("contact ", rule.extra)):
        explained += _left_out(place, table, additions(table, lead, form))
    for place, custom in (("CustomFields ", wanted.custom), ("contact CustomFields ", rule.custom)):
        explained += _left_out(place, custom, custom_fields(custom, lead, form))
    return explained


def _left_out(place: str, table: Mapping[str, Any], filled: Mapping[str, Any]) -> list[FieldOrigin]:
    names = {name: ", ".join(dict.fromkeys(list_slots(value))) for name, value in table.items() if name not in filled}
    return [FieldOrigin(place + name, f"left out: {slots} not answered") for name, slots in names.items() if slots]


def _spoken(answer: str, text: str) -> str:
    return f"{answer} {cut(' '.join(text.split()), MOST_SHOWN)!r}" if text else f"{answer} was not answered"
