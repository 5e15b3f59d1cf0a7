"""The query for leads: filters, and words in any order."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, or_

from service.lead import Status, first_lead_id
from service.store.database.columns import EMPTY
from service.store.database.tables import leads
from service.store.outcome_folding import is_in_row
from service.store.words import ID_TAIL, beginnings, number_in, parts, text_of, words_of

COUNTED = (Status.PENDING, Status.PARKED, Status.DELIVERED, Status.ANNOUNCED)
"""Statuses of leads that count; leads erased after their delivery count as well."""

MAX_TERMS = 8
"""Words of one search that count; more are ignored."""

MIN_PREFIX_LENGTH = 3
"""Minimum length of a prefix; shorter words must match whole, as too many words begin with them."""

_ID = re.compile(r"(?:lead-capture:)?([0-9a-f]{32})")


class ReportRow(NamedTuple):
    """A row of a report: grouping, touch and value. See outcome_folding.py."""

    by: str
    touch: str
    value: str


@dataclass(frozen=True, slots=True)
class Query:
    """Filters for leads; an empty one matches every lead."""

    status: str = ""
    form: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""  # words that must all match: see terms_of
    before: str = ""  # only leads older than this id: the cursor
    sender: str = ""
    channel: str = ""
    after: str = ""  # only leads newer than this id
    account: str = ""
    campaign: str = ""
    sale: str = ""  # a SaleStatus
    counted: bool = False  # only leads that reports count: no spam, tests, discarded ones
    problem: str = ""  # the beginning of their problem
    row: ReportRow | None = None  # only leads that a report lists in this row


@dataclass(frozen=True, slots=True)
class Term:
    """One condition of a search: a word with one of these beginnings, or equal to one if it is `whole`."""

    beginnings: tuple[str, ...]
    whole: bool = False

    def matches(self, words: Iterable[str]) -> bool:
        """Return whether one of a lead's words matches."""
        if self.whole:
            return any(word in self.beginnings for word in words)
        return any(word.startswith(self.beginnings) for word in words)


def terms_of(text: str) -> list[Term]:
    """Parse a search: words of the person, the answers and the campaign, a phone number, an id or its end."""
    if digits := number_in(text):
        return [Term((digits, *beginnings(digits)))]
    terms: dict[Term, None] = {}
    for chunk in text.split():
        named = _ID.fullmatch(chunk.lower())
        for word in [named[1][-ID_TAIL:]] if named else parts(chunk):
            terms[Term((word,), whole=len(word) < MIN_PREFIX_LENGTH and word.isascii())] = None
    if not terms and text.strip():  # no word at all matches no lead, rather than every lead
        return [Term((text.strip(),), whole=True)]
    return list(terms)[:MAX_TERMS]


def has_all(row: Any, terms: Sequence[Term]) -> bool:
    """Return whether a row of leads has a word for each term."""
    text = ""
    for term in terms:
        if all(
            begin.isalpha() for begin in term.beginnings
        ):  # a look at the text takes a tenth of the time of its words
            text = text or text_of(row)
            if not any(begin in text for begin in term.beginnings):
                return False
    words = words_of(row)
    return all(term.matches(words) for term in terms)


def filters(query: Query) -> dict[str, ColumnElement[bool]]:
    """Return the filters that demand equality, by name."""
    columns = {
        "status": (leads.c.status, query.status),
        "form": (leads.c.form, query.form),
        "sender": (leads.c.sender, query.sender),
        "channel": (leads.c.channel, query.channel),
        "account": (leads.c.account, query.account),
    }
    equal = {name: column == value for name, (column, value) in columns.items() if value}
    if query.campaign:
        equal["campaign"] = and_(leads.c.utm_campaign == query.campaign, leads.c.utm_campaign != EMPTY)
    return equal


def checks(query: Query) -> list[ColumnElement[bool]]:
    """Return the conditions that no index answers: checked for each lead that matches the others."""
    conditions: list[ColumnElement[bool]] = []
    if query.problem:
        conditions.append(leads.c.problem.startswith(query.problem, autoescape=True))
    if query.counted:
        status = leads.c.status.concat("")  # or SQLite would read all leads of each status, and sort them
        erased_later = and_(status == Status.ERASED.value, leads.c.delivered_at.is_not(None))
        conditions.append(or_(status.in_(COUNTED), erased_later))
    if query.row:
        conditions.append(is_in_row(*query.row))
    return conditions


def bounds(query: Query) -> tuple[str, str]:
    """Return the bounds of matching ids, exclusive: ids begin with the millisecond of the arrival."""
    above = _below(first_lead_id(_next_ms(query.since))) if query.since else ""
    below = first_lead_id(_next_ms(query.until)) if query.until else AFTER_ALL_IDS
    return max(above, query.after), min(below, query.before or AFTER_ALL_IDS)


def time_of(lead_id: str) -> str:
    """Return the smallest id of the millisecond in which a lead arrived."""
    return lead_id[:12].ljust(len(lead_id), "0")


def _next_ms(instant: datetime) -> datetime:
    return instant + timedelta(microseconds=-instant.microsecond % 1000)


def _below(lead_id: str) -> str:
    """Return a text just smaller than an id that ends in zeros."""
    return lead_id[:-1]


AFTER_ALL_IDS = "g"
"""A text larger than every id."""
