"""Bookings that were moved: they stay one lead, whichever of their times we hear of first."""

from collections.abc import Iterator
from dataclasses import replace

from service.capture.enquiries import Answered, Enquiry


def link(booking: Enquiry, earlier_id: str) -> Iterator[Enquiry]:
    """A booking, together with the one that it replaces; earlier_id: "" where it replaces none.

    Under the earlier id first: where that is known, this is its repeat and no second lead. Where it
    is not, because the tool did not reach us then, the lead is kept all the same. Then under its own
    id, so that it is recognised when it is moved once more. The key holds the two together.
    """
    if not earlier_id or not booking.external_id:
        yield booking
        return
    held = replace(booking, answers=[*booking.answers, Answered("lc_key", booking.external_id)])
    yield replace(held, external_id=earlier_id)
    yield held
