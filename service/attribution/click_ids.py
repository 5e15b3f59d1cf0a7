"""Ids that networks add to the links people click."""

import re
from collections.abc import Collection, Iterable

from service.attribution.cleaning import PLACEHOLDERS
from service.attribution.tables import CLICK_IDS, ClickId
from service.attribution.words import text_of

_VALID = re.compile(r"[A-Za-z0-9._~:|+=/-]{1,512}")
_AD_IDS = tuple(click_id for click_id in CLICK_IDS.values() if click_id.is_ad)
_LINK_IDS = tuple(click_id for click_id in CLICK_IDS.values() if not click_id.is_ad)


def valid_click_id(values: Iterable[object]) -> str:
    """Return the first of `values` that a network can have written, "" when there is none."""
    for value in values:
        text = text_of(value).strip()
        if _VALID.fullmatch(text) and text.lower() not in PLACEHOLDERS:
            return text
    return ""


def ad_id(found: Collection[str]) -> ClickId | None:
    """Return the most telling of the ids that prove an ad click."""
    return _most_telling(found, _AD_IDS)


def link_id(found: Collection[str]) -> ClickId | None:
    """Return the most telling of the ids that only say where a link was opened or mailed."""
    return _most_telling(found, _LINK_IDS)


def _most_telling(found: Collection[str], ids: Iterable[ClickId]) -> ClickId | None:
    return next((click_id for click_id in ids if click_id.name in found), None) if found else None
