"""Dates as people answer them: read where they are certain, else not at all."""

import time
from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from service.delivery.dates import read_day
from tests.tables import each_row

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)  # a Sunday
MAX_READ_S = 1.0  # one answer, on a busy machine

READ = [
    # answer, language, country, day
    ("03/04/2027", "", "GB", date(2027, 4, 3)),
    ("03/04/2027", "", "US", date(2027, 3, 4)),
    ("03/04", "", "GB", date(2027, 4, 3)),
    ("03/04/2027", "de", "", date(2027, 4, 3)),
    ("3.4.27", "", "", date(2027, 4, 3)),
    ("13/04/2027", "", "", date(2027, 4, 13)),
    ("2027-03-04", "", "", date(2027, 3, 4)),
    ("2027/03/04", "", "JP", date(2027, 3, 4)),
    ("1 March", "", "GB", date(2027, 3, 1)),
    ("March 1st, 2027", "", "", date(2027, 3, 1)),
    ("30 Nov", "", "GB", date(2026, 11, 30)),
    ("January", "", "GB", date(2027, 1, 1)),
    ("mid January", "", "GB", date(2027, 1, 15)),
    ("end of February", "", "GB", date(2027, 2, 28)),
    ("from 1st March 2027", "", "GB", date(2027, 3, 1)),
    ("1 March or later", "", "GB", date(2027, 3, 1)),
    ("next month", "", "GB", date(2026, 12, 1)),
    ("next Monday", "", "GB", date(2026, 11, 30)),
    ("in 2 weeks", "", "GB", date(2026, 12, 13)),
    ("within a month", "", "GB", date(2026, 12, 29)),
    ("1-3 months", "", "GB", date(2026, 12, 29)),
    ("in 3 months", "", "GB", date(2027, 2, 28)),
    ("ASAP!", "", "GB", date(2026, 11, 29)),
    ("sofort", "", "GB", date(2026, 11, 29)),
    ("ab 1.3.2027", "de", "", date(2027, 3, 1)),
    ("Anfang März", "", "DE", date(2027, 3, 1)),
    ("innerhalb von 3 Monaten", "", "AT", date(2027, 2, 28)),
    ("dès le 1er mars", "fr", "", date(2027, 3, 1)),
    ("le mois prochain", "", "BE", date(2026, 12, 1)),
    ("a partir del 1 de marzo", "", "ES", date(2027, 3, 1)),
    ("próximo mes", "es", "", date(2026, 12, 1)),
    ("dal 1 marzo", "it", "", date(2027, 3, 1)),
    ("vanaf 1 maart", "", "NL", date(2027, 3, 1)),
    ("meados de junho", "", "BR", date(2027, 6, 15)),
    ("1. März", "", "", date(2027, 3, 1)),
    ("yesterday", "", "GB", date(2026, 11, 28)),
    ("01.05.", "", "DE", date(2027, 5, 1)),
    ("ab 01.05.", "de", "", date(2027, 5, 1)),
    ("10.12.", "", "CH", date(2026, 12, 10)),
    ("in a month", "", "GB", date(2026, 12, 29)),
    ("in einem Monat", "", "DE", date(2026, 12, 29)),
    ("dans un mois", "fr", "", date(2026, 12, 29)),
    ("in 1 year", "", "GB", date(2027, 11, 29)),
    ("6 months+", "", "GB", date(2027, 5, 29)),
    ("29/11", "", "GB", date(2026, 11, 29)),
    ("28 November", "", "GB", date(2026, 11, 28)),
    ("27/11", "", "GB", date(2027, 11, 27)),
    ("29/11/2027", "", "GB", date(2027, 11, 29)),
    ("2027-04-03T23:30:00-08:00", "", "US", date(2027, 4, 3)),
    ("2027-04-03T00:30:00+13:00", "", "", date(2027, 4, 3)),
    ("May 27", "", "US", date(2027, 5, 27)),
    ("May 12", "", "GB", date(2027, 5, 12)),
]
UNREAD = [
    # answer, country
    *(("03/04/2027", country) for country in ("", "CA")),
    *((text, "GB") for text in ("", "5", "2027", "10:30", "spring", "around Christmas", "12/25", "31/04/2027", "1e99")),
    *((text, "GB") for text in ("in 100 years", "2-5 people", "more than 6 months", "call me on 020 7946 0142")),
    *((text, country) for text in ("1st", "the 15th", "a", "H2 2027") for country in ("GB", "US")),
    *((text, "GB") for text in ("May 27", "March '27", "1/27", "01/05/0001", "2000 years ago")),
    ("we would like to move in on 1 March 2027, or whenever it suits you best", "GB"),
]


@each_row(("answer", "language", "country", "day"), READ, ids=[f"{a}-{b}{c}" for a, b, c, _ in READ])
def test_a_date_that_is_certain_is_read(answer: str, language: str, country: str, day: date) -> None:
    assert read_day(answer, language, country, NOW) == day


@each_row(("answer", "country"), UNREAD)
def test_a_date_that_is_not_certain_is_none(answer: str, country: str) -> None:
    assert read_day(answer, "", country, NOW) is None


WORDS = st.sampled_from(
    ["1", "31", "99999999999", "in", "März", "next", "/", ".", "-", "\x00", "٣", "年", "months", "Z", "+"]
)


@settings(deadline=None, max_examples=60)
@given(st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=20).map(" ".join)), st.sampled_from(["", "US", "XX"]))
def test_any_answer_is_read_or_not_within_its_time_and_never_raises(answer: str, country: str) -> None:
    began = time.perf_counter()

    read_day(answer, "", country, NOW)

    assert time.perf_counter() - began < MAX_READ_S
