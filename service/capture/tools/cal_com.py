"""Cal.com: the attendee, the questions and the booked time; signed over the body.

Facts: cal.com's docs, "Webhooks"; sendPayload.ts of its source.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.parsing.json_values import Json, read_instant, table_at, tables_at, text_at, value_at
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
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender, hex_signature

_TEST = "PING"
_BOOKINGS = ("", _TEST, "BOOKING_CREATED", "BOOKING_REQUESTED", "BOOKING_RESCHEDULED", "INSTANT_MEETING")
_FORMS = ("FORM_SUBMITTED", "FORM_SUBMITTED_NO_EVENT")
_OTHER_EVENTS = ("BOOKING_", "MEETING_", "RECORDING_", "OOO_", "AFTER_", "DELEGATION_", "WRONG_")
_TRANSLATED = re.compile(r"[a-z]+(_[a-z]+)*")  # keys of labels that Cal.com translates: email_address
_PHONE_LOCATIONS = ("phone", "attendeePhone")
_ANSWERS = ("responses", "userFieldsResponses", "customInputs")
_KNOWN = (
    *_ANSWERS,
    *("type", "title", "description", "additionalNotes", "startTime", "endTime", "organizer", "attendees", "uid"),
    *("bookingId", "metadata", "tracking", "status", "location", "rescheduleUid", "rescheduleId", "iCalUID"),
    *("iCalSequence", "destinationCalendar", "team", "eventTypeId", "eventTitle", "eventDescription", "length"),
    *("hideCalendarNotes", "hideCalendarEventDetails", "hideOrganizerEmail", "requiresConfirmation", "currency"),
    *("schedulingType", "seatsPerTimeSlot", "seatsShowAttendees", "seatsShowAvailabilityCount", "attendeeSeatId"),
    *("conferenceData", "conferenceCredentialId", "appsStatus", "videoCallData", "bookerUrl", "oneTimePassword"),
    *("recurringEvent", "recurrence", "price", "formId", "formName", "teamId", "redirect", "assignmentReason"),
    *("platformClientId", "platformRescheduleUrl", "platformCancelUrl", "platformBookingUrl", "customReplyToEmail"),
    *("disableCancelling", "disableRescheduling", "rescheduleStartTime", "rescheduleEndTime", "rescheduledBy"),
)
"""Members that are read elsewhere, and Cal.com's own."""


def read(call: WebhookCall, config: SenderConfig) -> Iterator[Item]:
    """Yield one booking or one answered routing form; nothing for cancellations and other later events."""
    payload = read_object(call)
    event = text_at(payload, "triggerEvent")
    if event not in (*_BOOKINGS, *_FORMS):
        if not event.startswith(_OTHER_EVENTS):
            yield from read_unknown(call, config)
        return
    booking = table_at(payload, "payload") or (payload if event == _TEST else {})
    if not booking:
        yield from read_plainly(call, config, text_at(payload, "uid"))
        return
    yield Enquiry(
        list(_answers(booking)),
        external_id=_id(booking),
        earlier_id=text_at(booking, "rescheduleUid"),
        form_name=text_at(booking, "formName") or text_at(booking, "type"),
        details={**_times(booking), **other_details(booking, *_KNOWN)},
        submitted_at=read_instant(text_at(payload, "createdAt")),
        is_test=event == _TEST,
    )


def _answers(booking: Json) -> Iterator[NamedAnswer]:
    questions: dict[str, object] = {}
    for group in reversed(_ANSWERS):
        questions |= table_at(booking, group)
    place = _place(booking)
    phone = text_at(place, "optionValue") if text_at(place, "value") in _PHONE_LOCATIONS else ""
    for slug, question in questions.items():
        if slug != "location":  # of the meeting, not of the wanted desk
            yield from _answer(slug, question)
    yield from _attendee(booking)
    yield from named_answers("phone", phone, target="phone")
    yield from named_answers("additionalNotes", text_at(booking, "additionalNotes"))
    yield from all_named_answers(booking.get("metadata"))
    yield from all_named_answers(booking.get("tracking"))


def _answer(slug: str, question: object) -> Iterator[NamedAnswer]:
    label, value = text_at(question, "label"), value_at(question, "value")
    if not isinstance(question, Mapping):
        value = question
    elif "value" not in question:
        value = question.get("response", question)
    if _TRANSLATED.fullmatch(label):
        label = slug
    if text_at(value, "firstName"):
        yield from named_answers("first name", text_at(value, "firstName"), target="first_name")
        yield from named_answers("last name", text_at(value, "lastName"), target="last_name")
    else:
        yield from named_answers(label or slug, value, slug)


def _attendee(booking: Json) -> Iterator[NamedAnswer]:
    """The attendee who booked; in a booking with seats, others may come first."""
    answered = text_at(booking, "responses", "email", "value").casefold()
    attendees = tables_at(booking, "attendees")
    mine = [each for each in attendees if answered and text_at(each, "email").casefold() == answered]
    for attendee in (mine or attendees)[:1]:
        yield from named_answers("email", text_at(attendee, "email"), target="email")
        yield from named_answers("name", text_at(attendee, "name"), target="full_name")
        yield from named_answers("phone", text_at(attendee, "phoneNumber"), target="phone")


def _id(booking: Json) -> str:
    """The booking's id, with the seat where several people share the booking."""
    uid, seat = text_at(booking, "uid"), text_at(booking, "attendeeSeatId")
    email = text_at(booking, "responses", "email", "value").casefold()
    if uid and not seat and email and text_at(booking, "seatsPerTimeSlot").strip("0"):
        seat = hashlib.blake2b(email.encode(), digest_size=8).hexdigest()
    return f"{uid} seat {seat}" if uid and seat else uid


def _place(booking: Json) -> Json:
    return table_at(booking, "responses", "location", "value")


def _times(booking: Json) -> Mapping[str, Answer]:
    place = text_at(_place(booking), "optionValue") or text_at(booking, "location")
    return labelled(
        Booked=text_at(booking, "title"),
        Booked_for=local_time(text_at(booking, "startTime"), text_at(booking, "attendees", 0, "timeZone")),
        Booking_starts=text_at(booking, "startTime"),
        Booking_ends=text_at(booking, "endTime"),
        Booking_place="" if place.startswith("integrations:") else place,
        Booking_status=text_at(booking, "status"),
    )


CAL_COM = WebhookSender(read, hex_signature("x-cal-signature-256"))
"""Signs with the secret of the webhook."""
