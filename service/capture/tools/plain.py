"""A tool that posts a form's own names and values, in any of the ways that browsers do, too."""

from collections.abc import Iterator, Mapping

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.parsing.bodies import RequestBody, read_body
from service.capture.parsing.multipart import file_remarks
from service.capture.parsing.shapes import tables_at
from service.capture.tools import json_posts
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender


def read(call: WebhookCall, table: SenderConfig) -> Iterator[Item]:
    """One enquiry, with all that was sent as its answers; JSON may hold it deeper, or several."""
    body = read_body(call.body, call.content_type)
    if is_nested(body):
        yield from json_posts.read(call, table)
        return
    yield Enquiry(
        [NamedAnswer(name, answer) for name, answer in body.answers.items()], details=file_remarks(body.files)
    )


def is_nested(body: RequestBody) -> bool:
    """Tell JSON that holds objects, as other tools send it, from names and values."""
    members = body.value if isinstance(body.value, list) else [body.value]
    return len(members) > 1 or any(map(_holds_objects, members))


def _holds_objects(member: object) -> bool:
    values = member.values() if isinstance(member, Mapping) else ()
    return any(isinstance(value, Mapping) or tables_at(value) for value in values)


PLAIN = WebhookSender(read)
"""Signs nothing, tells no id."""
