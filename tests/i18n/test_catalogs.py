"""The catalogs: every message of the code in every language, and nothing else; compiled as they are written."""

import re

import pytest
from babel.messages.catalog import Catalog

from service.i18n import LANGUAGES, N_, MessageTable, _, ngettext, set_language
from service.i18n.languages import CATALOGS, CONVENTIONS
from tests.messages import conventions, conventions_text, extracted, is_translated, mo_bytes, po_text, stored, updated

TRANSLATED = sorted(LANGUAGES.keys() - {"en"})
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
