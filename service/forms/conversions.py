"""What of a lead's way through the CRM is a conversion, and how ad platforms call it."""

import difflib
from typing import Any

from marshmallow import ValidationError

from service.forms.kinds import read_name, read_table

RECEIVED, WON, LOST = "received", "won", "lost"
WORDS = (RECEIVED, WON, LOST)
"""What is no stage: that the lead came, that it was won, that it was lost."""

SLIP = 0.85
"""difflib's ratio from which a word looks like a slip of the keyboard."""


def read_conversions(value: Any) -> dict[str, str]:
    """Word or stage name, in any case -> the conversion's name at the platform; the keys folded."""
    named = read_table(value, each=read_name, key=check_word)
    return {" ".join(word.split()).casefold(): name for word, name in named.items()}


def check_word(word: str) -> None:
    """Raises: ValidationError for a word that was surely meant to be another."""
    folded = " ".join(word.split()).casefold()
    if not folded:
        raise ValidationError("needs the name of a stage, or one of received, won and lost")
    near = difflib.get_close_matches(folded, WORDS, 1, SLIP)
    if near and folded not in WORDS:
        raise ValidationError(f"unknown word {word!r}: did you mean {near[0]!r}?")
