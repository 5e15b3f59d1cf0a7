"""Ids that networks add to the links people click."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet

from service.attribution.cleaning import MACRO
from service.attribution.placeholders import is_placeholder
from service.attribution.tables import CLICK_IDS
from service.attribution.words import text_of

_VALID = re.compile(r"[A-Za-z0-9._~:|+=/-]{1,512}")
_MACRO = re.compile(MACRO)
_INVISIBLE = frozenset({"Cc", "Cf"})
_RANKS = {name: rank for rank, name in enumerate(CLICK_IDS)}
_AD_IDS = frozenset(name for name, click_id in CLICK_IDS.items() if click_id.is_ad)
_LINK_IDS = frozenset(CLICK_IDS) - _AD_IDS


def valid_click_id(values: Iterable[object]) -> str:
    """Return the first of `values` that a network can have written, "" when there is none.

    A macro or a placeholder proves no click: it only says that the network did not fill it in.
    """
    for value in values:
        text = text_of(value).strip()
        if not _VALID.fullmatch(text):
            text = _visible(text)
        if _VALID.fullmatch(text) and not _is_unfilled(text):
            return text
    return ""


def _visible(text: str) -> str:
    """Drop the characters that nobody sees and that copying a link leaves in it."""
    return "".join(letter for letter in text if unicodedata.category(letter) not in _INVISIBLE).strip()


def _is_unfilled(text: str) -> bool:
    return is_placeholder(text.lower()) or (text.startswith("__") and _MACRO.fullmatch(text) is not None)


def ad_id(found: Collection[str]) -> str:
    """Return the most telling of the ids that prove an ad click, "" when there is none."""
    return _most_telling(found, _AD_IDS) if found else ""


def link_id(found: Collection[str]) -> str:
    """Return the most telling of the ids that only say where a link was opened or mailed, "" when there is none."""
    return _most_telling(found, _LINK_IDS) if found else ""


def _most_telling(found: Iterable[str], among: AbstractSet[str]) -> str:
    return min((name for name in found if name in among), key=_RANKS.__getitem__, default="")
