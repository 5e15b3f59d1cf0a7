"""Ninja Forms' Webhooks: names that the owner typed, as a form, or all of them as one JSON text."""

from collections.abc import Iterator

from service.capture.fields.enquiries import Enquiry, Item
from service.capture.parsing.bodies import read_body
from service.capture.tools.packed import unpack
from service.capture.tools.plain import is_nested
from service.capture.tools.questions import read_plainly
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender


def read(call: WebhookCall, table: SenderConfig) -> Iterator[Item]:
    """One enquiry."""
    body = read_body(call.body, call.content_type)
    if is_nested(body):
        yield from read_plainly(call, table)
    else:
        yield Enquiry(unpack(body.answers))


NINJA_FORMS = WebhookSender(read)
"""Signs nothing; tells an id only where the owner sends one and maps it."""
