"""Ids that networks add to the links people click."""

import re
from collections.abc import Iterable, Mapping

from service.attribution.cleaning import PLACEHOLDERS
from service.attribution.tables import CLICK_IDS, ClickId
from service.attribution.words import text_of

_VALID = re.compile(r"[A-Za-z0-9._~:|+=/-]{1,512}")


def valid_click_id(values: Iterable[object]) -> str:
    """Return the first of `values` that a network can have written, "" when there is none."""
    for value in values:
        text = text_of(value).strip()
        if _VALID.fullmatch(text) and text.lower() not in PLACEHOLDERS:
            return text
    return ""


def ad_id(found: Mapping[str, str]) -> ClickId | None:
    """Return the most telling of the ids that prove an ad click."""
    return next((CLICK_IDS[name] for name in CLICK_IDS if name in found and CLICK_IDS[name].is_ad), None)


def link_id(found: Mapping[str, str]) -> ClickId | None:
    """Return the most telling of the ids that only say where a link was opened or mailed."""
    return next((CLICK_IDS[name] for name in CLICK_IDS if name in found and not CLICK_IDS[name].is_ad), None)
