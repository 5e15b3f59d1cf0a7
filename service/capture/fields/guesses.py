"""Answers recognised by their form where no field name says what they are. Every guess is marked as one."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from service.capture.fields.contact import read_mailbox
from service.capture.fields.names import is_anothers, meaning_of, mentions
from service.capture.fields.phones import is_phone
from service.capture.parsing.texts import Answer
from service.lead import CANONICAL_FIELDS

if TYPE_CHECKING:
    from service.capture.fields.layout import Fields

_MAX_EMAIL = 254  # characters; RFC 5321, errata 1690
_MIN_DIGITS, _MAX_DIGITS = 7, 15
_MAX_CACHED_NAME = 64  # characters; strangers must not fill our memory
_NUMBER = re.compile(r"[0-9+(][0-9 ()+./\-]{6,30}")
_DIGITS = re.compile(r"[0-9]")
_NOT_DIGIT = re.compile(r"[^0-9]+")

_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:19|20)\d\d"
_GROUPED = r"[1-9]\d{0,2}(?:[. ]\d{3})+"
_NOT_A_PHONE = re.compile(
    "|".join(
        (
            r"00[01]\d{10}",  # EAN with a UPC in it; people type phone numbers with gaps or "+1"
            r"1\d{9}(?:\.\d*)?",  # unix seconds of 2001 to 2033
            r"1\d{12}(?:\.\d*)?",  # unix milliseconds
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

_OTHER_NUMBERS = frozenset(
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


class _Guess(NamedTuple):
    """An answer taken for `target`. name: its submitted name, "" for no guess."""

    target: str
    name: str


_NAMES = frozenset(("full_name", "first_name", "last_name"))
_OWNER = re.compile(r".*[.\-_](?=[^.\-_]+$)")
_MAX_NAMES = 1000  # extras that are looked at


def guess_contact(fields: "Fields", country: str) -> None:
    """Fill in a missing address or number with the one extra that has the form of one."""
    guesses = []
    extras = {name: answer for name, answer in islice(fields.extras.items(), _MAX_NAMES) if not is_anothers(name)}
    if "email" not in fields.known:
        email = guess_email(extras)
        guesses = [_Guess("email", email), *_guess_beside(email, extras, fields)]
    if "phone" not in fields.known and not any(guess.target == "phone" for guess in guesses):
        unclear = {name: answer for name, answer in extras.items() if meaning_of(name) is None}
        guesses.append(_Guess("phone", guess_phone(unclear, country)))
    _take([guess for guess in guesses if guess.name], fields)


def guess_required(fields: "Fields", require: Sequence[str], decided: Collection[str]) -> None:
    """Fill in a required answer with an extra, because otherwise the form could never be sent.

    Only the single question that mentions it counts, and only if it mentions no other of the `decided` meanings.
    """
    guesses = []
    for target in require:
        if target in CANONICAL_FIELDS and target not in fields.submitted_as and target not in fields.known:
            names = [name for name in islice(fields.extras, _MAX_NAMES) if _mentions_only(target, name, decided)]
            guesses += [_Guess(target, name) for name in names if len(names) == 1]
    _take(guesses, fields)


def _mentions_only(target: str, name: str, decided: Collection[str]) -> bool:
    return meaning_of(name) is None and not is_anothers(name) and mentions(name).intersection(decided) == {target}


def _take(guesses: Sequence[_Guess], fields: "Fields") -> None:
    for guess in guesses:
        fields.known[guess.target] = fields.extras[guess.name]
        fields.extras[f"{guess.target} (guessed)"] = f'from "{guess.name}"'


def _guess_beside(email: str, extras: Mapping[str, Answer], fields: "Fields") -> Iterator[_Guess]:
    """Yield answers that share the unknown words in front of a guessed address.

    They may be an owner (`xyz.email` beside `xyz.name`) or a tool's prefix (`zq_email` beside `zq_message`).
    """
    prefix = _OWNER.match(email)
    if not prefix:
        return
    targets = (_NAMES | {"phone", "message"}) - fields.submitted_as.keys()
    if not targets >= _NAMES:
        targets -= _NAMES
    for name in extras:
        meaning = meaning_of(name[len(prefix[0]) :]) if name.startswith(prefix[0]) else None
        if meaning and meaning.target in targets:
            targets -= {meaning.target}
            yield _Guess(meaning.target, name)


def guess_email(answers: Mapping[str, Answer]) -> str:
    """Return the name of the one answer that is an e-mail address, "" when there is none or more."""
    texts = ((name, text) for name, text in _texts(answers) if "@" in text and len(text) <= _MAX_EMAIL)
    mailboxes = {name: read_mailbox(text) for name, text in texts}
    return _only({name: mailbox.address for name, mailbox in mailboxes.items() if mailbox.address and mailbox.is_all})


def guess_phone(answers: Mapping[str, Answer], country: str) -> str:
    """Return the name of the one answer that is a phone number, and not a time, date, price, IP address or id."""
    return _only({name: text for name, text in _texts(answers) if _looks_dialled(text, country) and _may_dial(name)})


def _only(values: dict[str, str]) -> str:
    return next(iter(values)) if len(set(values.values())) == 1 else ""


def _texts(answers: Mapping[str, Answer]) -> Iterator[tuple[str, str]]:
    return ((name, answer) for name, answer in answers.items() if isinstance(answer, str))


def _looks_dialled(text: str, country: str) -> bool:
    if not _NUMBER.fullmatch(text) or not _MIN_DIGITS <= len(_DIGITS.findall(text)) <= _MAX_DIGITS:
        return False
    if "+" in text:
        return is_phone(text)
    if _NOT_A_PHONE.fullmatch(text.replace("(0)", "")):
        return False
    if text.startswith("00"):
        return is_phone(text)
    return is_phone(text, country) or _looks_spoken(text, has_country=bool(country))


def _looks_spoken(text: str, *, has_country: bool) -> bool:
    """Return whether a number of unknown country is written like a phone number; bare digits may be an order number."""
    if _DOUBTFUL.fullmatch(text):
        return False
    digits = _NOT_DIGIT.sub("", text)
    if len(digits) in (len(text), len(text.strip("() "))):
        return not has_country and _TRUNK.fullmatch(digits) is not None
    return text[0] in "0(" or _SPOKEN.fullmatch(text) is not None


def _may_dial(name: str) -> bool:
    return _cached_may_dial(name) if len(name) <= _MAX_CACHED_NAME else True


@lru_cache(maxsize=4096)
def _cached_may_dial(name: str) -> bool:
    """Return whether a field with this name can hold a phone number: `order.id` and "Tax number" cannot."""
    before, last = ["", "", *(word.lower() for word in _WORDS.findall(name))][-2:]
    return last not in _OTHER_NUMBERS and not (last in _NUMBERS and before in _NUMBERED)
