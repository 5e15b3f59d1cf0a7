"""Gravity Forms' Webhooks add-on: an entry with the fields' numbers as names, or names that the owner typed.

Labels are not sent. What a numbered part of a field is can be told only for names and consents; the rest is
mapped by the operator once.
"""

import re
from collections.abc import Iterator, Mapping

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.parsing.bodies import read_body
from service.capture.parsing.texts import Answer, text_of
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender
from service.capture.tools.wordpress import whose

_PART = re.compile(r"(\d+)\.(\d+)")
_NAME_PARTS = frozenset("23468")  # prefix, first, middle, last, suffix
_NAMED = {"3": "first_name", "6": "last_name"}
_CONSENT_PARTS = frozenset("123")  # ticked, the sentence, the number of its version
_PLUMBING = frozenset(
    (
        *("user_agent", "is_starred", "is_read", "date_updated", "status", "created_by", "post_id", "currency"),
        *("source_id", "transaction_type", "is_fulfilled"),
    )
)
"""What WordPress notes about an entry and nobody wants to read in a CRM."""


def read(call: WebhookCall, _table: SenderConfig) -> Iterator[Item]:
    """One enquiry."""
    sent = read_body(call.body, call.content_type).answers
    if "form_id" not in sent or "id" not in sent:
        yield Enquiry([NamedAnswer(name, answer) for name, answer in sent.items()], platform=_whose(call, sent))
        return
    told = dict(_told(sent))
    yield Enquiry(
        [
            NamedAnswer(name, answer, told.get(name, ""))
            for name, answer in sent.items()
            if name not in _PLUMBING and name not in ("id", "ip") and told.get(name) != "-"
        ],
        external_id=text_of(sent["id"]),
        ip=text_of(sent.get("ip", "")),
        platform=_whose(call, sent),
    )


def _told(sent: Mapping[str, Answer]) -> Iterator[tuple[str, str]]:
    """What the parts of one field show by being together; "-" for what need not be kept."""
    fields: dict[str, dict[str, str]] = {}
    for name, answer in sent.items():
        part = _PART.fullmatch(name)
        if part:
            fields.setdefault(part[1], {})[part[2]] = text_of(answer)
    for number, parts in fields.items():
        if {"3", "6"} <= parts.keys() <= _NAME_PARTS:
            yield from ((f"{number}.{part}", target) for part, target in _NAMED.items())
        elif parts.keys() == _CONSENT_PARTS and parts["1"] in ("", "1") and parts["3"].isdigit():
            yield from ((f"{number}.1", "consent"), (f"{number}.3", "-"))


def _whose(call: WebhookCall, sent: Mapping[str, Answer]) -> str:
    return whose("gravity-forms", call, text_of(sent.get("source_url", "")))


GRAVITY_FORMS = WebhookSender(read)
"""Signs nothing; the owner can add a header."""
