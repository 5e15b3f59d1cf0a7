"""`make messages`: brings the dashboard's catalogs to the messages in the code, and compiles them.

A new message appears in each catalog with an empty `msgstr`; one that is no longer in the code is removed. Needs Babel,
which the service itself does not: it reads compiled catalogs with Python's own gettext, and the facts about numbers
and dates from conventions.json, which is written here.
"""

import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.numbers import get_currency_symbol

from service.i18n.languages import CATALOGS, CONVENTIONS, LANGUAGES

SERVICE = Path(__file__).parents[1] / "service"
TEMPLATES = SERVICE / "admin" / "pages" / "templates"

CHANGING_HEADERS = (
    "Project-Id-Version",
    "Report-Msgid-Bugs-To",
    "POT-Creation-Date",
    "PO-Revision-Date",
    "Last-Translator",
    "Language-Team",
    "Generated-By",
)

LOCALES = {"en": "en_GB", "de": "de_DE", "fr": "fr_FR", "es": "es_ES"}
"""Language -> the locale whose habits it follows."""

KEYWORDS: dict[str, Any] = {"_": None, "N_": None, "ngettext": (1, 2), "n_": (1, 2)}

CURRENCIES = [
    "AUD",
    "BRL",
    "CAD",
    "CHF",
    "CNY",
    "CZK",
    "DKK",
    "EUR",
    "GBP",
    "HKD",
    "HUF",
    "ILS",
    "INR",
    "JPY",
    "MXN",
    "NOK",
    "NZD",
    "PLN",
    "RON",
    "SEK",
    "SGD",
    "THB",
    "TRY",
    "USD",
    "ZAR",
]

MIN_GROUP_DIGITS = {"es": 2}
"""Digits before the first separator of thousands: Spanish writes 1234, and 12.345. Babel does not carry this fact."""

STYLES = {
    "short_day": "MMMd",
    "year_day": "yMMMd",
    "weekday": "MMMEd",
    "short_month": "yMMM",
}
"""Style -> the CLDR's skeleton of its pattern."""


def extracted() -> Catalog:
    """Every message in the templates of the dashboard, and in the code that has a language."""
    catalog = Catalog(charset="utf-8")
    sources = [(path, "jinja2") for path in TEMPLATES.rglob("*.html")]
    sources += [(path, "python") for path in SERVICE.rglob("*.py") if "service.i18n import" in path.read_text()]
    for path, method in sorted(sources):
        place = path.relative_to(SERVICE.parent).as_posix()
        for line, message, comments, context in extract_from_file(method, path, KEYWORDS, ("Translators:",)):
            catalog.add(message, None, [(place, line)], auto_comments=comments, context=context)
    return catalog


def stored(code: str) -> Catalog:
    """The catalog of a language as it is kept."""
    path = CATALOGS / f"{code}.po"
    if not path.exists():
        return Catalog(locale=code, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=code)


def updated(code: str, messages: Catalog) -> Catalog:
    """Return the catalog with exactly the messages of the code."""
    catalog = stored(code)
    catalog.update(messages, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    return catalog


def po_text(catalog: Catalog) -> bytes:
    """A catalog as it is kept: without line numbers and dates, which would change with every edit."""
    text = io.BytesIO()
    write_po(text, catalog, width=120, sort_output=True, include_lineno=False, omit_header=False)
    lines = text.getvalue().decode().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(tuple(f'"{name}' for name in CHANGING_HEADERS))]
    start = next(number for number, line in enumerate(kept) if line.startswith("msgid"))
    return "".join(["# Messages of the dashboard; see service/i18n.\n", *kept[start:]]).encode()


def mo_bytes(catalog: Catalog) -> bytes:
    """A catalog as it is read at run time; compiling it always gives the same bytes."""
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    return compiled.getvalue()


def conventions() -> dict[str, dict[str, Any]]:
    """How each language writes numbers and dates, from the CLDR."""
    return {code: _conventions(Locale.parse(locale)) for code, locale in LOCALES.items()}


def _conventions(locale: Locale) -> dict[str, Any]:
    symbols = locale.number_symbols["latn"]
    months, days = locale.months["format"], locale.days["format"]
    return {
        "group": symbols["group"],
        "decimal": symbols["decimal"],
        "min_group": MIN_GROUP_DIGITS.get(locale.language, 1),
        "percent": locale.percent_formats[None].pattern.replace("#,##0", "#"),
        "money": locale.currency_formats["standard"].pattern.replace("#,##0.00", "#"),
        "currencies": dict(_symbols(locale)),
        "months": [months["abbreviated"][number] for number in range(1, 13)],
        "month_names": [months["wide"][number] for number in range(1, 13)],
        "days": [days["abbreviated"][number] for number in range(7)],
        "day_names": [days["wide"][number] for number in range(7)],
        "styles": {
            "full_day": locale.date_formats["full"].pattern,
            "month": locale.datetime_skeletons["yMMMM"].pattern,
            **{style: locale.datetime_skeletons[skeleton].pattern for style, skeleton in STYLES.items()},
        },
    }


def _symbols(locale: Locale) -> Iterator[tuple[str, str]]:
    for currency in CURRENCIES:
        symbol = get_currency_symbol(currency, locale)
        if symbol != currency:
            yield currency, symbol


def conventions_text(facts: Mapping[str, Any]) -> str:
    """The conventions as they are stored."""
    return json.dumps(facts, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Write conventions and catalogs, and print how many messages are left to translate."""
    CONVENTIONS.write_text(conventions_text(conventions()), "utf-8")
    messages = extracted()
    for code in sorted(LANGUAGES.keys() - {"en"}):
        catalog = updated(code, messages)
        (CATALOGS / f"{code}.po").write_bytes(po_text(catalog))
        (CATALOGS / f"{code}.mo").write_bytes(mo_bytes(catalog))
        missing = [message.id for message in catalog if message.id and not is_translated(message.string)]
        print(f"{LANGUAGES[code]}: {len(catalog)} messages, {len(missing)} to translate")  # noqa: T201 (a command)


def is_translated(string: str | tuple[str, ...] | list[str] | None) -> bool:
    """Whether each form of a message has a text."""
    return all(string) if isinstance(string, tuple | list) else bool(string)


if __name__ == "__main__":
    main()
