"""From a lead to the CRM's two bodies: the source of each value, including values derived from answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Generic, TypeVar

from service.delivery.dates import read_day
from service.delivery.money import read_amount
from service.delivery.notes import cut, defuse, notes
from service.forms import AmountTable, AnswerAmount, Form
from service.forms.templates import Find, GivenAnswers, answers_given, fill_line, fill_lines, has_slots, list_slots
from service.lead import CoworkerId, Lead, marker_of
from service.nexudus.coworkers import NewCoworker
from service.nexudus.opportunities import NewOpportunity

MAX_FILLED_CHARS = 1000
"""Maximum characters of one text with answers in it, except Notes. Nexudus publishes no limit."""

MAX_QUOTED_CHARS = 60
"""Maximum characters of an answer that an explanation quotes."""

NOON = time(12, tzinfo=UTC)
"""Time of day for a day in an unknown zone: at noon UTC it is the same day nearly everywhere."""

Result = TypeVar("Result", float, datetime)


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


def opportunity(lead: Lead, form: Form, target: Target, coworker_id: CoworkerId, history: str = "") -> NewOpportunity:
    """Return the opportunity of a lead. history: a sentence on its person's known history, or ""."""
    wanted, attribution = form.destination, lead.attribution
    return NewOpportunity(
        stage_id=target.stage_id,
        coworker_id=coworker_id,
        name=title(lead, form),
        notes=notes(lead, form, history),
        position=wanted.position,
        opportunity_type_id=wanted.opportunity_type_id,
        responsible_id=wanted.responsible_id,
        team_id=wanted.team_id,
        referrer_id=wanted.referrer_id,
        agent_id=wanted.agent_id,
        value=expected_value(lead, form).value,
        due_at=follow_up(lead, form).value,
        lead_source=attribution.lead_source,
        utm_source=attribution.utm_source,
        utm_medium=attribution.utm_medium,
        utm_campaign=attribution.utm_campaign,
        utm_content=attribution.utm_content,
        utm_term=attribution.utm_term,
        system_id=marker_of(lead.id),
        extra=additions(wanted.extra, lead, form),
        custom=custom_fields(wanted.custom, lead, form),
    )


def coworker(lead: Lead, form: Form, target: Target) -> NewCoworker:
    """Return the contact of a person new to Nexudus. Without a name the address is used: Nexudus requires one."""
    contact = lead.submission.contact
    return NewCoworker(
        full_name=contact.full_name or contact.email,
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


# -- texts with answers in them


def title(lead: Lead, form: Form) -> str:
    """Return CrmOpportunity.Name. For a person without a name the e-mail address fills `full_name`."""
    given = answers_given(lead.submission, form)
    address = lead.submission.contact.email

    def find(name: str) -> str:
        return given.text(name) or (address if name == "full_name" else "")

    return defuse(fill_line(form.destination.name, find))


def custom_fields(custom: Mapping[str, str], lead: Lead, form: Form) -> dict[str, str]:
    """Return custom fields with their texts filled; a text without any answer is left out."""
    find = answers_given(lead.submission, form).text
    return {name: text for name, template in custom.items() if (text := _fill(template, find))}


def additions(extra: Mapping[str, Any], lead: Lead, form: Form) -> dict[str, Any]:
    """Return the filled fields of an `extra` table; a field without any answer is left out. Answers stay text."""
    filled = _fill_all(extra, answers_given(lead.submission, form).text)
    return filled if isinstance(filled, dict) else {}


def _fill_all(value: Any, find: Find) -> Any:
    """Return a literal with its texts filled; None if it has only slots for missing answers."""
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
    return cut(defuse(filled), MAX_FILLED_CHARS) if has_slots(template) else filled


# -- amounts and dates


@dataclass(frozen=True, slots=True)
class Derived(Generic[Result]):
    """A value derived from an answer. value: None if there is none. reason: how, or why not; "" for a fixed one."""

    value: Result | None
    reason: str = ""


def expected_value(lead: Lead, form: Form) -> Derived[float]:
    """Return the value of the opportunity, in the board's currency; an uncertain amount gives none."""
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
        return Derived(None, f"{_quoted(rule.answer, text)}{' does not name a certain amount' * bool(text)}: no value")
    return Derived(amount, f"{_quoted(rule.answer, text)} names this amount")


def _amount_by_table(rule: AmountTable, given: GivenAnswers) -> Derived[float]:
    text = given.text(rule.answer)
    row = rule.find(text) if text else None
    if row is None:
        return Derived(None, f"{_quoted(rule.answer, text)}{' is not in the table of value' * bool(text)}: no value")
    return Derived(row[1], f"{_quoted(rule.answer, text)} is {row[0]!r} in the table of value")


def follow_up(lead: Lead, form: Form) -> Derived[datetime]:
    """Return when to follow up: the answered date, else `due_in_days` after arrival; never before the lead arrived."""
    rule, days = form.destination.due_date, form.destination.due_in_days
    fixed = None if days is None else lead.received_at + timedelta(days=days)
    if rule is None:
        return Derived(fixed)
    text = answers_given(lead.submission, form).text(rule.answer)
    day = read_day(text, form.language, form.country, lead.received_at) if text else None
    if day is None:
        instead = "no follow-up" if days is None else f"due_in_days = {days} counts"
        return Derived(fixed, f"{_quoted(rule.answer, text)}{' is not a certain date' * bool(text)}: {instead}")
    due_at = datetime.combine(day + timedelta(days=rule.days), NOON)
    shift = f", {abs(rule.days)} days {'earlier' if rule.days < 0 else 'later'}" if rule.days else ""
    reason = f"{_quoted(rule.answer, text)} means {day}{shift}"
    if due_at < lead.received_at:
        return Derived(lead.received_at, f"{reason}; that day is past, so the day the lead came counts")
    return Derived(due_at, reason)


# -- origins, for the preview


@dataclass(frozen=True, slots=True)
class FieldOrigin:
    """How one field of a body was derived, or why it is missing. field: the CRM's name, also of a custom field."""

    field: str
    reason: str


def origins(lead: Lead, form: Form) -> list[FieldOrigin]:
    """Return every value derived from answers, and every addition left out because answers are missing."""
    wanted, rule = form.destination, form.contact
    derived = (("Value", expected_value(lead, form).reason), ("DueDate", follow_up(lead, form).reason))
    explained = [FieldOrigin(name, reason) for name, reason in derived if reason]
    if wanted.responsible and wanted.responsible_id is None:
        explained.append(FieldOrigin("ResponsibleId", f"whose turn it is: {', '.join(wanted.responsible)}"))
    for place, table in (("", wanted.extra), ("contact ", rule.extra)):
        explained += _left_out(place, table, additions(table, lead, form))
    for place, custom in (("CustomFields ", wanted.custom), ("contact CustomFields ", rule.custom)):
        explained += _left_out(place, custom, custom_fields(custom, lead, form))
    return explained


def _left_out(place: str, table: Mapping[str, Any], filled: Mapping[str, Any]) -> list[FieldOrigin]:
    names = {name: ", ".join(dict.fromkeys(list_slots(value))) for name, value in table.items() if name not in filled}
    return [FieldOrigin(place + name, f"left out: {slots} not answered") for name, slots in names.items() if slots]


def _quoted(answer: str, text: str) -> str:
    return f"{answer} {cut(' '.join(text.split()), MAX_QUOTED_CHARS)!r}" if text else f"{answer} was not answered"
