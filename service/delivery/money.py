"""Amounts of money as people write them in forms: 1.200 EUR, £450, 450-600 pcm, 5k."""

import re
from typing import NamedTuple

MAX_AMOUNT = 2**31 - 1
"""Largest amount in units of the currency; a larger number is not a budget."""

MAX_ANSWER_CHARS = 60
"""Maximum characters of an answer that is read as an amount; a longer one is prose."""

_SYMBOLS = {"£": "GBP", "€": "EUR", "$": "$", "kr": "kr", "fr.": "CHF", "sfr": "CHF", "zł": "PLN", "r$": "BRL"}
_SYMBOLS |= {"euro": "EUR", "euros": "EUR", "pounds": "GBP", "quid": "GBP", "dollars": "$", "us$": "USD", "a$": "AUD"}
_CODES = "gbp eur usd chf cad aud nzd sek nok dkk pln czk huf ron inr jpy zar aed sgd hkd brl mxn ils try thb php myr"
_USED = {
    "EUR": "AD AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MC ME MT NL PT SI SK SM VA",
    "GBP": "GB IM JE GG GI",
    "CHF": "CH LI",
    "USD": "US EC SV PR PA GU VI AS MP FM MH PW",
    "DKK": "DK FO GL",
    "NOK": "NO SJ",
    "$": "US CA AU NZ SG HK TW MX AR CL CO UY JM BS BB BZ TT EC SV PR PA GU VI",
    "kr": "SE NO DK IS FO GL SJ",
}
"""Currency -> the countries where forms use it; any other code belongs to the country whose code it begins with."""

_MARK = "|".join(re.escape(mark) for mark in sorted([*_SYMBOLS, *_CODES.split()], key=len, reverse=True))
_GROUPS = r"\d{1,3}(?P<s#>[.,'’ ])(?:\d{2,3}(?P=s#))*\d{3}"  # 1,200, 1.200.000, 1 200, 12,00,000
_NUMBER = rf"(?P<n#>{_GROUPS}(?:[.,]\d{{1,2}})?|\d+(?:[.,]\d{{1,2}})?) ?(?P<k#>k\b)?"
_MONEY = rf"(?P<b#>{_MARK})? ?{_NUMBER}(?:[,.][-–—])? ?(?P<a#>(?:{_MARK})(?![^\W\d_]))?"  # "#": which of the two
_FRONT = (
    r"(?:(?:about|approx\.?|approximately|around|circa|ca\.?|c\.|~|max\.?|min\.?|up to|under|below|less than|over|from|"
    r"at least|more than|between|ab|bis zu|bis|unter|über|etwa|rund|zwischen|mindestens|höchstens|environ|jusqu'à|"
    r"moins de|plus de|entre|à partir de|hasta|unos|desde|menos de|más de|fino a|circa|da|tra|tot|vanaf|ongeveer|"
    r"até|cerca de|<|>|≤|≥|budget:?) ?)*+"  # possessive, or some answers would take minutes
)
_TO = r"(?: ?[-–—] ?| (?:to|and|bis|und|à|et|a|y|e|tot|en|até) )"
_REST = (
    r"(?:\+ ?vat\b|\+|max\.?|or less|or more|total|each|flexible|"
    r"(?:/|per|a|an|pro|im|par|al|por|p\.?) ?(?:calendar )?"
    r"(?:m|mo|mon|mth|month|monat|mois|mes|mese|maand|mês|week|woche|semaine|y|yr|year|jahr|an|año|anno|jaar|ano|annum|"
    r"c\.?m\.?|m\.?|w\.?|a\.?|desk|person|pp|seat|head|platz|poste|day|tag|jour)\.?|"
    r"pcm|pm|pw|pa|pp|monthly|monatlich|mensuel|mensuels|mensual|mensuales|mensili|mensal|netto|brutto|net|gross|"
    r"plus vat|inc vat|inc\. vat|excl?\.? vat|\+ ?vat|ex vat|zzgl\.? mwst\.?|ht|ttc)(?![^\W\d_])"
)
_ANSWER = re.compile(
    rf"{_FRONT}{_MONEY.replace('#', '1')}(?:{_TO}{_MONEY.replace('#', '2')})?\+?(?: ?[,(]? ?{_REST} ?\)?)*+[.!]?"
)


class _Amount(NamedTuple):
    number: float
    currency: str  # a code, "$" or "kr"; "" unmarked


def read_amount(answer: str, country: str) -> float | None:
    """Return the amount that an answer names, the lower of two ("450 - 600"); None if that is not certain.

    Three digits after a point or comma are thousands, one or two are decimals, in every country.
    country: of the form; an amount in a currency that is not used there is not read.
    The rest of the answer must be words that go with money: "6 months" names no amount. Raises: nothing.
    """
    text = " ".join(answer.casefold().replace("\u202f", " ").split()).strip()
    match = _ANSWER.fullmatch(text) if len(text) <= MAX_ANSWER_CHARS else None
    if match is None:
        return None
    places = [place for place in ("1", "2") if match[f"n{place}"]]
    if not all(_is_plain(match, place) for place in places):
        return None
    amounts = [_read(match, place) for place in places]
    if len(amounts) > 1 and amounts[0].number < amounts[1].number and match["k2"] and not match["k1"]:
        amounts[0] = _scaled(amounts[0])  # "5-10k"
    currencies = {amount.currency for amount in amounts} - {""}
    if len(currencies) > 1 or not all(_is_used(currency, country) for currency in currencies):
        return None
    lowest, highest = min(amount.number for amount in amounts), max(amount.number for amount in amounts)
    if len(amounts) > 1 and 0 < lowest * 1000 <= highest:  # "10-20.000": ten thousand, or ten?
        return None
    return lowest if lowest <= MAX_AMOUNT else None


def _is_plain(match: re.Match[str], place: str) -> bool:
    """Return whether a number can be read in one way only.

    Ambiguous are `0207…`, a phone number, `0.450`, `1.200k`, and `450 600`, which may be two amounts.
    """
    number, separator = match[f"n{place}"], match[f"s{place}"]
    if re.match(r"0\d", number) or (separator and number.startswith("0")):
        return False
    return not (separator and match[f"k{place}"]) and not re.match(r"\d{3} (?!000)", number)


def _read(match: re.Match[str], place: str) -> _Amount:
    written = match[f"n{place}"]
    decimals = re.search(r"[.,](\d{1,2})$", written)
    whole = written[: decimals.start()] if decimals else written
    number = float("".join(filter(str.isdigit, whole)) + "." + (decimals[1] if decimals else "0"))
    mark = match[f"b{place}"] or match[f"a{place}"] or ""
    amount = _Amount(number, _SYMBOLS.get(mark, mark.upper()))
    return _scaled(amount) if match[f"k{place}"] else amount


def _scaled(amount: _Amount) -> _Amount:
    return amount._replace(number=amount.number * 1000)


def _is_used(currency: str, country: str) -> bool:
    if not country:
        return True
    return country in _USED[currency].split() if currency in _USED else currency[:2] == country
