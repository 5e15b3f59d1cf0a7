"""Names of answers: as the operator writes them, and as a form sends them."""

import difflib
import re
from collections.abc import Mapping, Sequence

from marshmallow import ValidationError

from service.forms.problems import suggest
from service.lead import CANONICAL_FIELDS, Answers

TYPO_RATIO = 0.8
"""difflib's ratio above which a name counts as a misspelt one."""


def check_canonical(name: str) -> None:
    """Raises: ValidationError for a name that is not one of the standard answers."""
    if name not in CANONICAL_FIELDS:
        raise ValidationError(f"unknown key {name!r}{suggest(name, CANONICAL_FIELDS)}")


def find_near_miss(name: str) -> str:
    """Return the standard name that `name` misspells, "" when it may be a field of the operator's own.

    Longer names are left alone: `locations` or `message_2` may well exist on a form.
    """
    if name in CANONICAL_FIELDS:
        return ""
    letters = re.sub(r"[^a-z]", "", name.lower())
    for canonical in CANONICAL_FIELDS:
        if letters == canonical.replace("_", ""):
            return canonical
    candidates = [canonical for canonical in CANONICAL_FIELDS if len(canonical) >= len(name)]
    return "".join(difflib.get_close_matches(name.lower(), candidates, n=1, cutoff=TYPO_RATIO))


def fold_name(name: str) -> str:
    """Return a name for comparison: letters and digits in lower case; a name without any stays as it is."""
    return "".join(filter(str.isalnum, name.casefold())) or name


def find_answer(name: str, answers: Answers) -> str | Sequence[str]:
    """Return the answer of this name, or of one that differs only in case, spaces or punctuation; else ""."""
    if name in answers:
        return answers[name]
    folded = fold_name(name)
    return next((answer for submitted, answer in answers.items() if fold_name(submitted) == folded), "")


def targets_by_name(fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return submitted name -> the answer that it fills by a form's `fields`; standard names are left out."""
    pairs = ((name.strip(), target) for target, names in fields.items() for name in names)
    return {name: target for name, target in pairs if name not in CANONICAL_FIELDS}
