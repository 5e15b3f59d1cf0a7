"""What an account has that a forms file can name: by location, in the order of its ids."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from service import clock
from service.delivery.preflight.seen import Seen, Unseen
from service.nexudus import boards
from service.nexudus.boards import Business, Placed, Stage, User
from service.nexudus.client import Nexudus

T = TypeVar("T")

ADMINS_MAX = 50
"""Admins whose locations are asked for, one call each."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What belongs to one location; None for what shows none."""

    business: Business | None
    stages: tuple[Stage, ...]
    types: tuple[Placed, ...]
    owners: tuple[User, ...]


@dataclass(frozen=True, slots=True)
class Shelves:
    """All of one account. unread: what could not be read, a sentence each."""

    account: str
    shelves: tuple[Shelf, ...]
    unread: tuple[str, ...]

    def as_row(self) -> dict[str, Any]:
        """What `boards --json` shows."""
        return {
            "account": self.account,
            "locations": [_shelf_row(shelf) for shelf in self.shelves],
            "unread": list(self.unread),
        }


def read_shelves(nexudus: Nexudus, account: str, sleep: Callable[[float], None] = clock.sleep) -> Shelves:
    """Ask for everything; only without stages it makes no sense.

    Raises: as Nexudus.records.
    """
    seen = Seen(nexudus, account, sleep)
    stages = seen.patiently(boards.stages)
    places = _or_none(seen, "the locations", boards.businesses)
    types = _or_none(seen, "the opportunity types", boards.opportunity_types)
    owners = [_with_places(seen, user) for user in _or_none(seen, "the admin users", boards.admins)[:ADMINS_MAX]]
    known = {place.id: place for place in places}
    named = {stage.business_id for stage in stages} | {kind.business_id for kind in types}
    ids = [*known, *sorted(named - known.keys() - {None}, key=lambda each: each or 0)]
    shelves = [_shelf(known.get(number) or _bare(number), number, stages, types, owners) for number in ids if number]
    rest = _shelf(None, None, stages, types, owners)
    if rest.stages or rest.types or rest.owners:
        shelves.append(rest)
    return Shelves(account, tuple(shelves), tuple(finding.problem for finding in seen.untold))


def _or_none(seen: Seen, what: str, read: Callable[[Nexudus], list[T]]) -> list[T]:
    try:
        return seen.ask(what, "boards", read)
    except Unseen:
        return []


def _with_places(seen: Seen, user: User) -> User:
    """Lists do not tell a user's locations."""
    if user.business_ids is not None:
        return user
    try:
        whole = seen.ask(f"user {user.id}", "boards", lambda nexudus: boards.user(nexudus, user.id))
    except Unseen:
        return user
    return replace(user, business_ids=whole.business_ids) if whole else user


def _bare(business_id: int) -> Business:
    return Business(business_id, "", None, None, None)


def _shelf(
    place: Business | None,
    business_id: int | None,
    stages: Iterable[Stage],
    types: Iterable[Placed],
    owners: Iterable[User],
) -> Shelf:
    return Shelf(
        place,
        tuple(stage for stage in stages if stage.business_id == business_id),
        tuple(kind for kind in types if kind.business_id == business_id),
        tuple(user for user in owners if _is_at(user, business_id)),
    )


def _is_at(user: User, business_id: int | None) -> bool:
    if not user.business_ids:
        return business_id is None
    return business_id in user.business_ids


def _shelf_row(shelf: Shelf) -> dict[str, Any]:
    place = shelf.business
    by_board: dict[int, list[Stage]] = {}
    for stage in shelf.stages:
        by_board.setdefault(stage.board_id, []).append(stage)
    return {
        "id": place.id if place else None,
        "name": place.name if place else None,
        "country_id": place.country_id if place else None,
        "time_zone_id": place.time_zone_id if place else None,
        "boards": [_board_row(stages) for stages in by_board.values()],
        "opportunity_types": [{"id": kind.id, "name": kind.name} for kind in shelf.types],
        "owners": [{"id": user.id, "name": user.name} for user in shelf.owners],
    }


def _board_row(stages: Sequence[Stage]) -> dict[str, Any]:
    return {
        "id": stages[0].board_id,
        "name": stages[0].board_name,
        "stages": [
            {
                "id": stage.id,
                "name": stage.name,
                "refused": bool(stage.dangers),
                "dangers": list(stage.dangers),
                "actions": list(stage.warnings),
            }
            for stage in stages
        ],
    }
