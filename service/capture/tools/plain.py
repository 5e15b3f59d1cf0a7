"""A tool that posts a form's own names and values, in any of the ways that browsers do, too."""

from collections.abc import Iterator

from service.capture.bodies import read_body
from service.capture.enquiries import Answered, Enquiry, Item
from service.capture.multipart import file_remarks
from service.capture.sender import Call, Sender, Table


def read(call: Call, _table: Table) -> Iterator[Item]:
    """One enquiry, with all that was sent as its answers."""
    body = read_body(call.body, call.content_type)
    yield Enquiry([Answered(name, answer) for name, answer in body.answers.items()], details=file_remarks(body.files))


PLAIN = Sender(read)
"""Signs nothing, tells no id."""
