"""When a row was submitted, as far as a file shows it."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from service.capture.sheets.rows import spans_of
from tests.tables import each_row

ZONES = st.integers(-12 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
MOMENTS = st.integers(1_000_000_000, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d", "%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%d.%m.%y")


@given(at=MOMENTS, zone=ZONES, style=st.sampled_from(FORMATS))
def test_a_time_without_its_zone_may_be_any_zones(at: datetime, zone: timezone, style: str) -> None:
    at = at.replace(second=0, microsecond=0)

    spans = spans_of(at.astimezone(zone).strftime(style))

    assert any(first <= at.timestamp() <= last for first, last in spans)
    assert all(last - first <= 50 * 3600 for first, last in spans)


def test_a_time_with_its_zone_is_one_moment() -> None:
    assert spans_of("2026-11-22T05:06:07-05:00") == ((1795341967.0, 1795341967.0),)


@each_row("text", ["", "soon", "31/31/2026", "0000-00-00", "9999-12-31", "0001-01-01 00:00", "1/2/99999"])
def test_what_is_no_time_of_a_submission_says_nothing(text: str) -> None:
    assert spans_of(text) == ()


@given(st.text(alphabet="0123456789:-/. +TZapm", max_size=30))
def test_no_text_breaks_it(text: str) -> None:
    assert all(first <= last for first, last in spans_of(text))
