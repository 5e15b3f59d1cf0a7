"""What an account has that a forms file can name: by location, in the order of its ids."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from service import clock
from service.delivery.setup_check.cached_reader import CachedReader, PartUnreadable
from service.delivery.setup_check.places import CANDIDATES, STAGE_ROLE
from service.nexudus import boards, opportunity_types
from service.nexudus.boards import Business, Stage, User
from service.nexudus.client import Nexudus
from service.nexudus.opportunity_types import OpportunityType

T = TypeVar("T")

ADMINS_MAX = 50
"""Admins whose locations are asked for, one call each."""

STAGES_MAX, TYPES_MAX = 500, 100
"""Stages and types that are looked at by their own records, one call each."""

MISSES_MAX = 3
"""Records that may fail to show before no more of their kind are asked for: a missing role holds for all of them."""

Progress = Callable[[int, int], object]
"""Called while stages are read: how many are done, and of how many."""


@dataclass(frozen=True, slots=True)
class LocationOptions:
    """What belongs to one location; None for what shows none."""

    business: Business | None
    stages: tuple[Stage, ...]
    types: tuple[OpportunityType, ...]
    owners: tuple[User, ...]


@dataclass(frozen=True, slots=True)
class AccountInventory:
    """All of one account. unread: what could not be read, a sentence each."""

    account: str
    shelves: tuple[LocationOptions, ...]
    unread: tuple[str, ...]

    def as_row(self) -> dict[str, Any]:
        """What `boards --json` shows."""
        return {
            "account": self.account,
            "locations": [_shelf_row(shelf) for shelf in self.shelves],
            "unread": list(self.unread),
        }


def read_inventory(
    nexudus: Nexudus,
    account: str,
    sleep: Callable[[float], None] = clock.sleep,
    progress: Progress | None = None,
) -> AccountInventory:
    """Ask for everything; only without stages it makes no sense. Each stage is a call: lists hide what it does.

    Raises: as Nexudus.records.
    """
    seen = CachedReader(nexudus, account, sleep, most=2 * STAGES_MAX)
    stages = list(_judged(seen, seen.patiently(boards.stages), progress))
    places = _or_none(seen, "the locations", boards.businesses)
    types = list(_with_templates(seen, _or_none(seen, "the opportunity types", opportunity_types.opportunity_types)))
    owners = [_with_places(seen, user) for user in _or_none(seen, "the admin users", boards.admins)[:ADMINS_MAX]]
    known = {place.id: place for place in places}
    named = {stage.business_id for stage in stages} | {kind.business_id for kind in types}
    ids = [*known, *sorted(named - known.keys() - {None}, key=lambda each: each or 0)]
    shelves = [_shelf(known.get(number) or _bare(number), number, stages, types, owners) for number in ids if number]
    rest = _shelf(None, None, stages, types, owners)
    if rest.stages or rest.types or rest.owners:
        shelves.append(rest)
    return AccountInventory(account, tuple(shelves), tuple(finding.problem for finding in seen.untold))


def _or_none(seen: CachedReader, what: str, read: Callable[[Nexudus], list[T]]) -> list[T]:
    try:
        return seen.ask(what, "boards", read)
    except PartUnreadable:
        return []


def _judged(seen: CachedReader, stages: Sequence[Stage], progress: Progress | None) -> Iterator[Stage]:
    """The stages with what their own records show; those that show nothing stay as they were listed."""
    misses = 0
    for number, stage in enumerate(stages, 1):
        whole = stage
        if misses < MISSES_MAX and number <= STAGES_MAX:
            try:
                whole = seen.ask(
                    f"stage {stage.id}", "boards", partial(boards.judged, listed=stage), STAGE_ROLE, CANDIDATES
                )
            except PartUnreadable:
                misses += 1
        yield whole
        if progress:
            progress(number, len(stages))


def _with_templates(seen: CachedReader, types: Sequence[OpportunityType]) -> Iterator[OpportunityType]:
    """The types with their templates for notes, as far as these show."""
    misses = 0
    for number, kind in enumerate(types, 1):
        template = kind.notes_template
        if template is None and misses < MISSES_MAX and number <= TYPES_MAX:
            read = partial(opportunity_types.notes_template, kind=kind)
            try:
                template = seen.ask(f"type {kind.id}", "boards", read, words="which types have a template for notes")
            except PartUnreadable:
                misses += 1
        yield replace(kind, notes_template=template)


def _with_places(seen: CachedReader, user: User) -> User:
    """Lists do not tell a user's locations."""
    if user.business_ids is not None:
        return user
    try:
        whole = seen.ask(f"user {user.id}", "boards", lambda nexudus: boards.user(nexudus, user.id))
    except PartUnreadable:
        return user
    return replace(user, business_ids=whole.business_ids) if whole else user


def _bare(business_id: int) -> Business:
    return Business(business_id, "", None, None, None)


def _shelf(
    place: Business | None,
    business_id: int | None,
    stages: Iterable[Stage],
    types: Iterable[OpportunityType],
    owners: Iterable[User],
) -> LocationOptions:
    return LocationOptions(
        place,
        tuple(stage for stage in stages if stage.business_id == business_id),
        tuple(kind for kind in types if kind.business_id == business_id),
        tuple(user for user in owners if _is_at(user, business_id)),
    )


def _is_at(user: User, business_id: int | None) -> bool:
    if not user.business_ids:
        return business_id is None
    return business_id in user.business_ids


def _shelf_row(shelf: LocationOptions) -> dict[str, Any]:
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
        "opportunity_types": [_type_row(kind) for kind in shelf.types],
        "owners": [{"id": user.id, "name": user.name} for user in shelf.owners],
    }


def _type_row(kind: OpportunityType) -> dict[str, Any]:
    """notes_template: whether it has one; None where that does not show."""
    has_template = None if kind.notes_template is None else bool(kind.notes_template)
    return {"id": kind.id, "name": kind.name, "notes_template": has_template}


def _board_row(stages: Sequence[Stage]) -> dict[str, Any]:
    return {
        "id": stages[0].board_id,
        "name": stages[0].board_name,
        "stages": [
            {
                "id": stage.id,
                "name": stage.name,
                "checked": stage.is_judged,
                "refused": bool(stage.dangers) or not stage.is_judged,
                "dangers": list(stage.dangers),
                "actions": list(stage.warnings),
            }
            for stage in stages
        ],
    }
