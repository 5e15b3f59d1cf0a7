"""All checks of one account, from signing in to how full its locations are."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from service import clock
from service.delivery.behaviour import Behaviour
from service.delivery.setup_check.access import check_access, check_roles
from service.delivery.setup_check.cached_reader import CachedReader, PartUnreadable
from service.delivery.setup_check.conversions import check_conversions
from service.delivery.setup_check.destination import (
    CANDIDATES,
    CHECKS,
    LOCATIONS,
    STAGES,
    check_contact,
    check_country,
    check_stage,
    check_time_zone,
    find_stage,
)
from service.delivery.setup_check.location_limit import check_capacity
from service.delivery.setup_check.problem import FormVariant, SetupProblem, form_variants, merged
from service.delivery.setup_check.required_fields import check_additions, check_custom_fields
from service.forms import Form
from service.nexudus.boards import Stage
from service.nexudus.client import Nexudus
from service.nexudus.directory import User


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
    """Return every problem of the set-up of one account, errors first. Reads only; the number of calls is bounded.

    forms: all forms of the forms file; forms of other accounts are skipped.
    behaviour: how this Nexudus is known to behave.
    tempo_s: pause before each call, so that deliveries go first.
    Raises: what `sleep` and the client's hooks raise, but for OutOfPace.
    """
    ours = list(form_variants(forms, account))
    required = () if all(variant.is_complete for variant in ours) else (STAGES, CANDIDATES, LOCATIONS)
    reader = CachedReader(nexudus, account, sleep, tempo_s, required, behaviour=behaviour)
    access = check_access(reader)
    problems = [*access.problems, *(setup_problem for variant in ours for setup_problem in check_additions(variant))]
    if access.is_open:
        problems += _readable(check_roles(reader, access.me))
        problems += _check_forms(reader, ours, access.me, now or clock.now())
    return merged([*problems, *reader.unreadable])


def _check_forms(
    reader: CachedReader, ours: Iterable[FormVariant], me: User | None, now: datetime
) -> Iterator[SetupProblem]:
    places: set[int] = set()
    for variant in ours:
        stage, problems = _stage_of(reader, variant)
        yield from problems
        yield from _check_form(reader, variant, stage, me)
        if stage and stage.business_id:
            places.add(stage.business_id)
    for business_id in sorted(places):
        yield from _readable(check_capacity(reader, business_id, now))


def _stage_of(reader: CachedReader, variant: FormVariant) -> tuple[Stage | None, list[SetupProblem]]:
    try:
        return find_stage(reader, variant)
    except PartUnreadable:
        return None, []


def _check_form(
    reader: CachedReader, variant: FormVariant, stage: Stage | None, me: User | None
) -> Iterator[SetupProblem]:
    if stage:
        yield from check_stage(variant, stage)
    yield from _readable(check_contact(reader, variant, stage, me))
    yield from _readable(check_country(reader, variant))
    yield from _readable(check_time_zone(reader, variant))
    for check in (*CHECKS, check_custom_fields):
        yield from _readable(check(reader, variant, stage))
    yield from _readable(check_conversions(reader, variant))


def _readable(problems: Iterator[SetupProblem]) -> Iterator[SetupProblem]:
    """Yield problems until a part of the account is unreadable, which the reader has reported."""
    try:
        yield from problems
    except PartUnreadable:
        return
