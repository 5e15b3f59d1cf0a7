"""Dates as people write them in forms: 03/04, 1. März, next month, asap. Only this file imports dateparser."""

import calendar
import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

MAX_ANSWER_CHARS = 60
"""Maximum characters of an answer that is read as a date; a longer one is prose, and parsing it takes time."""

MAX_DISTANCE_DAYS = 3650
"""Days, past or future, beyond which a date counts as misread."""

NEAR_DAYS = 1
"""Days by which the person's date may differ from ours, or the answer be old."""

YEARS_AHEAD = 3
"""Years from now in which the number in `May 27` may be a year as well as a day."""


def _words(*lines: str) -> tuple[str, ...]:
    return tuple("|".join(lines).split("|"))


_AT_ONCE = _words(
    "asap|a.s.a.p|as soon as possible|immediately|immediate|right away|straight away|now",
    "sofort|ab sofort|umgehend|schnellstmöglich|so bald wie möglich|möglichst bald|baldmöglichst",
    "so schnell wie möglich",
    "immédiatement|tout de suite|de suite|dès que possible|le plus tôt possible|au plus vite",
    "lo antes posible|cuanto antes|inmediatamente|de inmediato|inmediato|ya|ahora",
    "subito|il prima possibile|appena possibile|immediatamente|prima possibile",
    "zo snel mogelijk|direct|per direct|onmiddellijk|meteen",
    "o mais rápido possível|o quanto antes|assim que possível|imediatamente|imediato|já",
)
"""Answers that mean the day on which they are given. All casefolded, in the languages of our pages."""

_WORDS_BEFORE = _words(
    "from|starting from|starting|start|by|around|about|approx.|approx|within|on|the",
    "ab|zum|vom|ca.|ca|etwa|innerhalb von|binnen|frühestens|am",
    "à partir du|à partir de|à partir d'|dès le|dès|vers le|vers|d'ici|le|la|pour le",
    "a partir del|a partir de|desde el|desde|hacia|para el|el|dentro de",
    "a partire dal|a partire da|dal|da|entro|verso|il|la|per",
    "vanaf|per|rond|binnen|omstreeks|op",
    "a partir do|desde o|por volta de|dentro de|no|na|em|para",
)
"""Words before a date that do not change it, because the follow-up belongs to its beginning."""

_WORDS_AFTER = _words(
    "or later|or earlier|onwards|onward|at the latest|latest|ideally|if possible",
    "oder später|spätestens|ou plus tard|o más tarde|o más adelante|o più tardi|of later|ou mais tarde",
)
"""Words after a date that do not change it."""

_MONTH_PARTS = {
    1: "early|beginning of|start of|anfang|début|principios de|inicio de|inizio|begin|início de",
    15: "mid|middle of|mitte|mi|mediados de|metà|half|medio|meados de",
    31: "late|end of|ende|fin|finales de|fine|eind|einde|final de|fim de",
}
"""Day of the month for words before a month's name; 31: its last day."""

_ALIASES = {
    "próximo mes": "el próximo mes",
    "mes que viene": "el próximo mes",
    "a month": "1 month",
    "one month": "1 month",
    "próxima semana": "1 semana",
    "semana que viene": "1 semana",
    "einem monat": "1 monat",
    "un mois": "1 mois",
    "un mes": "1 mes",
    "un mese": "1 mese",
    "een maand": "1 maand",
    "um mês": "1 mês",
}
"""Phrases that the library knows only in other words."""

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
_ANY_ORDER = frozenset(["CA"])

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
_BEFORE_DATE = re.compile("|".join(re.escape(word) for word in sorted(_WORDS_BEFORE, key=len, reverse=True)))
_AFTER_DATE = re.compile("|".join(re.escape(word) for word in _WORDS_AFTER))
_PARTS = {word: day for day, words in _MONTH_PARTS.items() for word in words.split("|")}
_PART = re.compile(rf"({'|'.join(map(re.escape, sorted(_PARTS, key=len, reverse=True)))})[ -](?:de |d')?(.+)")

_NEARLY_A_YEAR = 365 - 2 * NEAR_DAYS  # days; beyond these, a date without a year may be a recent one

_LOCK = threading.Lock()  # the library keeps state in its classes


def read_day(answer: str, language: str, country: str, received_at: datetime) -> date | None:
    """Return the day that an answer means; None if that is not certain.

    language, country: of the form, "" if unknown. Without a country, 03/04 is read only if the language leaves no
    doubt. Relative answers count from the day received, in UTC; the day may lie before it. Raises: nothing.
    """
    text = _fold(answer)
    today = received_at.astimezone(UTC)
    if text in _AT_ONCE:
        return today.date()
    if not text or len(text) > MAX_ANSWER_CHARS or _NO_DATE.fullmatch(text) or _may_be_year(text, country, today):
        return None
    orders, languages = _orders(text, language, country), _languages(language, country)
    for phrase, part in _phrases(text):
        days = {_read_phrase(phrase, part, languages, order, today) for order in orders}
        day = days.pop() if len(days) == 1 else None
        if day and abs((day - today.date()).days) <= MAX_DISTANCE_DAYS:
            return day
    return None


def _may_be_year(text: str, country: str, today: datetime) -> bool:
    """Return whether the number after a month may be a year as well as a day: "May 27"."""
    match = None if country in _MONTH_FIRST else _MONTH_NUMBER.fullmatch(text.replace("'", " ").replace("  ", " "))
    return match is not None and 0 <= int(match[1]) - today.year % 100 <= YEARS_AHEAD


def _fold(answer: str) -> str:
    shown = "".join(
        c if c.isspace() or unicodedata.category(c)[0] != "C" else " " for c in answer[: 4 * MAX_ANSWER_CHARS]
    )
    text = " ".join(shown.casefold().split()).strip(" ,;!?+")
    with_time = _WITH_TIME.fullmatch(text)  # the day as written counts, in whatever zone
    return with_time[1] if with_time else text.rstrip(". ")


def _phrases(text: str) -> Iterator[tuple[str, int]]:
    """Yield the answer as it is, then without the words around the date, each with the day of the month meant, or 0."""
    stretch = _STRETCH.fullmatch(text)
    if stretch:  # "1-3 months": the earlier, so that the call is not too late
        text = f"{stretch[1]} {stretch[2]}"
    yield _known(text), 0
    bare = _bare(text)
    if bare != text:
        yield _known(bare), 0
    part = _PART.fullmatch(bare)
    if part:
        yield part[2], _PARTS[part[1]]


def _known(phrase: str) -> str:
    """Return a phrase in words that the library knows."""
    return _DAY_MONTH.sub(r"\1/\2", phrase) if _DAY_MONTH.fullmatch(phrase) else _ALIASES.get(phrase, phrase)


def _bare(text: str) -> str:
    before = ""
    while before != text:
        before = text
        for word in _BEFORE_DATE.findall(text[:20]):
            if text.startswith(f"{word} ") or (word.endswith("'") and text.startswith(word)):
                text = text.removeprefix(word).strip()
                break
    behind = _AFTER_DATE.search(text)
    return text[: behind.start()].strip(" ,(") if behind and behind.end() >= len(text) - 1 else text


def _orders(text: str, language: str, country: str) -> tuple[str, ...]:
    """Return the possible orders of day, month and year; more than one if it is ambiguous."""
    if country in _MONTH_FIRST:
        return ("MDY" if _NUMBERS.search(text) else "DMY",)  # otherwise the library takes the day of "1st" for a month
    if country in _YEAR_FIRST and _YEAR_IN_FRONT.match(text):
        return ("YMD",)
    is_open = country in _ANY_ORDER | _YEAR_FIRST or (not country and language in {"", "en"})
    is_numeric = _NUMERIC.fullmatch(text) and "." not in text  # with points the day comes first
    return ("DMY", "MDY") if is_open and is_numeric else ("DMY",)


def _languages(language: str, country: str) -> tuple[str, ...]:
    """Return the languages of the form, then English; all for a form with neither language nor country."""
    local = [spoken for spoken, countries in _SPOKEN.items() if country in countries.split()] if country else []
    if not language and not country:
        return _LANGUAGES
    return tuple(dict.fromkeys((*filter(None, [language]), *local, "en")))


def _read_phrase(phrase: str, part: int, languages: tuple[str, ...], order: str, today: datetime) -> date | None:
    """Return the library's reading. part: the day of the month meant if the phrase is a month; else 0."""
    parsed = _parse(phrase, languages, order, today)
    if parsed is None:
        return None
    day, period = parsed
    if part:
        is_month = period == "month"
        return day.replace(day=min(part, calendar.monthrange(day.year, day.month)[1])) if is_month else None
    if period == "day" and _parse(phrase, languages, order, today, guess="last") != parsed:
        return None  # it names no day, or no month: "the 15th"
    if (day - today.date()).days < _NEARLY_A_YEAR:
        return day
    earlier = _parse(phrase, languages, order, today - timedelta(days=NEAR_DAYS + 1))
    is_near = earlier is not None and abs((earlier[0] - today.date()).days) <= NEAR_DAYS
    return earlier[0] if earlier and is_near else day


def _parse(
    phrase: str, languages: tuple[str, ...], order: str, today: datetime, guess: str = "first"
) -> tuple[date, str] | None:
    """Return a day and the kind of period named. guess: the day, or month, assumed for a phrase without one."""
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
    with _LOCK:
        try:
            reading = _parser()(languages=list(languages), settings=settings, use_given_order=True).get_date_data(
                phrase
            )
        except Exception:  # noqa: BLE001 (no text that a visitor writes may stop a lead)
            return None
    return None if reading.date_obj is None else (reading.date_obj.date(), str(reading.period))


@lru_cache(maxsize=1)
def _parser() -> Any:
    from dateparser.date import DateDataParser  # noqa: PLC0415 (only forms with a due_date pay for it)

    return DateDataParser
