"""The stages that an opportunity went through between two sightings, asked for where it is worth a call."""

from datetime import datetime, timedelta

from service.ledger.book import Book
from service.nexudus import pipeline
from service.nexudus.boards import STAGES_PATH
from service.nexudus.errors import NexudusError
from service.nexudus.pipeline import Card
from service.nexudus.rows import text_of

MOST_ASKED = 50
"""Histories that one reading asks for; of further opportunities only the stage they are in now is noted."""

SOON = timedelta(seconds=1)
"""What was changed so soon after it was made is still where it began."""

Step = tuple[datetime, str]
"""When an opportunity came into a stage, and the stage's name."""


class Way:
    """Asks for histories, sparingly. Where the service account may not see them, it asks no more."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._left = MOST_ASKED
        self._names: dict[int, str] = {}

    def since(self, card: Card, last: Step | None, now: datetime) -> list[Step]:
        """The stages that it came into after the last known one (None: ever), at least the one that it is in."""
        here = (card.updated_at or now, card.stage)
        if last is None and _is_untouched(card):
            return [(card.created_at or here[0], card.stage)]
        told = [step for step in self._told(card) if last is None or step[0] > last[0]]
        if last and told and told[0][1] == last[1]:  # the very one: history and record differ by some milliseconds
            told = told[1:]
        return told if told and told[-1][1] == card.stage else [*told, here]

    def _told(self, card: Card) -> list[Step]:
        if self._left <= 0:
            return []
        self._left -= 1
        if card.stage_id:
            self._names[card.stage_id] = card.stage
        try:
            self._book.wait()
            return [(move.at, self._name(move.stage_id)) for move in pipeline.moves_of(self._book.nexudus, card.id)]
        except NexudusError:  # a role that is not needed for anything else
            self._left = 0
            return []

    def _name(self, stage_id: int) -> str:
        if stage_id not in self._names:
            self._book.wait()
            row = self._book.nexudus.one(f"{STAGES_PATH}/{stage_id}")
            self._names[stage_id] = text_of(row or {}, "Name")
        return self._names[stage_id]


def _is_untouched(card: Card) -> bool:
    if card.created_at is None or card.updated_at is None:
        return True
    return card.updated_at - card.created_at < SOON
