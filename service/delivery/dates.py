"""Dates as people answer them: 03/04, 1. März, next month, asap. Nothing else imports dateparser."""

import calendar
import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from service.delivery.date_words import ALIASES, AT_ONCE, BEFORE, BEHIND, PARTS

LONGEST_ANSWER = 60
"""Characters of an answer that is still a date; a longer one is prose, and reading it takes time."""

FURTHEST_DAYS = 3650
"""Days, ahead or gone by, from which on a date is not believed: it was misread, or is nobody's plan."""

NEAR_DAYS = 1
"""Days by which today may be another day where the person is, or the answer a little old."""

YEARS_AHEAD = 3
"""Years for which `May 27` may mean a year as well as a day."""

_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")
_SPOKEN = {
    "de": "DE AT LI CH LU BE",
    "fr": "FR MC LU BE CH",
    "nl": "NL BE",
    "it": "IT SM VA CH",
    "es": "ES MX AR CO CL PE EC UY PY BO VE CR PA GT HN NI SV DO CU",
    "pt": "PT BR AO MZ CV",
}
_MONTH_FIRST = frozenset(["US", "FM", "MH", "PW", "GU", "AS", "MP", "PR", "VI", "UM", "PH"])
_YEAR_FIRST = frozenset(["CN", "JP", "KR", "TW", "HU", "LT", "MN"])
_EITHER = frozenset(["CA"])  # people there write all three orders

_NUMERIC = re.compile(r"\d{1,4}(?:[./-]\d{1,4}){1,2}\.?")
_NUMBERS = re.compile(r"\d[./-]\d")
_YEAR_IN_FRONT = re.compile(r"\d{4}\D|\d{2}\D\d{1,2}\D\d{1,2}$")
_NO_DATE = re.compile(r"\W*\d*\W*|\d{1,2}[:h]\d{2}.*")  # "5", "2027", "10:30"
_WITH_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[t ]\d{2}:\d{2}.*")
_DAY_MONTH = re.compile(r"(\d{1,2})\.(\d{1,2})\.?")  # the library takes 01.05 for a time
_MONTH_NUMBER = re.compile(r"[^\W\d_]+\.? ?(\d{2})")
_STRETCH = re.compile(r"(\d{1,3}) ?(?:[-–—]|to|bis|à|a|tot|até) ?\d{1,3} ([^\W\d_]+)")
_COUNTED = re.compile(
    r"(?:in|dans|en|tra|fra|over|em)? ?\d{1,3} [^\W\d_]+|(?:in )?(?:an? (?:month|year)|[^\W\d_]+ (?:months|years))"
    r"|in (?:einem|zwei|drei) (?:monat|jahr)(?:en)?|dans une? (?:mois|an)|en un (?:mes|año)|em um (?:mês|ano)"
)
_BEFORE = re.compile("|".join(re.escape(word) for word in sorted(BEFORE, key=len, reverse=True)))
_BEHIND = re.compile("|".join(re.escape(word) for word in BEHIND))
_PARTS = {word: day for day, words in PARTS.items() for word in words}
_PART = re.compile(rf"({'|'.join(map(re.escape, sorted(_PARTS, key=len, reverse=True)))})[ -](?:de |d')?(.+)")

_NEARLY_A_YEAR = 365 - 2 * NEAR_DAYS  # days from which on a date without a year may be one that is just over

_TURN = threading.Lock()  # the library keeps what it learnt in its classes


def read_day(answer: str, language: str, country: str, received_at: datetime) -> date | None:
    """The day that an answer means, None where that is not certain.

    language, country: of the form, "" unknown; without a country 03/04 is read only where the language leaves no
    doubt. Relative answers count from the day received, in UTC. The day may lie before it. Raises: nothing.
    """
    text = _fold(answer)
    today = received_at.astimezone(UTC)
    if text in AT_ONCE:
        return today.date()
    if not text or len(text) > LONGEST_ANSWER or _NO_DATE.fullmatch(text) or _may_be_year(text, country, today):
        return None
    orders, languages = _orders(text, language, country), _languages(language, country)
    for phrase, part in _phrases(text):
        days = {_ask(phrase, part, languages, order, today) for order in orders}
        day = days.pop() if len(days) == 1 else None
        if day and abs((day - today.date()).days) <= FURTHEST_DAYS:
            return day
    return None


def _may_be_year(text: str, country: str, today: datetime) -> bool:
    """Whether the number behind a month may be a year as well as a day: "May 27"."""
    match = None if country in _MONTH_FIRST else _MONTH_NUMBER.fullmatch(text.replace("'", " ").replace("  ", " "))
    return match is not None and 0 <= int(match[1]) - today.year % 100 <= YEARS_AHEAD


def _fold(answer: str) -> str:
    shown = "".join(
        c if c.isspace() or unicodedata.category(c)[0] != "C" else " " for c in answer[: 4 * LONGEST_ANSWER]
    )
    text = " ".join(shown.casefold().split()).strip(" ,;!?+")
    with_time = _WITH_TIME.fullmatch(text)  # the day that was written counts, in whatever zone
    return with_time[1] if with_time else text.rstrip(". ")


def _phrases(text: str) -> Iterator[tuple[str, int]]:
    """The answer as it is, then without what stands around the date; and the day of the month that is meant, or 0."""
    stretch = _STRETCH.fullmatch(text)
    if stretch:  # "1-3 months": the earlier, so that nobody calls too late
        text = f"{stretch[1]} {stretch[2]}"
    yield _known(text), 0
    bare = _bare(text)
    if bare != text:
        yield _known(bare), 0
    part = _PART.fullmatch(bare)
    if part:
        yield part[2], _PARTS[part[1]]


def _known(phrase: str) -> str:
    """A phrase in the words that the library knows."""
    return _DAY_MONTH.sub(r"\1/\2", phrase) if _DAY_MONTH.fullmatch(phrase) else ALIASES.get(phrase, phrase)


def _bare(text: str) -> str:
    before = ""
    while before != text:
        before = text
        for word in _BEFORE.findall(text[:20]):
            if text.startswith(f"{word} ") or (word.endswith("'") and text.startswith(word)):
                text = text.removeprefix(word).strip()
                break
    behind = _BEHIND.search(text)
    return text[: behind.start()].strip(" ,(") if behind and behind.end() >= len(text) - 1 else text


def _orders(text: str, language: str, country: str) -> tuple[str, ...]:
    """The orders of day, month and year in which numbers may be meant; more than one where nobody can know."""
    if country in _MONTH_FIRST:
        return ("MDY" if _NUMBERS.search(text) else "DMY",)  # the library takes the day of "1st" for a month
    if country in _YEAR_FIRST and _YEAR_IN_FRONT.match(text):
        return ("YMD",)
    is_open = country in _EITHER | _YEAR_FIRST or (not country and language in {"", "en"})
    is_numeric = _NUMERIC.fullmatch(text) and "." not in text  # with points the day comes first
    return ("DMY", "MDY") if is_open and is_numeric else ("DMY",)


def _languages(language: str, country: str) -> tuple[str, ...]:
    """Those of the form, then English; all where it has neither language nor country."""
    local = [spoken for spoken, countries in _SPOKEN.items() if country in countries.split()] if country else []
    if not language and not country:
        return _LANGUAGES
    return tuple(dict.fromkeys((*filter(None, [language]), *local, "en")))


def _ask(phrase: str, part: int, languages: tuple[str, ...], order: str, today: datetime) -> date | None:
    """The library's reading. part: day of the month that is meant where the phrase is a month; else 0."""
    found = _parse(phrase, languages, order, today)
    if found is None:
        return None
    day, period = found
    if part:
        is_month = period == "month"
        return day.replace(day=min(part, calendar.monthrange(day.year, day.month)[1])) if is_month else None
    if period == "day" and _parse(phrase, languages, order, today, guess="last") != found:
        return None  # it names no day, or no month: "the 15th"
    if (day - today.date()).days < _NEARLY_A_YEAR:
        return day
    earlier = _parse(phrase, languages, order, today - timedelta(days=NEAR_DAYS + 1))
    is_near = earlier is not None and abs((earlier[0] - today.date()).days) <= NEAR_DAYS
    return earlier[0] if earlier and is_near else day


def _parse(
    phrase: str, languages: tuple[str, ...], order: str, today: datetime, guess: str = "first"
) -> tuple[date, str] | None:
    """A day and the kind of span that was named. guess: the day, or the month, of a phrase that has none."""
    is_counted = bool(_COUNTED.fullmatch(phrase))
    settings: Mapping[str, Any] = {
        "DATE_ORDER": order,
        "RELATIVE_BASE": today.replace(tzinfo=None),
        "TIMEZONE": "UTC",
        "PREFER_DATES_FROM": "future",
        "PREFER_DAY_OF_MONTH": "current" if is_counted else guess,
        "PREFER_MONTH_OF_YEAR": "current" if is_counted else guess,
        "PARSERS": ["relative-time", "absolute-time"],
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    with _TURN:
        try:
            reading = _parser()(languages=list(languages), settings=settings, use_given_order=True).get_date_data(
                phrase
            )
        except Exception:  # noqa: BLE001 (a stranger's words must never stop a lead)
            return None
    return None if reading.date_obj is None else (reading.date_obj.date(), str(reading.period))


@lru_cache(maxsize=1)
def _parser() -> Any:
    from dateparser.date import DateDataParser  # noqa: PLC0415 (only forms with a due_date pay for it)

    return DateDataParser
