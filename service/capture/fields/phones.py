"""Phone numbers as people type them, normalised to E.164 where they are valid, never invented."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import phonenumbers

_MAX_LENGTH = 200  # characters; a longer text is prose, kept as typed
_MIN_DIGITS, _MAX_DIGITS = 5, 20  # of the shortest phone numbers; with prefixes and "(0)"
_MIN_SECOND_DIGITS = 7  # fewer digits beside a number are an hour, a room, an alternative last digit
_MAX_NUMBERS = 4  # in one text; a longer list is of something else
_MIN_BARE_INTERNATIONAL = 12
"""Digits from which a number without "+" or 0 in front certainly begins with its country code.

National numbers as people write them have at most 11: a Chinese mobile number may also be one of Florida with its 1.
"""

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_PLAIN = re.compile(r"\W*[\d\s()+./\-]+")
_NOT_DIGIT = re.compile(r"\D+")
_SEPARATOR = re.compile(r"[^\d\s()+./\-]+|(?<=\d)\s*(?=\(?\+)")
_WEAK_SEPARATOR = re.compile(r"/|\s-+\s")
_ALTERNATIVE_ENDING = re.compile(r"/\s*\d{1,2}\s*\Z")  # 901820/1: one of two numbers, not 9018201
_TWO_NUMBERS = re.compile(r"\+.*\+|(?:\d\D*?){6}(?:/|\s-+\s)(?:\D*\d){6}", re.DOTALL)
_DASHES = re.compile("[\u2010-\u2015\u2212\u30fc]")

_EXTENSION_LABELS = (
    *("ext", "extn", "extension", "x", "durchwahl", "dw", "apparat", "app", "poste", "toestel", "tst", "interno"),
    *("int", "anexo", "ramal", "wew", "wewn", "wewnętrzny", "linka", "ankn", "anknytning", "lokal", "lok", "mellék"),
    *("доб", "вн", "内線", "分机", "分機", "转", "轉", "내선"),
)
_EXTENSION = re.compile(
    rf"(?:(?<![^\W\d_])(?:{'|'.join(_EXTENSION_LABELS)})(?![^\W\d_])[\s.:=]*(?:(?:no|nr|number)\b[\s.:]*)?|#\s*|,,\s*)"
    r"(\d{1,7})[\s)\]#.]*\Z",
    re.IGNORECASE,
)

_SET_ASIDE = re.compile(r"\+(?:44(?:7700900|1632960|1154960)\d{3}|3363998\d{4}|3532091\d{5})")
"""Numbers that regulators reserve for films and examples, and that the metadata considers unassigned.

People use them to test forms. Source: Ofcom, "Telephone numbers for use in TV and radio drama programmes";
Arcep, numbering plan, section on audiovisual works; ComReg, numbering conditions, "drama numbers".
"""

_RISING, _FALLING = "01234567890123456789", "98765432109876543210"


class Phone(NamedTuple):
    """A phone number: E.164 where it is valid, else as typed. extension: digits behind an E.164 number, "" none."""

    number: str
    extension: str = ""


def read_phone(text: str, country: str = "") -> Phone:
    """Return a number as E.164, or as typed where it is not valid.

    country: ISO 3166 two letters, for numbers without a country code; "" leaves those as typed.
    Of several numbers in one text the first valid one counts. Further digits that are neither an extension nor
    another number have no known meaning, so the text stays as typed.
    """
    phone = _read(text, country)
    return phone if phone.number else Phone(text)


def is_phone(text: str, country: str = "") -> bool:
    """Return whether `text` holds a number that is valid in `country`, or anywhere with its country code."""
    return bool(_read(text, country).number)


def phone_key(phone: Phone) -> str:
    """Return a key that all spellings of one number share, and no two numbers; "" for anything but a number.

    A number without its country code is compared by its digits: the same digits may be another number only abroad.
    """
    if _E164.fullmatch(phone.number):
        return "" if _is_made_up(phone.number[1:]) else _keyed(phone.number, phone.extension)
    text = _in_ascii(phone.number)
    digits = _NOT_DIGIT.sub("", text)
    if len(digits) < _MIN_DIGITS or _is_made_up(digits):
        return ""
    if len(text) > _MAX_LENGTH:
        return " ".join(text.casefold().split())
    number, extension = _split_extension(text)
    is_plain = _PLAIN.fullmatch(number) and not _ALTERNATIVE_ENDING.search(number)
    if is_plain and (international := _international(number)):
        return _keyed(international, extension)
    if not is_plain or _TWO_NUMBERS.search(number):
        return " ".join(text.casefold().split())
    digits = _NOT_DIGIT.sub("", number)
    is_international = "+" in number or digits.startswith("00")
    return _keyed(f"+{digits.removeprefix('00')}" if is_international else digits, extension)


def _keyed(number: str, extension: str) -> str:
    return f"{number}x{extension}" if extension else number


def _international(number: str) -> str:
    """Return the E.164 form of a number with a certain country code, "" where it is not valid."""
    digits = _NOT_DIGIT.sub("", number)
    is_bare = len(digits) >= _MIN_BARE_INTERNATIONAL and "+" not in number and not digits.startswith("0")
    return _valid(f"+{digits}") if is_bare else _written(number, "")


def _is_made_up(digits: str) -> bool:
    """Return whether these are digits like 0000000 or 123456789, typed by people who give no number."""
    return len(set(digits.lstrip("0"))) <= 1 or digits in _RISING or digits in _FALLING


def _read(text: str, country: str) -> Phone:
    """Return E.164 and extension, both empty without a valid number."""
    return _cached_read(text, country) if len(text) <= _MAX_LENGTH else Phone("")


@lru_cache(maxsize=1024)
def _cached_read(text: str, country: str) -> Phone:
    number, extension = _in_ascii(text), ""
    if not _PLAIN.fullmatch(number):
        number, extension = _split_extension(number)
    e164 = (_PLAIN.fullmatch(number) and _written(number, country)) or _first_of_several(number, country)
    return Phone(e164, extension if e164 else "")


def _in_ascii(text: str) -> str:
    """Return the text with ASCII digits, plus and dashes, whatever script they were in."""
    if text.isascii():
        return text
    wide = _DASHES.sub("-", unicodedata.normalize("NFKC", text))
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in wide)


def _split_extension(text: str) -> tuple[str, str]:
    """Return number and extension; only a marked one counts, as digits behind a dash may belong to the number."""
    marked = _EXTENSION.search(text)
    return (text[: marked.start()].rstrip(" ,;.:([/-"), marked[1]) if marked else (text, "")


def _first_of_several(text: str, country: str) -> str:
    parts = list(islice(_parts(text, country), _MAX_NUMBERS + 1))
    if len(parts) > _MAX_NUMBERS or any(sum(map(str.isdigit, part)) < _MIN_SECOND_DIGITS for part in parts):
        return ""
    return next(filter(None, (_written(part, country) for part in parts)), "")


def _parts(text: str, country: str) -> Iterator[str]:
    """Yield the possible numbers of a text. A slash stands within a number as often as between two."""
    for part in _SEPARATOR.split(text):
        inner = [part] if _written(part, country) else _WEAK_SEPARATOR.split(part)
        yield from (each for each in inner if any(map(str.isdigit, each)))


def _written(number: str, country: str) -> str:
    """Return the E.164 form of one number, "" where it is not valid."""
    digits = _NOT_DIGIT.sub("", number)
    if not _MIN_DIGITS <= len(digits) <= _MAX_DIGITS or _ALTERNATIVE_ENDING.search(number):
        return ""
    if "+" in number:
        return _valid(f"+{digits.removeprefix('00')}") if number.count("+") == 1 else ""
    national = _national(digits, country) if country else ""
    return national or (_valid(f"+{digits[2:]}") if digits.startswith("00") else "")


def _national(digits: str, country: str) -> str:
    national = _valid(digits, country)
    code = national and str(phonenumbers.country_code_for_region(country))
    if code and digits.startswith(code) and _valid(f"+{digits}") not in ("", national):
        return ""  # 49 30 901820 may be a number of Berlin or of another place in Germany
    return national


def _valid(number: str, country: str = "") -> str:
    try:
        parsed = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException:
        return ""
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    main = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    is_valid = (  # asking the main region takes half the time of finding the right one of several
        phonenumbers.is_valid_number_for_region(parsed, main)
        or phonenumbers.is_valid_number(parsed)
        or _SET_ASIDE.fullmatch(e164)
    )
    return e164 if is_valid else ""
