"""Names of answers in the forms file: the canonical ones, and near misses of them."""

import difflib
import re
from collections.abc import Mapping, Sequence

from marshmallow import ValidationError

from service.forms.problems import suggest
from service.lead import CANONICAL_FIELDS, Answers

SLIP = 0.8  # difflib's ratio from which a name looks like a slip of the keyboard


def check_canonical(name: str) -> str:
    """The name of an answer that this house understands."""
    if name not in CANONICAL_FIELDS:
        near = suggest(name, CANONICAL_FIELDS)
        raise ValidationError(f"unknown key {name!r}{near}")
    return name


def find_near_miss(name: str) -> str:
    """The canonical name that `name` was surely meant to be, "" when it may be a field of the operator's own.

    Longer names are left alone: `locations` or `message_2` may well exist on a form.
    """
    if name in CANONICAL_FIELDS:
        return ""
    folded = re.sub(r"[^a-z]", "", name.lower())
    for canonical in CANONICAL_FIELDS:
        if folded == canonical.replace("_", ""):
            return canonical
    short = [canonical for canonical in CANONICAL_FIELDS if len(canonical) >= len(name)]
    return "".join(difflib.get_close_matches(name.lower(), short, n=1, cutoff=SLIP))


def fold_name(name: str) -> str:
    """A name as it is compared: letters and digits in any case; a name that has none stays as it is."""
    return "".join(filter(str.isalnum, name.casefold())) or name


def find_answer(name: str, answers: Answers) -> str | Sequence[str]:
    """The answer of this name, else of one that only differs in capitals, spaces or marks; "" where there is none."""
    if name in answers:
        return answers[name]
    folded = fold_name(name)
    return next((answer for sent, answer in answers.items() if fold_name(sent) == folded), "")


def own_names(fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Submitted name -> the answer that it fills, by a form's `fields`. The names of answers mean those answers."""
    pairs = ((name.strip(), target) for target, names in fields.items() for name in names)
    return {name: target for name, target in pairs if name not in CANONICAL_FIELDS}
