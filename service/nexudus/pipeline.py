"""Reading opportunities: how each stands, many at a time.

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
from service.nexudus.enumerations import loss_reason_name
from service.nexudus.marks import mark_field_of
from service.nexudus.opportunities import PATH
from service.nexudus.values import Row, id_of, instant_of, text_of

SIZE = 200
"""Records on a page: up to 1,000 are said to be possible, what clients use is 100 to 1,000."""

MAX_PAGES = 2000
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
class Opportunity:
    """One opportunity as it stands. Instants that are not told are None.

    notes: None where there are none, or a list leaves them out. status: the CRM's number. currency: ISO 4217 or "".
    mark_field: our mark among the custom fields, "" where there is none, or a list leaves them out.
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


def pages(
    nexudus: Nexudus, field: Since, since: datetime | None, wait: Callable[[], None]
) -> Iterator[list[Opportunity]]:
    """All opportunities made, or changed, since then, page by page; some older ones may be among them.

    wait: called before each page, for whoever has more urgent calls.
    Raises: as Nexudus.page; DatesIgnored; PagesRepeat.
    """
    params: Params = {} if since is None else {f"from_CrmOpportunity_{field}": bound_of(since)}
    for rows in row_pages(nexudus, PATH, params, wait):
        if since is not None and any(is_far_before(row, field, since) for row in rows):
            raise DatesIgnored
        yield [opportunity_of(row) for row in rows]


def row_pages(nexudus: Nexudus, path: str, params: Params, wait: Callable[[], None]) -> Iterator[list[Row]]:
    """All records of a search, page by page, MOST_PAGES at most.

    wait: called before each page.
    Raises: as Nexudus.page; PagesRepeat.
    """
    before: set[int] = set()
    for number in range(1, MAX_PAGES + 1):
        wait()
        rows, last = nexudus.page(path, params, number, SIZE)
        ids = {row["Id"] for row in rows}
        if ids and ids == before:
            raise PagesRepeat
        yield rows
        if number >= last or not rows:
            return
        before = ids


def one(nexudus: Nexudus, opportunity_id: int) -> Opportunity | None:
    """One opportunity with its notes; None where there is no such (any more).

    Raises: as Nexudus.one.
    """
    row = nexudus.one(f"{PATH}/{opportunity_id}")
    return None if row is None else opportunity_of({**row, "Notes": text_of(row, "Notes")})


def opportunity_of(row: Row) -> Opportunity:
    """A record of the CRM, read with care."""
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
        mark_field=mark_field_of(row),
    )


def bound_of(since: datetime) -> str:
    """The lower end of a range that begins OVERLAP before, as list filters take it."""
    return (check_aware(since).astimezone(UTC) - OVERLAP).strftime("%Y-%m-%dT%H:%M")


def is_far_before(row: Row, field: str, since: datetime) -> bool:
    """Whether a record is from before any reading of the range: the CRM did not look at it."""
    at = instant_of(row, field)
    return at is not None and at < since - 2 * OVERLAP


def _amount(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
