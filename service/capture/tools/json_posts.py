"""Posts of automations and of operators' own sites: Zapier, Make, n8n, Node-RED, a spreadsheet's script.

There is no common schema: names are typed by people. See docs/senders.md for what is understood. What the readers of
form tools' JSON share is here, too: answers under their questions' names, details, and local times.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer, UnreadableItem
from service.capture.fields.names import fold, meaning_of
from service.capture.parsing import Unreadable
from service.capture.parsing.bodies import RequestBody, read_body
from service.capture.parsing.json_values import Json, read_instant, table_at, tables_at, value_at
from service.capture.parsing.loose_json import read_json
from service.capture.parsing.multipart import file_remarks
from service.capture.parsing.nesting import flatten
from service.capture.parsing.pairs import collect, dotted
from service.capture.parsing.texts import Answer, texts_of
from service.capture.tools.any_json.posted import (
    PostedLead,
    is_no_lead,
    is_personless_event,
    is_webhook_test,
    leads_in,
    shows_person,
)
from service.capture.tools.any_json.relayed import relay
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender
from service.platforms.registry import utm_of

_TIMES = frozenset(("createdtime", "createtime", "leadsubmittime", "occurredat", "submittedon"))
_MAX_SEARCHED_FOR_TIME = 1000  # answers
_NO_LEAD = "It is in a list of leads but is not a lead: a lead is an object of names and values."


def read_json_post(call: WebhookCall, config: SenderConfig) -> Iterator[Item]:
    """Yield one enquiry for each lead in the body, whatever its shape."""
    body = read_body(call.body, call.content_type)
    paths = tuple(dotted(name) for names in config.get("fields", {}).values() for name in names)
    for member in leads_in(body, frozenset(map(fold, paths))):
        if isinstance(member, bytes):
            yield UnreadableItem(member, _NO_LEAD)
            continue
        lead = _with_answers(member)
        if lead.answers and not _is_no_lead(lead):
            enquiry = _enquiry(lead, config, paths)
            yield replace(enquiry, details={**enquiry.details, **file_remarks(body.files)})


def read_form_post(call: WebhookCall, config: SenderConfig) -> Iterator[Item]:
    """Yield one enquiry with everything that was posted as its answers; nested JSON is read as read_json_post does."""
    body = read_body(call.body, call.content_type)
    if is_nested(body):
        yield from read_json_post(call, config)
        return
    answers = [NamedAnswer(name, answer) for name, answer in body.answers.items()]
    yield Enquiry(answers, details=file_remarks(body.files))


def read_plainly(call: WebhookCall, config: SenderConfig, external_id: str = "") -> Iterator[Item]:
    """Yield what a tool's call of an unknown shape brings, read by its names.

    external_id: the call's id, which counts where it brings one lead only.
    """
    items = list(read_form_post(call, config))
    own_id = external_id if len(items) == 1 else ""
    for item in items:
        yield replace(item, external_id=own_id) if own_id and isinstance(item, Enquiry) else item


def read_unknown(call: WebhookCall, config: SenderConfig) -> Iterator[Item]:
    """Yield the leads of an unknown event that show a person; nothing for other events."""
    for item in read_plainly(call, config):
        if isinstance(item, Enquiry) and shows_person(item.answers):
            yield item


def is_nested(body: RequestBody) -> bool:
    """Return whether a body is JSON that holds objects, rather than names and values."""
    members = body.value if isinstance(body.value, list) else [body.value]
    return len(members) > 1 or any(map(_holds_objects, members))


def _holds_objects(member: object) -> bool:
    values = member.values() if isinstance(member, Mapping) else ()
    return any(isinstance(value, Mapping) or tables_at(value) for value in values)


def _with_answers(lead: PostedLead) -> PostedLead:
    """The lead; where none of its answers has a text, with every text found anywhere in it."""
    if any(texts_of(each.answer) for each in lead.answers):
        return lead
    everything = collect(flatten(lead.whole)).items()
    answers = [NamedAnswer(name, answer) for name, answer in everything if texts_of(answer)]
    return replace(lead, answers=answers, details={})


def _is_no_lead(lead: PostedLead) -> bool:
    """Whether the event is known to announce no lead; a mere word says so only where the body shows no person."""
    return is_no_lead(lead.event) or (is_personless_event(lead.event) and not shows_person(lead.answers))


def _enquiry(lead: PostedLead, config: SenderConfig, paths: Sequence[str]) -> Enquiry:
    relayed = relay([*lead.answers, *_by_path(lead, paths)], lead.whole, config)
    facts = relayed.facts
    return Enquiry(
        relayed.answers,
        external_id=relayed.external_id,
        form_name=facts.get("form_name", "") or lead.form_name,
        place=next((facts[name] for name in ("page_id", "advertiser_id", "account_id") if facts.get(name)), ""),
        utm=utm_of(relayed.platform, facts, config.get("names", {})),
        details={**lead.details, **relayed.details},
        submitted_at=_submitted_at(relayed.answers),
        platform=relayed.platform,
        is_test=relayed.is_test or is_webhook_test(lead.event),
    )


def _by_path(lead: PostedLead, paths: Sequence[str]) -> Iterator[NamedAnswer]:
    """Answers at a path that the operator mapped and that has no name of its own, such as a list's second member."""
    known = {fold(each.name) for each in lead.answers} if paths else set()
    for path in paths:
        value = value_at(lead.whole, *(int(step) if step.isdecimal() else step for step in path.split(".")))
        if fold(path) not in known and value is not None:
            answers = collect(flatten(value, path))
            yield from (NamedAnswer(name, answer) for name, answer in answers.items() if texts_of(answer))


def _submitted_at(answers: Sequence[NamedAnswer]) -> float | None:
    for each in answers[:_MAX_SEARCHED_FOR_TIME]:
        meaning = meaning_of(each.name)
        if fold(each.name) in _TIMES or (meaning and meaning.target == "submitted_at"):
            instant = next((read_instant(text) for text in texts_of(each.answer)), None)
            if instant is not None:
                return instant
    return None


JSON_POSTS = WebhookSender(read_json_post)
PLAIN = WebhookSender(read_form_post)
"""Sign nothing: the operator's `token` is the only proof."""


# -- what the readers of form tools' JSON share


def read_object(call: WebhookCall) -> Json:
    """Return the JSON object of a call, an empty one for anything else."""
    try:
        return table_at(read_json(call.body))
    except Unreadable:
        return {}


def named_answers(label: str, value: object, *hints: str, target: str = "") -> Iterator[NamedAnswer]:
    """Yield the answer to one question, nothing where it was left out. Nested answers get dotted names.

    hints: other names of the question, such as its id: the first with a known meaning decides where the label has
    none. target: the meaning, where the tool itself states it.
    """
    name = label or next(filter(None, hints), "")
    meaning = target or _hinted_target(name, hints)
    for leaf, answer in collect(flatten(value, name)).items():
        if answer:
            yield NamedAnswer(leaf, answer, meaning)


def all_named_answers(questions: object) -> Iterator[NamedAnswer]:
    """Yield every member of an object as an answer."""
    for name, value in table_at(questions).items():
        yield from named_answers(name, value)


def other_details(value: Json, *known: str) -> dict[str, Answer]:
    """Return the members of an object without those of these names, nested ones under dotted names."""
    rest = {name: member for name, member in value.items() if name not in known}
    return {name: answer for name, answer in collect(flatten(rest)).items() if answer}


def labelled(**details: str) -> Mapping[str, Answer]:
    """Return details by label, `Booking_start` for "Booking start"; blanks are left out."""
    return {name.replace("_", " "): text for name, text in details.items() if text}


def local_time(start: str, zone: str) -> str:
    """Return a time in ISO 8601 by the clock of an IANA zone, such as "2026-11-25 15:00 (Europe/Paris)".

    In UTC for an unknown zone; "" for anything else.
    """
    seconds = read_instant(start)
    if seconds is None:
        return ""
    known = _zone(zone)
    try:
        shown = datetime.fromtimestamp(seconds, known or UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{shown:%Y-%m-%d %H:%M} ({zone if known else 'UTC'})"


def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, KeyError, OSError):  # unknown, or no zone's name at all
        return None


def _hinted_target(name: str, hints: tuple[str, ...]) -> str:
    if meaning_of(name) is not None:
        return ""
    meanings = (meaning_of(hint) for hint in hints)
    return next((meaning.target for meaning in meanings if meaning and not meaning.target.startswith("_")), "")
