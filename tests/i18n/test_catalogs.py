"""The catalogs: every message of the code in every language, and nothing else; compiled as they are written."""

import re
from itertools import combinations

import pytest
from babel.messages.catalog import Catalog

from service.i18n import LANGUAGES, N_, MessageTable, _, ngettext, set_language
from service.i18n.languages import CATALOGS, CONVENTIONS
from tests.messages import (
    TEMPLATES,
    conventions,
    conventions_text,
    extracted,
    is_translated,
    mo_bytes,
    po_text,
    stored,
    updated,
)

TRANSLATED = sorted(LANGUAGES.keys() - {"en"})
ALIKE = {"Opportunity in Nexudus"}
"""Messages of several words that German writes like English."""

PLACEHOLDER = re.compile(r"%\(\w+\)s|{}|</?\w+")


@pytest.fixture(scope="module")
def messages() -> Catalog:
    """Every message of the code."""
    return extracted()


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_catalog_has_a_text_for_every_message(code: str, messages: Catalog) -> None:
    catalog = updated(code, messages)

    assert [message.id for message in catalog if message.id and not is_translated(message.string)] == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_catalog_is_what_make_messages_writes(code: str, messages: Catalog) -> None:
    catalog = updated(code, messages)

    assert (CATALOGS / f"{code}.po").read_bytes() == po_text(catalog)
    assert (CATALOGS / f"{code}.mo").read_bytes() == mo_bytes(catalog)


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_has_the_values_and_tags_of_its_message(code: str) -> None:
    different = [
        (message.id, text)
        for message in stored(code)
        if message.id
        for original, text in zip(_forms(message.id), _forms(message.string), strict=False)
        if sorted(PLACEHOLDER.findall(original)) != sorted(PLACEHOLDER.findall(text))
    ]

    assert different == []


def _forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or ())


def test_the_conventions_are_those_of_the_cldr() -> None:
    assert CONVENTIONS.read_text("utf-8") == conventions_text(conventions())


def test_a_message_is_in_the_language_in_force() -> None:
    table = MessageTable({"here": N_("Leads"), "back": N_("Back to Today")})

    set_language("de")
    german = (table["back"], ngettext("%(num)s lead", "%(num)s leads", 1234), _(""))
    set_language("xx")

    assert german == ("Zurück zu „Heute“", "1.234 Leads", "")
    assert table["back"] == "Back to Today"


def test_no_language_has_the_text_of_another() -> None:
    texts = {code: {message.id: message.string for message in stored(code) if message.id} for code in TRANSLATED}
    texts["en"] = {message: message for message in texts["de"]}
    same = [
        (one, other, message)
        for one, other in combinations(texts, 2)
        for message in texts["de"].keys() - ALIKE
        if _forms(texts[one][message])[0] == _forms(texts[other][message])[0] and _has_several_words(message)
    ]

    assert same == []


def _has_several_words(message: str | tuple[str, ...] | list[str]) -> bool:
    words = re.findall(r"[^\W\d_]{3,}", re.sub(r"%\(\w+\)s|<[^>]*>", "", _forms(message)[0]))
    return len(words) > 1


def test_no_page_writes_words_outside_the_catalogs() -> None:
    """In templates every text between tags is a message, but for names that are the same everywhere."""
    names = {"Lead Capture", "· Lead Capture", "HTML", "JavaScript", "CSV", "lead-capture costs import FILE"}
    loose = {path.name: words for path in TEMPLATES.glob("*.html") if (words := _loose_words(path.read_text()) - names)}

    assert loose == {}


def _loose_words(template: str) -> set[str]:
    without_code = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", template, flags=re.DOTALL)
    texts = re.split(r"<[^>]*>", without_code)
    return {text.strip() for text in texts if re.search(r"[A-Za-z]{2}", text)}
