"""What a set-up can name: stages and boards, locations, types, owners, teams, countries, time zones."""

from dataclasses import dataclass, field

from service.nexudus.client import Nexudus
from service.nexudus.errors import Unavailable
from service.nexudus.rows import Row, id_of, ids_of, text_of

STAGES_PATH = "/api/crm/crmboardcolumns"

DANGERS = {
    "DeleteAccount": "deletes the customer",
    "DeactivateAccount": "deactivates the customer",
    "WinOpportunity": "marks the opportunity as won",
    "LoseOpportunity": "marks the opportunity as lost",
}
"""Flags of a stage that act on arrival and must not meet a new enquiry (REST reference of CrmBoardColumn)."""

WARNINGS = {
    "CannedResponseId": "sends a message to the customer",
    "TaskListId": "makes tasks from a list",
    "ActivateAccount": "activates the customer",
    "ConfirmTour": "confirms a tour",
    "TourRequests": "also receives tour requests by itself",
    "ToursConfirmed": "also receives confirmed tours by itself",
    "TourCompleted": "also receives completed tours by itself",
    "SignUps": "also receives sign-ups by itself",
    "Bookings": "also receives bookings by itself",
    "ContactMessages": "also receives contact messages by itself",
    "EventRegistrations": "also receives event registrations by itself",
    "ProductPurchased": "also receives product purchases by itself",
}
"""Flags worth knowing; a stage that receives by itself may get a second opportunity of the same person."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A column of a board. flags: the CRM's names of those that are set. business_id: the board's location."""

    id: int
    name: str
    position: int
    board_id: int
    board_name: str
    business_id: int | None
    flags: tuple[str, ...] = ()

    @property
    def dangers(self) -> tuple[str, ...]:
        """Why no lead may be put here, in words; empty when it is safe."""
        return tuple(words for flag, words in DANGERS.items() if flag in self.flags)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What else happens here, in words."""
        return tuple(words for flag, words in WARNINGS.items() if flag in self.flags)


@dataclass(frozen=True, slots=True)
class Board:
    """A board, with the location it belongs to."""

    id: int
    name: str
    business_id: int | None
    archived: bool


@dataclass(frozen=True, slots=True)
class Business:
    """A location; the better source of country and time zone than a user's defaults."""

    id: int
    name: str
    country_id: int | None
    time_zone_id: int | None
    currency_id: int | None


@dataclass(frozen=True, slots=True)
class Country:
    """A country; code is ISO 3166, two letters."""

    id: int
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class TimeZone:
    """A time zone under its Windows name, such as "GMT Standard Time"."""

    id: int
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Placed:
    """An opportunity type or a team, with its location."""

    id: int
    name: str
    business_id: int | None


@dataclass(frozen=True, slots=True)
class User:
    """An admin user, who can own opportunities. Default ids are None where the CRM shows 0.

    business_ids is None where the user was seen in a list only; `user` tells them.
    """

    id: int
    name: str = field(repr=False)
    email: str = field(repr=False)
    active: bool
    admin: bool
    business_ids: tuple[int, ...] | None
    api_access: bool = False
    default_business_id: int | None = None
    default_country_id: int | None = None
    default_time_zone_id: int | None = None


def boards(nexudus: Nexudus) -> list[Board]:
    """All boards, archived ones too."""
    return [
        Board(row["Id"], text_of(row, "Name"), id_of(row, "BusinessId"), row.get("Archived") is True)
        for row in nexudus.records("/api/crm/crmboards")
    ]


def stages(nexudus: Nexudus) -> list[Stage]:
    """All stages of boards that are not archived, by board and position."""
    live = {board.id: board for board in boards(nexudus) if not board.archived}
    rows = [row for row in nexudus.records(STAGES_PATH) if row.get("CrmBoardId") in live]
    found = [_stage(_whole(nexudus, row), live[row["CrmBoardId"]]) for row in rows]
    return sorted(found, key=lambda stage: (stage.board_id, stage.position, stage.id))


def _whole(nexudus: Nexudus, row: Row) -> Row:
    """With all flags that can do harm: lists may leave fields out, and an absent flag must not pass for a safe one."""
    if all(flag in row for flag in DANGERS):
        return row
    return nexudus.one(f"{STAGES_PATH}/{row['Id']}") or row


def _stage(row: Row, board: Board) -> Stage:
    return Stage(
        id=row["Id"],
        name=text_of(row, "Name"),
        position=int(row.get("Position") or 0),
        board_id=board.id,
        board_name=board.name,
        business_id=board.business_id,
        flags=tuple(flag for flag in (*DANGERS, *WARNINGS) if row.get(flag)),
    )


def businesses(nexudus: Nexudus) -> list[Business]:
    """All locations that the login reaches."""
    return [_business(row) for row in nexudus.records("/api/sys/businesses")]


def business(nexudus: Nexudus, business_id: int) -> Business | None:
    """One location; None when there is no such."""
    row = nexudus.one(f"/api/sys/businesses/{business_id}")
    return _business(row) if row else None


def _business(row: Row) -> Business:
    return Business(
        id=row["Id"],
        name=text_of(row, "Name"),
        country_id=id_of(row, "CountryId"),
        time_zone_id=id_of(row, "SimpleTimeZoneId"),
        currency_id=id_of(row, "CurrencyId"),
    )


def countries(nexudus: Nexudus) -> list[Country]:
    """All countries."""
    rows = nexudus.records("/api/sys/countries", size=500)
    return [Country(row["Id"], text_of(row, "Name"), text_of(row, "TwoDigitsCode")) for row in rows]


def time_zones(nexudus: Nexudus) -> list[TimeZone]:
    """All time zones."""
    rows = nexudus.records("/api/sys/simpletimezones", size=500)
    return [TimeZone(row["Id"], text_of(row, "Name"), text_of(row, "Description")) for row in rows]


def opportunity_types(nexudus: Nexudus) -> list[Placed]:
    """All opportunity types."""
    return [_placed(row) for row in nexudus.records("/api/crm/opportunitytypes")]


def teams(nexudus: Nexudus) -> list[Placed]:
    """All teams."""
    return [_placed(row) for row in nexudus.records("/api/spaces/teams")]


def users(nexudus: Nexudus) -> list[User]:
    """All users of the account, without the credential fields that the CRM shows with them."""
    return [_user(row) for row in nexudus.records("/api/sys/users")]


def user(nexudus: Nexudus, user_id: int) -> User | None:
    """One user with their locations; None when there is no such."""
    row = nexudus.one(f"/api/sys/users/{user_id}")
    return _user(row) if row else None


def me(nexudus: Nexudus) -> User:
    """The user who is signed in.

    Raises: as Nexudus.get.
    """
    row = nexudus.one("/api/auth/me")  # not on every host
    if row:
        return _user(row)
    mine = nexudus.username.lower()
    for user in map(_user, nexudus.records("/api/sys/users", {"User_Email": mine})):
        if user.email.lower() == mine:
            return user
    raise Unavailable("the CRM does not tell who is signed in")


def _user(row: Row) -> User:
    return User(
        id=row["Id"],
        name=text_of(row, "FullName"),
        email=text_of(row, "Email"),
        active=row.get("Active") is not False,
        admin=row.get("IsAdmin") is True,
        business_ids=ids_of(row, "Businesses"),
        api_access=row.get("APIAccess") is True,
        default_business_id=id_of(row, "DefaultBusinessId"),
        default_country_id=id_of(row, "DefaultCountryId"),
        default_time_zone_id=id_of(row, "DefaultSimpleTimeZoneId"),
    )


def _placed(row: Row) -> Placed:
    return Placed(row["Id"], text_of(row, "Name"), id_of(row, "BusinessId"))
