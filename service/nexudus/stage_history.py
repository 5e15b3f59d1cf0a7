"""When opportunities entered their stages, read for a whole account in one paged query.

A row is one move. `ToTime` is when the opportunity left the old stage and entered the new one, `FromTime` when it had
entered the old one; the first placement has no old stage (REST reference, entity CrmOpportunityHistory).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from service.nexudus.boards import STAGES_PATH
from service.nexudus.client import Nexudus, Params
from service.nexudus.errors import Refused
from service.nexudus.pipeline import DatesIgnored, bound_of, is_far_before, row_pages
from service.nexudus.values import Row, id_of, instant_of, text_of

HISTORY_PATH = "/api/crm/crmopportunityhistories"


@dataclass(frozen=True, slots=True)
class Move:
    """A move of an opportunity into a stage.

    id: of the row, ascending. at: when it entered the stage, as exactly as the CRM shows; made_at: when the row was
    written. origin: the stage that it left, "" for the first placement; origin_at: when it had entered that one.
    """

    id: int
    opportunity_id: int
    stage: str
    at: datetime
    made_at: datetime | None = None
    origin: str = ""
    origin_at: datetime | None = None

    @property
    def is_first(self) -> bool:
        """Whether it is the placement at the creation."""
        return not self.origin


def moves(
    nexudus: Nexudus, since: datetime | None, wait: Callable[[], None], *, is_thorough: bool = False
) -> Iterator[list[Move]]:
    """Yield pages of all moves written since then; some older ones may be among them.

    wait: called before each call, so that more urgent calls go first.
    is_thorough: read on where the CRM ignores the date and returns every move.
    Raises: as Nexudus.page and Nexudus.one; DatesIgnored; PagesRepeat.
    """
    params: Params = {} if since is None else {"from_CrmOpportunityHistory_CreatedOn": bound_of(since)}
    names = _StageNames(nexudus, wait)
    for rows in row_pages(nexudus, HISTORY_PATH, params, wait):
        fresh = [row for row in rows if since is None or not is_far_before(row, "CreatedOn", since)]
        if len(fresh) < len(rows) and not is_thorough:
            raise DatesIgnored
        yield [move for move in (_move_of(row, names) for row in fresh) if move]


class _StageNames:
    """Reads the names of stages that rows do not show, each once."""

    def __init__(self, nexudus: Nexudus, wait: Callable[[], None]) -> None:
        self._nexudus, self._wait = nexudus, wait
        self._known: dict[int, str] = {}

    def of(self, row: Row, which: str) -> str:
        """Return the name of the row's `Old` or `New` stage; "" if it has none."""
        stage_id, name = id_of(row, f"{which}CrmBoardColumnId"), text_of(row, f"{which}CrmBoardColumnName")
        if name or stage_id is None:
            return name
        if stage_id not in self._known:
            self._known[stage_id] = self._read(stage_id) or f"stage {stage_id}"
        return self._known[stage_id]

    def _read(self, stage_id: int) -> str:
        self._wait()
        try:
            return text_of(self._nexudus.one(f"{STAGES_PATH}/{stage_id}") or {}, "Name")
        except Refused:  # stages need a role of their own; the moves are readable without
            return ""


def _move_of(row: Row, names: _StageNames) -> Move | None:
    """Return the move; None if the row does not show the opportunity, the stage, or the time."""
    opportunity_id, made_at = id_of(row, "CrmOpportunityId"), instant_of(row, "CreatedOn")
    at = instant_of(row, "ToTime") or made_at
    stage = names.of(row, "New") if opportunity_id and at else ""
    if not (opportunity_id and at and stage):
        return None
    origin = names.of(row, "Old")
    return Move(row["Id"], opportunity_id, stage, at, made_at, origin, instant_of(row, "FromTime"))
