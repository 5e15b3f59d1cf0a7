"""Whether a body that could not be read mentions an address, as it is or as forms and JSON write it."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote_plus

from service.store.words import fold

_ESCAPE = re.compile(r"\\+u([0-9a-f]{4})", re.IGNORECASE)

_NEIGHBOURS = r"[\w.+-]"
"""Characters that would belong to a longer address."""


def mentions(body: bytes, address: str) -> bool:
    """Return whether a body holds a folded e-mail address: whole, not as the end of a longer one.

    Percent-encoding, JSON's escapes, HTML's entities and UTF-16 are understood; compressed bodies are not.
    """
    whole = re.compile(rf"(?<!{_NEIGHBOURS}){re.escape(address)}(?!\w|[.-]\w)")
    return any(address in text and whole.search(text) for text in map(fold, _readings(body)))


def _readings(body: bytes) -> Iterator[str]:
    text = body.replace(b"\0", b"").decode("utf-8", "replace")
    yield text
    if "%" in text or "+" in text:
        yield unquote_plus(text)
        yield unquote_plus(unquote_plus(text))
    if "\\u" in text.lower():
        yield _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
    if "&" in text:
        yield unescape(text)
