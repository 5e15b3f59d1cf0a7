"""Which words the index knows: found by hopping from one to the next, however many leads have each."""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from service.store.tables import lead_words

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
