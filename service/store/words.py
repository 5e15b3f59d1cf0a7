"""The words by which a lead is found: folded, without accents, as people type them; and their index.

`lead_words` has exactly the `words_of` a lead, so that they can be removed again. A phone number is found by its
beginning, with the country, or by its end, as people know it.

The index is filled in the background, so that taking leads costs nothing. Every lead up to the cursor is in it; later
leads are found by reading them. The index only names leads that may match: a search reads the lead itself before it is
shown.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

from sqlalchemy import Connection, and_, delete, or_, select, text

from service.lead import LeadId
from service.store.database.columns import insert_rows, run_in_driver
from service.store.database.repository import Repository
from service.store.database.tables import lead_words, leads
from service.store.database.walls import beyond_walls
from service.store.deployment import Flags

MAX_ANSWER_WORDS = 16
"""Words indexed of one answer: a long message is found by its beginning."""

MAX_LEAD_WORDS = 64
"""Words indexed of one lead, not counting its contact."""

MAX_LENGTH = 80
"""Characters indexed of one word."""

_PART = re.compile(r"[^\W_]+")
_DOMAIN = re.compile(r"[^\W_][\w-]*(\.[\w-]+)+")
_EXCLUDED = frozenset({"email", "full_name", "first_name", "last_name", "phone", "company", "consent"})
"""Answers that are read from the contact instead, or that do not distinguish leads."""

ID_TAIL = 12
"""Characters at the end of an id: they distinguish leads, and pages show them."""


def fold(text: str) -> str:
    """Convert to lower case without accents, marks and width: "Müller" and "MULLER" become one."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def parts(text: str) -> list[str]:
    """Return the words of a text: e-mail addresses and domains whole, everything else split at non-alphanumerics."""
    words: list[str] = []
    for chunk in fold(text).split():
        bare = chunk.strip("<>()[]\"'.,;:!?")
        if "@" in bare or _DOMAIN.fullmatch(bare):
            words.append(bare[:MAX_LENGTH])
        else:
            words += (word[:MAX_LENGTH] for word in _PART.findall(chunk))
    return words


def facet(name: str, value: str) -> str:
    """Return the index word of a filter; no text contains it."""
    return f"={name}:{value}"[:MAX_LENGTH]


def words_of(row: Any) -> set[str]:
    """Return all words of a row of leads."""
    return {
        *_names(row),
        *_answers(row),
        row.id[-ID_TAIL:],
        facet("sender", row.sender),
        facet("channel", row.channel),
        *(str(number) for number in (row.coworker_id, row.opportunity_id) if number),
    }


def text_of(row: Any) -> str:
    """Return a text that contains every word of a row without digits."""
    names = (row.email, row.full_name, row.first_name, row.last_name, row.company)
    tags = (row.utm_source, row.utm_medium, row.utm_campaign, row.external_id, row.form_name)
    answers = chain.from_iterable(map(_texts, (row.fields, row.extras, *_changes(row.corrections or ()))))
    former = _former(row.corrections or (), "email")
    return fold("\n".join((row.id, *names, *tags, *answers, *former)))


def _names(row: Any) -> Iterator[str]:
    emails = {row.email, *_former(row.corrections or (), "email")}
    for email in filter(None, map(fold, emails)):
        local, _, domain = email.partition("@")
        yield email[:MAX_LENGTH]
        yield domain[:MAX_LENGTH] or email[:MAX_LENGTH]
        yield from _PART.findall(local)[1:]  # the first word contains the whole address
    for name in (row.full_name, row.first_name, row.last_name, row.company):
        yield from parts(name)
    yield from phone_words(row.phone)


def _answers(row: Any) -> Iterable[str]:
    words: dict[str, None] = {}
    for tag in (row.utm_source, row.utm_medium, row.utm_campaign, row.external_id, row.form_name):
        words |= dict.fromkeys(parts(tag))
    for answers in (row.fields, row.extras, *_changes(row.corrections or ())):
        for answer in _texts(answers):
            words |= dict.fromkeys(parts(answer)[:MAX_ANSWER_WORDS])
    return list(words)[:MAX_LEAD_WORDS]


def _texts(answers: Mapping[str, str | Sequence[str]]) -> Iterator[str]:
    for name, answer in answers.items():
        if name not in _EXCLUDED:
            yield answer if isinstance(answer, str) else " ".join(map(str, answer))


def _changes(corrections: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield answers as they were before changes, and those that came too late to be sent: both can be searched."""
    for one in corrections:
        yield one.get("was", {})
        if not one.get("applied", True):
            yield one.get("became", {})


def _former(corrections: Iterable[Mapping[str, Any]], name: str) -> Iterator[str]:
    """Yield the former and unsent values of an answer: they find the person as well."""
    for answers in _changes(corrections):
        if isinstance(answer := answers.get(name, ""), str):
            yield answer


_NUMBER = re.compile(r"[+(]?[\d][\d\s().\-/]*")
_NO_DIGIT = re.compile(r"\D")

ENDING = "~"
"""Precedes the digits in reverse order, so that the end of a number is the beginning of a word."""

MIN_DIGITS = 4
"""Digits from which a text counts as a phone number."""


def phone_words(phone: str) -> list[str]:
    """Return the words of a number; none for a text without digits."""
    digits = _NO_DIGIT.sub("", phone)
    return [digits, ENDING + digits[::-1]] if digits else []


def number_in(text: str) -> str:
    """Return the digits of a text that is nothing but a phone number, else ""."""
    digits = _NO_DIGIT.sub("", text)
    return digits if _NUMBER.fullmatch(text.strip()) and len(digits) >= MIN_DIGITS else ""


def beginnings(digits: str) -> list[str]:
    """Return the beginnings of words for numbers that begin or end with these digits; leading zeros do not count."""
    bare = digits.lstrip("0") or digits
    return [bare, ENDING + bare[::-1]]


# -- the index


CURSOR = "words:1"
"""Flag with the id up to which all leads are indexed; a change of the words needs another number, and a new index."""

COLUMNS = (
    *(leads.c.id, leads.c.form, leads.c.sender, leads.c.channel, leads.c.external_id, leads.c.form_name),
    *(leads.c.email, leads.c.full_name, leads.c.first_name, leads.c.last_name, leads.c.phone, leads.c.company),
    *(leads.c.fields, leads.c.extras, leads.c.corrections, leads.c.coworker_id, leads.c.opportunity_id),
    *(leads.c.utm_source, leads.c.utm_medium, leads.c.utm_campaign),
)
"""Columns that the words are made of."""


def cursor_of(connection: Connection) -> str:
    """Return the id up to which every lead is indexed; "" before the first."""
    return read_cursor(query_cursor(connection))


def query_cursor(connection: Connection) -> Any:
    """Query the cursor, by the driver alone, as every commit that takes leads does. For read_cursor()."""
    return run_in_driver(connection, f"SELECT value FROM deployment WHERE name = '{CURSOR}'")  # noqa: S608 (ours)


def read_cursor(queried: Any) -> str:
    """Return the result of query_cursor(), like cursor_of()."""
    rows = queried.fetchall()
    return rows[0][0] if rows else ""


IDS_AT_ONCE = 200
"""Ids in one statement besides other values: some builds of SQLite accept fewer than a thousand."""

ENDLESS = "g"
"""Greater than every lead's id, which is hexadecimal."""


class WordIndex(Repository):
    """Filling the index, and updating it when leads change."""

    def is_index_behind(self, before: str) -> bool:
        """Return whether any lead below that id is not indexed."""
        cursor = cursor_of(self._connection)
        query = select(leads.c.id).where(leads.c.id > cursor, leads.c.id < before).limit(1)
        return self._execute(query).first() is not None

    def fill_index(self, before: str, size: int) -> int:
        """Index the next `size` leads with ids below `before`, and move the cursor; returns how many they were.

        before: leaves out the last seconds, in which leads may be committed in another order.
        """
        cursor = cursor_of(self._connection)
        chosen = select(*COLUMNS).where(leads.c.id > cursor, leads.c.id < before).order_by(leads.c.id).limit(size)
        # Wait for leads that are being changed, or their old words would stay.
        rows = self._execute(self._locking(chosen)).all()
        if rows and self._as(Flags).swap(CURSOR, cursor or None, rows[-1].id):
            self.add(rows)
            return len(rows)
        return 0

    def add(self, rows: Sequence[Any]) -> None:
        """Index leads, given as rows with at least COLUMNS."""
        self._insert((word, row.id) for row in rows for word in words_of(row))

    def add_late(self, lead_ids: Sequence[LeadId], cursor: str) -> None:
        """Index leads with ids behind the cursor, such as imported ones."""
        late = [lead_id for lead_id in lead_ids if lead_id <= cursor]
        if late:
            self.add(self._rows(late))

    def ids_by(self, words: Collection[str], below: str = ENDLESS) -> Iterator[Sequence[str]]:
        """Yield in batches the ids below another of leads that have one of these words.

        For a second query by them: in one, PostgreSQL would read all leads, as ids collate differently here.
        """
        named = (
            select(lead_words.c.lead_id).distinct().where(lead_words.c.word.in_(words), lead_words.c.lead_id < below)
        )
        ids = self._execute(named).scalars().all()
        for start in range(0, len(ids), IDS_AT_ONCE):
            yield ids[start : start + IDS_AT_ONCE]

    def add_numbers(self, lead_id: LeadId, *numbers: int) -> None:
        """Add numbers by which a lead is found."""
        self._insert((str(number), lead_id) for number in numbers)

    @contextmanager
    def following(self, lead_ids: Sequence[LeadId]) -> Iterator[None]:
        """Update the index for a change of leads made within: removes the words that are gone, adds the new ones."""
        before = self._pairs(lead_ids)
        yield
        after = self._pairs(lead_ids)
        self._remove(before - after)
        self._insert(after - before)

    def _pairs(self, lead_ids: Sequence[LeadId]) -> set[tuple[str, str]]:
        return {(word, row.id) for row in self._rows(lead_ids) for word in words_of(row)} if lead_ids else set()

    def _rows(self, lead_ids: Sequence[LeadId]) -> Sequence[Any]:
        return self._execute(select(*COLUMNS).where(leads.c.id.in_(lead_ids))).all()

    def _insert(self, pairs: Iterable[tuple[str, str]]) -> None:
        rows = [{"word": word, "lead_id": lead_id} for word, lead_id in sorted(pairs)]  # one order: no deadlock
        if rows:
            insert_rows(self._connection, lead_words, rows, "ON CONFLICT DO NOTHING")

    def _remove(self, pairs: set[tuple[str, str]]) -> None:
        ordered = sorted(pairs)
        for start in range(0, len(ordered), 200):
            these = (and_(lead_words.c.word == w, lead_words.c.lead_id == i) for w, i in ordered[start : start + 200])
            self._execute(delete(lead_words).where(or_(*these)))


MAX_WORDS = 300
"""Maximum number of words listed for one beginning."""

_HOPS = beyond_walls(
    text(
        f"""WITH RECURSIVE hop(word) AS (
      SELECT min(word) FROM {lead_words.name} WHERE word >= :begin AND word < :end
      UNION ALL
      SELECT (SELECT min(w.word) FROM {lead_words.name} w WHERE w.word > hop.word AND w.word < :end)
      FROM hop WHERE hop.word IS NOT NULL
    ) SELECT word FROM hop WHERE word IS NOT NULL LIMIT :most"""  # noqa: S608 (names of our own)
    )
)
"""Reads words of every account: they only narrow a search."""


def words_like(connection: Connection, begin: str) -> Sequence[str] | None:
    """Return the words with a beginning, in order; None if there are more than MAX_WORDS."""
    bounds = {"begin": begin, "end": begin + "\U0010ffff", "most": MAX_WORDS + 1}
    words = connection.execute(_HOPS, bounds).scalars().all()
    return None if len(words) > MAX_WORDS else words
