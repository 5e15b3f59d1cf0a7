"""The index of words, filled in the background so that taking leads costs nothing.

Every lead up to the cursor is in the index; later leads are found by reading them. The index only names leads that may
match: a search reads the lead itself before it is shown.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, and_, delete, or_, select, text

from service.lead import LeadId
from service.store.database.columns import insert_rows, run_in_driver
from service.store.database.repository import Repository
from service.store.database.tables import lead_words, leads
from service.store.deployment import Flags
from service.store.search.words import words_of

CURSOR = "words:1"
"""The flag with the id up to which all leads are indexed; a change of words gets another number, and a new index."""

COLUMNS = (
    *(leads.c.id, leads.c.form, leads.c.sender, leads.c.channel, leads.c.external_id, leads.c.form_name),
    *(leads.c.email, leads.c.full_name, leads.c.first_name, leads.c.last_name, leads.c.phone, leads.c.company),
    *(leads.c.fields, leads.c.extras, leads.c.corrections, leads.c.coworker_id, leads.c.opportunity_id),
    *(leads.c.utm_source, leads.c.utm_medium, leads.c.utm_campaign),
)
"""Columns that the words are made of."""


def cursor_of(connection: Connection) -> str:
    """Return the id up to which every lead is indexed, "" before the first."""
    # Queried with every commit that takes leads, so it goes to the driver directly.
    rows = run_in_driver(connection, f"SELECT value FROM deployment WHERE name = '{CURSOR}'").fetchall()  # noqa: S608 (ours)
    return rows[0][0] if rows else ""


class WordIndex(Repository):
    """Filling the index, and keeping it true to leads that change."""

    def is_index_behind(self, before: str) -> bool:
        """Return whether there are leads below that id that are not indexed."""
        cursor = cursor_of(self._connection)
        query = select(leads.c.id).where(leads.c.id > cursor, leads.c.id < before).limit(1)
        return self._execute(query).first() is not None

    def fill_index(self, before: str, size: int) -> int:
        """Index the next `size` leads with ids below `before`, and move the cursor; returns how many they were.

        before: leaves out the last seconds, in which leads may be committed in another order.
        """
        cursor = cursor_of(self._connection)
        chosen = select(*COLUMNS).where(leads.c.id > cursor, leads.c.id < before).order_by(leads.c.id).limit(size)
        # Wait for leads that are being changed: else their old words would stay.
        rows = self._execute(self._locking(chosen)).all()
        if rows and self._as(Flags).swap(CURSOR, cursor or None, rows[-1].id):
            self.add(rows)
            return len(rows)
        return 0

    def add(self, rows: Sequence[Any]) -> None:
        """Index leads, given as rows with at least COLUMNS."""
        self._insert((word, row.id) for row in rows for word in words_of(row))

    def add_late(self, lead_ids: Sequence[LeadId]) -> None:
        """Index leads with ids of an earlier time, such as imported ones: the cursor is past them."""
        cursor = cursor_of(self._connection)
        late = [lead_id for lead_id in lead_ids if lead_id <= cursor]
        if late:
            self.add(self._rows(late))

    def add_numbers(self, lead_id: LeadId, *numbers: int) -> None:
        """Have a lead found by these numbers, too."""
        self._insert((str(number), lead_id) for number in numbers)

    @contextmanager
    def following(self, lead_ids: Sequence[LeadId]) -> Iterator[None]:
        """Enclose a change of leads: removes the words that are gone, adds the new ones."""
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
"""Words of one beginning that are listed at most."""

_HOPS = text(
    f"""WITH RECURSIVE hop(word) AS (
      SELECT min(word) FROM {lead_words.name} WHERE word >= :begin AND word < :end
      UNION ALL
      SELECT (SELECT min(w.word) FROM {lead_words.name} w WHERE w.word > hop.word AND w.word < :end)
      FROM hop WHERE hop.word IS NOT NULL
    ) SELECT word FROM hop WHERE word IS NOT NULL LIMIT :most"""  # noqa: S608 (names of our own)
)


def words_like(connection: Connection, begin: str) -> Sequence[str] | None:
    """Return the words with a beginning, in their order; None where they are more than MAX_WORDS."""
    bounds = {"begin": begin, "end": begin + "\U0010ffff", "most": MAX_WORDS + 1}
    words = connection.execute(_HOPS, bounds).scalars().all()
    return None if len(words) > MAX_WORDS else words
