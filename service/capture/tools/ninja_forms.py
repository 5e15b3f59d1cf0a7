"""Ninja Forms' Webhooks: names that the owner typed, as a form, or all of them as one JSON text."""

from collections.abc import Iterator

from service.capture.bodies import read_body
from service.capture.enquiries import Enquiry, Item
from service.capture.sender import Call, Sender, Table
from service.capture.tools.packed import unpack


def read(call: Call, _table: Table) -> Iterator[Item]:
    """One enquiry."""
    yield Enquiry(unpack(read_body(call.body, call.content_type).answers))


NINJA_FORMS = Sender(read)
"""Signs nothing; tells an id only where the owner sends one and maps it."""
