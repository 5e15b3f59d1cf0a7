"""What of a lead's way through the CRM is a conversion, and how ad platforms call it."""

import difflib
from typing import Any

from marshmallow import ValidationError

from service.forms.values import read_name, read_table

RECEIVED, WON, LOST = "received", "won", "lost"
WORDS = (RECEIVED, WON, LOST)
"""What is no stage: that the lead came, that it was won, that it was lost."""

STAGE = "stage:"
"""Stands before the name of a stage that is called as one of the words; before any other it may."""

SLIP = 0.85
"""difflib's ratio from which a word looks like a slip of the keyboard."""


def read_conversions(value: Any) -> dict[str, str]:
    """Key of a word or stage -> the conversion's name at the platform."""
    named = read_table(value, each=read_name, key=check_word)
    keys: dict[str, str] = {}
    for word in named:
        first = keys.setdefault(key_of(word), word)
        if first != word:
            raise ValidationError({word: [f"means the same as {first!r}: write it once"]})
    return {key: named[word] for key, word in keys.items()}


def key_of(word: str) -> str:
    """What a word of the forms file means, in any case: `won`; `toured`; `stage:won` for the stage of that name."""
    folded = " ".join(word.split()).casefold()
    name = folded
    while name.startswith(STAGE):
        name = name.removeprefix(STAGE).strip()
    return STAGE + name if name in WORDS and name != folded else name


def key_of_stage(name: str) -> str:
    """The key under which a stage of this name counts."""
    return key_of(STAGE + name)


def check_word(word: str) -> None:
    """Raises: ValidationError for a word that was surely meant to be another."""
    key = key_of(word)
    if not key:
        raise ValidationError("needs the name of a stage, or one of received, won and lost")
    near = difflib.get_close_matches(key, WORDS, 1, SLIP)
    if near and key not in WORDS and STAGE not in word.casefold():
        raise ValidationError(
            f'unknown word {word!r}: did you mean {near[0]!r}? A stage of that name is written "{STAGE}{word.strip()}"'
        )
