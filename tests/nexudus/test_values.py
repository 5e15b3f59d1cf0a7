"""Strings that fit."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.nexudus.values import MAX_MESSAGE_CHARS, clean, fit, plain
from tests.tables import each_row


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@each_row(
    ("typed", "kept"),
    [
        pytest.param("  Ada  ", "Ada", id="trimmed"),
        pytest.param("A\x00d\x1ba", "Ada", id="control characters"),
        pytest.param("A\ud800da", "Ada", id="half of a pair"),
        pytest.param("Ada\r\nLovelace", "Ada Lovelace", id="lines joined"),
        pytest.param("Ada \x00 L", "Ada L", id="no double space left behind"),
        pytest.param("Zoë 🚀 Łukasz", "Zoë 🚀 Łukasz", id="every script"),
    ],
)
def test_a_line_is_cleaned(typed: str, kept: str) -> None:
    assert clean(typed) == kept


def test_line_ends_are_kept_where_lines_are_allowed() -> None:
    assert clean("one\r\ntwo\rthree\n\x07four ", lines=True) == "one\ntwo\nthree\nfour"


@each_row(
    ("text", "at_most", "kept"),
    [
        pytest.param("abc", 3, "abc", id="as long as allowed"),
        pytest.param("abcd", 3, "ab…", id="one too long"),
        pytest.param("ab d", 3, "ab…", id="as if it ended with the word"),
        pytest.param("🚀🚀", 4, "🚀🚀", id="an emoji counts twice"),
        pytest.param("🚀🚀🚀", 4, "🚀…", id="no emoji is cut in half"),
    ],
)
def test_a_long_text_is_cut_visibly(text: str, at_most: int, kept: str) -> None:
    assert fit(text, at_most) == kept


@settings(deadline=None)  # machines differ
@given(st.text(), st.integers(1, 40))
def test_what_fits_is_short_enough_and_stays_as_it_is(text: str, at_most: int) -> None:
    once = fit(text, at_most)

    assert units(once) <= at_most
    assert fit(once, at_most) == once


@settings(deadline=None)  # machines differ
@given(st.text(st.characters()), st.booleans())
def test_cleaning_twice_changes_nothing(text: str, lines: bool) -> None:
    once = clean(text, lines=lines)

    assert clean(once, lines=lines) == once
    once.encode()


def test_the_words_of_the_crm_come_without_html() -> None:
    assert plain("<p>The <b>team</b> is closed</p><script src=x") == "The team is closed"


def test_a_comparison_is_no_html() -> None:
    assert plain("5 < 6 and 7 > 6") == "5 < 6 and 7 > 6"


@settings(deadline=None)  # machines differ
@given(st.text())
def test_the_words_of_the_crm_are_capped(text: str) -> None:
    assert units(plain(text * 50)) <= MAX_MESSAGE_CHARS
