"""All checks of one account, from signing in to how full its locations are."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from service import clock
from service.delivery.behaviour import Behaviour
from service.delivery.setup_check.access import check_access, check_roles
from service.delivery.setup_check.cached_reader import CachedReader, PartUnreadable
from service.delivery.setup_check.capacity import check_capacity
from service.delivery.setup_check.conversions import check_conversions
from service.delivery.setup_check.people import CHECKS
from service.delivery.setup_check.places import (
    CANDIDATES,
    LOCATIONS,
    STAGES,
    check_contact,
    check_country,
    check_stage,
    check_time_zone,
    find_stage,
)
from service.delivery.setup_check.problem import SetupProblem, merged
from service.delivery.setup_check.required_fields import check_additions, check_custom_fields
from service.delivery.setup_check.routes import Variant, variants
from service.forms import Form
from service.nexudus.boards import Stage, User
from service.nexudus.client import Nexudus


def examine(
    nexudus: Nexudus,
    forms: Iterable[Form],
    account: str = "default",
    *,
    sleep: Callable[[float], None] = clock.sleep,
    tempo_s: float = 0,
    now: datetime | None = None,
    behaviour: Behaviour | None = None,
) -> list[SetupProblem]:
    """Every problem of the set-up of one account, errors first. Reads only; the number of calls is bounded.

    forms: all of the forms file; those of other accounts are left out.
    behaviour: how this Nexudus is known to behave.
    sleep, tempo_s: how to wait, and for how long before each question, so that deliveries go first.
    Raises: what `sleep` and the client's hooks raise, but for OutOfPace.
    """
    ours = list(variants(forms, account))
    needed = () if all(variant.is_complete for variant in ours) else (STAGES, CANDIDATES, LOCATIONS)
    seen = CachedReader(nexudus, account, sleep, tempo_s, needed, behaviour=behaviour)
    access = check_access(seen)
    found = [*access.findings, *(finding for variant in ours for finding in check_additions(variant))]
    if access.is_open:
        found += _seen_of(check_roles(seen, access.me))
        found += _check_forms(seen, ours, access.me, now or clock.now())
    return merged([*found, *seen.untold])


def _check_forms(seen: CachedReader, ours: Iterable[Variant], me: User | None, now: datetime) -> Iterator[SetupProblem]:
    places: set[int] = set()
    for variant in ours:
        stage, found = _stage_of(seen, variant)
        yield from found
        yield from _check_form(seen, variant, stage, me)
        if stage and stage.business_id:
            places.add(stage.business_id)
    for business_id in sorted(places):
        yield from _seen_of(check_capacity(seen, business_id, now))


def _stage_of(seen: CachedReader, variant: Variant) -> tuple[Stage | None, list[SetupProblem]]:
    try:
        return find_stage(seen, variant)
    except PartUnreadable:
        return None, []


def _check_form(seen: CachedReader, variant: Variant, stage: Stage | None, me: User | None) -> Iterator[SetupProblem]:
    if stage:
        yield from check_stage(variant, stage)
    yield from _seen_of(check_contact(seen, variant, stage, me))
    yield from _seen_of(check_country(seen, variant))
    yield from _seen_of(check_time_zone(seen, variant))
    for check in (*CHECKS, check_custom_fields):
        yield from _seen_of(check(seen, variant, stage))
    yield from _seen_of(check_conversions(seen, variant))


def _seen_of(findings: Iterator[SetupProblem]) -> Iterator[SetupProblem]:
    """What was found until something could not be seen; that is told already."""
    try:
        yield from findings
    except PartUnreadable:
        return
