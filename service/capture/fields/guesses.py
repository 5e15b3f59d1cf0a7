"""An address or a number found where no field was named for it. A guess is always marked as one."""

import re
from collections.abc import Iterator
from functools import lru_cache

from service.capture.fields.contact import read_mailbox
from service.capture.fields.phones import is_phone
from service.lead import Answers

_LONGEST_EMAIL = 254  # RFC 5321, errata 1690
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15
_LONGEST_CACHED_NAME = 64  # characters; strangers must not fill our memory
_NUMBER = re.compile(r"[0-9+(][0-9 ()+./\-]{6,30}")
_DIGITS = re.compile(r"[0-9]")
_NOT_DIGIT = re.compile(r"[^0-9]+")

_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:19|20)\d\d"
_GROUPED = r"[1-9]\d{0,2}(?:[. ]\d{3})+"
_NO_NUMBER = re.compile(
    "|".join(
        (
            r"00[01]\d{10}",  # an article's number, EAN with a UPC in it: typed by a person a number has gaps or "+1"
            r"1\d{9}(?:\.\d*)?",  # unix seconds of 2001 to 2033
            r"1\d{12}(?:\.\d*)?",  # and milliseconds
            rf"{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{{4}}|\d{{6}})?",  # 20270115, with or without a time
            r"\d{4}([-./ ])\d{1,2}\1\d{1,2}",
            r"\d{1,2}([-./ ])\d{1,2}\2(?:\d{2}|\d{4})",
            rf"{_YEAR}([-./ ]){_MONTH}\3{_DAY}[^0-9].*",  # a date and a time, or a second date
            rf"{_DAY}([-./ ]){_MONTH}\4{_YEAR}[^0-9].*",
            rf"{_MONTH}([-./ ]){_DAY}\5{_YEAR}[^0-9].*",
            r"\d{1,3}(?:\.\d{1,3}){3}(?:[/ ].*)?",  # IPv4, with or without the length of its prefix
            r"(?:0|[1-9]\d{0,2})\.\d{3,}[ /]+-?(?:0|[1-9]\d{0,2})\.\d{3,}",  # coordinates
            r"(?:0|[1-9]\d*)\.\d+",  # a price, one coordinate
            r"[1-9]\d*[ .]*-[ .]*\d+",  # a range; 94105-1234, a postal code
            rf"{_GROUPED} *- *{_GROUPED}",  # 10.000 - 20.000
            r".*(?<!\d)\d(?!\d).*(?<!\d)\d(?!\d).*",  # groups of one digit: 978-3-16-148410-0, version 10.0.17763.1
        )
    )
)
# 1.234.567; postal codes of Brazil, the United States and Japan; a social security number
_DOUBTFUL = re.compile(rf"{_GROUPED}|0\d{{4}}-\d{{3,4}}|0\d{{2}}-\d{{4}}|\d{{3}}-\d{{2}}-\d{{4}}")
_SPOKEN = re.compile(r"[1-9]\d{1,3}(?:[ ./-]\d{2,4}){2,4}")
_TRUNK = re.compile(r"0[1-9]\d{7,10}")

_NO_PHONES = frozenset(
    (
        *("id", "ids", "uuid", "guid", "token", "nonce", "hash", "sku", "ean", "isbn", "vat", "iban", "ref"),
        *("reference", "zip", "zipcode", "postcode", "plz", "cep", "price", "amount", "total", "budget", "version"),
        *("lat", "lng", "lon", "latitude", "longitude", "coordinates", "ip", "timestamp", "ts", "created", "updated"),
        *("kundennummer", "bestellnummer", "rechnungsnummer", "auftragsnummer", "steuernummer", "postleitzahl"),
        *("preis", "betrag", "precio", "importe", "prix", "montant", "prezzo", "importo", "valor", "prijs", "bedrag"),
    )
)
_NUMBERS = frozenset(("number", "no", "nr", "num", "code"))
_NUMBERED = frozenset(
    (
        *("order", "customer", "client", "member", "membership", "account", "invoice", "ticket", "booking", "case"),
        *("contract", "policy", "registration", "serial", "tax", "vat", "company", "house", "room", "postal", "zip"),
    )
)
_WORDS = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+")


def guess_email(answers: Answers) -> str:
    """Return the name of the one answer that is an e-mail address, "" when there is none or more."""
    found = {name: read_mailbox(text) for name, text in _texts(answers) if "@" in text and len(text) <= _LONGEST_EMAIL}
    return _only({name: mailbox.address for name, mailbox in found.items() if mailbox.address and mailbox.is_all})


def guess_phone(answers: Answers, country: str) -> str:
    """Return the name of the one answer that is a phone number: no time, date, price, address of the net or id."""
    return _only({name: text for name, text in _texts(answers) if _looks_dialled(text, country) and _may_dial(name)})


def _only(found: dict[str, str]) -> str:
    return next(iter(found)) if len(set(found.values())) == 1 else ""


def _texts(answers: Answers) -> Iterator[tuple[str, str]]:
    return ((name, answer) for name, answer in answers.items() if isinstance(answer, str))


def _looks_dialled(text: str, country: str) -> bool:
    if not _NUMBER.fullmatch(text) or not _FEWEST_DIGITS <= len(_DIGITS.findall(text)) <= _MOST_DIGITS:
        return False
    if "+" in text:
        return is_phone(text)
    if _NO_NUMBER.fullmatch(text.replace("(0)", "")):
        return False
    if text.startswith("00"):
        return is_phone(text)
    return is_phone(text, country) or _looks_spoken(text, has_country=bool(country))


def _looks_spoken(text: str, *, has_country: bool) -> bool:
    """Tell a number that cannot be checked by how people write one; digits alone may be an order's number."""
    if _DOUBTFUL.fullmatch(text):
        return False
    digits = _NOT_DIGIT.sub("", text)
    if len(digits) in (len(text), len(text.strip("() "))):
        return not has_country and _TRUNK.fullmatch(digits) is not None
    return text[0] in "0(" or _SPOKEN.fullmatch(text) is not None


def _may_dial(name: str) -> bool:
    return _cached_may_dial(name) if len(name) <= _LONGEST_CACHED_NAME else True


@lru_cache(maxsize=4096)
def _cached_may_dial(name: str) -> bool:
    """Tell whether the last words of a name leave room for a phone number: `order.id` and "Tax number" do not."""
    before, last = ["", "", *(word.lower() for word in _WORDS.findall(name))][-2:]
    return last not in _NO_PHONES and not (last in _NUMBERS and before in _NUMBERED)
