"""Visits that the page's script remembered, decoded from whatever the form sent."""

import json
from collections.abc import Mapping
from urllib.parse import unquote

from service.attribution.words import number_of
from service.lead import StoredTouch

_LONGEST_TEXT = 32_768  # characters; four times what browsers let a cookie hold, percent-encoded


def stored_touch(value: object) -> StoredTouch | None:
    """Decode one remembered visit: an object `u` url, `r` referrer, `t` unix seconds.

    value: the object itself, its JSON, or its JSON percent-encoded once or twice. Anything else
    gives None; members of a wrong type count as absent. Raises: nothing.
    """
    if isinstance(value, StoredTouch):
        return value
    members = _decode(value) if isinstance(value, str) else value
    if not isinstance(members, Mapping):
        return None
    url, referrer = members.get("u"), members.get("r")
    return StoredTouch(
        url=url if isinstance(url, str) else "",
        referrer=referrer if isinstance(referrer, str) else "",
        at=number_of(members.get("t")),
    )


def _decode(text: str) -> object:
    """Read JSON, undoing percent-encoding until an object begins; None when it is none."""
    if not text or len(text) > _LONGEST_TEXT:
        return None
    for _ in range(2):
        if text.lstrip().startswith("{"):
            break
        text = unquote(text)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
