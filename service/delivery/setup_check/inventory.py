"""Everything in an account that a forms file can name, by location."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from service import clock
from service.delivery.setup_check.cached_reader import CachedReader, PartUnreadable
from service.delivery.setup_check.destination import CANDIDATES, STAGE_ROLE
from service.nexudus import boards, directory
from service.nexudus.boards import Stage
from service.nexudus.client import Nexudus
from service.nexudus.directory import Business, OpportunityType, User

T = TypeVar("T")

MAX_ADMINS = 50
"""Admins whose locations are read, one call each."""

MAX_STAGES, MAX_TYPES = 500, 100
"""Stages and types that are read by id, one call each."""

MAX_MISSES = 3
"""Unreadable records of one kind after which no more are read: a missing role affects all of them."""

Progress = Callable[[int, int], object]
"""Called while stages are read, with the number done and the total."""


@dataclass(frozen=True, slots=True)
class LocationOptions:
    """The records of one location. business: None for records that show no location."""

    business: Business | None
    stages: tuple[Stage, ...]
    types: tuple[OpportunityType, ...]
    owners: tuple[User, ...]


@dataclass(frozen=True, slots=True)
class AccountInventory:
    """Everything in one account. unread: a sentence for each part that could not be read."""

    account: str
    locations: tuple[LocationOptions, ...]
    unread: tuple[str, ...]

    def as_row(self) -> dict[str, Any]:
        """Return the row of `boards --json`."""
        return {
            "account": self.account,
            "locations": [_location_row(location) for location in self.locations],
            "unread": list(self.unread),
        }


def read_inventory(
    nexudus: Nexudus,
    account: str,
    sleep: Callable[[float], None] = clock.sleep,
    progress: Progress | None = None,
) -> AccountInventory:
    """Read everything. Each stage takes a call, because lists hide its actions.

    Raises: as Nexudus.records, if the stages cannot be read; other parts may be missing.
    """
    reader = CachedReader(nexudus, account, sleep, max_reads=2 * MAX_STAGES)
    stages = list(_judged(reader, reader.call(boards.stages), progress))
    places = _read_or_none(reader, "the locations", directory.businesses)
    types = list(_with_templates(reader, _read_or_none(reader, "the opportunity types", directory.opportunity_types)))
    owners = [
        _with_places(reader, user) for user in _read_or_none(reader, "the admin users", directory.admins)[:MAX_ADMINS]
    ]
    known = {place.id: place for place in places}
    named = {stage.business_id for stage in stages} | {kind.business_id for kind in types}
    ids = [*known, *sorted(named - known.keys() - {None}, key=lambda each: each or 0)]
    locations = [
        _location(known.get(number) or _bare(number), number, stages, types, owners) for number in ids if number
    ]
    rest = _location(None, None, stages, types, owners)
    if rest.stages or rest.types or rest.owners:
        locations.append(rest)
    return AccountInventory(account, tuple(locations), tuple(each.problem for each in reader.unreadable))


def _read_or_none(reader: CachedReader, part: str, call: Callable[[Nexudus], list[T]]) -> list[T]:
    try:
        return reader.read(part, "boards", call)
    except PartUnreadable:
        return []


def _judged(reader: CachedReader, stages: Sequence[Stage], progress: Progress | None) -> Iterator[Stage]:
    """Yield the stages with the actions that their own records show; as listed if a record is unreadable."""
    misses = 0
    for number, stage in enumerate(stages, 1):
        whole = stage
        if misses < MAX_MISSES and number <= MAX_STAGES:
            try:
                whole = reader.read(
                    f"stage {stage.id}", "boards", partial(boards.with_actions, listed=stage), STAGE_ROLE, CANDIDATES
                )
            except PartUnreadable:
                misses += 1
        yield whole
        if progress:
            progress(number, len(stages))


def _with_templates(reader: CachedReader, types: Sequence[OpportunityType]) -> Iterator[OpportunityType]:
    """Yield the types with their templates for notes, if these show."""
    misses = 0
    for number, kind in enumerate(types, 1):
        template = kind.notes_template
        if template is None and misses < MAX_MISSES and number <= MAX_TYPES:
            call = partial(directory.notes_template, kind=kind)
            try:
                template = reader.read(f"type {kind.id}", "boards", call, words="which types have a template for notes")
            except PartUnreadable:
                misses += 1
        yield replace(kind, notes_template=template)


def _with_places(reader: CachedReader, user: User) -> User:
    """Return the user with their locations, which lists do not show."""
    if user.business_ids is not None:
        return user
    try:
        whole = reader.read(f"user {user.id}", "boards", lambda nexudus: directory.user(nexudus, user.id))
    except PartUnreadable:
        return user
    return replace(user, business_ids=whole.business_ids) if whole else user


def _bare(business_id: int) -> Business:
    return Business(business_id, "", None, None, None)


def _location(
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


def _location_row(location: LocationOptions) -> dict[str, Any]:
    place = location.business
    by_board: dict[int, list[Stage]] = {}
    for stage in location.stages:
        by_board.setdefault(stage.board_id, []).append(stage)
    return {
        "id": place.id if place else None,
        "name": place.name if place else None,
        "country_id": place.country_id if place else None,
        "time_zone_id": place.time_zone_id if place else None,
        "boards": [_board_row(stages) for stages in by_board.values()],
        "opportunity_types": [_type_row(kind) for kind in location.types],
        "owners": [{"id": user.id, "name": user.name} for user in location.owners],
    }


def _type_row(kind: OpportunityType) -> dict[str, Any]:
    """Return the row of a type. notes_template: whether it has one, None if unknown."""
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
