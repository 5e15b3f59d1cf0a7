"""Whose a name, number or address is: what stands before it in the name of its field says so.

`user.first_name` and `billing.email` are the person's, `fields.3.name` stands in mere wrapping; `product.name`,
`fileName`, `organizer.email` and `tracking_phone_number` are of somebody or something else.
"""

import json
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from service.capture.fields.labels import LabelWord, fold, words_of

_LONGEST_SHORT_ID = 3  # letters, with a number behind them


class OwnerKind(StrEnum):
    """What a word in front of a name speaks of; the values are the keys of owners.json."""

    WRAPPING = "wrapping"  # data, fields, wpforms, primary: says nothing
    PERSON = "person"
    SHEET = "sheet"  # form, booking, step: a name behind it is its own, an address is the person's who filled it in
    ORGANIZATION = "organization"
    PLACE = "place"
    THING = "thing"
    CALL = "call"  # what is known of the call and not said by anyone: ip, geo, origin
    SOMEBODY_ELSE = "somebody_else"  # owner, agent, organizer, emergency, friend
    UNKNOWN = "unknown"


class Owner(NamedTuple):
    """is_sheet: the word directly before is a form's or booking's, with a name of its own."""

    kind: OwnerKind
    is_sheet: bool = False


def owner_of(words: Sequence[LabelWord]) -> Owner:
    """Return whom the words before a name speak of: the nearest that says anything; somebody else anywhere wins."""
    kinds = [kind_of(word) for word in words]
    if OwnerKind.SOMEBODY_ELSE in kinds:
        return Owner(OwnerKind.SOMEBODY_ELSE)
    telling = [kind for kind, word in zip(kinds, words, strict=True) if not word.is_id]
    is_sheet = bool(telling) and telling[-1] is OwnerKind.SHEET
    nearest = (kind for kind in reversed(telling) if kind not in (OwnerKind.WRAPPING, OwnerKind.SHEET))
    return Owner(next(nearest, OwnerKind.WRAPPING), is_sheet)


def kind_of(word: LabelWord) -> OwnerKind:
    """Return what one word speaks of, also with a number behind it: `product1` is a product, `q3` is nothing."""
    kind = OwnerKind.WRAPPING if word.is_id else _KINDS.get(word.text)
    if kind is None:
        stem = word.text.rstrip("0123456789")
        is_short_id = len(stem) < len(word.text) and len(stem) <= _LONGEST_SHORT_ID
        kind = _KINDS.get(stem, OwnerKind.WRAPPING if is_short_id else OwnerKind.UNKNOWN)
    return kind


def is_person_word(word: LabelWord) -> bool:
    """Tell whether a word is one for the person who asks, such as "customer" or "votre"."""
    return _KINDS.get(word.text) is OwnerKind.PERSON


@lru_cache(maxsize=1024)
def is_mere_wrapping(name: str) -> bool:
    """Tell `merge_fields` or `customer`, in which a name is the person's."""
    return owner_of(words_of(name)).kind in (OwnerKind.WRAPPING, OwnerKind.PERSON)


def _load() -> dict[str, OwnerKind]:
    groups: dict[str, list[str]] = json.loads(Path(__file__).with_name("owners.json").read_text("utf-8"))
    return {fold(word): OwnerKind(group) for group, words in groups.items() for word in words}


_KINDS = _load()
