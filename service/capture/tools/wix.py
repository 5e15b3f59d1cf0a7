"""Wix Automations: every field under a name made of its first label, labels beside them; signs nothing.

Facts: dev.wix.com, "Form-v1", "Sample flows"; bodies that public receivers took.
"""

from collections.abc import Iterator

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.fields.instants import read_instant
from service.capture.parsing.shapes import Json, table_at, tables_at, text_at
from service.capture.tools.questions import ask, beside, read_object, read_plainly
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender

_FIELD = "field:"
_KNOWN = ("formName", "formId", "submissionId", "submissionTime", "contactId", "contact", "submissions", "_context")
_OF_THE_CONTACT = ("name", "email", "phone", "company", "jobTitle", "address")
"""What the site knows of the person; the rest of a contact is housekeeping."""


def read(call: WebhookCall, table: SenderConfig) -> Iterator[Item]:
    """What was filled in; a body that the owner customised is read by its names."""
    found = read_object(call)
    filled = table_at(found, "data")
    if not filled:
        yield from read_plainly(call, table)
        return
    yield Enquiry(
        [*_answers(filled), *_contact(filled)],
        external_id=text_at(filled, "submissionId"),
        form_name=text_at(filled, "formName"),
        details=beside({name: value for name, value in filled.items() if not _is_field(name)}, *_KNOWN),
        submitted_at=read_instant(text_at(filled, "submissionTime")),
    )


def _answers(filled: Json) -> Iterator[NamedAnswer]:
    """Labels first, as people read them; the fields' own names for what has no label."""
    unlabelled: dict[str, list[str]] = {}  # answer -> the fields that say it
    for name, value in filled.items():
        if _is_field(name):
            unlabelled.setdefault(text_at(value), []).append(name)
    for question in tables_at(filled, "submissions"):
        answer = text_at(question, "value")
        same = unlabelled.get(answer) if answer else None
        yield from ask(text_at(question, "label"), question.get("value"), same.pop(0) if same else "")
    for name in (name for names in unlabelled.values() for name in names):
        yield from ask(name, filled[name])


def _contact(filled: Json) -> Iterator[NamedAnswer]:
    contact = table_at(filled, "contact")
    for name in _OF_THE_CONTACT:
        yield from ask(f"contact.{name}", contact.get(name))


def _is_field(name: str) -> bool:
    return name.startswith(_FIELD)


WIX = WebhookSender(read)
"""Signs nothing."""
