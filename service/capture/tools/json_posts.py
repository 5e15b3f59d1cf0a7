"""Whatever an automation or a site of your own posts: Zapier, Make, n8n, Node-RED, a spreadsheet's script.

There is no common schema: names are what somebody typed. See docs/senders.md for what is read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer, UnreadableItem
from service.capture.fields.instants import read_instant
from service.capture.fields.names import fold, meaning_of
from service.capture.parsing.bodies import read_body
from service.capture.parsing.multipart import file_remarks
from service.capture.parsing.nesting import collect, dotted, flatten
from service.capture.parsing.shapes import value_at
from service.capture.parsing.texts import texts_of
from service.capture.tools.events import is_no_lead, is_silent, is_trial, shows_somebody
from service.capture.tools.posted import Posted, leads_in
from service.capture.tools.relayed import Relayed, relay
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender
from service.platforms.tags import utm_of

_TIMES = frozenset(("createdtime", "createtime", "leadsubmittime", "occurredat", "submittedon"))
_MOST_ASKED = 1000  # answers that are looked at for the time
_NO_LEAD = "It stands in a list of leads and is none: a lead is an object of names and values."


def read(call: WebhookCall, table: SenderConfig) -> Iterator[Item]:
    """One enquiry for each lead in the body."""
    body = read_body(call.body, call.content_type)
    paths = tuple(dotted(name) for names in table.get("fields", {}).values() for name in names)
    for member in leads_in(body, frozenset(map(fold, paths))):
        if isinstance(member, bytes):
            yield UnreadableItem(member, _NO_LEAD)
            continue
        lead = _with_answers(member)
        if lead.answers and not _is_no_lead(lead):
            enquiry = _enquiry(lead, table, paths)
            yield replace(enquiry, details={**enquiry.details, **file_remarks(body.files)})


def _with_answers(lead: Posted) -> Posted:
    """The lead with something said: where nothing seems to be, any of its texts may be what somebody typed."""
    if any(texts_of(each.answer) for each in lead.answers):
        return lead
    everything = collect(flatten(lead.whole)).items()
    return replace(
        lead, answers=[NamedAnswer(name, answer) for name, answer in everything if texts_of(answer)], details={}
    )


def _is_no_lead(lead: Posted) -> bool:
    """Tell known events that are none: of a mere word only where nobody stands in it."""
    return is_no_lead(lead.event) or (is_silent(lead.event) and not shows_somebody(lead.answers))


def _enquiry(lead: Posted, table: SenderConfig, paths: Sequence[str]) -> Enquiry:
    relayed = relay([*lead.answers, *_by_path(lead, paths)], lead.whole, table)
    facts = relayed.facts
    return Enquiry(
        relayed.answers,
        external_id=relayed.external_id,
        form_name=facts.get("form_name", "") or lead.form_name,
        place=_place(relayed),
        utm=utm_of(relayed.platform, facts, table.get("names", {})),
        details={**lead.details, **relayed.details},
        submitted_at=_submitted_at(relayed.answers),
        platform=relayed.platform,
        is_test=relayed.is_test or is_trial(lead.event),
    )


def _by_path(lead: Posted, paths: Sequence[str]) -> Iterator[NamedAnswer]:
    """What the operator points at and has no name of its own, such as the second member of a list."""
    known = {fold(each.name) for each in lead.answers} if paths else set()
    for path in paths:
        found = value_at(lead.whole, *(int(step) if step.isdecimal() else step for step in path.split(".")))
        if fold(path) not in known and found is not None:
            answers = collect(flatten(found, path))
            yield from (NamedAnswer(name, answer) for name, answer in answers.items() if texts_of(answer))


def _place(relayed: Relayed) -> str:
    facts: Mapping[str, str] = relayed.facts
    return next((facts[name] for name in ("page_id", "advertiser_id", "account_id") if facts.get(name)), "")


def _submitted_at(answers: Sequence[NamedAnswer]) -> float | None:
    for each in answers[:_MOST_ASKED]:
        meaning = meaning_of(each.name)
        if fold(each.name) in _TIMES or (meaning and meaning.target == "submitted_at"):
            found = next((read_instant(text) for text in texts_of(each.answer)), None)
            if found is not None:
                return found
    return None


JSON_POSTS = WebhookSender(read)
"""Proves itself by the operator's `token` at most."""
