"""The JSON of a platform's call, and what all platforms' events have in common."""

import json
from collections.abc import Mapping

from service.capture.fields.enquiries import UnreadableItem
from service.capture.parsing.bodies import read_json
from service.capture.parsing.errors import Empty
from service.capture.tools.sender import WebhookCall


def read_event(call: WebhookCall) -> object:
    """Return the JSON of a call, with numbers as text.

    Raises: Empty, Unreadable.
    """
    if not call.body.strip():
        raise Empty
    return read_json(call.body)


def known(facts: Mapping[str, str]) -> dict[str, str]:
    """Return what is told; 0 stands for nothing, as ids of what there is none of."""
    return {name: fact for name, fact in facts.items() if fact and fact != "0"}


def unfit(item: object, why: str) -> UnreadableItem:
    """Set one item of a call aside, so that it does not hold up the others."""
    try:
        return UnreadableItem(json.dumps(item, ensure_ascii=False).encode("utf-8", "replace"), why)
    except RecursionError:
        return UnreadableItem(b"", why)
