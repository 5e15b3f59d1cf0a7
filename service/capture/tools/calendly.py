"""Calendly: who booked, what was asked and when it is; signed over time and body.

Facts: developer.calendly.com, "Webhook payload", "Webhook signatures".
"""

from collections.abc import Iterator, Mapping

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.fields.instants import read_instant
from service.capture.parsing.shapes import Json, list_at, table_at, tables_at, text_at
from service.capture.parsing.texts import Answer
from service.capture.tools.bookings import local_time
from service.capture.tools.questions import ask, ask_all, beside, read_object, read_plainly, read_unknown, remarks
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender
from service.capture.tools.signatures import check_timestamped

_OLDEST_S = 180
_BOOKED = ("", "invitee.created", "routing_form_submission.created")
_OTHERS = ("invitee.canceled", "invitee_no_show.", "event_type.", "routing_form.")
_OF_THE_INVITEE = (("name", "full_name"), ("first_name", "first_name"), ("last_name", "last_name"))
_THEIR_PHONE = "outbound_call"  # the kind of place that is the invitee's own number
_KNOWN = (
    *("uri", "uuid", "event", "event_type", "email", "name", "first_name", "last_name", "text_reminder_number"),
    *("timezone", "status", "questions_and_answers", "tracking", "scheduled_event", "rescheduled", "old_invitee"),
    *("new_invitee", "cancel_url", "reschedule_url", "created_at", "updated_at", "invitee", "old_event", "new_event"),
    *("routing_form", "routing_form_submission", "canceled", "scheduling_method", "invitee_scheduled_by", "submitter"),
    "submitter_type",
)


def verify(call: WebhookCall, table: SenderConfig) -> None:
    """Raises: InvalidSignature unless time and body were signed with the signing key, in the last 3 minutes."""
    header = call.headers.get("calendly-webhook-signature", "")
    check_timestamped(header, str(table.get("secret", "")), call, _OLDEST_S)


def read(call: WebhookCall, table: SenderConfig) -> Iterator[Item]:
    """One booking; nothing for cancellations and what else becomes of it."""
    found = read_object(call)
    event = text_at(found, "event")
    if event not in _BOOKED:
        if not event.startswith(_OTHERS):
            yield from read_unknown(call, table)
        return
    told = table_at(found, "payload")
    if not told:
        yield from read_plainly(call, table)
        return
    person = table_at(told, "invitee") or told  # the first version of the API nests it
    yield Enquiry(
        list(_answers(told, person)),
        external_id=text_at(person, "uri") or text_at(person, "uuid"),
        earlier_id=_earlier(told, person),
        form_name=_name(told),
        details={**_times(told, person), **beside(told, *_KNOWN)},
        submitted_at=read_instant(text_at(person, "created_at")),
    )


def _answers(told: Json, person: Json) -> Iterator[NamedAnswer]:
    yield from ask("email", text_at(person, "email"), target="email")
    for name, target in _OF_THE_INVITEE:
        yield from ask(name, text_at(person, name), target=target)
    yield from ask("phone", text_at(person, "text_reminder_number"), target="phone")
    if text_at(told, "scheduled_event", "location", "type") == _THEIR_PHONE:
        yield from ask("phone", text_at(told, "scheduled_event", "location", "location"), target="phone")
    for question in tables_at(told, "questions_and_answers"):
        yield from ask(text_at(question, "question"), question.get("answer"))
    yield from ask_all(told.get("tracking"))


def _name(told: Json) -> str:
    names = (text_at(told, key, "name") for key in ("scheduled_event", "event_type", "event"))
    return next(filter(None, names), "")


def _times(told: Json, person: Json) -> Mapping[str, Answer]:
    event = table_at(told, "scheduled_event") or table_at(told, "event")
    guests = ", ".join(filter(None, (text_at(guest, "email") for guest in list_at(event, "event_guests"))))
    return remarks(
        Booked=_name(told),
        Booked_for=local_time(text_at(event, "start_time"), text_at(person, "timezone")),
        Booking_starts=text_at(event, "start_time"),
        Booking_ends=text_at(event, "end_time"),
        Booking_place=text_at(event, "location", "join_url") or text_at(event, "location", "location"),
        Booking_guests=guests,
    )


def _earlier(told: Json, person: Json) -> str:
    """The id of the booking that was moved to this time."""
    return text_at(person, "old_invitee") or text_at(told, "old_invitee") or text_at(told, "old_invitee", "uuid")


CALENDLY = WebhookSender(read, verify)
"""Signs with the key that the subscription was made with."""
