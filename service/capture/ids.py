"""Which texts are ids: senders that have none fill in a placeholder, which would make everybody's enquiry the same."""

import re

_NO_IDS = frozenset(
    (
        *("undefined", "null", "none", "nil", "nan", "n/a", "na", "test", "true", "false", "unknown", "empty"),
        *("(not set)", "not set", "not-set", "xxxxx", "id", "entry_id", "submission_id", "external_id", "lead_id"),
    )
)
_TEMPLATE = re.compile(r"\{.*\}|\[.*\]|%.*%|<.*>|\$\{?\w+\}?|__\w+__|\*\|.*\|\*|#.*#", re.DOTALL)
_NO_CHARACTERS = re.compile(r"[0\W_]*")


def is_id(text: str) -> bool:
    """Tell whether a text can tell one enquiry from another.

    Not placeholders that a tool left as they were, nor zeros, nor a single character (contract, section 4a).
    """
    text = text.strip()
    if len(text) < 2 or text.casefold() in _NO_IDS:  # noqa: PLR2004 (one character)
        return False
    return not _NO_CHARACTERS.fullmatch(text) and not _TEMPLATE.fullmatch(text)
