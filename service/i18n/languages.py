"""The languages, and the one in force: of a request, or of a message that is being written."""

import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Any

LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"}
"""Code -> the language's own name. Messages are written in English; the others have catalogs."""

DEFAULT_LANGUAGE = "en"

CATALOGS = Path(__file__).with_name("catalogs")

CONVENTIONS = Path(__file__).with_name("conventions.json")
"""How each language writes numbers and dates: facts of the Unicode CLDR, written by `make messages`."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language. conventions: its part of conventions.json."""

    code: str
    catalog: NullTranslations
    conventions: Mapping[str, Any]


@cache
def load_language(code: str) -> Language:
    """Return a language by its code; it is read once in each process."""
    conventions = json.loads(CONVENTIONS.read_text("utf-8"))[code]
    if code == DEFAULT_LANGUAGE:
        return Language(code, NullTranslations(), conventions)
    with (CATALOGS / f"{code}.mo").open("rb") as file:
        return Language(code, GNUTranslations(file), conventions)


_in_force: ContextVar[str] = ContextVar("language", default=DEFAULT_LANGUAGE)


def set_language(code: str) -> None:
    """Put a language in force for this thread or task; an unknown one is English."""
    _in_force.set(code if code in LANGUAGES else DEFAULT_LANGUAGE)


def current_language() -> Language:
    """The language in force; English until another is set."""
    return load_language(_in_force.get())
