"""Strings that fit: into the CRM's fields, and out of its answers."""

import re
import unicodedata

SAID_MAX = 500
"""Characters of the CRM's words that are kept."""

_TAG = re.compile(r"</?[a-zA-Z!][^>]*(?:>|$)")
_ELLIPSIS = "…"


def clean(text: str, *, lines: bool = False) -> str:
    """Without control characters and lone surrogates, trimmed; on one line unless `lines`.

    Line ends become "\\n" where lines are allowed, else one space like every other run of white space.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return text.strip() if lines else " ".join(text.split())


def fit(text: str, at_most: int) -> str:
    """At most `at_most` (>= 1) characters as the CRM counts them; a cut shows as "…".

    Its fields are measured in UTF-16 units (.NET strings), so an emoji counts twice.
    """
    if _units(text) <= at_most:
        return text
    room = at_most - _units(_ELLIPSIS)
    kept = text.encode("utf-16-le", "surrogatepass")[: 2 * room].decode("utf-16-le", "ignore")
    return kept.rstrip() + _ELLIPSIS


def plain(text: str) -> str:
    """Words of the CRM for our logs and pages: one line, no HTML, at most SAID_MAX characters."""
    return fit(clean(_TAG.sub(" ", text)), SAID_MAX)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
