"""Names of answers in the forms file: the canonical ones, and near misses of them."""

import difflib
import re

from marshmallow import ValidationError

from service.forms.problems import suggest
from service.lead import CANONICAL_FIELDS

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
