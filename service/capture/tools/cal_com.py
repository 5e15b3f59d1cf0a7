"""Cal.com: who booked, what was asked and when it is; signed over the body.

Facts: cal.com's docs, "Webhooks"; sendPayload.ts of its source.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.fields.instants import read_instant
from service.capture.parsing.shapes import Json, table_at, tables_at, text_at, value_at
from service.capture.parsing.texts import Answer
from service.capture.tools.bookings import local_time
from service.capture.tools.questions import ask, ask_all, beside, read_object, read_plainly, read_unknown, remarks
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender
from service.capture.tools.signatures import check_hex

_TEST = "PING"
_ENQUIRIES = ("", _TEST, "BOOKING_CREATED", "BOOKING_REQUESTED", "BOOKING_RESCHEDULED", "INSTANT_MEETING")
_FORMS = ("FORM_SUBMITTED", "FORM_SUBMITTED_NO_EVENT")
_OTHERS = ("BOOKING_", "MEETING_", "RECORDING_", "OOO_", "AFTER_", "DELEGATION_", "WRONG_")
_TRANSLATED = re.compile(r"[a-z]+(_[a-z]+)*")  # labels that Cal.com itself translates: email_address
_THEIR_PHONE = ("phone", "attendeePhone")
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
"""What is read elsewhere, and Cal.com's housekeeping."""


def verify(call: WebhookCall, table: SenderConfig) -> None:
    """Raises: InvalidSignature unless the body was signed with the webhook's secret."""
    check_hex(call.headers.get("x-cal-signature-256", ""), str(table.get("secret", "")), call.body)


def read(call: WebhookCall, table: SenderConfig) -> Iterator[Item]:
    """One booking, or one answered routing form; nothing for cancellations and what else becomes of it."""
    found = read_object(call)
    event = text_at(found, "triggerEvent")
    if event not in (*_ENQUIRIES, *_FORMS):
        if not event.startswith(_OTHERS):
            yield from read_unknown(call, table)
        return
    told = table_at(found, "payload") or (found if event == _TEST else {})
    if not told:
        yield from read_plainly(call, table, text_at(found, "uid"))
        return
    yield Enquiry(
        list(_answers(told)),
        external_id=_id(told),
        earlier_id=text_at(told, "rescheduleUid"),
        form_name=text_at(told, "formName") or text_at(told, "type"),
        details={**_times(told), **beside(told, *_KNOWN)},
        submitted_at=read_instant(text_at(found, "createdAt")),
        is_test=event == _TEST,
    )


def _answers(told: Json) -> Iterator[NamedAnswer]:
    asked: dict[str, object] = {}
    for group in reversed(_ANSWERS):
        asked |= table_at(told, group)
    phones = [text_at(place, "optionValue") for place in [_place(told)] if text_at(place, "value") in _THEIR_PHONE]
    for slug, question in asked.items():
        if slug != "location":  # where the meeting is, not where a desk is wanted
            yield from _answer(slug, question)
    yield from _attendee(told)
    yield from (answered for phone in phones for answered in ask("phone", phone, target="phone"))
    yield from ask("additionalNotes", text_at(told, "additionalNotes"))
    yield from ask_all(told.get("metadata"))
    yield from ask_all(told.get("tracking"))


def _answer(slug: str, question: object) -> Iterator[NamedAnswer]:
    label, value = text_at(question, "label"), value_at(question, "value")
    if not isinstance(question, Mapping):
        value = question
    elif "value" not in question:
        value = question.get("response", question)
    if _TRANSLATED.fullmatch(label):
        label = slug
    if text_at(value, "firstName"):
        yield from ask("first name", text_at(value, "firstName"), target="first_name")
        yield from ask("last name", text_at(value, "lastName"), target="last_name")
    else:
        yield from ask(label or slug, value, slug)


def _attendee(told: Json) -> Iterator[NamedAnswer]:
    """The first attendee. In a booking with seats, others may come before the one who booked now."""
    answered = text_at(told, "responses", "email", "value").casefold()
    attendees = tables_at(told, "attendees")
    mine = [each for each in attendees if answered and text_at(each, "email").casefold() == answered]
    for attendee in (mine or attendees)[:1]:
        yield from ask("email", text_at(attendee, "email"), target="email")
        yield from ask("name", text_at(attendee, "name"), target="full_name")
        yield from ask("phone", text_at(attendee, "phoneNumber"), target="phone")


def _id(told: Json) -> str:
    """The booking's id; where it has seats, several people share one."""
    uid, seat = text_at(told, "uid"), text_at(told, "attendeeSeatId")
    email = text_at(told, "responses", "email", "value").casefold()
    if uid and not seat and email and text_at(told, "seatsPerTimeSlot").strip("0"):
        seat = hashlib.blake2b(email.encode(), digest_size=8).hexdigest()
    return f"{uid} seat {seat}" if uid and seat else uid


def _place(told: Json) -> Json:
    return table_at(told, "responses", "location", "value")


def _times(told: Json) -> Mapping[str, Answer]:
    place = text_at(_place(told), "optionValue") or text_at(told, "location")
    return remarks(
        Booked=text_at(told, "title"),
        Booked_for=local_time(text_at(told, "startTime"), text_at(told, "attendees", 0, "timeZone")),
        Booking_starts=text_at(told, "startTime"),
        Booking_ends=text_at(told, "endTime"),
        Booking_place="" if place.startswith("integrations:") else place,
        Booking_status=text_at(told, "status"),
    )


CAL_COM = WebhookSender(read, verify)
"""Signs with the secret of the webhook."""
