"""Working time: hours of the week in a time zone, holidays, days when the clocks change; keys of the answer clock."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from marshmallow import ValidationError

from service.forms import SetupProblems
from service.forms.file import parse_setup
from service.forms.working_hours import WorkingHours, read_days, read_hours
from tests.forms.texts import no_variable
from tests.tables import each_row

LONDON, BERLIN = ZoneInfo("Europe/London"), ZoneInfo("Europe/Berlin")
HOUR = 3600


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def office(hours: str = "Mo-Fr 09:00-18:00", holidays: tuple[str, ...] = (), zone: ZoneInfo = LONDON) -> WorkingHours:
    """Working hours as the forms file writes them."""
    return WorkingHours(read_hours(hours), read_days(list(holidays)), zone)


@each_row(
    ("hours", "start", "seconds", "end"),
    [
        pytest.param(office(), "2026-11-24T10:00", 2 * HOUR, "2026-11-24T12:00", id="within a day"),
        pytest.param(office(), "2026-11-24T17:00", 2 * HOUR, "2026-11-25T10:00", id="over night"),
        pytest.param(office(), "2026-11-24T16:00", 2 * HOUR, "2026-11-24T18:00", id="just before the end of the day"),
        pytest.param(office(), "2026-11-27T17:30", HOUR, "2026-11-30T09:30", id="over a weekend"),
        pytest.param(office(), "2026-11-28T03:00", HOUR, "2026-11-30T10:00", id="at night of a weekend"),
        pytest.param(office(holidays=("2026-11-30",)), "2026-11-27T17:30", HOUR, "2026-12-01T09:30", id="a holiday"),
        pytest.param(office(holidays=("12-25",)), "2026-12-24T17:30", HOUR, "2026-12-28T09:30", id="every year"),
        pytest.param(
            office(holidays=("2026-12-24/2027-01-01",)), "2026-12-23T17:30", HOUR, "2027-01-04T09:30", id="a span"
        ),
        pytest.param(
            office("Mo-Fr 09:00-12:00,13:00-18:00"), "2026-11-24T11:30", HOUR, "2026-11-24T13:30", id="a lunch break"
        ),
        pytest.param(office(zone=BERLIN), "2026-11-24T07:30", HOUR, "2026-11-24T09:00", id="another zone"),
        pytest.param(office(), "2026-06-23T07:30", HOUR, "2026-06-23T09:00", id="summer time"),
        # The clocks of London go from 01:00 to 02:00 on 29 March 2026, and from 02:00 to 01:00 on 25 October.
        pytest.param(office(), "2026-03-27T17:30", HOUR, "2026-03-30T08:30", id="spring forward at a weekend"),
        pytest.param(office(), "2026-10-23T16:30", HOUR, "2026-10-26T09:30", id="fall back at a weekend"),
        pytest.param(office("24/7"), "2026-03-29T00:30", HOUR, "2026-03-29T01:30", id="around the clock"),
        pytest.param(
            office("Su 00:00-04:00"), "2026-03-29T00:00", 3 * HOUR, "2026-03-29T03:00", id="a night of three hours"
        ),
        pytest.param(
            office("Su 00:00-04:00"), "2026-10-24T23:00", 5 * HOUR, "2026-10-25T04:00", id="a night of five hours"
        ),
        pytest.param(
            office("24/7", ("2026-03-29",)), "2026-03-28T23:30", HOUR, "2026-03-29T23:30", id="a short day is a holiday"
        ),
    ],
)
def test_working_time_passes_in_working_hours_only(hours: WorkingHours, start: str, seconds: float, end: str) -> None:
    assert hours.after(at(start), seconds) == at(end)
    assert hours.seconds_between(at(start), at(end)) == seconds


def test_nothing_has_passed_outside_working_hours() -> None:
    assert office().seconds_between(at("2026-11-28T03:00"), at("2026-11-29T20:00")) == 0
    assert office().seconds_between(at("2026-11-24T12:00"), at("2026-11-24T11:00")) == 0


def test_where_nobody_ever_works_every_hour_counts() -> None:
    closed = office(holidays=("2026-01-01/2036-01-01",))

    assert closed.after(at("2026-11-24T10:00"), HOUR) == at("2026-11-24T11:00")


def test_the_operators_zone_counts_where_the_form_names_none() -> None:
    hours = WorkingHours(read_hours("Mo-Fr 09:00-18:00"))

    assert hours.in_zone(BERLIN).after(at("2026-11-24T06:00"), HOUR) == at("2026-11-24T09:00")
    assert office().in_zone(BERLIN).zone is LONDON


@each_row(
    "hours",
    [
        *("Mo-Fr", "9-18", "Mo-Fr 18:00-09:00", "Mo-Fr 09:00-25:00", "Xx 09:00-10:00"),
        *("Mo 09:00-12:00,11:00-13:00", "Mo 9:00-10:00; Mo-Tu 11:00-12:00"),
    ],
)
def test_hours_that_mean_nothing_are_refused(hours: str) -> None:
    with pytest.raises(ValidationError):
        read_hours(hours)


def test_days_are_dates_spans_and_days_of_the_week() -> None:
    days = read_days([date(2026, 12, 25), "2026-12-28/2026-12-30", "01-01", "We-Th"])

    off = [day for day in range(20, 32) if date(2026, 12, day) in days]
    assert off == [23, 24, 25, 28, 29, 30, 31]
    assert date(2031, 1, 1) in days


# -- the keys of a form


def form_of(text: str):  # type: ignore[no-untyped-def]
    """The form `tour` of a file."""
    return parse_setup(text.encode(), "forms.toml", no_variable).forms["tour"]


def test_a_form_says_how_soon_and_a_location_when_it_works() -> None:
    form = form_of(
        """
        [defaults]
        holidays = [2026-12-25]
        time_zone = "Europe/London"
        hours = "Mo-Fr 09:00-18:00"
        [forms.tour]
        answer_within = "2h"
        escalate_after = "4h"
        escalate_to = "json://boss.example.com"
        [[forms.tour.routes]]
        when = { location = "berlin" }
        time_zone = "Europe/Berlin"
        holidays = ["10-03"]
        """
    )
    berlin = form.routes[0].form.answer

    assert (form.answer.within_s, form.answer.escalate_after_s) == (2 * HOUR, 4 * HOUR)
    assert form.answer.escalate_to == berlin.escalate_to == ("json://boss.example.com",)
    assert (form.answer.hours.zone, berlin.hours.zone) == (LONDON, BERLIN)
    assert date(2026, 10, 3) in berlin.hours.holidays
    assert date(2026, 12, 25) not in berlin.hours.holidays
    assert form.starts_clock


def test_people_take_turns_with_days_off() -> None:
    form = form_of(
        """
        [forms.tour]
        responsible = ["Ann@example.com", "bob@example.com"]
        days_off = { "ann@example.com" = ["We", "2026-12-24/2027-01-02"] }
        [[forms.tour.routes]]
        when = { location = "leeds" }
        responsible_id = 9
        """
    )

    assert form.destination.responsible == ("ann@example.com", "bob@example.com")
    assert date(2026, 11, 25) in form.destination.days_off["ann@example.com"]
    assert form.routes[0].form.destination.responsible == ()


@each_row(
    ("keys", "sentence"),
    [
        ('answer_within = "10s"', "not a time from 1m to 30d"),
        ('escalate_after = "4h"', "does nothing without escalate_to"),
        ('answer_within = "4h"\nescalate_after = "4h"\nescalate_to = "json://x"', "is not later than answer_within"),
        ('responsible = ["ann@example.com"]\nresponsible_id = 9', "cannot be combined with responsible"),
        ('responsible = ["ann"]', "is not an e-mail address"),
        ('responsible = ["ann@example.com"]\ndays_off = { "bob@example.com" = ["We"] }', "takes no leads"),
        ('time_zone = "London"', "is not a time zone"),
        ('holidays = ["Christmas"]', "is not a day"),
    ],
)
def test_what_cannot_be_meant_is_an_error(keys: str, sentence: str) -> None:
    with pytest.raises(SetupProblems, match=sentence):
        form_of(f"[forms.tour]\n{keys}")
