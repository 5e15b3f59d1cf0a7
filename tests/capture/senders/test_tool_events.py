"""Form tools: calls that are not leads, tests, and bookings that are moved."""

from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest

from service.capture.tools.json_posts import local_time
from service.capture.tools.registry import SENDERS
from service.delivery.notes import notes
from service.lead import Lead, Status
from service.store import Store
from tests.builders import a_form
from tests.capture.senders.bodies import EMAIL, cal_com, calendly, read_jotform, tally, typeform
from tests.front import Front
from tests.tables import each_row

FORM_TOOLS = (
    *("typeform", "webflow", "framer", "tally", "wix", "jotform", "google-forms", "calendly", "cal-com", "hubspot"),
)


class Line:
    """An application that lets the form tools in, unproven."""

    def __init__(self, sqlite: Store, **settings: str) -> None:
        self.front = Front(sqlite, a_form("tour", require=(), webhooks={name: {} for name in SENDERS}), **settings)

    def send(self, sender: str, body: object) -> dict[str, Any]:
        """The answer to one call."""
        payload: dict[str, Any] = self.front.client.post(f"/webhooks/{sender}/tour", json=body).get_json()
        assert payload["ok"] is True
        return payload

    @property
    def leads(self) -> list[Lead]:
        """What was kept."""
        return self.front.leads()


@pytest.fixture
def line(sqlite: Store) -> Line:
    """The line of each test."""
    return Line(sqlite)


# -- calls that are not leads


NO_ENQUIRIES = {
    "typeform, half filled in": ("typeform", {**typeform(), "event_type": "form_response_partial"}),
    "webflow, another event": (
        "webflow",
        {"triggerType": "site_publish", "payload": {"data": {"email": "a@b.co"}}},
    ),
    "tally, another event": ("tally", {**tally(), "eventType": "FORM_VIEWED"}),
    "calendly, canceled": ("calendly", calendly("u1", "invitee.canceled")),
    "calendly, not come": ("calendly", calendly("u1", "invitee_no_show.created")),
    "cal.com, cancelled": ("cal-com", cal_com("u1", "BOOKING_CANCELLED")),
    "cal.com, over": ("cal-com", cal_com("u1", "MEETING_ENDED")),
    "hubspot, changes": ("hubspot", [{"objectId": 1, "subscriptionType": "contact.creation"}]),
    "hubspot, one change": ("hubspot", {"objectId": 1, "subscriptionType": "contact.creation"}),
}


@pytest.mark.parametrize(("sender", "body"), NO_ENQUIRIES.values(), ids=NO_ENQUIRIES)
def test_what_is_no_enquiry_makes_no_lead(line: Line, sender: str, body: object) -> None:
    line.send(sender, body)

    assert line.leads == []


def test_a_half_filled_response_does_not_shadow_the_finished_one(line: Line) -> None:
    line.send("typeform", {**typeform(), "event_type": "form_response_partial"})
    line.send("typeform", typeform())

    assert [lead.repeats for lead in line.leads] == [0]


# -- tests


@pytest.mark.parametrize(
    ("sender", "body"),
    [
        ("typeform", typeform() | {"form_response": {"answers": [{**EMAIL, "email": "an_account@example.com"}]}}),
        ("cal-com", cal_com("", "PING")),
        ("google-forms", {"answers": {"Email": ["ann@example.com"]}, "test": True}),
    ],
)
def test_a_test_is_shown_and_not_sent(line: Line, sender: str, body: object) -> None:
    line.send(sender, body)
    line.send(sender, body)

    assert [lead.status for lead in line.leads] == [Status.TEST] * 2


def test_a_preview_of_jotform_is_a_test() -> None:
    assert read_jotform(q3_email="ann@example.com", preview="true").is_test
    assert not read_jotform(q3_email="ann@example.com").is_test


# -- moved bookings


@pytest.mark.parametrize(
    ("sender", "moves"),
    {
        "calendly": [calendly("u1"), calendly("u2", old_invitee="u1"), calendly("u3", old_invitee="u2")],
        "cal-com": [
            cal_com("u1"),
            cal_com("u2", "BOOKING_RESCHEDULED", rescheduleUid="u1"),
            cal_com("u3", "BOOKING_RESCHEDULED", rescheduleUid="u2"),
        ],
    }.items(),
)
def test_a_booking_that_is_moved_twice_stays_one_lead(sqlite: Store, sender: str, moves: list[object]) -> None:
    form = a_form("tour", duplicate_window_s=0, webhooks={sender: {}})
    front = Front(sqlite, form)

    answers = [front.client.post(f"/webhooks/{sender}/tour", json=move).get_json() for move in moves]

    assert {answer["id"] for answer in answers} == {front.lead().id}
    assert [answer["repeat"] for answer in answers] == [False, True, True]


@pytest.mark.parametrize(
    ("sender", "moved"),
    {
        "calendly": calendly("u2", old_invitee="u1"),
        "cal-com": cal_com("u2", "BOOKING_RESCHEDULED", rescheduleUid="u1"),
    }.items(),
)
def test_a_moved_booking_is_a_lead_where_the_first_never_came(sqlite: Store, sender: str, moved: object) -> None:
    front = Front(sqlite, a_form("tour", duplicate_window_s=0, webhooks={sender: {}}))

    for _ in range(2):
        front.client.post(f"/webhooks/{sender}/tour", json=moved)

    assert front.lead().status is Status.PENDING
    assert front.lead().submission.extras["Booked"] == "Tour"


def test_a_request_that_is_confirmed_stays_one_lead(line: Line) -> None:
    line.send("cal-com", cal_com("u1", "BOOKING_REQUESTED"))
    line.send("cal-com", cal_com("u1", "BOOKING_CREATED", status="ACCEPTED"))

    assert len(line.leads) == 1


def test_everybody_who_takes_a_seat_is_a_lead(line: Line) -> None:
    for email in ("ann@example.com", "bob@example.com", "bob@example.com"):
        others = [{"email": "ann@example.com", "name": "Ann"}, {"email": "bob@example.com", "name": "Bob"}]
        responses = {"email": {"label": "email_address", "value": email}}
        line.send("cal-com", cal_com("u1", seatsPerTimeSlot=8, attendees=others, responses=responses))

    assert sorted(lead.submission.contact.full_name for lead in line.leads) == ["Ann", "Bob"]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_moves_that_arrive_in_any_order_stay_one_lead(sqlite: Store, order: tuple[int, ...]) -> None:
    front = Front(sqlite, a_form("tour", duplicate_window_s=0, webhooks={"calendly": {}}))
    moves = [calendly("u1"), calendly("u2", old_invitee="u1"), calendly("u3", old_invitee="u2")]

    answers = [_post(front, moves[place]) for place in order]

    together = {answer["id"] for answer in answers}
    assert len(together) == (1 if order not in ((0, 2, 1), (2, 0, 1)) else 2)  # nothing tied the outer two yet


def test_moves_that_arrive_at_once_stay_one_lead(sqlite: Store) -> None:
    front = Front(sqlite, a_form("tour", duplicate_window_s=0, webhooks={"calendly": {}}))
    moves = [calendly("u2", old_invitee="u1"), calendly("u3", old_invitee="u2")] * 4

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda move: _post(front, move), moves))

    assert {answer["id"] for answer in answers} == {front.lead().id}


def _post(front: Front, body: object) -> dict[str, Any]:
    answer: dict[str, Any] = front.app.test_client().post("/webhooks/calendly/tour", json=body).get_json()
    return answer


# -- when it is


def test_when_a_booking_is_reaches_the_notes(line: Line) -> None:
    line.send("calendly", calendly("u1", timezone="Europe/Paris"))

    lines_of_notes = notes(line.leads[0], a_form("tour"))

    assert "Booked: Tour\nBooked for: 2026-11-25 15:00 (Europe/Paris)\n" in lines_of_notes
    assert "Booking starts: 2026-11-25T14:00:00Z" in lines_of_notes


@each_row(
    ("start", "zone", "expected"),
    [
        ("2026-07-25T14:00:00.000000Z", "America/New_York", "2026-07-25 10:00 (America/New_York)"),
        ("2026-07-25T14:00:00+02:00", "", "2026-07-25 12:00 (UTC)"),
        ("2026-07-25T14:00:00Z", "Mars/Olympus", "2026-07-25 14:00 (UTC)"),
        ("2026-07-25T14:00:00Z", "../etc/passwd", "2026-07-25 14:00 (UTC)"),
        ("2026-07-25T14:00:00Z", ".", "2026-07-25 14:00 (UTC)"),
        ("9999-12-31T23:59:59Z", "Asia/Tokyo", ""),
        ("tomorrow", "Europe/Paris", ""),
    ],
)
def test_times_are_said_by_the_clock_of_the_person(start: str, zone: str, expected: str) -> None:
    assert local_time(start, zone) == expected


# -- other shapes


@pytest.mark.parametrize("sender", FORM_TOOLS)
def test_a_body_of_another_shape_is_a_lead_all_the_same(line: Line, sender: str) -> None:
    line.send(sender, {"Name": "Ann Lee", "E-mail": "ann@example.com", "new in this version": {"desks": 4}})

    contact, extras = line.leads[0].submission.contact, line.leads[0].submission.extras
    assert (contact.email, contact.full_name) == ("ann@example.com", "Ann Lee")
    assert line.leads[0].status is Status.PENDING
    assert "4" in str(extras) + str(line.leads[0].submission.fields)


def test_a_routing_form_of_cal_com_is_a_lead(line: Line) -> None:
    responses = {"mail": {"label": "E-mail", "value": "ann@example.com", "response": "ann@example.com"}}

    line.send("cal-com", {"triggerEvent": "FORM_SUBMITTED", "payload": {"formName": "Tour", "responses": responses}})

    assert line.leads[0].submission.contact.email == "ann@example.com"
    assert line.leads[0].submission.form_name == "Tour"
