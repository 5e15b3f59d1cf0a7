"""Which lead is found by which words: filled behind the leads' backs, so that taking them costs nothing.

Every lead up to a mark is in the index; what came after it is found by reading it. The index only names leads
that may match: who looks reads the lead itself before it is shown.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, and_, delete, or_, select, text, update

from service.lead import LeadId
from service.store.database.columns import insert_rows
from service.store.database.repository import Repository
from service.store.database.tables import deployment, lead_words, leads
from service.store.search.words import words_of

MARK = "words:1"
"""The row of `deployment` with the id up to which all are indexed; other words get another number, and a new index."""

COLUMNS = (
    *(leads.c.id, leads.c.form, leads.c.sender, leads.c.channel, leads.c.external_id, leads.c.form_name),
    *(leads.c.email, leads.c.full_name, leads.c.first_name, leads.c.last_name, leads.c.phone, leads.c.company),
    *(leads.c.fields, leads.c.extras, leads.c.corrections, leads.c.coworker_id, leads.c.opportunity_id),
    *(leads.c.utm_source, leads.c.utm_medium, leads.c.utm_campaign),
)
"""What the words are made of."""


def mark_of(connection: Connection) -> str:
    """The id up to which every lead is indexed, "" before the first."""
    # Asked with every commit that takes leads: as the driver takes it.
    found: str | None = connection.exec_driver_sql(f"SELECT value FROM deployment WHERE name = '{MARK}'").scalar()  # noqa: S608 (ours)
    return found or ""


class WordIndex(Repository):
    """The index within one transaction."""

    def is_index_behind(self, before: str) -> bool:
        """Whether there are leads below that id that are not indexed."""
        mark = mark_of(self._connection)
        query = select(leads.c.id).where(leads.c.id > mark, leads.c.id < before).limit(1)
        return self._execute(query).first() is not None

    def fill_index(self, before: str, size: int) -> int:
        """Index the next `size` leads with ids below `before`, and move the mark; how many they were.

        before: leave the last seconds out, whose leads may be committed in another order.
        """
        mark = mark_of(self._connection)
        chosen = select(*COLUMNS).where(leads.c.id > mark, leads.c.id < before).order_by(leads.c.id).limit(size)
        # What is being changed is waited for: else its old words would stay.
        rows = self._execute(chosen.with_for_update() if self._database.locks_rows else chosen).all()
        if rows and self._move(mark, rows[-1].id):
            self.add(rows)
            return len(rows)
        return 0

    def _move(self, mark: str, to: str) -> bool:
        """Set the mark, unless another worker did meanwhile."""
        if not mark:
            adding = self._database.insert(deployment).values(name=MARK, value=to).on_conflict_do_nothing()
            return self._execute(adding.returning(deployment.c.name)).first() is not None
        mine = and_(deployment.c.name == MARK, deployment.c.value == mark)
        return self._execute(update(deployment).where(mine).values(value=to)).rowcount == 1

    def add(self, rows: Sequence[Any]) -> None:
        """Index leads, given as rows of COLUMNS or more."""
        self._insert((word, row.id) for row in rows for word in words_of(row))

    def add_late(self, lead_ids: Sequence[LeadId]) -> None:
        """Index those leads that came with the id of an earlier time, such as imported ones: the mark is past them."""
        mark = mark_of(self._connection)
        late = [lead_id for lead_id in lead_ids if lead_id <= mark]
        if late:
            self.add(self._rows(late))

    def add_numbers(self, lead_id: LeadId, *numbers: int) -> None:
        """A lead is found by these numbers from now on, too."""
        self._insert((str(number), lead_id) for number in numbers)

    @contextmanager
    def following(self, lead_ids: Sequence[LeadId]) -> Iterator[None]:
        """Around a change of what leads say: takes out the words that are gone, adds those that are new."""
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
        gone = sorted(pairs)
        for start in range(0, len(gone), 200):
            these = (and_(lead_words.c.word == w, lead_words.c.lead_id == i) for w, i in gone[start : start + 200])
            self._execute(delete(lead_words).where(or_(*these)))


MOST_WORDS = 300
"""More words of one beginning are not listed."""

_HOPS = text(
    f"""WITH RECURSIVE hop(word) AS (
      SELECT min(word) FROM {lead_words.name} WHERE word >= :begin AND word < :end
      UNION ALL
      SELECT (SELECT min(w.word) FROM {lead_words.name} w WHERE w.word > hop.word AND w.word < :end)
      FROM hop WHERE hop.word IS NOT NULL
    ) SELECT word FROM hop WHERE word IS NOT NULL LIMIT :most"""  # noqa: S608 (names of our own)
)


def words_like(connection: Connection, begin: str) -> Sequence[str] | None:
    """The words that begin so, in their order; None where they are more than MOST_WORDS."""
    asked = {"begin": begin, "end": begin + "\U0010ffff", "most": MOST_WORDS + 1}
    found = connection.execute(_HOPS, asked).scalars().all()
    return None if len(found) > MOST_WORDS else found
