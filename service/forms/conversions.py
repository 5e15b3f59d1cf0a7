"""Which steps of a lead in the CRM are conversions, and their names at ad platforms."""

import difflib
from typing import Any

from marshmallow import ValidationError

from service.forms.values import read_name, read_table

RECEIVED, WON, LOST = "received", "won", "lost"
WORDS = (RECEIVED, WON, LOST)
"""Conversions that are not stages: the lead was received, won, or lost."""

STAGE = "stage:"
"""Prefix of a stage that is named like one of WORDS; optional for other stages."""

TYPO_RATIO = 0.85
"""difflib's ratio above which a word counts as a misspelt one."""


def read_conversions(value: Any) -> dict[str, str]:
    """Read a table: key of a word or stage -> the conversion's name at the platform."""
    named = read_table(value, each=read_name, key=check_word)
    keys: dict[str, str] = {}
    for word in named:
        first = keys.setdefault(key_of(word), word)
        if first != word:
            raise ValidationError({word: [f"means the same as {first!r}: write it once"]})
    return {key: named[word] for key, word in keys.items()}


def key_of(word: str) -> str:
    """Return the key of a word of the forms file: `won`; `toured`; `stage:won` for a stage of that name."""
    folded = " ".join(word.split()).casefold()
    name = folded
    while name.startswith(STAGE):
        name = name.removeprefix(STAGE).strip()
    return STAGE + name if name in WORDS and name != folded else name


def key_of_stage(name: str) -> str:
    """Return the key of a stage."""
    return key_of(STAGE + name)


def check_word(word: str) -> None:
    """Raises: ValidationError for an empty or misspelt word."""
    key = key_of(word)
    if not key:
        raise ValidationError("needs the name of a stage, or one of received, won and lost")
    near = difflib.get_close_matches(key, WORDS, 1, TYPO_RATIO)
    if near and key not in WORDS and STAGE not in word.casefold():
        raise ValidationError(
            f'unknown word {word!r}: did you mean {near[0]!r}? A stage of that name is written "{STAGE}{word.strip()}"'
        )
