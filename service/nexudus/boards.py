"""The boards of the CRM and their stages, with a stage's actions on an opportunity at its arrival."""

from dataclasses import dataclass, replace
from http import HTTPStatus

from service.nexudus.client import Nexudus
from service.nexudus.directory import Business, business
from service.nexudus.errors import Unavailable
from service.nexudus.values import Row, id_of, text_of

BOARDS_PATH = "/api/crm/crmboards"
STAGES_PATH = "/api/crm/crmboardcolumns"

DANGERS = {
    "DeleteAccount": "deletes the customer",
    "DeactivateAccount": "deactivates the customer",
    "WinOpportunity": "marks the opportunity as won",
    "LoseOpportunity": "marks the opportunity as lost",
}
"""Flags of a stage whose actions on arrival must not affect a new enquiry (REST reference of CrmBoardColumn)."""

_RECEIVES = {
    "TourRequests": "tour requests",
    "ToursConfirmed": "confirmed tours",
    "TourCompleted": "completed tours",
    "SignUps": "sign-ups",
    "Bookings": "bookings",
    "ContactMessages": "contact messages",
    "EventRegistrations": "event registrations",
    "EventCheckins": "check-ins to events",
    "ProductPurchased": "product purchases",
    "Cancellations": "cancellations",
    "ProposalsSent": "sent proposals",
    "ProposalsAccepted": "accepted proposals",
    "DocumentsSigned": "signed documents",
    "ResourceBooked": "bookings of resources",
}

WARNINGS = {
    "CannedResponseId": "sends a message to the customer",
    "TaskListId": "creates tasks from a list",
    "UseTaskListAsResponsible": "takes the responsible user from its task list",
    "ActivateAccount": "activates the customer",
    "ConfirmTour": "confirms a tour",
    **{flag: f"also receives {what} automatically" for flag, what in _RECEIVES.items()},
}
"""Other flags worth a warning."""

FILLS = frozenset(_RECEIVES)
"""Flags of stages that also receive opportunities automatically: such a stage may get a second one of a person."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A column of a board. flags: the CRM's names of its set flags. business_id: the board's location.

    archived: the board is archived. is_judged: the flags were read from its own record, because lists may hide them.
    """

    id: int
    name: str
    position: int
    board_id: int
    board_name: str
    business_id: int | None
    flags: tuple[str, ...] = ()
    archived: bool = False
    is_judged: bool = False

    @property
    def dangers(self) -> tuple[str, ...]:
        """Actions that forbid putting a lead here, in words; empty for a safe stage."""
        return tuple(words for flag, words in DANGERS.items() if flag in self.flags)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Other actions, in words."""
        return tuple(words for flag, words in WARNINGS.items() if flag in self.flags)


@dataclass(frozen=True, slots=True)
class Board:
    """A board, with the location it belongs to."""

    id: int
    name: str
    business_id: int | None
    archived: bool


def boards(nexudus: Nexudus) -> list[Board]:
    """Return all boards, including archived ones."""
    return [
        Board(row["Id"], text_of(row, "Name"), id_of(row, "BusinessId"), row.get("Archived") is True)
        for row in nexudus.records(BOARDS_PATH)
    ]


def stages(nexudus: Nexudus) -> list[Stage]:
    """Return the stages of live boards, by board and position; no flags are read."""
    return [stage for stage in all_stages(nexudus) if not stage.archived]


def all_stages(nexudus: Nexudus) -> list[Stage]:
    """Return all stages by board and position, including those of archived boards.

    No flags are read, because lists may leave them out or show all of them as false.
    """
    known = {board.id: board for board in boards(nexudus)}
    rows = [row for row in nexudus.records(STAGES_PATH) if row.get("CrmBoardId") in known]
    listed = [_listed(row, known[row["CrmBoardId"]]) for row in rows]
    return sorted(listed, key=lambda stage: (stage.board_id, stage.position, stage.id))


def with_actions(nexudus: Nexudus, listed: Stage) -> Stage:
    """Return a listed stage with the flags of its own record; unchanged if that is gone or hides them.

    Raises: as Nexudus.one.
    """
    row = nexudus.one(f"{STAGES_PATH}/{listed.id}")
    if row is None or row["Id"] != listed.id or not _shows_dangers(row):
        return listed
    return replace(listed, flags=_flags(row), is_judged=True)


def stage(nexudus: Nexudus, stage_id: int) -> Stage | None:
    """Return one stage by its own record, which does not show whether its board is archived; None if there is none.

    Raises: as Nexudus.one; Unavailable if the record hides its actions on arrival.
    """
    row = nexudus.one(f"{STAGES_PATH}/{stage_id}")
    if row is None:
        return None
    if row["Id"] != stage_id or not _shows_dangers(row):
        raise Unavailable("the record of the stage does not show what it does on arrival", HTTPStatus.OK)
    board_id, business_id = id_of(row, "CrmBoardId") or 0, id_of(row, "CrmBoardBusinessId")
    listed = _listed(row, Board(board_id, text_of(row, "CrmBoardName"), business_id, archived=False))
    return replace(listed, flags=_flags(row), is_judged=True)


def location_of(nexudus: Nexudus, stage: Stage) -> Business | None:
    """Return the location of a stage, by its record or else its board's; None if neither shows one.

    Raises: as Nexudus.one.
    """
    business_id = stage.business_id
    if business_id is None and stage.board_id:
        board = nexudus.one(f"{BOARDS_PATH}/{stage.board_id}")
        business_id = id_of(board, "BusinessId") if board else None
    return business(nexudus, business_id) if business_id else None


def _shows_dangers(row: Row) -> bool:
    return all(flag in row for flag in DANGERS)


def _flags(row: Row) -> tuple[str, ...]:
    return tuple(flag for flag in (*DANGERS, *WARNINGS) if row.get(flag))


def _listed(row: Row, board: Board) -> Stage:
    return Stage(
        id=row["Id"],
        name=text_of(row, "Name"),
        position=int(row.get("Position") or 0),
        board_id=board.id,
        board_name=board.name,
        business_id=board.business_id,
        archived=board.archived,
    )
