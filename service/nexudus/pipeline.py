"""Reading opportunities: how each stands, many at a time, and the way that one took through the stages.

The CRM sends no webhook for opportunities (REST reference, "Webhooks": none of its actions concerns them), so
changes are asked for by their date. Filters that it does not know are ignored without a word, its sort order is
documented in three ways, and lists may leave out fields: nothing here relies on any of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from service.clock import check_aware
from service.nexudus.client import Nexudus, Params
from service.nexudus.loss_reasons import loss_reason_name
from service.nexudus.opportunities import PATH
from service.nexudus.rows import Row, id_of, text_of

HISTORY_PATH = "/api/crm/crmopportunityhistories"

SIZE = 200
"""Records on a page: up to 1,000 are said to be possible, what clients use is 100 to 1,000."""

MOST_PAGES = 2000
"""Where a reading ends whatever the CRM says of further pages: 400,000 records."""

OVERLAP = timedelta(days=1)
"""A window begins so much earlier: in which zone the CRM reads dates is not documented."""

WON, LOST = 2, 3
"""eCrmOpportunityStatus; 1 is InProgress."""

Since = Literal["CreatedOn", "UpdatedOn"]


class DatesIgnored(Exception):
    """The CRM answers a question about a time with records of another: it ignores the filter."""


class PagesRepeat(Exception):
    """The CRM shows the same page again and again."""


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """One opportunity as it stands. Instants that are not told are None.

    notes: None where there are none, or a list leaves them out. status: the CRM's number. currency: ISO 4217 or "".
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


@dataclass(frozen=True, slots=True)
class Move:
    """A stage that an opportunity came into."""

    at: datetime
    stage_id: int


def pages(nexudus: Nexudus, field: Since, since: datetime | None, wait: Callable[[], None]) -> Iterator[list[Card]]:
    """All opportunities made, or changed, since then, page by page; some older ones may be among them.

    wait: called before each page, for whoever has more urgent calls.
    Raises: as Nexudus.page; DatesIgnored; PagesRepeat.
    """
    params: Params = {} if since is None else {f"from_CrmOpportunity_{field}": _bound(since)}
    before: set[int] = set()
    for number in range(1, MOST_PAGES + 1):
        wait()
        rows, last = nexudus.page(PATH, params, number, SIZE)
        ids = {row["Id"] for row in rows}
        if ids and ids == before:
            raise PagesRepeat
        if since is not None and any(_is_far_before(row, field, since) for row in rows):
            raise DatesIgnored
        yield [card_of(row) for row in rows]
        if number >= last or not rows:
            return
        before = ids


def one(nexudus: Nexudus, opportunity_id: int) -> Card | None:
    """One opportunity with its notes; None where there is no such (any more).

    Raises: as Nexudus.one.
    """
    row = nexudus.one(f"{PATH}/{opportunity_id}")
    return None if row is None else card_of({**row, "Notes": text_of(row, "Notes")})


def moves_of(nexudus: Nexudus, opportunity_id: int) -> list[Move]:
    """The stages that it came into, in the order of time, as far as the CRM's history tells.

    Raises: as Nexudus.page.
    """
    params: Params = {"CrmOpportunityHistory_CrmOpportunity": opportunity_id}
    rows, _ = nexudus.page(HISTORY_PATH, params)
    mine = [row for row in rows if row.get("CrmOpportunityId") == opportunity_id]
    found = [(instant_of(row, "FromTime"), id_of(row, "NewCrmBoardColumnId")) for row in mine]
    return sorted((Move(at, stage) for at, stage in found if at and stage), key=lambda move: move.at)


def card_of(row: Row) -> Card:
    """A record of the CRM, read with care."""
    return Card(
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
    )


def instant_of(row: Row, name: str) -> datetime | None:
    """The instant; None for null and what cannot be read. Without a zone it is taken for UTC."""
    try:
        instant = datetime.fromisoformat(text_of(row, name))
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _bound(since: datetime) -> str:
    return (check_aware(since).astimezone(UTC) - OVERLAP).strftime("%Y-%m-%dT%H:%M")


def _is_far_before(row: Row, field: Since, since: datetime) -> bool:
    at = instant_of(row, field)
    return at is not None and at < since - 2 * OVERLAP


def _amount(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
