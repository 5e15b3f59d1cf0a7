"""Opportunities in their present state, and when they entered their stages, many at a time.

The CRM sends no webhook for opportunities (REST reference, "Webhooks"), so changes are read by date. It silently
ignores unknown filters, its sort order is documented in three ways, and lists may leave out fields, so nothing here
relies on any of these.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from service.clock import check_aware
from service.nexudus.boards import STAGES_PATH
from service.nexudus.client import Nexudus, Params
from service.nexudus.errors import Refused
from service.nexudus.markers import marker_field_of
from service.nexudus.opportunities import PATH
from service.nexudus.values import Row, id_of, instant_of, loss_reason_name, text_of

PAGE_SIZE = 200
"""Records on a page; the documents allow up to 1,000, and clients use 100 to 1,000."""

MAX_PAGES = 2000
"""Maximum pages of one reading, whatever the CRM says of further ones: 400,000 records."""

OVERLAP = timedelta(days=1)
"""Time by which a date range begins earlier, because the CRM's time zone for filters is not documented."""

WON, LOST = 2, 3
"""eCrmOpportunityStatus; 1 is InProgress."""

Since = Literal["CreatedOn", "UpdatedOn"]


class DatesIgnored(Exception):
    """The CRM ignores the date filter: it returned records from outside the range."""


class PagesRepeat(Exception):
    """The CRM returns the same page again and again."""


@dataclass(frozen=True, slots=True, repr=False)
class Opportunity:
    """One opportunity in its present state. Unknown instants are None.

    notes: None if there are none, or a list leaves them out. status: the CRM's number. currency: ISO 4217 or "".
    mark_field: our marker in the custom fields; "" if there is none, or a list leaves them out.
    """

    id: int
    system_id: str
    notes: str | None
    coworker_id: int | None
    stage_id: int | None
    stage: str
    board: str
    status: int
    value: float | None
    currency: str
    loss_reason: str
    created_at: datetime | None
    updated_at: datetime | None
    won_at: datetime | None
    lost_at: datetime | None
    mark_field: str = ""
    responsible_id: int | None = None  # 0: it has no owner


def pages(
    nexudus: Nexudus, field: Since, since: datetime | None, wait: Callable[[], None]
) -> Iterator[list[Opportunity]]:
    """Yield pages of all opportunities created, or changed, since then; some older ones may be among them.

    wait: called before each page, so that more urgent calls go first.
    Raises: as Nexudus.page; DatesIgnored; PagesRepeat.
    """
    params: Params = {} if since is None else {f"from_CrmOpportunity_{field}": bound_of(since)}
    for rows in row_pages(nexudus, PATH, params, wait):
        if since is not None and any(is_far_before(row, field, since) for row in rows):
            raise DatesIgnored
        yield [opportunity_of(row) for row in rows]


def row_pages(nexudus: Nexudus, path: str, params: Params, wait: Callable[[], None]) -> Iterator[list[Row]]:
    """Yield the pages of a search, at most MAX_PAGES.

    wait: called before each page.
    Raises: as Nexudus.page; PagesRepeat.
    """
    before: set[int] = set()
    for number in range(1, MAX_PAGES + 1):
        wait()
        rows, last = nexudus.page(path, params, number, PAGE_SIZE)
        ids = {row["Id"] for row in rows}
        if ids and ids == before:
            raise PagesRepeat
        yield rows
        if number >= last or not rows:
            return
        before = ids


def one(nexudus: Nexudus, opportunity_id: int) -> Opportunity | None:
    """Read one opportunity with its notes; None if it does not exist. Raises: as Nexudus.one."""
    row = nexudus.one(f"{PATH}/{opportunity_id}")
    return None if row is None else opportunity_of({**row, "Notes": text_of(row, "Notes")})


def opportunity_of(row: Row) -> Opportunity:
    """Return the opportunity of a record, in which any field may be missing."""
    return Opportunity(
        id=row["Id"],
        system_id=text_of(row, "SystemId"),
        notes=None if row.get("Notes") is None else text_of(row, "Notes"),
        coworker_id=id_of(row, "CoworkerId"),
        stage_id=id_of(row, "CrmBoardColumnId"),
        stage=text_of(row, "CrmBoardColumnName"),
        board=text_of(row, "CrmBoardColumnCrmBoardName"),
        status=row.get("Status") or 1,
        value=_amount(row.get("Value")),
        currency=text_of(row, "CrmBoardColumnCrmBoardBusinessCurrencyCode"),
        loss_reason=loss_reason_name(row["LossReason"]) if row.get("LossReason") else "",
        created_at=instant_of(row, "CreatedOn"),
        updated_at=instant_of(row, "UpdatedOn"),
        won_at=instant_of(row, "WonOn"),
        lost_at=instant_of(row, "LostOn"),
        mark_field=marker_field_of(row),
        responsible_id=id_of(row, "ResponsibleId") or (0 if "ResponsibleId" in row else None),
    )


def bound_of(since: datetime) -> str:
    """Return the lower end of a date range for a filter, OVERLAP earlier."""
    return (check_aware(since).astimezone(UTC) - OVERLAP).strftime("%Y-%m-%dT%H:%M")


def is_far_before(row: Row, field: str, since: datetime) -> bool:
    """Return whether a record is older than the range in any time zone, so that the CRM ignored the filter."""
    at = instant_of(row, field)
    return at is not None and at < since - 2 * OVERLAP


def _amount(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


# -- stages, from the history
#
# A row is one move. `ToTime` is when the opportunity left the old stage and entered the new one, `FromTime` when it had
# entered the old one; the first placement has no old stage (REST reference, entity CrmOpportunityHistory).


HISTORY_PATH = "/api/crm/crmopportunityhistories"


@dataclass(frozen=True, slots=True)
class Move:
    """A move of an opportunity into a stage.

    id: of the row, ascending. at: when it entered the stage, as exactly as the CRM shows; made_at: when the row was
    written. origin: the stage that it left, "" for the first placement; origin_at: when it had entered that one.
    user_id: the user who moved it; None: the CRM itself, or, unless is_automatic, a user whom the row does not show.
    """

    id: int
    opportunity_id: int
    stage: str
    at: datetime
    made_at: datetime | None = None
    origin: str = ""
    origin_at: datetime | None = None
    user_id: int | None = None
    is_automatic: bool = False

    @property
    def is_first(self) -> bool:
        """Whether it is the placement at the creation."""
        return not self.origin


def moves(
    nexudus: Nexudus, since: datetime | None, wait: Callable[[], None], *, is_thorough: bool = False
) -> Iterator[list[Move]]:
    """Yield pages of all moves written since then; some older ones may be among them.

    wait: called before each call, so that more urgent calls go first.
    is_thorough: read on even if the CRM ignores the date and returns every move.
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
        except Refused:  # stages need a role of their own; the moves are readable without it
            return ""


def _move_of(row: Row, names: _StageNames) -> Move | None:
    """Return the move; None if the row does not show the opportunity, the stage, or the time."""
    opportunity_id, made_at = id_of(row, "CrmOpportunityId"), instant_of(row, "CreatedOn")
    at = instant_of(row, "ToTime") or made_at
    stage = names.of(row, "New") if opportunity_id and at else ""
    if not (opportunity_id and at and stage):
        return None
    origin = names.of(row, "Old")
    user_id = id_of(row, "UserId")
    is_automatic = "UserId" in row and user_id is None
    return Move(
        row["Id"], opportunity_id, stage, at, made_at, origin, instant_of(row, "FromTime"), user_id, is_automatic
    )
