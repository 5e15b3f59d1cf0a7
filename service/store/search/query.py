"""Which leads an operator asks for: filters, and words in any order."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement

from service.lead import first_lead_id
from service.store.database.tables import leads
from service.store.search.words import ID_TAIL, asked_number, beginnings, parts

MOST_TERMS = 8
"""Words of one search that count."""

WHOLE_BELOW = 3
"""Shorter words must be met whole: what begins with one letter is half of everything."""

_ID = re.compile(r"(?:lead-capture:)?([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Query:
    """Which leads an operator asks for; empty parts ask for all."""

    status: str = ""
    form: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""  # words that all must be met: see terms_of
    before: str = ""  # only leads older than this id: the cursor
    sender: str = ""
    channel: str = ""
    after: str = ""  # only leads newer than this id


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that was asked for: met by a word that begins so; by such a word itself where it is `whole`."""

    beginnings: tuple[str, ...]
    whole: bool = False

    def is_met(self, words: Iterable[str]) -> bool:
        """Whether one of a lead's words is meant."""
        if self.whole:
            return any(word in self.beginnings for word in words)
        return any(word.startswith(self.beginnings) for word in words)


def terms_of(text: str) -> list[Term]:
    """What a search asks for: words of the person, the answers and the campaign, a phone number, an id or its end."""
    if digits := asked_number(text):
        return [Term((digits, *beginnings(digits)))]
    terms: dict[Term, None] = {}
    for chunk in text.split():
        named = _ID.fullmatch(chunk.lower())
        for word in [named[1][-ID_TAIL:]] if named else parts(chunk):
            terms[Term((word,), whole=len(word) < WHOLE_BELOW and word.isascii())] = None
    if not terms and text.strip():  # no word at all: nobody is meant, rather than everybody
        return [Term((text.strip(),), whole=True)]
    return list(terms)[:MOST_TERMS]


def filters(query: Query) -> dict[str, ColumnElement[bool]]:
    """What must be equal, by its name."""
    asked = {
        "status": (leads.c.status, query.status),
        "form": (leads.c.form, query.form),
        "sender": (leads.c.sender, query.sender),
        "channel": (leads.c.channel, query.channel),
    }
    return {name: column == value for name, (column, value) in asked.items() if value}


def bounds(query: Query) -> tuple[str, str]:
    """Ids lie above the first and below the second: they begin with the millisecond of the arrival."""
    above = _below(first_lead_id(_next_ms(query.since))) if query.since else ""
    below = first_lead_id(_next_ms(query.until)) if query.until else _LAST
    return max(above, query.after), min(below, query.before or _LAST)


def _next_ms(instant: datetime) -> datetime:
    return instant + timedelta(microseconds=-instant.microsecond % 1000)


def _below(lead_id: str) -> str:
    """Just smaller than an id that ends in zeros."""
    return lead_id[:-1]


_LAST = "g"
"""Larger than every id."""
