"""What pages and errors say, by language: a file in languages/ is a language."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

_FOLDER = Path(__file__).with_name("languages")
_DEFAULT = "en"


@cache
def _load() -> Mapping[str, Mapping[str, str]]:
    texts = {path.stem: json.loads(path.read_text("utf-8")) for path in _FOLDER.glob("*.json")}
    return {language: MappingProxyType({**texts[_DEFAULT], **text}) for language, text in texts.items()}


def phrases_of(language: str) -> Mapping[str, str]:
    """Return the phrases of a language by key, English where there are none.

    language: a primary subtag such as "de"; what a language file lacks is said in English.
    """
    languages = _load()
    return languages.get(language) or languages[_DEFAULT]


def languages() -> tuple[str, ...]:
    """Return the languages there are."""
    return tuple(sorted(_load()))


def label_of(name: str, language: str = "") -> str:
    """Return what people call a field, the name itself where it is one of the operator's own."""
    return phrases_of(language).get(f"label.{name}", name.replace("_", " ").replace(".", " "))
