"""Calendly: the invitee, the questions and the booked time; signed over time and body.

Facts: developer.calendly.com, "Webhook payload", "Webhook signatures".
"""

from collections.abc import Iterator, Mapping

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.parsing.json_values import Json, list_at, read_instant, table_at, tables_at, text_at
from service.capture.parsing.texts import Answer
from service.capture.tools.json_posts import (
    all_named_answers,
    labelled,
    local_time,
    named_answers,
    other_details,
    read_object,
    read_plainly,
    read_unknown,
)
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender, timestamped_signature

_MAX_AGE_S = 180
_BOOKED = ("", "invitee.created", "routing_form_submission.created")
_OTHER_EVENTS = ("invitee.canceled", "invitee_no_show.", "event_type.", "routing_form.")
_NAMES = (("name", "full_name"), ("first_name", "first_name"), ("last_name", "last_name"))
_OUTBOUND_CALL = "outbound_call"  # a location that is the invitee's own phone number
_KNOWN = (
    *("uri", "uuid", "event", "event_type", "email", "name", "first_name", "last_name", "text_reminder_number"),
    *("timezone", "status", "questions_and_answers", "tracking", "scheduled_event", "rescheduled", "old_invitee"),
    *("new_invitee", "cancel_url", "reschedule_url", "created_at", "updated_at", "invitee", "old_event", "new_event"),
    *("routing_form", "routing_form_submission", "canceled", "scheduling_method", "invitee_scheduled_by", "submitter"),
    "submitter_type",
)


def read(call: WebhookCall, config: SenderConfig) -> Iterator[Item]:
    """Yield one booking; nothing for cancellations and other later events."""
    payload = read_object(call)
    event = text_at(payload, "event")
    if event not in _BOOKED:
        if not event.startswith(_OTHER_EVENTS):
            yield from read_unknown(call, config)
        return
    booking = table_at(payload, "payload")
    if not booking:
        yield from read_plainly(call, config)
        return
    person = table_at(booking, "invitee") or booking  # the first API version nests it
    yield Enquiry(
        list(_answers(booking, person)),
        external_id=text_at(person, "uri") or text_at(person, "uuid"),
        earlier_id=_earlier(booking, person),
        form_name=_name(booking),
        details={**_times(booking, person), **other_details(booking, *_KNOWN)},
        submitted_at=read_instant(text_at(person, "created_at")),
    )


def _answers(booking: Json, person: Json) -> Iterator[NamedAnswer]:
    yield from named_answers("email", text_at(person, "email"), target="email")
    for name, target in _NAMES:
        yield from named_answers(name, text_at(person, name), target=target)
    yield from named_answers("phone", text_at(person, "text_reminder_number"), target="phone")
    if text_at(booking, "scheduled_event", "location", "type") == _OUTBOUND_CALL:
        yield from named_answers("phone", text_at(booking, "scheduled_event", "location", "location"), target="phone")
    for question in tables_at(booking, "questions_and_answers"):
        yield from named_answers(text_at(question, "question"), question.get("answer"))
    yield from all_named_answers(booking.get("tracking"))


def _name(booking: Json) -> str:
    names = (text_at(booking, key, "name") for key in ("scheduled_event", "event_type", "event"))
    return next(filter(None, names), "")


def _times(booking: Json, person: Json) -> Mapping[str, Answer]:
    event = table_at(booking, "scheduled_event") or table_at(booking, "event")
    guests = ", ".join(filter(None, (text_at(guest, "email") for guest in list_at(event, "event_guests"))))
    return labelled(
        Booked=_name(booking),
        Booked_for=local_time(text_at(event, "start_time"), text_at(person, "timezone")),
        Booking_starts=text_at(event, "start_time"),
        Booking_ends=text_at(event, "end_time"),
        Booking_place=text_at(event, "location", "join_url") or text_at(event, "location", "location"),
        Booking_guests=guests,
    )


def _earlier(booking: Json, person: Json) -> str:
    """The id of the booking that this one replaces."""
    return text_at(person, "old_invitee") or text_at(booking, "old_invitee") or text_at(booking, "old_invitee", "uuid")


CALENDLY = WebhookSender(read, timestamped_signature("calendly-webhook-signature", _MAX_AGE_S))
"""Signs with the subscription's signing key."""
