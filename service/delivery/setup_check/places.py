"""Where a form's leads go: the stage, and what a new contact needs of its location."""

from collections.abc import Iterator
from functools import partial

from service.delivery.setup_check.cached_reader import CachedReader, PartUnreadable
from service.delivery.setup_check.problem import SetupProblem
from service.delivery.setup_check.routes import Variant
from service.delivery.stage_safety import REMEDY, cause_of, danger
from service.delivery.targets import Unroutable, choose_stage
from service.nexudus import boards
from service.nexudus.boards import FILLS, WARNINGS, Business, Stage, User
from service.nexudus.text import plain

STAGES, LOCATIONS = "the stages of the boards", "the locations"
CANDIDATES = "what the stages of the boards do on arrival"
STAGE_ROLES, STAGE_ROLE = "CrmBoard-List and CrmBoardColumn-List", "CrmBoardColumn-Read"


def find_stage(seen: CachedReader, variant: Variant) -> tuple[Stage | None, list[SetupProblem]]:
    """The stage that a lead would enter, with what its own record shows, or why there is none.

    Raises: Unseen.
    """
    wanted = variant.form.destination
    try:
        known = seen.ask(STAGES, "stage", boards.all_stages, STAGE_ROLES)
    except PartUnreadable:
        if not wanted.stage_id:
            raise
        return _stage_by_id(seen, variant, wanted.stage_id)
    gone = [stage for stage in known if stage.id == wanted.stage_id and stage.archived]
    if gone:
        problem = f"stage {gone[0].id} ({plain(gone[0].name)}) is on the archived board {plain(gone[0].board_name)!r}"
        return None, [variant.finding("error", "stage", problem, "correct stage_id")]
    live = [stage for stage in known if not stage.archived]
    try:
        return _judged(seen, variant, choose_stage(live, wanted, partial(judge, seen, words=CANDIDATES)))
    except Unroutable as error:
        return None, [variant.unroutable("stage", error)]


def judge(seen: CachedReader, stage: Stage, words: str) -> Stage:
    """Read a stage's own record, as a delivery does: its row in a list proves nothing. Raises: Unseen."""
    return seen.ask(f"stage {stage.id}", "stage", lambda nexudus: boards.judged(nexudus, stage), STAGE_ROLE, words)


def _judged(seen: CachedReader, variant: Variant, stage: Stage) -> tuple[Stage, list[SetupProblem]]:
    """The chosen stage by its own record, and a finding where that does not show what happens there."""
    does = f"what stage {stage.id} ({plain(stage.name)}) does on arrival"
    try:
        whole = judge(seen, stage, does)
    except PartUnreadable:
        return stage, []
    problem = f"could not check {does} (its record does not show it)"
    unshown = SetupProblem("warning", "stage", variant.label, problem, "look at it in Nexudus yourself", skipped=True)
    return whole, [] if whole.is_judged else [unshown]


def _stage_by_id(seen: CachedReader, variant: Variant, stage_id: int) -> tuple[Stage | None, list[SetupProblem]]:
    """Where boards may not be listed, but a stage be read. Where the very address is not there, no stage is missing."""
    stage = seen.ask(f"stage {stage_id}", "stage", lambda nexudus: boards.stage(nexudus, stage_id), STAGE_ROLE)
    if stage is None and STAGES in seen.absent:
        raise PartUnreadable(STAGES)
    if stage is None:
        return None, [variant.finding("error", "stage", f"Nexudus has no stage {stage_id}", "correct stage_id")]
    return stage, []


def check_stage(variant: Variant, stage: Stage) -> Iterator[SetupProblem]:
    """What happens to whoever arrives there."""
    here = f"stage {stage.id} ({plain(stage.name)})"
    wrong = danger(stage)
    if wrong:
        yield SetupProblem("error", "stage", variant.label, wrong, REMEDY, (cause_of(variant.account, stage.id),))
    does = [words for flag, words in WARNINGS.items() if flag in stage.flags and flag not in FILLS]
    if does:
        remedy = "choose another stage, if new enquiries shall not meet that"
        yield variant.finding("warning", "stage", f"{here} {' and '.join(does)}", remedy)
    fills = [words for flag, words in WARNINGS.items() if flag in stage.flags and flag in FILLS]
    if fills:
        remedy = "one person may be counted twice: give the leads of this service a stage of their own"
        yield variant.finding("warning", "stage", f"{here} {' and '.join(fills)}", remedy)
    at = variant.form.contact.business_id
    if at and stage.business_id and at != stage.business_id:
        problem = f"{here} is at location {stage.business_id}, but new contacts are made at location {at}"
        remedy = f"write contact.business_id = {stage.business_id}, or choose a stage of location {at}"
        yield variant.finding("warning", "location", problem, remedy)


def check_contact(seen: CachedReader, variant: Variant, stage: Stage | None, me: User | None) -> Iterator[SetupProblem]:
    """What a new contact needs: a location that we reach, a country and a time zone.

    Raises: Unseen.
    """
    rule = variant.form.contact
    if not rule.business_id and stage is None:
        return  # why there is no stage is told already
    of_stage = stage.business_id if stage else None
    business_id = rule.business_id or of_stage or (me.default_business_id if me else None)
    if not business_id:
        yield variant.finding("error", "location", "its location is unknown", "write contact.business_id")
        return
    if me is not None and me.business_ids is not None and business_id not in me.business_ids:
        problem = f"the service user does not reach location {business_id}"
        remedy = "correct contact.business_id, or add the location to the user in Nexudus"
        yield variant.finding("error", "location", problem, remedy)
        return
    known = seen.ask(LOCATIONS, "location", boards.businesses, "Business-List")
    place = next((each for each in known if each.id == business_id), None)
    if place is None:
        remedy = "correct contact.business_id"
        yield variant.finding("error", "location", f"Nexudus shows no location {business_id}", remedy)
    elif not (rule.country_id or place.country_id) or not (rule.time_zone_id or place.time_zone_id):
        problem, remedy = _lacks(place)
        yield variant.finding("error", "location", problem, remedy)


def _lacks(place: Business) -> tuple[str, str]:
    return (
        f"location {place.id} has no country or no time zone",
        "write contact.country_id and contact.time_zone_id",
    )


def check_country(seen: CachedReader, variant: Variant) -> Iterator[SetupProblem]:
    """Raises: Unseen."""
    country_id = variant.form.contact.country_id
    if not country_id:
        return
    known = seen.ask("the countries", "country", boards.countries, "Country-List")
    if country_id not in {country.id for country in known}:
        problem = f"Nexudus has no country {country_id}"
        yield variant.finding("error", "country", problem, "correct contact.country_id, or leave it out")


def check_time_zone(seen: CachedReader, variant: Variant) -> Iterator[SetupProblem]:
    """Raises: Unseen."""
    zone_id = variant.form.contact.time_zone_id
    if not zone_id:
        return
    known = seen.ask("the time zones", "time_zone", boards.time_zones, "SimpleTimeZone-List")
    if zone_id not in {zone.id for zone in known}:
        problem = f"Nexudus has no time zone {zone_id}"
        yield variant.finding("error", "time_zone", problem, "correct contact.time_zone_id, or leave it out")
