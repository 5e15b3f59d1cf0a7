"""All checks of one account, from signing in to how full its locations are."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime

from service import clock
from service.delivery.preflight.access import check_roles, knock
from service.delivery.preflight.capacity import check_capacity
from service.delivery.preflight.conversions import check_conversions
from service.delivery.preflight.demands import check_additions, check_custom_fields
from service.delivery.preflight.finding import Finding, merged
from service.delivery.preflight.people import CHECKS
from service.delivery.preflight.places import (
    LOCATIONS,
    STAGES,
    check_contact,
    check_country,
    check_stage,
    check_time_zone,
    find_stage,
)
from service.delivery.preflight.seen import Seen, Unseen
from service.delivery.preflight.variants import Variant, variants
from service.forms import Form
from service.nexudus import boards
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
) -> list[Finding]:
    """Every problem of the set-up of one account, errors first. Reads only; the number of calls is bounded.

    forms: all of the forms file; those of other accounts are left out.
    sleep, tempo_s: how to wait, and for how long before each question, so that deliveries go first.
    Raises: what `sleep` and the client's hooks raise, but for OutOfPace.
    """
    ours = list(variants(forms, account))
    needed = () if all(variant.is_complete for variant in ours) else (STAGES, LOCATIONS)
    seen = Seen(nexudus, account, sleep, tempo_s, needed)
    access = knock(seen)
    found = [*access.findings, *(finding for variant in ours for finding in check_additions(variant))]
    if access.is_open:
        found += _seen_of(check_roles(seen, access.me))
        found += _check_forms(seen, ours, access.me, now or clock.now())
    return merged([*found, *seen.untold])


def _check_forms(seen: Seen, ours: Iterable[Variant], me: User | None, now: datetime) -> Iterator[Finding]:
    places: set[int] = set()
    for variant in ours:
        stage, found = _stage_of(seen, variant)
        yield from found
        yield from _check_form(seen, variant, stage, me)
        if stage and stage.business_id:
            places.add(stage.business_id)
    _try_vetting(seen, ours)
    for business_id in sorted(places):
        yield from _seen_of(check_capacity(seen, business_id, now))


def _stage_of(seen: Seen, variant: Variant) -> tuple[Stage | None, list[Finding]]:
    try:
        return find_stage(seen, variant)
    except Unseen:
        return None, []


def _check_form(seen: Seen, variant: Variant, stage: Stage | None, me: User | None) -> Iterator[Finding]:
    if stage:
        yield from check_stage(variant, stage)
    yield from _seen_of(check_contact(seen, variant, stage, me))
    yield from _seen_of(check_country(seen, variant))
    yield from _seen_of(check_time_zone(seen, variant))
    for check in (*CHECKS, check_custom_fields):
        yield from _seen_of(check(seen, variant, stage))
    yield from _seen_of(check_conversions(seen, variant))


def _try_vetting(seen: Seen, ours: Iterable[Variant]) -> None:
    """Look at one stage as a delivery does: that takes another role than listing them."""
    named = next((each.form.destination.stage_id for each in ours if each.form.destination.stage_id), None)
    if named:
        with suppress(Unseen):
            seen.ask("stages by id", "vetting", lambda nexudus: boards.stage(nexudus, named), "CrmBoardColumn-Read")


def _seen_of(findings: Iterator[Finding]) -> Iterator[Finding]:
    """What was found until something could not be seen; that is told already."""
    try:
        yield from findings
    except Unseen:
        return
